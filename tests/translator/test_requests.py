from __future__ import annotations

import pytest

from translator.batch import BATCH_SIZES, pad, round_up
from translator.config import SearchConfig
from translator.constants import EOS
from translator.requests import (
    MOST_REQUIRED,
    Phrase,
    Row,
    affordable,
    batches,
    max_repeats,
    request,
)
from translator.search.rules import LONGEST_REPEATED


def row(length: int, required: int = 0) -> Row:
    """A sentence of so many pieces, which requires so many tokens."""
    phrases = (Phrase([9] * required, 0, 1),) if required else ()
    return Row([*[8] * (length - 1), EOS], phrases)


def test_phrases_are_required_as_far_as_the_search_can_afford_them() -> None:
    half = MOST_REQUIRED // 2
    first, second, third = (Phrase(range(n), 0, 1) for n in (half, half, 1))
    assert affordable([first, second]) == (first, second)
    assert affordable([first, second, third]) == (first, second)
    assert affordable([Phrase(range(MOST_REQUIRED + 1), 0, 1)]) == ()
    assert affordable([]) == ()


def test_numbers_are_rounded_up_to_the_next_size() -> None:
    assert [round_up(n) for n in (1, 2, 3, 4, 5, 7, 9, 13, 25, 48, 49, 64)] == [
        *(1, 2, 3, 4, 6, 8, 12, 16, 32, 48, 64, 64)
    ]
    assert round_up(BATCH_SIZES[-1] + 1) == BATCH_SIZES[-1] + 1


def test_how_often_tokens_may_stand_in_a_row_is_a_matter_of_each_sentence() -> None:
    rows = [Row([8, 9, EOS]), Row([8, 9, EOS], max_repeats=1), Row([8, 8, EOS], max_repeats=1)]
    made = request(rows, SearchConfig(max_repeats=4))
    assert made.max_repeats is not None
    assert made.max_repeats[:3, :4].tolist() == [[4] * 4, [1] * 4, [2, 2, 2, 1]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ([8] * 5, [5, 5, 5, 3, 3, 3, 3, 3]),  # a mark may become three, no sentence
        ([8, 9] * 4, [4, 4, 4, 3, 3, 3, 3, 3]),
        ([7, 8, 9] * 4, [4, 4, 4, 4, 4, 3, 3, 3]),
        ([8, 9] * 8, [8, 8, 8, 3, 3, 3, 3, 3]),  # 8 9 8 9 is no sequence of its own
        ([8, 8, 9, 9] * 4, [4, 4, 4, 4, 4, 4, 4, 3]),
        ([7, 8, 9] * 4 + [5] * 6, [6, 6, 6, 4, 4, 3, 3, 3]),
        ([8, 8, 9, 8, 8], [3] * 8),
    ],
)
def test_what_is_much_longer_than_what_repeats_in_the_source_repeats_no_more_for_it(
    source: list[int], expected: list[int]
) -> None:
    limits = max_repeats(pad([[*source, EOS], [7, EOS]]), [3, 2])
    assert limits.shape == (2, LONGEST_REPEATED)
    assert limits[0, :8].tolist() == expected
    assert limits[1].tolist() == [2] * LONGEST_REPEATED


def test_rows_are_filled_up_with_such_as_hold_nothing() -> None:
    for required in (0, 2):
        made = request([row(7, required)] * 5, SearchConfig())
        assert made.source_ids.shape == (6, 8)
        assert not made.source_ids[5].any()
        assert made.source_ids[:5].any(axis=1).all()
        if made.required is not None:
            assert not made.required.phrases[5].any()
            assert not made.required.spans[5].any()


def test_batches_hold_every_row_once_and_are_of_like_length() -> None:
    rows = [row(1 + n * 7 % 40, required=n % 5 * (n % 2)) for n in range(200)]
    made = list(batches(rows, SearchConfig(), 16))
    assert sorted(n for batch in made for n in batch) == list(range(200))
    for batch in made:
        assert len(batch) <= 16
        assert len({bool(rows[n].phrases) for n in batch}) == 1
    plain = [len(rows[n].ids) for batch in made for n in batch if not rows[n].phrases]
    assert plain == sorted(plain)


def test_rows_that_require_much_are_searched_together() -> None:
    rows = [row(9, required=required) for required in (1, 8, 2, 9, 3, 8, 1, 9)]
    beams = [
        request([rows[n] for n in batch], SearchConfig()).beams
        for batch in batches(rows, SearchConfig(), 4)
    ]
    assert [None if each is None else each.tolist() for each in beams] == [[5] * 4, [12] * 4]


def test_wide_searches_are_of_fewer_sentences() -> None:
    rows = [row(16, required=98)] * 64
    assert max(map(len, batches(rows, SearchConfig(), 64))) == 8192 // 16 // 128
