"""Alternatives that differ, by examples that can be reckoned by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from translator.config import SearchConfig
from translator.diversity import diverse, similarity
from translator.translation import Hypothesis
from translator.translator import Translator


def hypothesis(text: str, score: float = 0.0, *, finished: bool = True) -> Hypothesis:
    nothing = np.zeros((0, 0), np.float32)
    return Hypothesis(text, score, score, tuple(text.split()), (), nothing, finished)


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("a b c", "a b c", 1.0),
        ("a b c", "d e f", 0.0),
        # a, b, c, ab, bc beside a, b, d, ab, bd: three are common.
        ("a b c", "a b d", 0.6),
        # The same pieces, no pair of them: a, b, c of five on either side.
        ("a b c", "c b a", 0.6),
        ("", "", 0.0),
    ],
)
def test_likeness_is_the_share_of_pieces_and_pairs_in_common(
    one: str, other: str, share: float
) -> None:
    assert similarity(hypothesis(one), hypothesis(other)) == pytest.approx(share)
    assert similarity(hypothesis(other), hypothesis(one)) == pytest.approx(share)


def chosen(hypotheses: list[Hypothesis], count: int, diversity: float) -> list[str]:
    return [one.text for one in diverse(hypotheses, count, diversity)]


LIKE = [
    hypothesis("a b c", -1.0),
    hypothesis("a b d", -1.1),  # a likeness of 0.6 to the first
    hypothesis("e f g", -1.5),
    hypothesis("e f h", -1.6),  # of 0.6 to the one before
]


@pytest.mark.parametrize(
    ("diversity", "expected"),
    [
        (0.0, ["a b c", "a b d", "e f g"]),
        # The second costs 0.6 · 0.5 more, and still less than the third.
        (0.5, ["a b c", "a b d", "e f g"]),
        # Now it costs 0.6 more, and the third does not; the fourth then costs 0.6 more as well.
        (1.0, ["a b c", "e f g", "a b d"]),
    ],
)
def test_what_is_like_a_better_one_costs_more(diversity: float, expected: list[str]) -> None:
    assert chosen(LIKE, 3, diversity) == expected


def test_the_likeness_that_counts_is_the_greatest() -> None:
    # "a b d" is as like the first as "e f h" is like the third, which is chosen before it.
    assert chosen(LIKE, 4, 10.0) == ["a b c", "e f g", "a b d", "e f h"]


def test_the_best_comes_first_and_no_text_twice() -> None:
    twice = [hypothesis("a b", -1.0), hypothesis("a b", -1.2), hypothesis("a c", -9.0)]
    assert chosen(twice, 5, 10.0) == ["a b", "a c"]
    assert chosen(twice, 1, 10.0) == ["a b"]


def test_what_was_cut_comes_last() -> None:
    some = [hypothesis("a", -3.0), hypothesis("b", -1.0, finished=False), hypothesis("a c", -9.0)]
    assert chosen(some, 3, 1.0) == ["a", "a c", "b"]


def test_a_search_chooses_from_its_beam(toy_model_folder: Path) -> None:
    translator = Translator.load(toy_model_folder / "xx-yy")
    texts = ["314159", "27182", "12345678"]
    whole = translator.translate(texts, SearchConfig(beam_size=12, n_best=12))
    search = SearchConfig(beam_size=12, n_best=4, diversity=5.0)
    found = translator.translate(texts, search)
    plain = translator.translate(texts, SearchConfig(beam_size=12, n_best=4))
    for beam, some, best in zip(whole, found, plain, strict=True):
        assert [one.text for one in some.hypotheses] == chosen([*beam.hypotheses], 4, 5.0)
        assert some.text == best.text
    texts_of = [[one.text for one in each.hypotheses] for each in found]
    assert texts_of != [[one.text for one in each.hypotheses] for each in plain]
    # Of one hypothesis there is nothing to choose.
    [alone] = translator.translate(texts[:1], SearchConfig(diversity=5.0))
    assert [one.text for one in alone.hypotheses] == [whole[0].text]
