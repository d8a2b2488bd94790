"""Pairs of ids in batches of like length, in an order that follows from seed and epoch alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from training.schedules import Forcing
from translator.batch import Ids, pad
from translator.constants import BOS, EOS
from translator.errors import CorpusError
from translator.tokenizer import Tokenizer

FEW_WIDTHS = (8, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
"""Close together where sentences are many: each costs a compilation, each step apart padding."""

Batch = tuple[dict[str, npt.NDArray[Any]], Ids]
"""What `fit` takes: inputs `source_ids`, `target_ids`, `teacher_forcing`; and the labels."""


class Rows:
    """Many lists of ids in one flat array: a few bytes a token where lists would take dozens."""

    def __init__(self, rows: Sequence[Sequence[int]]) -> None:
        lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
        self.starts = np.concatenate([[0], np.cumsum(lengths)])
        self.flat = np.fromiter((i for row in rows for i in row), np.int32, int(self.starts[-1]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, n: int) -> Ids:
        return self.flat[self.starts[n] : self.starts[n + 1]]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        return np.diff(self.starts)


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Encoded pairs, aligned; neither side holds BOS or EOS."""

    source: Rows
    target: Rows

    def __len__(self) -> int:
        return len(self.source)


def encode_pairs(
    pairs: Sequence[tuple[str, str]], source: Tokenizer, target: Tokenizer, max_length: int
) -> Pairs:
    """Ids of all pairs of which neither side has more than `max_length` pieces.

    Raises:
        CorpusError: No pair is left.
    """
    sides = (
        source.encode_all([pair[0] for pair in pairs]),
        target.encode_all([pair[1] for pair in pairs]),
    )
    kept = [(s, t) for s, t in zip(*sides, strict=True) if max(len(s), len(t)) <= max_length]
    if not kept:
        raise CorpusError(
            f"expected pairs of at most {max_length} pieces a side. Received: {len(pairs)} pairs, "
            "all of them longer"
        )
    return Pairs(Rows([s for s, _ in kept]), Rows([t for _, t in kept]))


class Batches:
    """The batches of a corpus, epoch after epoch.

    Sentences are sorted by target and source length, equal lengths in a new random order each
    epoch, cut into batches, and the batches shuffled. The sorted lengths are the same every epoch,
    so every epoch has the same number of batches: batch number u of a run is batch
    u mod len(batches) of epoch u // len(batches).

    Args:
        pairs: The corpus.
        batch_tokens: Most tokens of a batch on its longer side, padding and EOS counted.
        seed: Of the order.
        widths: Where given, both sides of a batch are padded to the least of these that is wide
            enough, and rows of padding are added up to `batch_tokens`: one shape for each width.
    """

    def __init__(
        self, pairs: Pairs, batch_tokens: int, seed: int = 0, widths: Sequence[int] = ()
    ) -> None:
        self.pairs = pairs
        self.seed = seed
        self._batch_tokens = batch_tokens
        self._widths = widths
        self._lengths = (pairs.source.lengths + 1, pairs.target.lengths + 1)
        self._cuts = self._cut()

    def __len__(self) -> int:
        return len(self._cuts) - 1

    def order(self, epoch: int) -> list[npt.NDArray[np.int64]]:
        """The pairs of each batch of an epoch, as indices."""
        rng = np.random.default_rng((self.seed, epoch))
        source, target = self._lengths
        by_length = np.lexsort((rng.random(len(self.pairs)), source, target))
        batches = [
            by_length[start:stop]
            for start, stop in zip(self._cuts[:-1], self._cuts[1:], strict=True)
        ]
        return [batches[n] for n in rng.permutation(len(batches))]

    def stream(self, start: int, stop: int, forcing: Forcing) -> Iterator[Batch]:
        """Batches number `start` to `stop` - 1 of a run."""
        update = start
        while update < stop:
            epoch, position = divmod(update, len(self))
            for indices in self.order(epoch)[position:]:
                if update == stop:
                    return
                yield self.batch(indices, forcing(update))
                update += 1

    def batch(self, indices: npt.NDArray[np.int64], ratio: float = 1.0) -> Batch:
        """One batch: inputs and labels."""
        source = [[*self.pairs.source[n], EOS] for n in indices]
        target = [self.pairs.target[n] for n in indices]
        rows, width = self._shape(indices)
        inputs = {
            "source_ids": pad(source, rows, width),
            "target_ids": pad([[BOS, *row] for row in target], rows, width),
            "teacher_forcing": np.full(max(rows, len(indices)), ratio, np.float32),
        }
        return inputs, pad([[*row, EOS] for row in target], rows, width)

    def _shape(self, indices: npt.NDArray[np.int64]) -> tuple[int, int]:
        """Least rows and columns of a batch."""
        if not self._widths:
            return 0, 0
        width = self._width(int(max(lengths[indices].max() for lengths in self._lengths)))
        return max(1, self._batch_tokens // width), width

    def _width(self, longest: int) -> int:
        return next((width for width in self._widths if width >= longest), longest)

    def _cut(self) -> list[int]:
        source, target = self._lengths
        by_length = np.lexsort((source, target))
        cuts, width = [0], 0
        for n, index in enumerate(by_length):
            own = self._width(max(int(source[index]), int(target[index])))
            width = max(width, own)
            if n > cuts[-1] and width * (n + 1 - cuts[-1]) > self._batch_tokens:
                cuts.append(n)
                width = own
        return [*cuts, len(by_length)]


def widths_to_compile(least: int = 0) -> tuple[int, ...]:
    """Widths of batches for the backend in use: JAX compiles the model for each shape it meets.

    Args:
        least: None is narrower; for what is computed so seldom that a program more costs more.
    """
    widths = FEW_WIDTHS if keras.config.backend() == "jax" else ()
    return tuple(width for width in widths if width >= least)
