"""How many passes a run makes, where its settings say how many hours it may take."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable

from training.checkpoint import Checkpoints, Progress
from training.dataset import Batches, as_dataset
from training.run import Run
from training.trainee import make_trainee
from translator.model import build

_UPDATES = 40
"""Batches differ in length, so that the mean of so few is within some 5 % of that of all."""
_BESIDE = 0.05
"""Share of a run's time that goes into validations and checkpoints."""


def fit_to_hours(run: Run, batches: Batches, since: float, say: Callable[[str], None]) -> Run:
    """The run with as many passes as `hours` leaves time for; settled once, as the run begins.

    A run that goes on with other hours is settled anew: what it has done counts.

    Args:
        run: Its folder is written to.
        batches: Of the run.
        since: When this session of it began, by the monotonic clock.
        say: Told what fits.

    Raises:
        CheckpointError: The folder cannot be written.
    """
    config = run.config
    if not config.hours or run.passes:
        return run
    per_pass = seconds_per_update(run, batches) * len(batches) / (1.0 - _BESIDE)
    done = Checkpoints(run.checkpoints).progress() or Progress()
    spent = done.seconds + time.monotonic() - since
    fit = done.update / len(batches) + (3600 * config.hours - spent) / per_pass
    begun_on = math.ceil(done.update / len(batches))
    passes = min(config.epochs, max(1, begun_on, int(fit)))
    say(
        f"an epoch takes about {per_pass / 60:.3g} minutes here: {passes} of {config.epochs} in "
        f"{config.hours:g} h" + (", which is less time than that takes" if fit < passes else "")
    )
    run = dataclasses.replace(run, passes=passes)
    run.write()
    return run


def seconds_per_update(run: Run, batches: Batches) -> float:
    """Mean seconds of an update of a run: some are done, and come to nothing.

    A model of its own does them, twice: what is compiled on the way is compiled by then. Where
    teacher forcing is scheduled they cost more, so they are spread over its schedule.

    Args:
        run: The sizes and settings.
        batches: Of the run.
    """
    config = run.config
    total = config.epochs * len(batches)
    count = min(_UPDATES, total)
    forcing = config.forcing(total)
    few = list(batches.stream(0, count, lambda update: forcing(update * total // count)))
    trainee = make_trainee(
        build(run.model_config, config.dtype(), config.seed), config, total, run.parts
    )

    def learn() -> None:
        trainee.fit(as_dataset(lambda: iter(few)), steps_per_epoch=count, shuffle=False, verbose=0)

    learn()
    begun = time.monotonic()
    learn()
    return (time.monotonic() - begun) / count
