"""What happens beside the updates of a run. The update counter is the only clock."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import keras
import numpy as np

from training.checkpoint import Checkpoints, Progress
from training.log import RunLog
from training.schedules import Forcing, LearningRate


class Clock(keras.callbacks.Callback):
    """Counts updates, tokens and seconds; first of the callbacks.

    Args:
        progress: Counted in place.
        tokens: From the number of a batch to its real source and target tokens.
    """

    def __init__(self, progress: Progress, tokens: Callable[[int], tuple[int, int]]) -> None:
        super().__init__()
        self.progress = progress
        self.tokens = tokens
        self._since = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        self._since = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        source, target = self.tokens(self.progress.update)
        self.progress.source_tokens += source
        self.progress.target_tokens += target
        self.progress.update += 1
        now = time.monotonic()
        self.progress.seconds += now - self._since
        self._since = now


class StopOnNaN(keras.callbacks.Callback):
    """Ends a run whose loss is no number, before anything of it is saved.

    Attributes:
        struck: The update after which the loss was no number, or None.
    """

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress
        self.struck: int | None = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not math.isfinite(float((logs or {})["loss"])):
            self.struck = self.progress.update
            self.model.stop_training = True


class StopOnSignal(keras.callbacks.Callback):
    """Ends a run after the update under way, on Ctrl-C or SIGTERM.

    Attributes:
        received: Whether a signal came.
    """

    def __init__(self) -> None:
        super().__init__()
        self.received = False
        self._before: dict[int, Any] = {}

    def on_train_begin(self, logs: Any = None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._receive)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.received:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = True


class SaveCheckpoints(keras.callbacks.Callback):
    """Saves the run every so many updates, and when it ends. Weights that are no numbers are not.

    Args:
        checkpoints: Where to.
        every: Updates between two.
        progress: Where the run is.
        variables: What to save.
    """

    def __init__(
        self, checkpoints: Checkpoints, every: int, progress: Progress, variables: list[Any]
    ) -> None:
        super().__init__()
        self.checkpoints = checkpoints
        self.every = every
        self.progress = progress
        self.variables = variables
        self._saved = progress.update

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.progress.update % self.every == 0:
            self._save()

    def on_train_end(self, logs: Any = None) -> None:
        if self.progress.update > self._saved:
            self._save()

    def _save(self) -> None:
        if all(np.isfinite(np.asarray(v)).all() for v in self.variables):
            self.checkpoints.save(self.variables, self.progress)
            self._saved = self.progress.update


class Validate(keras.callbacks.Callback):
    """Measures the model every so many updates, keeps the best, and stops where none comes.

    Args:
        measure: The measurements, named `valid_...`.
        quality: From measurements to the number that is to be as high as possible.
        save_best: Called when it is higher than ever.
        log: Where measurements go.
        every: Updates between two validations.
        patience: Validations without a better one before the run ends; 0 is never.
        progress: Where the run is.
        total: Updates of the run; the last one is validated too.
    """

    def __init__(
        self,
        measure: Callable[[], dict[str, float]],
        quality: Callable[[dict[str, float]], float],
        save_best: Callable[[], None],
        log: RunLog,
        every: int,
        patience: int,
        progress: Progress,
        total: int,
    ) -> None:
        super().__init__()
        self.measure = measure
        self.quality = quality
        self.save_best = save_best
        self.log = log
        self.every = every
        self.patience = patience
        self.progress = progress
        self.total = total

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        progress = self.progress
        if self.model.stop_training or not (
            progress.update % self.every == 0 or progress.update == self.total
        ):
            return
        figures = self.measure()
        self.log.write(progress, figures)
        value = self.quality(figures)
        if progress.best is None or value > progress.best:
            progress.best, progress.best_update, progress.stale = value, progress.update, 0
            self.save_best()
        else:
            progress.stale += 1
            if self.patience and progress.stale >= self.patience:
                self.model.stop_training = True


class LogTraining(keras.callbacks.Callback):
    """Logs the loss since the last line, the rates and the speed every so many updates.

    Args:
        log: Where to.
        every: Updates between two lines.
        progress: Where the run is.
        rate: The learning-rate schedule.
        forcing: The teacher-forcing schedule.
    """

    def __init__(
        self, log: RunLog, every: int, progress: Progress, rate: LearningRate, forcing: Forcing
    ) -> None:
        super().__init__()
        self.log = log
        self.every = every
        self.progress = progress
        self.rate = rate
        self.forcing = forcing
        self._mark = (progress.seconds, progress.target_tokens)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.progress.update % self.every:
            return
        seconds, tokens = self._mark
        self._mark = (self.progress.seconds, self.progress.target_tokens)
        update = self.progress.update - 1
        speed = (self._mark[1] - tokens) / max(1e-9, self._mark[0] - seconds)
        figures = {
            "loss": float((logs or {})["loss"]),
            "learning_rate": float(self.rate(update)),
            "teacher_forcing": self.forcing(update),
            "tokens_per_second": speed,
        }
        self.log.write(self.progress, figures)
        self.model.reset_metrics()
