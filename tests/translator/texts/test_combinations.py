from __future__ import annotations

import itertools
import random
import tracemalloc
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


def test_of_those_that_are_as_good_the_first_change_the_last_sentences() -> None:
    assert list(best_combinations([[0.0, -1.0], [0.0], [0.0, -1.0, -2.0]])) == [
        (0, 0, 0),
        (0, 0, 1),
        (1, 0, 0),
        (0, 0, 2),
        (1, 0, 1),
        (1, 0, 2),
    ]


def test_they_are_in_order_where_scores_are_equal() -> None:
    rng = random.Random(2)
    for _ in range(200):
        scores = [[float(-rng.randint(0, 2)) for _ in range(rng.randint(1, 3))] for _ in range(4)]
        scores = [sorted(choices, reverse=True) for choices in scores]
        every = itertools.product(*(range(len(choices)) for choices in scores))

        def cost(ranks: tuple[int, ...], scores: list[list[float]] = scores) -> float:
            return sum(c[0] - c[rank] for c, rank in zip(scores, ranks, strict=True))

        expected = sorted(every, key=lambda ranks: (cost(ranks), ranks))
        assert list(best_combinations(scores)) == expected


def test_of_many_sentences_only_what_is_asked_for_is_made() -> None:
    tracemalloc.start()
    found = list(islice(best_combinations([[0.0, -1.0]] * 10_000), 5))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [ranks.index(1) for ranks in found[1:]] == [9_999, 9_998, 9_997, 9_996]
    assert most < 10_000_000
