"""How many epochs a run makes, where its settings limit the hours."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

import keras

from training.checkpoint import Checkpoints, Progress
from training.dataset import Batches, as_dataset
from training.run import Run
from training.trainee import make_trainee
from translator.model import build

_MEASURED_UPDATES = 40
_ALLOWANCE = 0.08
"""Share of the time that is kept for validations and checkpoints; an assumption."""


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long updates take on this machine.

    Attributes:
        update: Mean seconds of an update.
        compiling: Seconds that the first updates take beside that.
    """

    update: float
    compiling: float


def fit_to_hours(run: Run, batches: Batches, since: float, say: Callable[[str], None]) -> Run:
    """Settles how many epochs of a run fit into its `hours`, unless that is settled.

    Those that are done count, and one that is begun is finished, whatever it takes.

    Args:
        run: Its folder is written to.
        batches: Of the run.
        since: When this session began, by the monotonic clock.
        say: Told what fits.

    Returns:
        The run, with `epochs_that_fit`.

    Raises:
        CheckpointError: The folder cannot be written.
    """
    config = run.config
    done = Checkpoints(run.checkpoint_folder).progress() or Progress()
    if not config.hours or run.epochs_that_fit or done.update >= config.epochs * len(batches):
        return run
    say("measuring how long an epoch takes")
    pace = measure(run, batches)
    epoch = pace.update * len(batches) / (1.0 - _ALLOWANCE)
    left = 3600 * config.hours - done.seconds - (time.monotonic() - since) - pace.compiling
    fit = done.update / len(batches) + left / epoch
    least = max(1, math.ceil(done.update / len(batches)))
    run = dataclasses.replace(run, epochs_that_fit=max(least, int(fit)))
    run.write()
    say(
        f"an epoch takes about {epoch / 60:.3g} minutes here; {run.settled.epochs} of "
        f"{config.epochs} in {config.hours:g} h" + (", or somewhat longer" if fit < least else "")
    )
    return run


def measure(run: Run, batches: Batches) -> Pace:
    """Measures updates of a model like that of a run; nothing of it is kept.

    Two rounds of the same updates: the first compiles, and the second is timed. An update costs
    more where tokens are drawn (ε below 1), so the ratios are from all of the schedule.

    Args:
        run: The sizes and settings.
        batches: Of the run.
    """
    config = run.config
    total = config.epochs * len(batches)
    count = min(_MEASURED_UPDATES, total)
    forcing = config.forcing(total)
    model = build(run.model_config, config.dtype(), config.seed)
    trainee = make_trainee(model, config, total, run.parts)

    def learn() -> float:
        begun = time.monotonic()
        trainee.fit(
            as_dataset(lambda: batches.stream(0, count, lambda n: forcing(n * total // count))),
            steps_per_epoch=count,
            shuffle=False,
            verbose=0,
            callbacks=[_ReadLoss()],
        )
        return time.monotonic() - begun

    first, second = learn(), learn()
    return Pace(second / count, max(0.0, first - second))


class _ReadLoss(keras.callbacks.Callback):
    """Waits for each update, as the callbacks of a run do."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        float((logs or {})["loss"])
        self.model.reset_metrics()
