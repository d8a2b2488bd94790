"""Subword sampling: another segmentation of each sentence each time it is met.

A unigram vocabulary draws from its own distribution of segmentations (Kudo 2018, arXiv
1804.10959); a BPE vocabulary leaves out merges at random (Provilkov et al. 2020, arXiv
1910.13267). Ids are spelled in characters and joined to pieces anew, for all words of a batch at a
time. SentencePiece samples too, but its draws cannot be repeated in another process, so a run
could not go on as if it had never stopped.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence

import numpy as np

from training.rows import Array, Rows
from translator.tokenizer import Algorithm, Tokenizer

_SPACE = "▁"  # SentencePiece's mark of a space, the first character of a word


def make_sampler(algorithm: Algorithm, tokenizer: Tokenizer, amount: float) -> SubwordSampler:
    """The sampler of a vocabulary.

    Args:
        algorithm: How the vocabulary was learnt.
        tokenizer: The vocabulary.
        amount: `unigram`: the smoothing α, segmentations are drawn in proportion to p(x)^α.
            `bpe`: the share of merges that is left out.
    """
    sampler = {"unigram": UnigramSampler, "bpe": BPEDropout}[algorithm]
    return sampler(tokenizer, amount)


class SubwordSampler(abc.ABC):
    """Draws segmentations of sentences that are given as ids.

    Special tokens and bytes stay as they are.

    Args:
        tokenizer: The vocabulary.
        amount: Of sampling.
    """

    def __init__(self, tokenizer: Tokenizer, amount: float) -> None:
        self._amount = amount
        self._size = tokenizer.size
        pieces = tokenizer.text_pieces()
        self._space = pieces[_SPACE][0] if _SPACE in pieces else -1
        spelled: list[list[int]] = [[i] for i in range(self._size)]
        for piece, (i, _) in pieces.items():
            if all(character in pieces for character in piece):
                spelled[i] = [pieces[character][0] for character in piece]
        self._spelled = Rows(spelled)
        self._learn(pieces)

    def sample(self, rows: Sequence[Array], rng: np.random.Generator) -> list[Array]:
        """Draws a segmentation of each row.

        Args:
            rows: Ids of sentences, in any segmentation.
            rng: Decides, together with the rows, what is drawn.

        Returns:
            Rows that decode to the same texts.
        """
        ids = np.concatenate(rows).astype(np.int64)
        characters, pieces_of = self._spelled.gather(ids)
        row = np.repeat(np.arange(len(rows)), [len(r) for r in rows])[pieces_of]
        starts = characters == self._space
        starts[:1] = True
        starts[1:] |= row[1:] != row[:-1]
        pieces, kept = self._segment(characters, starts, rng)
        counts = np.bincount(row[kept], minlength=len(rows))
        return np.split(pieces, np.cumsum(counts)[:-1])

    @abc.abstractmethod
    def _learn(self, pieces: Mapping[str, tuple[int, float]]) -> None:
        """Makes tables of the pieces: ids and scores."""

    @abc.abstractmethod
    def _segment(
        self, characters: Array, starts: Array, rng: np.random.Generator
    ) -> tuple[Array, Array]:
        """Joins characters to pieces.

        Args:
            characters: Ids of characters, of all words end to end.
            starts: Whether a word starts at each of them. No piece reaches into two words.
            rng: For the draws.

        Returns:
            Ids of pieces, and the place of the first character of each.
        """


class BPEDropout(SubwordSampler):
    """Merges the best pair of each word again and again; each time, each pair may be left out.

    A word is done when no pair is left in (algorithm 1 of the paper).
    """

    def _learn(self, pieces: Mapping[str, tuple[int, float]]) -> None:
        order = sorted(pieces.values(), key=lambda piece: -piece[1])
        self._rank = np.zeros(self._size, np.int64)
        self._rank[[i for i, _ in order]] = np.arange(len(order))
        merges = {}
        for piece, (i, _) in pieces.items():
            for cut in range(1, len(piece)):
                left, right = piece[:cut], piece[cut:]
                if left in pieces and right in pieces:
                    merges[pieces[left][0] * self._size + pieces[right][0]] = i
        self._merges = _Table(merges)

    def _segment(
        self, characters: Array, starts: Array, rng: np.random.Generator
    ) -> tuple[Array, Array]:
        pieces, places = characters.copy(), np.arange(len(characters))
        word = np.cumsum(starts) - 1
        open_words = np.ones(word[-1] + 1, np.bool_)
        while True:
            left = np.flatnonzero((word[:-1] == word[1:]) & open_words[word[:-1]])
            merged = self._merges.get(pieces[left] * self._size + pieces[left + 1])
            left, merged = left[merged >= 0], merged[merged >= 0]
            kept = rng.random(len(left)) >= self._amount
            left, merged = left[kept], merged[kept]
            if not len(left):
                return pieces, places
            by_rank = np.lexsort((left, self._rank[merged], word[left]))
            # The first of each word is the one that is learnt earliest, and of equals the leftmost.
            _, first = np.unique(word[left[by_rank]], return_index=True)
            best = by_rank[first]
            pieces[left[best]] = merged[best]
            open_words[:] = False
            open_words[word[left[best]]] = True
            rest = np.ones(len(pieces), np.bool_)
            rest[left[best] + 1] = False
            pieces, places, word = pieces[rest], places[rest], word[rest]


class UnigramSampler(SubwordSampler):
    """Draws among all segmentations of each word: filters forwards, samples backwards."""

    def _learn(self, pieces: Mapping[str, tuple[int, float]]) -> None:
        self._score = np.zeros(self._size)
        nodes: dict[tuple[int, ...], int] = {(): 0}
        branches: dict[int, int] = {}
        ends: dict[int, int] = {}
        self._longest = 1
        for i, score in pieces.values():
            self._score[i] = score
            spelling = tuple(self._spelled[i].tolist())
            self._longest = max(self._longest, len(spelling))
            for length in range(1, len(spelling) + 1):
                node = nodes.setdefault(spelling[:length], len(nodes))
                branches[nodes[spelling[: length - 1]] * self._size + spelling[length - 1]] = node
            ends[node] = i
        self._branches = _Table(branches)
        self._ends = np.full(len(nodes), -1)
        self._ends[list(ends)] = list(ends.values())

    def _segment(
        self, characters: Array, starts: Array, rng: np.random.Generator
    ) -> tuple[Array, Array]:
        piece, weight = self._lattice(characters, starts)
        first = np.flatnonzero(starts)
        lengths = np.diff(first, append=len(characters))
        total = self._forward(weight, starts, first, lengths)

        chosen = np.full(len(characters), -1)
        last = first + lengths - 1  # of what is not segmented yet
        while len(last):
            log_probs = self._terms(weight, total, starts, last)
            shares = np.cumsum(np.exp(log_probs - log_probs.max(axis=0)), axis=0)
            length = (shares <= rng.random(len(last)) * shares[-1]).sum(axis=0)
            start = last - length
            chosen[start] = piece[length, last]
            last = start[~starts[start]] - 1
        places = np.flatnonzero(chosen >= 0)
        return chosen[places], places

    def _lattice(self, characters: Array, starts: Array) -> tuple[Array, Array]:
        """Ids and weights of the pieces of length 1, 2, ... that end at each character."""
        shape = (self._longest, len(characters))
        piece, weight = np.full(shape, -1), np.full(shape, -np.inf)
        place, node = np.arange(len(characters)), np.zeros(len(characters), np.int64)
        for length in range(self._longest):
            end = place + length
            inside = end < len(characters)
            if length:
                inside[inside] &= ~starts[end[inside]]
            place, node, end = place[inside], node[inside], end[inside]
            node = self._branches.get(node * self._size + characters[end])
            place, node, end = place[node >= 0], node[node >= 0], end[node >= 0]
            ids = self._ends[node]
            end, ids = end[ids >= 0], ids[ids >= 0]
            piece[length, end] = ids
            weight[length, end] = self._amount * self._score[ids]
        # What is no text stands for itself.
        alone = weight[0] == -np.inf
        piece[0, alone], weight[0, alone] = characters[alone], 0.0
        return piece, weight

    def _forward(self, weight: Array, starts: Array, first: Array, lengths: Array) -> Array:
        """Log of the weight of all segmentations of each word up to, and with, each character."""
        total = np.zeros(weight.shape[1])
        for n in range(lengths.max()):
            end = first[lengths > n] + n
            total[end] = np.logaddexp.reduce(self._terms(weight, total, starts, end), axis=0)
        return total

    def _terms(self, weight: Array, total: Array, starts: Array, end: Array) -> Array:
        """The parts of `total` at `end`, by the length of the last piece: longest x words."""
        start = np.maximum(end - np.arange(self._longest)[:, None], 0)
        return weight[:, end] + np.where(starts[start], 0.0, total[start - 1])


class _Table:
    """A dictionary from numbers to numbers from 0 that looks up whole arrays."""

    def __init__(self, entries: Mapping[int, int]) -> None:
        # The last key, which nobody asks for, leaves no search without a place.
        self._keys = np.array([*sorted(entries), np.iinfo(np.int64).max])
        self._values = np.array([*(entries[key] for key in sorted(entries)), -1])

    def get(self, keys: Array) -> Array:
        """The values, -1 where there is none."""
        places = np.searchsorted(self._keys, keys)
        return np.where(self._keys[places] == keys, self._values[places], -1)
