"""One session of a run: the updates that `fit` makes, and all that happens beside them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import TypeVar

import keras
import numpy as np

from training.callbacks import (
    Clock,
    KeepDraws,
    LogTraining,
    SaveCheckpoints,
    StopOnNaN,
    StopOnSignal,
    Validate,
)
from training.checkpoint import Checkpoints, Progress, save_weights
from training.cluster import Cluster
from training.dataset import Batch, Batches, as_dataset
from training.evaluation import Validator
from training.log import RunLog
from training.progress import ProgressDisplay
from training.report.record import record_begin
from training.run import Run
from training.trainee import make_trainee, state_of
from training.workers import TellState
from translator.errors import ClusterError, TranslatorError
from translator.model import Seq2Seq
from translator.wording import plural

_T = TypeVar("_T")

_VALIDATE_AT_LEAST_EVERY = 1000

_NAN_ADVICE = "try a lower learning_rate, a lower clip_norm, or precision=float32"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        progress: Where.
        reason: Why it did, in words.
        interrupted: By a signal, with updates left to do.
    """

    progress: Progress
    reason: str
    interrupted: bool = False


class Session:
    """Takes a run up at its newest checkpoint, and makes the updates that are left.

    Args:
        run: With a folder that exists.
        model: With its initial weights.
        batches: To learn from.
        total: Updates of the whole run.
        validator: Measures the model.
        display: Shows how it goes.
        cluster: The processes that train together, of which this is process 0.

    Raises:
        CheckpointError: There are checkpoints, and none can be read.
    """

    def __init__(
        self,
        run: Run,
        model: Seq2Seq,
        batches: Batches,
        total: int,
        validator: Validator,
        display: ProgressDisplay,
        cluster: Cluster | None = None,
    ) -> None:
        self._run, self._config = run, run.config
        self._model = model
        self._batches = batches
        self._total = total
        self._validator = validator
        self._display = display
        self._cluster = cluster
        self._forcing = self._config.forcing(total)
        self._trainee = make_trainee(model, self._config, total, run.parts, cluster)
        self._state = state_of(self._trainee)
        self._checkpoints = Checkpoints(run.checkpoint_folder)
        self._progress = self._checkpoints.restore(self._state, display.say) or Progress()

    def learn(self) -> Outcome:
        """Makes the updates, until all are done, patience runs out, or a signal comes.

        Raises:
            TranslatorError: The disk is full, the loss is no number, or a process is lost.
        """
        progress = self._progress
        if progress.update:
            self._display.say(f"going on from update {progress.update}")
        interrupted = not self._has_ended() and self._fit()
        if interrupted:
            reason = f"stopped at update {progress.update}; the same command goes on from there"
            self._display.say(reason)
            return Outcome(progress, reason, interrupted)
        reason = f"all {self._total} updates are done" if self._total > 1 else "1 update is done"
        if progress.update < self._total:
            validations = plural("validation", progress.stale)
            reason = f"no better checkpoint in {progress.stale} {validations}"
        self._display.say(f"{reason}; the best checkpoint is of update {progress.best_update}")
        return Outcome(progress, reason)

    def _has_ended(self) -> bool:
        progress = self._progress
        return progress.update >= self._total or progress.is_out_of(self._config.patience)

    def _fit(self) -> bool:
        """Makes the updates; whether a signal ended it with some left to do."""
        progress, pairs = self._progress, self._batches.pairs
        record_begin(self._run.folder, self._total, pairs.source.lengths, pairs.target.lengths)
        log = RunLog(self._run.folder, progress, self._display)
        validate = self._validate(log)
        every = self._config.checkpoint_every
        nan = StopOnNaN(
            progress, self._state, lambda update: validate.due(update) or update % every == 0
        )
        save = SaveCheckpoints(self._checkpoints, every, progress, self._state, nan)
        stop = StopOnSignal(progress, self._total)
        clock = Clock(progress, self._batches.tokens)
        optimizer = self._trainee.optimizer
        callbacks: list[keras.callbacks.Callback] = [
            clock,
            nan,
            LogTraining(log, self._config.log_every, progress, optimizer, self._forcing),
            keras.callbacks.LambdaCallback(on_train_batch_end=clock.pause),
            validate,
            save,
            keras.callbacks.LambdaCallback(on_train_batch_end=clock.go_on),
            stop,
        ]
        with self._guarded(callbacks, validate, save) as guarded:
            try:
                self._trainee.fit(
                    as_dataset(self._remaining_batches),
                    steps_per_epoch=self._total - progress.update,
                    epochs=1,
                    shuffle=False,
                    verbose=0,
                    callbacks=guarded,
                )
            finally:
                stop.on_train_end()  # `fit` does not come to it where it fails
        if nan.struck is not None:
            raise TranslatorError(self._nan_message(nan.struck))
        return stop.received and progress.update < self._total

    def _remaining_batches(self) -> Iterator[Batch]:
        """The batches of the updates that are left."""
        return self._batches.stream(self._progress.update, self._total, self._forcing)

    def _validate(self, log: RunLog) -> Validate:
        config, optimizer = self._config, self._trainee.optimizer

        def save_best() -> None:
            save_weights(self._run.folder / "best.npz", self._model.weights)

        def halve_on_plateau(stale: int) -> None:
            if stale % config.plateau == 0:
                optimizer.rate_scale.assign(0.5 * optimizer.rate_scale)

        return Validate(
            self._averaged(self._validator.measure),
            self._validator.quality,
            self._averaged(save_best),
            log,
            config.validate_every or min(_VALIDATE_AT_LEAST_EVERY, len(self._batches)),
            config.patience,
            self._progress,
            self._total,
            # What is continued may be best as it begins.
            0 if self._run.data.init_from else config.rate(self._total).warmup,
            halve_on_plateau if config.decay == "plateau" else None,
        )

    def _averaged(self, use: Callable[[], _T]) -> Callable[[], _T]:
        """`use`, with the average of the weights in the model's place where there is one."""
        variables, optimizer = self._model.trainable_variables, self._trainee.optimizer

        def used() -> _T:
            if not optimizer.use_ema:
                return use()
            weights = [np.array(weight) for weight in variables]
            optimizer.load_average(variables)
            try:
                return use()
            finally:
                for variable, weight in zip(variables, weights, strict=True):
                    variable.assign(weight)

        return used

    @contextlib.contextmanager
    def _guarded(
        self, callbacks: list[keras.callbacks.Callback], validate: Validate, save: SaveCheckpoints
    ) -> Iterator[list[keras.callbacks.Callback]]:
        """The callbacks and those that a cluster wants; saves the run where a process is lost."""
        if self._cluster is None:
            yield callbacks
            return
        drawn = KeepDraws(self._state)
        tell = TellState(
            self._cluster,
            self._config,
            self._model,
            self._total,
            self._state,
            lambda: validate.due(self._progress.update),
        )
        try:
            with self._cluster.clear_errors():
                yield [drawn, *callbacks, tell]
        except ClusterError as error:
            drawn.put_back()
            save.on_train_end()
            raise ClusterError(
                f"{error}. The checkpoint of update {self._progress.update} is kept; the same "
                "commands go on from there, with as many processes, with fewer, or with this one "
                "alone"
            ) from error

    def _nan_message(self, update: int) -> str:
        kept = self._checkpoints.progress()
        where = f"The checkpoint of update {kept.update} is kept" if kept else "None was saved"
        return (
            f"the loss, or a weight, was no number after update {update}. In a new --output, "
            f"{_NAN_ADVICE}. {where} in {self._checkpoints.folder}"
        )
