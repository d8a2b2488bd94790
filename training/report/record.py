"""What a run writes down so that its report can be drawn without the corpus, and again later.

RUN/lengths.json    histograms of the lengths of the training pairs
RUN/status.json     how many updates the run was to have, and how it ended
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from translator.atomic import atomic_writer
from translator.errors import CheckpointError

_MOST_BINS = 128

Lengths = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Histogram:
    """Counts of whole numbers.

    Attributes:
        bins: The edges, one more than counts; a bin holds its left edge and not its right one.
        counts: Numbers in each bin.
    """

    bins: tuple[int, ...]
    counts: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Status:
    """Where a run was going, and whether it got there.

    Attributes:
        total: Updates of the whole run.
        ended: How it ended; None while it trains, and after it was killed.
        when: Time of the last change of this status, in UTC, as ISO 8601.
    """

    total: int
    ended: str | None
    when: str


def record_begin(folder: Path, total: int, source: Lengths, target: Lengths) -> None:
    """Writes what is known when training begins, or goes on.

    Args:
        folder: Of the run.
        total: Updates of the whole run.
        source: Source pieces of each training pair, EOS not counted.
        target: Target pieces of each training pair, EOS not counted.

    Raises:
        CheckpointError: The disk is full, or the folder cannot be written.
    """
    longest = int(max(source.max(), target.max()))
    sides = {"source": histogram(source, longest), "target": histogram(target, longest)}
    _write(
        folder / "lengths.json",
        {side: dataclasses.asdict(lengths) for side, lengths in sides.items()},
    )
    _write_status(folder, total, None)


def record_end(folder: Path, total: int, ended: str) -> None:
    """Writes how a run ended.

    Raises:
        CheckpointError: The disk is full, or the folder cannot be written.
    """
    _write_status(folder, total, ended)


def histogram(lengths: Lengths, longest: int) -> Histogram:
    """Counts lengths in bins of equal width, from 0 to past `longest`; at most 129 of them."""
    width = math.ceil((longest + 1) / _MOST_BINS)
    edges = range(0, longest + 1 + width, width)
    counts, _ = np.histogram(lengths, edges)
    return Histogram(tuple(edges), tuple(counts.tolist()))


def read_lengths(folder: Path) -> dict[str, Histogram] | None:
    """Histograms of `source` and `target`; None where the run wrote none that can be read."""
    stored = _read(folder / "lengths.json")
    try:
        return {
            side: Histogram(tuple(stored[side]["bins"]), tuple(stored[side]["counts"]))
            for side in ("source", "target")
        }
    except (KeyError, TypeError):
        return None


def read_status(folder: Path) -> Status | None:
    """The status; None where the run wrote none that can be read."""
    try:
        return Status(**_read(folder / "status.json"))
    except TypeError:
        return None


def _write_status(folder: Path, total: int, ended: str | None) -> None:
    when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    _write(folder / "status.json", dataclasses.asdict(Status(total, ended, when)))


def _write(path: Path, value: Mapping[str, Any]) -> None:
    try:
        with atomic_writer(path) as file:
            file.write(json.dumps(value, ensure_ascii=False).encode())
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror}") from error


def _read(path: Path) -> dict[str, Any]:
    """A JSON object; an empty one where there is none, since older runs left none."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
