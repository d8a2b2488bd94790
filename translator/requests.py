"""Rows of ids to what the engine searches together: batches of like length, and their limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from translator.batch import Ids, pad, round_up
from translator.config import SearchConfig
from translator.engine import Request
from translator.search.hypotheses import Required
from translator.search.rules import DIVIDED, LONGEST_REPEATED
from translator.search.sentences import NO_LIMIT

_MAX_CELLS = 8_192
"""Sentences x source pieces x beam of one batch: 64 sentences of 25 pieces with a beam of 5. More
take more memory, and each sentence no less time."""


_NARROW, _NARROW_STEP, _WIDE_STEP = 32, 4, 16
"""Source pieces up to which widths are rounded up to multiples of the first step; then of the
second."""

_SHORT = 3
"""Tokens of a sequence that may repeat because any of the source does, however short: a word."""

_WIDER = 1.5
"""How many times as wide the beams of a batch may be as its narrowest."""

MOST_REQUIRED = 100
"""Tokens that all required phrases of a sentence may hold: the search takes a place of the beam for
each, and time and memory that grow with their square and more."""


class Phrase(NamedTuple):
    """What the translation of a sentence must hold.

    Attributes:
        ids: Target pieces.
        start: Place of the first source piece that it translates.
        stop: Place after the last one.
    """

    ids: Sequence[int]
    start: int
    stop: int


class Row(NamedTuple):
    """A sentence as ids.

    Attributes:
        ids: Source pieces, then EOS.
        phrases: What its translation must hold.
        max_repeats: In place of that of the `SearchConfig`.
    """

    ids: Sequence[int]
    phrases: tuple[Phrase, ...] = ()
    max_repeats: int | None = None


def affordable(phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """The first of some phrases, as far as `MOST_REQUIRED` tokens go."""
    sizes = accumulate(len(phrase.ids) for phrase in phrases)
    return tuple(p for p, size in zip(phrases, sizes, strict=True) if size <= MOST_REQUIRED)


def batches(rows: Sequence[Row], search: SearchConfig, batch_size: int) -> Iterator[list[int]]:
    """Cuts rows into batches of like length, as indices; longest last.

    Rows with required phrases are searched apart from those without, and from those that want much
    wider beams: the beams of a batch are as wide as its widest. The memory of a search grows with
    sentences x source length x beam, so that is bounded too.
    """
    batch: list[int] = []
    longest = 0

    def key(n: int) -> tuple[bool, int, int]:
        return bool(rows[n].phrases), _beams(rows[n], search), len(rows[n].ids)

    def apart(n: int, first: int) -> bool:
        (phrases, beams, _), (other_phrases, narrowest, _) = key(n), key(first)
        return phrases != other_phrases or beams > _WIDER * narrowest

    for n in sorted(range(len(rows)), key=key):
        longest = max(longest, len(rows[n].ids))
        cells = (len(batch) + 1) * longest * _beams(rows[n], search)
        if batch and (apart(n, batch[0]) or len(batch) == batch_size or cells > _MAX_CELLS):
            yield batch
            batch, longest = [], len(rows[n].ids)
        batch.append(n)
    if batch:
        yield batch


def request(rows: Sequence[Row], search: SearchConfig) -> Request:
    """What the engine takes for the rows of a batch.

    Their number and width are rounded up, so that there are few shapes; see `batch.BATCH_SIZES`.
    The rows past the last one hold nothing, and are done before the search.
    """
    longest = max(len(row.ids) for row in rows)
    step = _NARROW_STEP if longest <= _NARROW else _WIDE_STEP
    size = round_up(len(rows))
    filled = [*rows, *[Row(())] * (size - len(rows))]
    source_ids = pad([row.ids for row in filled], width=-(-longest // step) * step)
    return Request(
        source_ids,
        max_repeats(source_ids, [_max_repeats(row, search) for row in filled]),
        np.array([_beams(row, search) for row in filled], np.int32),
        _required(filled, source_ids.shape[1]),
    )


def max_repeats(source_ids: Ids, most: Sequence[int]) -> Ids:
    """How often in a row a sequence of tokens may stand in each translation, by its length.

    As often as `most` says, or as a sequence of the source does that is more than half as long: a
    run of marks, or of the bytes of a strange letter, is no reason to repeat a sentence. Nor does
    it count as one of longer sequences, of two or more of its marks.

    Args:
        source_ids: batch x source_length, 0-padded.
        most: batch, how often it may where the source repeats less; 0 is any number of times.

    Returns:
        batch x LONGEST_REPEATED, int32, for sequences of 1, 2, ... tokens.
    """
    there = np.ones((len(source_ids), LONGEST_REPEATED), np.int32)
    longest = min(LONGEST_REPEATED, source_ids.shape[1] // 2)
    runs = np.array([_runs(source_ids, period) for period in range(1, longest + 1)])
    for n, run in enumerate(runs):
        of_parts = runs[DIVIDED[n, :longest]].max(axis=0, initial=0)
        itself = np.where(of_parts < run, run, 0).max(axis=1)
        there[:, n] = itself // (n + 1) + 1
    at_least = np.maximum.accumulate(there[:, ::-1], axis=1)[:, ::-1]  # of this period, or a longer
    lengths = np.arange(1, LONGEST_REPEATED + 1)
    shortest = np.where(lengths <= _SHORT, 1, lengths // 2 + 1)  # of the source
    limits = np.array([number or NO_LIMIT for number in most], np.int32)
    return np.maximum(limits[:, None], at_least[:, shortest - 1])


def _runs(ids: Ids, period: int) -> Ids:
    """How many tokens in a row, up to each, are the same as the one a period before."""
    same = np.zeros_like(ids, np.bool_)
    same[:, period:] = (ids[:, period:] == ids[:, :-period]) & (ids[:, period:] > 0)
    places = np.arange(ids.shape[1], dtype=np.int32)
    runs: Ids = places - np.maximum.accumulate(np.where(same, -1, places), axis=1)
    return runs


def _max_repeats(row: Row, search: SearchConfig) -> int:
    return search.max_repeats if row.max_repeats is None else row.max_repeats


def _beams(row: Row, search: SearchConfig) -> int:
    """A place for each number of required tokens that may have been put out; in few widths."""
    places = sum(len(phrase.ids) for phrase in row.phrases) + 1
    return round_up(places) if places > search.beam_size else search.beam_size


def _required(rows: Sequence[Row], source_length: int) -> Required | None:
    count = max(len(row.phrases) for row in rows)
    if not count:
        return None
    longest = max(len(phrase.ids) for row in rows for phrase in row.phrases)
    phrases = np.zeros((len(rows), count, longest), np.int32)
    spans = np.zeros((len(rows), count, source_length), np.float32)
    for n, row in enumerate(rows):
        for k, phrase in enumerate(row.phrases):
            phrases[n, k, : len(phrase.ids)] = phrase.ids
            spans[n, k, phrase.start : phrase.stop] = 1.0
    return Required(phrases, spans)
