from __future__ import annotations

import itertools

import numpy as np
import pytest

from translator.texts.runs import best_run


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([-1.0, 0.5, -0.25, 0.5, -1.0], (1, 4)),
        ([0.5, -1.0, 0.5], (0, 1)),
        ([0.5, 0.0], (0, 1)),
        ([0.5, -0.5, 1.0], (0, 3)),
        ([-1.0, 0.0], None),
        ([], None),
    ],
)
def test_the_best_run_is_the_first_and_shortest(
    weights: list[float], expected: tuple[int, int] | None
) -> None:
    anywhere = np.ones(len(weights), bool)
    assert best_run(np.array(weights), anywhere, anywhere, anywhere) == expected


def test_a_run_begins_and_ends_where_it_may_and_has_a_word_of_the_core() -> None:
    weights = np.array([1.0, -0.5, 0.75, 1.0])
    anywhere, second = np.ones(4, bool), np.arange(4) == 1
    assert best_run(weights, second, anywhere, anywhere) == (1, 4)
    assert best_run(weights, anywhere, second, anywhere) == (0, 2)
    assert best_run(weights, second, second, anywhere) is None
    assert best_run(np.array([1.0, -0.5, 0.0, -1.0]), anywhere, anywhere, second) == (0, 2)


def test_it_is_that_of_a_search_through_all() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        weights = rng.integers(-3, 4, 6) / 4
        starts, ends, core = (rng.random(6) < 0.7 for _ in range(3))
        runs = [
            (first, last)
            for first, last in itertools.combinations(range(7), 2)
            if starts[first] and ends[last - 1] and core[first:last].any()
        ]
        best = max(runs, key=lambda run: weights[slice(*run)].sum(), default=None)
        if best is not None and weights[slice(*best)].sum() <= 0:
            best = None
        assert best_run(weights, starts, ends, core) == best
