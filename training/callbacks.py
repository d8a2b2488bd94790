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

from training.checkpoint import Checkpoints, Interval, Progress
from training.log import RunLog
from training.optimizer import ClippingAdam
from training.schedules import Forcing


class Clock(keras.callbacks.Callback):
    """Counts updates, tokens and seconds; first of the callbacks.

    The time from `pause` to `go_on` is that of the run, but no time of training: the speed in the
    log does not fall where the model is validated and saved.

    Args:
        progress: Counted in place.
        tokens: From the number of a batch to its real source and target tokens.
    """

    def __init__(self, progress: Progress, tokens: Callable[[int], tuple[int, int]]) -> None:
        super().__init__()
        self.progress = progress
        self.tokens = tokens
        self._since = 0.0
        self._paused = 0.0
        self._aside = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        self._since = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        source, target = self.tokens(self.progress.update)
        self.progress.source_tokens += source
        self.progress.target_tokens += target
        self.progress.update += 1
        now = time.monotonic()
        self.progress.seconds += now - self._since
        self.progress.interval.seconds += now - self._since - self._aside
        self._since, self._aside = now, 0.0

    def pause(self, batch: int = 0, logs: Any = None) -> None:
        """Says that what follows is no training."""
        self._paused = time.monotonic()

    def go_on(self, batch: int = 0, logs: Any = None) -> None:
        """Says that training goes on."""
        self._aside += time.monotonic() - self._paused


class StopOnNaN(keras.callbacks.Callback):
    """Ends a run whose loss or weights are no numbers, before anything of it is measured or saved.

    A loss is of the weights before its update, so the weights are looked at themselves wherever
    they are about to be used.

    Args:
        progress: Where the run is.
        variables: The weights and all else that is saved.
        due: Whether something is measured or saved after an update.

    Attributes:
        struck: The update after which something was no number, or None.
    """

    def __init__(
        self, progress: Progress, variables: list[Any], due: Callable[[int], bool]
    ) -> None:
        super().__init__()
        self.progress = progress
        self.variables = variables
        self.due = due
        self.struck: int | None = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        update = self.progress.update
        sound = math.isfinite(float((logs or {})["loss"])) and (
            not self.due(update) or self.weights_are_finite()
        )
        if not sound:
            self.struck = update
            self.model.stop_training = True

    def weights_are_finite(self) -> bool:
        """Whether every number that would be saved is one."""
        _ = self.model  # on JAX, to ask for the model is to bring its variables up to date
        return all(np.isfinite(np.asarray(variable)).all() for variable in self.variables)


class KeepDraws(keras.callbacks.Callback):
    """Remembers what the generators of random numbers had drawn after the last whole update.

    An update that fails half way, because a process is lost, has drawn already.

    Args:
        variables: The state of a run; that of its generators is kept.
    """

    def __init__(self, variables: list[Any]) -> None:
        super().__init__()
        self._generators = [one for one in variables if one.name == "seed_generator_state"]
        self._kept: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self._kept = [np.array(one) for one in self._generators]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.on_train_begin()

    def put_back(self) -> None:
        """Makes them draw again what the failed update drew."""
        for one, kept in zip(self._generators, self._kept, strict=True):
            one.assign(kept)


class StopOnSignal(keras.callbacks.Callback):
    """Ends a run after the update under way, on Ctrl-C or SIGTERM; the last one is finished.

    It is the last of the callbacks, so that a validation which is due is made: the run that goes on
    would not come to it again.

    Args:
        progress: Where the run is.
        total: Updates of the run.

    Attributes:
        received: Whether a signal came.
    """

    def __init__(self, progress: Progress, total: int) -> None:
        super().__init__()
        self.progress = progress
        self.total = total
        self.received = False
        self._before: dict[int, Any] = {}

    def on_train_begin(self, logs: Any = None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._receive)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.received and self.progress.update < self.total:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = True


