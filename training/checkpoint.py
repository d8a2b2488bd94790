"""All that a run needs to go on as if it had never stopped, in one file."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from translator.atomic import atomic_writer
from translator.damage import NPZ_DAMAGE
from translator.errors import CheckpointError

_PROGRESS = "progress"


@dataclasses.dataclass
class Interval:
    """What happened since the last line of the log; kept with a run, so that no line is partial.

    Attributes:
        updates: Updates done.
        seconds: Time spent training; not that of validations and checkpoints.
        target_tokens: Real target tokens learnt from.
        loss: Sum of their losses, without label smoothing.
        norm: Sum of the gradients' norms.
        norm_max: The largest of them.
        clipped: How many were clipped.
    """

    updates: int = 0
    seconds: float = 0.0
    target_tokens: int = 0
    loss: float = 0.0
    norm: float = 0.0
    norm_max: float = 0.0
    clipped: int = 0


@dataclasses.dataclass
class Progress:
    """Where a run is, beside its weights.

    Attributes:
        update: Updates done.
        seconds: Time spent, validations included, of all sessions.
        best: Best value of the selection metric so far.
        best_update: When that was.
        stale: Validations since.
        source_tokens: Real source tokens read.
        target_tokens: Real target tokens learnt from.
        interval: What the next line of the log will tell.
        best_loss: Lowest loss of a validation so far.
        loss_stale: Validations since.
    """

    update: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_update: int = 0
    stale: int = 0
    source_tokens: int = 0
    target_tokens: int = 0
    interval: Interval = dataclasses.field(default_factory=Interval)
    best_loss: float | None = None
    loss_stale: int = 0

    def count(self, value: float, loss: float) -> bool:
        """Takes a validation into account.

        Args:
            value: Of the selection metric.
            loss: Its loss.

        Returns:
            Whether it is the best so far.
        """
        better = value > (-math.inf if self.best is None else self.best)
        if better:
            self.best, self.best_update = value, self.update
        lower = loss < (math.inf if self.best_loss is None else self.best_loss)
        if lower:
            self.best_loss = loss
        self.stale = 0 if better else self.stale + 1
        self.loss_stale = 0 if lower else self.loss_stale + 1
        return better

    def is_out_of(self, patience: int) -> bool:
        """Whether neither the metric nor the loss has improved in so many validations; 0 is never.

        A model that has just begun to learn translates no better for a while, and learns.
        """
        return bool(patience) and min(self.stale, self.loss_stale) >= patience

    def totals(self) -> dict[str, Any]:
        """All but the interval."""
        totals = dataclasses.asdict(self)
        del totals["interval"]
        return totals


class Checkpoints:
    """The checkpoints of a run, the newest `keep` of them.

    Args:
        folder: Where they lie.
        keep: How many stay; more than one, so that a damaged newest one is no loss.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder = folder
        self.keep = keep
        self._passed_over: list[Path] = []

    def save(self, variables: list[Any], progress: Progress) -> None:
        """Writes a checkpoint aside, then moves it into place.

        Args:
            variables: Keras variables; weights, optimizer and random state.
            progress: Where the run is.

        Raises:
            CheckpointError: The disk is full, or the folder cannot be written.
        """
        arrays = _pack(variables)
        arrays[_PROGRESS] = np.array(json.dumps(dataclasses.asdict(progress)))
        written = self.folder / f"{progress.update:08d}.npz"
        write_arrays(written, arrays)
        damaged = [path for path in self._passed_over if path != written]
        whole = [path for path in self._newest_first() if path not in damaged]
        for old in [*damaged, *whole[self.keep :], *self.folder.glob(".*.tmp")]:
            old.unlink(missing_ok=True)  # a kill in the middle of saving leaves a .tmp
        self._passed_over = []

    def restore(
        self, variables: list[Any], say: Callable[[str], None] = lambda _: None
    ) -> Progress | None:
        """Loads the newest checkpoint that is whole into the variables.

        Args:
            variables: The same as were saved.
            say: Told of a newer checkpoint that is damaged.

        Returns:
            Where the run was; None if there is no checkpoint.

        Raises:
            CheckpointError: There are checkpoints, and none fits.
        """
        troubles: list[str] = []
        for path in self._newest_first():
            try:
                progress, arrays = _read(path)
                _unpack(path, arrays, variables)
            except CheckpointError as error:
                troubles.append(str(error))
                self._passed_over.append(path)
            else:
                for trouble in troubles:
                    say(f"passed over a checkpoint: {trouble}")
                return progress
        if troubles:
            raise CheckpointError("no checkpoint can be read: " + "; ".join(troubles))
        return None

    def progress(self) -> Progress | None:
        """Where the run was at its newest checkpoint that is whole."""
        for path in self._newest_first():
            with contextlib.suppress(CheckpointError):
                return _read(path)[0]
        return None

    def _newest_first(self) -> list[Path]:
        return sorted(self.folder.glob("*.npz"), reverse=True)


def _read(path: Path) -> tuple[Progress, dict[str, Any]]:
    arrays = read_arrays(path)
    try:
        stored = json.loads(str(arrays[_PROGRESS]))
        interval = Interval(**stored.pop("interval", {}))
        return Progress(**stored, interval=interval), arrays
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: expected a checkpoint. Received: {error}") from error


def write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Writes named arrays to a file, whole or not at all.

    Raises:
        CheckpointError: The disk is full, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(path) as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_arrays(path: Path) -> dict[str, Any]:
    """Reads what `write_arrays` wrote; the archive's own checksums find damage.

    Raises:
        CheckpointError: The file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, *NPZ_DAMAGE) as error:
        raise CheckpointError(f"{path}: expected a whole checkpoint. Received: {error}") from error


def save_weights(path: Path, weights: list[Any]) -> None:
    """Writes a model's weights, as float32.

    Raises:
        CheckpointError: The disk is full, or the folder cannot be written.
    """
    write_arrays(path, _pack(weights))


def load_weights(path: Path, weights: list[Any]) -> None:
    """Reads a model's weights.

    Raises:
        CheckpointError: The file is missing, damaged, or of a model of other sizes.
    """
    _unpack(path, read_arrays(path), weights)


def _pack(variables: list[Any]) -> dict[str, Any]:
    """Arrays by the place of their variable: names change with the backend and with the code."""
    return {f"{n:03d}": np.asarray(variable) for n, variable in enumerate(variables)}


def _unpack(path: Path, arrays: Mapping[str, Any], variables: list[Any]) -> None:
    """Assigns all arrays, or none."""
    expected = {f"{n:03d}": tuple(variable.shape) for n, variable in enumerate(variables)}
    received = {name: array.shape for name, array in arrays.items() if name != _PROGRESS}
    if received != expected:
        raise CheckpointError(
            f"{path}: expected the arrays of this model, {len(expected)} of them. "
            f"Received: those of another, {len(received)}"
        )
    for name, variable in zip(expected, variables, strict=True):
        variable.assign(arrays[name])
