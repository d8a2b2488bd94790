"""IBM Model 1 (Brown et al. 1993): which target pieces each source piece translates to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.dataset import EncodedPairs
from training.rows import Array
from translator.constants import NUM_SPECIAL, PAD
from translator.shortlist import Lexicon
from translator.tokenizer import Tokenizer

NULL = PAD
"""The source piece of target pieces that nothing in the source stands for."""

_LINKS_OF_A_BLOCK = 4_000_000
_LEAST_PROBABILITY = 1e-3


@dataclass(frozen=True)
class Translations:
    """Probabilities t(target piece | source piece) of all that stand in a pair together.

    Attributes:
        source: int32, the source pieces, ascending; NULL is one of them.
        target: int32, the target piece of each; ascending for each source piece.
        probability: float64; those of one source piece add up to 1.
    """

    source: Array
    target: Array
    probability: Array


def learn_lexicon(
    pairs: EncodedPairs,
    source: Tokenizer,
    target: Tokenizer,
    candidates: int = 20,
    coverage: float = 0.999,
) -> Lexicon:
    """Learns a lexicon from a corpus, or from a sample of it that bounds time and memory.

    A piece that is in both vocabularies is its own first candidate, since names and numbers are
    copied. A placeholder has no other, and is nobody else's.

    Args:
        pairs: The corpus.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side.
        candidates: Most target pieces of a source piece, beside itself.
        coverage: Every sentence gets the most frequent target pieces, so many that they make up
            this share of the corpus. Fewer would make a search no faster than that many change it:
            most are on the list of some sentence of a batch anyway, and what no list holds has to
            be so rare that an estimate of its probability is good enough.
    """
    numbers = sample(pairs)
    counts = np.bincount(pairs.target.gather(numbers)[0], minlength=target.size)
    never = [*range(NUM_SPECIAL), *target.placeholders]
    counts[never] = 0
    frequent = np.argsort(-counts, kind="stable")
    before = np.cumsum(counts[frequent]) - counts[frequent]
    frequent = frequent[before < coverage * counts.sum()]
    best = best_of_each(model1(pairs, numbers), source.size, candidates, [*never, *frequent])
    best[[NULL, *source.placeholders]] = PAD
    own = _own_pieces(source, target)
    return Lexicon(frequent.astype(np.int32), np.concatenate([own[:, None], best], axis=1))


def model1(pairs: EncodedPairs, numbers: Array, iterations: int = 3) -> Translations:
    """Learns Model 1 by expectation maximisation, from equal probabilities on.

    Args:
        pairs: The corpus.
        numbers: Of the pairs to learn from.
        iterations: How often all probabilities are estimated anew.
    """
    blocks, keys = _index(pairs, numbers)
    source, target = np.divmod(keys, _base(pairs))
    probability = np.ones(len(keys))
    for _ in range(iterations):
        counts = np.zeros(len(keys))
        for lengths, places in blocks:
            # A target piece is shared out among the source pieces of its sentence.
            shares = probability[places]
            sums = np.add.reduceat(shares, np.cumsum(lengths) - lengths)
            shares /= np.repeat(sums, lengths)
            counts += np.bincount(places, shares, len(keys))
        probability = counts / np.bincount(source, counts)[source]
    return Translations(source.astype(np.int32), target.astype(np.int32), probability)


def sample(pairs: EncodedPairs, most: int = 300_000, most_links: int = 60_000_000) -> Array:
    """Numbers of all pairs; of some of them, drawn with equal chances, where they are too many.

    Args:
        pairs: The corpus.
        most: Most pairs.
        most_links: Most links, about: a target piece has one to each source piece, and to NULL.
    """
    numbers = np.random.default_rng(0).permutation(len(pairs))[:most]
    links = _count_links(pairs, numbers)
    return np.sort(numbers[np.cumsum(links) - links < most_links])


def best_of_each(
    translations: Translations, size: int, most: int, never: list[int]
) -> npt.NDArray[np.int32]:
    """The likeliest target pieces of each source piece, none that is less likely than 1e-3.

    Args:
        translations: Of all source pieces.
        size: Of the source vocabulary.
        most: How many there may be for a source piece.
        never: Target pieces that are left out.

    Returns:
        size x most, best first, 0-padded.
    """
    kept = translations.probability >= _LEAST_PROBABILITY
    kept &= ~np.isin(translations.target, never)
    source, target = translations.source[kept], translations.target[kept]
    order = np.lexsort((target, -translations.probability[kept], source))
    source, target = source[order], target[order]
    ranks = np.arange(len(source)) - np.searchsorted(source, source)
    best = np.full((size, most), PAD, np.int32)
    best[source[ranks < most], ranks[ranks < most]] = target[ranks < most]
    return best


def _own_pieces(source: Tokenizer, target: Tokenizer) -> npt.NDArray[np.int32]:
    """For each source piece, the id of the same piece in the target vocabulary; 0 if none."""
    known = {piece: n for n, piece in enumerate(target.pieces(range(target.size)))}
    own = [known.get(piece, PAD) for piece in source.pieces(range(source.size))]
    own[:NUM_SPECIAL] = [PAD] * NUM_SPECIAL
    if source.tag is not None:
        own[source.tag] = PAD
    return np.array(own, np.int32)


def _base(pairs: EncodedPairs) -> int:
    return 1 + int(pairs.target.flat.max(initial=0))


def _count_links(pairs: EncodedPairs, numbers: Array) -> Array:
    source, target = pairs.source.lengths[numbers], pairs.target.lengths[numbers]
    return (source + 1).astype(np.int64) * target


def _index(pairs: EncodedPairs, numbers: Array) -> tuple[list[tuple[Array, Array]], Array]:
    """Gives each link a place in one array, the same to all links of the same two pieces.

    Returns:
        Blocks of links, as `_links` yields them, with places instead of keys; and the keys,
        ascending.
    """
    blocks: list[tuple[Array, Array, Array]] = []
    for lengths, links in _links(pairs, numbers):
        found, places = np.unique(links, return_inverse=True)
        blocks.append((lengths, found, places.astype(np.int32)))
    keys = np.unique(np.concatenate([found for _, found, _ in blocks]))
    return [
        (lengths, np.searchsorted(keys, found).astype(np.int32)[places])
        for lengths, found, places in blocks
    ], keys


def _links(pairs: EncodedPairs, numbers: Array) -> Iterator[tuple[Array, Array]]:
    """Yields the links of some pairs at a time.

    For each target piece, first the link to NULL, then those to the source pieces of its pair.

    Yields:
        How many links each target piece has, and the key of each link:
        source piece · `_base` + target piece.
    """
    base = _base(pairs)
    before = np.cumsum(_count_links(pairs, numbers))
    cuts = np.flatnonzero(np.diff(before // _LINKS_OF_A_BLOCK)) + 1
    for block in np.split(numbers, cuts):
        ids, places = pairs.source.gather(block)
        lengths = pairs.source.lengths[block] + 1
        starts = np.cumsum(lengths) - lengths
        with_null = np.insert(ids.astype(np.int64), starts - np.arange(len(block)), NULL)
        targets, places = pairs.target.gather(block)
        each = lengths[places]
        first = starts[places] - (np.cumsum(each) - each)
        sources = with_null[np.repeat(first, each) + np.arange(each.sum())]
        yield each, sources * base + np.repeat(targets, each)
