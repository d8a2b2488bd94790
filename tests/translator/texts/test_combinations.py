from __future__ import annotations

import itertools
import random
from itertools import islice

import pytest

from translator.texts.combinations import best_combinations


def test_the_best_sums_come_first() -> None:
    assert list(best_combinations([[-1.0, -4.0], [-2.0, -3.0]])) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert list(best_combinations([])) == [()]


def test_a_choice_that_is_better_than_the_one_before_it_does_not_overtake_it() -> None:
    assert next(best_combinations([[-5.0, -1.0], [-2.0]])) == (0, 0)


def test_they_are_those_of_a_search_through_all() -> None:
    rng = random.Random(1)
    scores = [sorted((rng.random() for _ in range(4)), reverse=True) for _ in range(4)]

    def total(ranks: tuple[int, ...]) -> float:
        return sum(choices[rank] for choices, rank in zip(scores, ranks, strict=True))

    found = list(best_combinations(scores))
    expected = sorted(itertools.product(range(4), repeat=4), key=total, reverse=True)
    assert [total(ranks) for ranks in found] == pytest.approx([total(ranks) for ranks in expected])
    assert len(set(found)) == 4**4


def test_of_many_sentences_only_what_is_asked_for_is_made() -> None:
    assert len(list(islice(best_combinations([[0.0, -1.0]] * 200), 5))) == 5
