"""Pairs of ids in batches of like length, in an order that follows from seed and epoch alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from training.corpus import Chunk, Pair
from training.rows import Array, Rows
from training.schedules import Forcing
from training.subwords import SubwordSampler
from translator.batch import Ids, pad
from translator.constants import BACK_TRANSLATED, BOS, EOS
from translator.errors import ConfigError, CorpusError
from translator.tokenizer import Tokenizer
from translator.wording import plural

FEW_WIDTHS = (8, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
"""Close together where sentences are many: each costs a compilation, each step apart padding."""

Batch = tuple[dict[str, npt.NDArray[Any]], Ids]
"""What `fit` takes: inputs `source_ids`, `target_ids`, `teacher_forcing`; and the labels."""


@dataclasses.dataclass(frozen=True)
class EncodedPairs:
    """Encoded pairs, aligned; neither side holds BOS or EOS.

    Attributes:
        source: Source ids.
        target: Target ids.
        made: How many of the pairs were made of others.
        left_out: How many pairs of the corpus itself were too long to be among them.
    """

    source: Rows
    target: Rows
    made: int = 0
    left_out: int = 0

    @property
    def original(self) -> int:
        """How many of the pairs are of the corpus itself."""
        return len(self) - self.made

    def __len__(self) -> int:
        return len(self.source)


def encode_pairs(
    pairs: Sequence[Pair], source: Tokenizer, target: Tokenizer, max_length: int
) -> EncodedPairs:
    """As `encode_chunks`, for pairs in memory."""
    return encode_chunks([Chunk(pairs)], source, target, max_length)


def encode_chunks(
    chunks: Iterable[Chunk], source: Tokenizer, target: Tokenizer, max_length: int
) -> EncodedPairs:
    """Ids of all pairs of which neither side has more than `max_length` pieces.

    Tagged sources begin with the tag, which counts as one of their pieces.

    Raises:
        CorpusError: No pair is left.
        ConfigError: There are tagged pairs, and the vocabulary has no tag.
    """
    encoded = EncodedPairs(Rows(size=source.size), Rows(size=target.size))
    read = read_made = kept_made = 0
    for chunk in chunks:
        read, read_made = read + len(chunk.pairs), read_made + chunk.made
        first_made = len(chunk.pairs) - chunk.made
        tag = _tag(source) if chunk.tagged else []
        sources = source.encode_all([pair[0] for pair in chunk.pairs])
        targets = target.encode_all([pair[1] for pair in chunk.pairs])
        for n, (source_ids, target_ids) in enumerate(zip(sources, targets, strict=True)):
            if len(tag) + len(source_ids) <= max_length and len(target_ids) <= max_length:
                encoded.source.append(tag + source_ids)
                encoded.target.append(target_ids)
                kept_made += n >= first_made
    if not len(encoded):
        raise CorpusError(
            f"expected pairs of at most {max_length} {plural('piece', max_length)} a side. "
            f"Received: {read} {plural('pair', read)}, all of them longer"
        )
    left_out = (read - read_made) - (len(encoded) - kept_made)
    return dataclasses.replace(encoded, made=kept_made, left_out=left_out)


def _tag(tokenizer: Tokenizer) -> list[int]:
    if tokenizer.tag is None:
        raise ConfigError(
            f"tagged pairs: expected a vocabulary with the piece {BACK_TRANSLATED}. "
            "Received: one that was learnt without it"
        )
    return [tokenizer.tag]


@dataclasses.dataclass(frozen=True)
class Sampling:
    """How the sentences of a batch are segmented anew.

    Attributes:
        source: Sampler of the source side.
        target: Sampler of the target side.
        max_length: A sentence of which more pieces were drawn keeps its best segmentation.
    """

    source: SubwordSampler
    target: SubwordSampler
    max_length: int

    def draw(
        self, source: list[Array], target: list[Array], rng: np.random.Generator
    ) -> tuple[list[Array], list[Array]]:
        """Draws a segmentation of each sentence of both sides."""
        return self._draw(self.source, source, rng), self._draw(self.target, target, rng)

    def _draw(
        self, sampler: SubwordSampler, rows: list[Array], rng: np.random.Generator
    ) -> list[Array]:
        return [
            drawn if len(drawn) <= self.max_length else best
            for drawn, best in zip(sampler.sample(rows, rng), rows, strict=True)
        ]


_SAMPLING = 1
"""Keeps the generators of the draws apart from those of the order."""


class Batches:
    """The batches of a corpus, epoch after epoch.

    Sentences are sorted by target and source length, equal lengths in a new random order each
    epoch, cut into batches, and the batches shuffled. The sorted lengths are the same every epoch,
    so every epoch has the same number of batches: batch number u of a run is batch
    u mod len(batches) of epoch u // len(batches). Subword sampling comes after the cut, and draws
    for batch u follow from seed and u.

    Args:
        pairs: The corpus.
        batch_tokens: Most tokens of a batch on its longer side, padding and EOS counted; those of
            the best segmentation, where others are drawn.
        seed: Of the order, and of the draws.
        sampling: Draws the segmentation of the batches of `stream`; None is the best one.
        widths: Where given, both sides of a batch are padded to the least of these that is wide
            enough, and rows of padding are added up to `batch_tokens`: one shape for each width.
    """

    def __init__(
        self,
        pairs: EncodedPairs,
        batch_tokens: int,
        seed: int = 0,
        sampling: Sampling | None = None,
        widths: Sequence[int] = (),
    ) -> None:
        self.pairs = pairs
        self.seed = seed
        self._sampling = sampling
        self._lengths = (pairs.source.lengths + 1, pairs.target.lengths + 1)
        self._batch_tokens = batch_tokens
        self._widths = np.array(sorted(widths), np.int64)
        self._cuts = self._cut()
        self._orders: dict[int, list[Array]] = {}
        self._streamed: dict[int, tuple[int, int]] = {}  # tokens that nobody asked for yet

    def __len__(self) -> int:
        return len(self._cuts) - 1

    def order(self, epoch: int) -> list[Array]:
        """The pairs of each batch of an epoch, as indices."""
        order = self._orders.get(epoch)
        if order is None:
            order = self._new_order(epoch)
            # Who reads ahead may be an epoch further than who counts what was learnt from.
            self._orders = {**dict([*self._orders.items()][-1:]), epoch: order}
        return order

    def stream(self, start: int, stop: int, forcing: Forcing) -> Iterator[Batch]:
        """Batches number `start` to `stop` - 1 of a run."""
        for update in range(start, stop):
            source, target = self._rows(update)
            self._streamed[update] = _tokens(source, target)
            yield self._collate(source, target, forcing(update))

    def tokens(self, update: int) -> tuple[int, int]:
        """Real source and target tokens of a batch of `stream`, by its number; EOS counted."""
        return self._streamed.pop(update, None) or _tokens(*self._rows(update))

    def batch(self, indices: Array, ratio: float = 1.0) -> Batch:
        """A batch of some pairs, in their best segmentation: inputs and labels."""
        return self._collate(*self._best_rows(indices), ratio)

    def _rows(self, update: int) -> tuple[list[Array], list[Array]]:
        epoch, position = divmod(update, len(self))
        source, target = self._best_rows(self.order(epoch)[position])
        if self._sampling is None:
            return source, target
        rng = np.random.default_rng((self.seed, update, _SAMPLING))
        return self._sampling.draw(source, target, rng)

    def _best_rows(self, indices: Array) -> tuple[list[Array], list[Array]]:
        return [self.pairs.source[n] for n in indices], [self.pairs.target[n] for n in indices]

    def _collate(self, source: list[Array], target: list[Array], ratio: float) -> Batch:
        rows, width = self._shape(source, target)
        inputs = {
            "source_ids": pad([[*row.tolist(), EOS] for row in source], rows, width),
            "target_ids": pad([[BOS, *row.tolist()] for row in target], rows, width),
            "teacher_forcing": np.full(max(rows, len(source)), ratio, np.float32),
        }
        return inputs, pad([[*row.tolist(), EOS] for row in target], rows, width)

    def _shape(self, source: list[Array], target: list[Array]) -> tuple[int, int]:
        """Least rows and columns of a batch."""
        if not len(self._widths):
            return 0, 0
        longest = 1 + max(map(len, (*source, *target)))
        width = int(self._widen(np.array([longest]))[0])
        return max(1, self._batch_tokens // width), width

    def _widen(self, lengths: Array) -> Array:
        """The least width for each length; the length itself where none is wide enough."""
        if not len(self._widths):
            return lengths
        places = np.searchsorted(self._widths, lengths)
        widest = self._widths[np.minimum(places, len(self._widths) - 1)]
        return np.maximum(lengths, widest)

    def _new_order(self, epoch: int) -> list[Array]:
        rng = np.random.default_rng((self.seed, epoch))
        by_length = self._by_length(rng.random(len(self.pairs), np.float32))
        batches = np.split(by_length, self._cuts[1:-1])
        return [batches[n] for n in rng.permutation(len(batches))]

    def _by_length(self, *ties: Array) -> Array:
        """All pairs by length; equal ones in the order of `ties`.

        Sources grow and shrink in turn, so that a batch of two target lengths has like sources.
        """
        source, target = self._lengths
        return np.lexsort((*ties, np.where(target % 2, source, -source), target)).astype(np.int32)

    def _cut(self) -> list[int]:
        order = self._by_length()
        longer = self._widen(np.maximum(*self._lengths))[order]
        cuts = [0]
        while cuts[-1] < len(order):
            longest = np.maximum.accumulate(longer[cuts[-1] : cuts[-1] + self._batch_tokens])
            fits = longest * np.arange(1, len(longest) + 1) <= self._batch_tokens
            cuts.append(cuts[-1] + max(1, int(fits.sum())))
        return cuts


def _tokens(source: list[Array], target: list[Array]) -> tuple[int, int]:
    return sum(map(len, source)) + len(source), sum(map(len, target)) + len(target)


def widths_to_compile(least: int = 0) -> tuple[int, ...]:
    """Widths of batches for the backend in use: JAX compiles the model for each shape it meets.

    Args:
        least: None is narrower; for what is computed so seldom that a program more costs more.
    """
    widths = FEW_WIDTHS if keras.config.backend() == "jax" else ()
    return tuple(width for width in widths if width >= least)


def as_dataset(stream: Callable[[], Iterator[Batch]]) -> Any:
    """A stream of batches as what `fit` takes on the backend in use."""
    if keras.config.backend() != "tensorflow":
        return stream()
    import tensorflow as tf

    ids = tf.TensorSpec((None, None), tf.int32)
    ratio = tf.TensorSpec((None,), tf.float32)
    signature = ({"source_ids": ids, "target_ids": ids, "teacher_forcing": ratio}, ids)
    return tf.data.Dataset.from_generator(stream, output_signature=signature).prefetch(4)
