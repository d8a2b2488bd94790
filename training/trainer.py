"""Training: from files of pairs to the best weights, by way of `fit`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from training.callbacks import (
    Clock,
    LogTraining,
    SaveCheckpoints,
    StopOnNaN,
    StopOnSignal,
    Validate,
)
from training.checkpoint import Checkpoints, Progress, save_weights
from training.config import TrainConfig
from training.dataset import Batches, encode_pairs
from training.evaluation import Validator
from training.log import RunLog
from training.losses import TokenCrossEntropy
from training.progress import ProgressDisplay
from training.report import leave_report
from training.report.record import record_begin
from training.run import Data, Run, begin
from training.schedules import LearningRate
from training.teacher_forcing import ScheduledSeq2Seq
from translator.errors import TranslatorError
from translator.model import Seq2Seq, build

_VALIDATE_AT_LEAST_EVERY = 1000

NAN_ADVICE = "try a lower learning_rate, a lower clip_norm, or precision=float32"


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


def train(
    folder: Path, data: Data, config: TrainConfig, quiet: bool = False, report: bool = True
) -> Outcome:
    """Trains, or goes on training, in a folder.

    Args:
        folder: Of the run; made where it is missing.
        data: What to learn from.
        config: The settings.
        quiet: No progress display.
        report: Leave a report, unless a signal ends the run.

    Returns:
        How the run ended.

    Raises:
        TranslatorError: Input that cannot be used, a run that was begun with other settings, a
            full disk, or a loss that is no number.
    """
    say = ProgressDisplay(0, quiet).say
    corpus, valid = data.read(data.train), data.read(data.valid)
    say(f"training pairs: {corpus.counts}")
    say(f"validation pairs: {valid.counts}")
    run = begin(folder, data, config, corpus)
    config = run.config
    pairs = encode_pairs(corpus.pairs, run.source, run.target, config.max_length)
    batches = Batches(pairs, config.batch_tokens, config.seed)
    total = config.epochs * len(batches)
    model = build(run.model_config, config.dtype(), config.seed)
    say(
        f"{len(pairs)} pairs of at most {config.max_length} pieces a side, in {len(batches)} "
        f"batches; {config.epochs} epochs, {total} updates; {model.count_params():,} weights, "
        f"{config.dtype()}"
    )
    validator = Validator(model, run.source, run.target, valid.pairs, config)
    try:
        with ProgressDisplay(total, quiet) as display:
            outcome = _fit(run, model, batches, total, validator, display)
    except TranslatorError as error:
        leave_report(folder, total, str(error), report, quiet)
        raise
    leave_report(folder, total, outcome.reason, report and not outcome.interrupted, quiet)
    return outcome


def _fit(
    run: Run,
    model: Seq2Seq,
    batches: Batches,
    total: int,
    validator: Validator,
    display: ProgressDisplay,
) -> Outcome:
    config = run.config
    rate, forcing = config.rate(total), config.forcing(total)
    trainee = _compiled(model, config, rate)
    state = [*model.variables, trainee.random.state, *trainee.optimizer.variables]
    checkpoints = Checkpoints(run.folder / "checkpoints")
    progress = checkpoints.restore(state, display.say) or Progress()
    if progress.update:
        display.say(f"going on from update {progress.update}")
    if not _has_ended(progress, total, config):
        pairs = batches.pairs
        record_begin(run.folder, total, pairs.source.lengths, pairs.target.lengths)
        log = RunLog(run.folder, progress, display)
        validate = Validate(
            validator.measure,
            validator.quality,
            lambda: save_weights(run.folder / "best.npz", model.weights),
            log,
            config.validate_every or min(_VALIDATE_AT_LEAST_EVERY, len(batches)),
            config.patience,
            progress,
            total,
        )

        def due(update: int) -> bool:
            return validate.due(update) or update % config.checkpoint_every == 0

        nan, stopped = StopOnNaN(progress, state, due), StopOnSignal(progress, total)
        callbacks = [
            Clock(progress, _token_counter(batches)),
            nan,
            stopped,
            LogTraining(log, config.log_every, progress, rate, forcing),
            validate,
            SaveCheckpoints(checkpoints, config.checkpoint_every, progress, state, nan),
        ]
        trainee.fit(
            _as_dataset(lambda: batches.stream(progress.update, total, forcing)),
            steps_per_epoch=total - progress.update,
            epochs=1,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )
        if nan.struck is not None:
            kept = checkpoints.progress()
            where = f"The checkpoint of update {kept.update} is kept" if kept else "None was saved"
            raise TranslatorError(
                f"the loss, or a weight, was no number after update {nan.struck}. In a new "
                f"--output, {NAN_ADVICE}. {where} in {checkpoints.folder}"
            )
        if stopped.received and progress.update < total:
            reason = f"stopped at update {progress.update}; the same command goes on from there"
            display.say(reason)
            return Outcome(progress, reason, interrupted=True)
    reason = f"all {total} updates are done"
    if progress.update < total:
        reason = f"no better checkpoint in {progress.stale} validations"
    display.say(f"{reason}; the best checkpoint is of update {progress.best_update}")
    return Outcome(progress, reason)


def _has_ended(progress: Progress, total: int, config: TrainConfig) -> bool:
    out_of_patience = bool(config.patience) and progress.stale >= config.patience
    return progress.update >= total or out_of_patience


def _compiled(model: Seq2Seq, config: TrainConfig, rate: LearningRate) -> ScheduledSeq2Seq:
    trainee = ScheduledSeq2Seq(model, seed=config.seed)
    optimizer = keras.optimizers.Adam(
        rate,
        global_clipnorm=config.clip_norm or None,
        clipvalue=config.clip_value or None,
    )
    trainee.compile(optimizer, TokenCrossEntropy(config.label_smoothing), jit_compile=False)
    optimizer.build(model.trainable_variables)
    return trainee


def _token_counter(batches: Batches) -> Callable[[int], tuple[int, int]]:
    """From the number of a batch in the run to its real source and target tokens, EOS counted."""
    source, target = (rows.lengths + 1 for rows in (batches.pairs.source, batches.pairs.target))
    order: dict[int, list[Any]] = {}

    def count(update: int) -> tuple[int, int]:
        epoch, position = divmod(update, len(batches))
        if epoch not in order:
            order.clear()
            order[epoch] = batches.order(epoch)
        indices = order[epoch][position]
        return int(source[indices].sum()), int(target[indices].sum())

    return count


def _as_dataset(stream: Callable[[], Any]) -> Any:
    """The stream as what `fit` takes on the backend in use."""
    if keras.config.backend() != "tensorflow":
        return stream()
    import tensorflow as tf

    ids = tf.TensorSpec((None, None), tf.int32)
    ratio = tf.TensorSpec((None,), tf.float32)
    signature = ({"source_ids": ids, "target_ids": ids, "teacher_forcing": ratio}, ids)
    return tf.data.Dataset.from_generator(stream, output_signature=signature).prefetch(4)
