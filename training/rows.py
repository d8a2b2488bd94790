"""Many lists of ids in one flat array: a few bytes an id where lists would take dozens."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""Of any kind of integers, in the modules that handle ids."""


class Rows:
    """Lists of ids, which are read as arrays.

    Args:
        rows: The first of them.
        size: Of the vocabulary: all ids are below it. Up to 65536, an id takes two bytes.
    """

    def __init__(self, rows: Iterable[Sequence[int]] = (), size: int = 2**31) -> None:
        self._ids = array("H" if size <= 2**16 else "i")
        self._stops = array("q", [0])
        for row in rows:
            self.append(row)

    def append(self, row: Sequence[int]) -> None:
        """Adds a row at the end.

        Raises:
            BufferError: Some rows were read already.
        """
        self._ids.extend(row)
        self._stops.append(len(self._ids))

    @cached_property
    def flat(self) -> Array:
        """All rows end to end."""
        return np.asarray(self._ids)

    @cached_property
    def starts(self) -> Array:
        """Where each row starts in `flat`, and where the last one ends."""
        return np.asarray(self._stops)

    @property
    def lengths(self) -> Array:
        """Ids of each row."""
        return np.diff(self.starts).astype(np.int32)

    def __len__(self) -> int:
        return len(self._stops) - 1

    def __getitem__(self, n: int) -> Array:
        return self.flat[self.starts[n] : self.starts[n + 1]]

    def gather(self, numbers: Array) -> tuple[Array, Array]:
        """Joins some rows end to end.

        Args:
            numbers: Of the rows, in any order.

        Returns:
            Their ids; and for each id, the place in `numbers` of the row that it is from.
        """
        starts = self.starts[numbers]
        lengths = self.starts[numbers + 1] - starts
        places = np.repeat(np.arange(len(numbers)), lengths)
        before = np.cumsum(lengths) - lengths
        return self.flat[np.arange(len(places)) + (starts - before)[places]], places