class SaveCheckpoints(keras.callbacks.Callback):
    """Saves the run every so many updates, and when it ends; never what `StopOnNaN` refused.

    Args:
        checkpoints: Where to.
        every: Updates between two.
        progress: Where the run is.
        variables: What to save.
        guard: Knows whether the weights are numbers.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        every: int,
        progress: Progress,
        variables: list[Any],
        guard: StopOnNaN,
    ) -> None:
        super().__init__()
        self.checkpoints = checkpoints
        self.every = every
        self.progress = progress
        self.variables = variables
        self.guard = guard
        self._saved = progress.update

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.progress.update % self.every == 0 and self.guard.struck is None:
            self._save()

    def on_train_end(self, logs: Any = None) -> None:
        unsaved = self.progress.update > self._saved and self.guard.struck is None
        if unsaved and self.guard.weights_are_finite():
            self._save()

    def _save(self) -> None:
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
        patience: Validations without a better one, or a lower loss, before the run ends; 0 is
            never.
        progress: Where the run is.
        total: Updates of the run; the last one is validated too.
        warmup: Updates before which no model is the best one: what a model writes that has hardly
            begun to learn may score higher by chance than what it writes a while later.
        no_better: Called after a validation that was no better than the best, with how many there
            have been since.
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
        warmup: int = 0,
        no_better: Callable[[int], None] | None = None,
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
        self.warmup = warmup
        self.no_better = no_better

    def due(self, update: int) -> bool:
        """Whether that update is followed by a validation."""
        return update % self.every == 0 or update == self.total

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        progress = self.progress
        if self.model.stop_training or not self.due(progress.update):
            return
        figures = self.measure()
        self.log.write(progress, figures)
        if progress.update < min(self.warmup, self.total):
            return
        if progress.count(self.quality(figures), figures["valid_loss"]):
            self.save_best()
        elif self.no_better is not None:
            self.no_better(progress.stale)
        if progress.is_out_of(self.patience):
            self.model.stop_training = True


class LogTraining(keras.callbacks.Callback):
    """Logs the loss per token since the last line, the gradient's norm, the rates and the speed.

    The loss is that without label smoothing, as validations have it. Keras averages the losses of
    batches by their sentences; here they are weighed by their tokens. How often the gradient was
    clipped is told only where it is clipped by its norm.

    Args:
        log: Where to.
        every: Updates between two lines.
        progress: Where the run is.
        optimizer: Tells the rate and the norm of the gradient.
        forcing: The teacher-forcing schedule.
    """

    def __init__(
        self, log: RunLog, every: int, progress: Progress, optimizer: ClippingAdam, forcing: Forcing
    ) -> None:
        super().__init__()
        self.log = log
        self.every = every
        self.progress = progress
        self.optimizer = optimizer
        self.forcing = forcing
        self._rate = 0.0
        self._mark = progress.target_tokens

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if (self.progress.update + 1) % self.every == 0:
            self._rate = float(self.optimizer.learning_rate)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        # So that the next loss is that of the next batch alone. On JAX, to ask for the model is
        # also to bring its variables up to date.
        self.model.reset_metrics()
        self._count(float((logs or {})["plain_loss"]), float(self.optimizer.gradient_norm.value))
        if self.progress.update % self.every == 0:
            figures = self._figures(self.progress.interval)
            self.progress.interval = Interval()
            self.log.write(self.progress, figures)

    def _count(self, loss: float, norm: float) -> None:
        tokens = self.progress.target_tokens - self._mark
        self._mark = self.progress.target_tokens
        interval = self.progress.interval
        interval.updates += 1
        interval.target_tokens += tokens
        interval.loss += loss * tokens
        interval.norm += norm
        interval.norm_max = max(interval.norm_max, norm)
        interval.clipped += norm > (self.optimizer.clip_norm or math.inf)

    def _figures(self, interval: Interval) -> dict[str, float]:
        figures = {
            "loss": interval.loss / interval.target_tokens,
            "learning_rate": self._rate,
            "teacher_forcing": self.forcing(self.progress.update - 1),
            "tokens_per_second": interval.target_tokens / max(1e-9, interval.seconds),
            "gradient_norm": interval.norm / interval.updates,
            "gradient_norm_max": interval.norm_max,
        }
        if self.optimizer.clip_norm:
            figures["clipped"] = interval.clipped / interval.updates
        return figures
