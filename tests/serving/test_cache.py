from __future__ import annotations

import numpy as np

from serving.cache import Cache
from serving.observer import Silent
from translator.translation import Hypothesis, Translation


def translation(tokens: int) -> Translation:
    alignment = np.zeros((tokens, tokens), np.float32)
    hypothesis = Hypothesis("a", 0.0, 0.0, ("a",) * tokens, (0.0,) * tokens, alignment, True)
    return Translation(("a",) * tokens, (hypothesis,))


class Counter(Silent):
    def __init__(self) -> None:
        self.counts = (0, 0)

    def looked_up(self, hits: int, misses: int) -> None:
        self.counts = (self.counts[0] + hits, self.counts[1] + misses)


def test_what_was_used_last_stays() -> None:
    cache = Cache(3 * 2300, Silent())  # 1000 + 10 x 120 bytes + 4 x 10 x 10 make 2600
    one, two, three = translation(5), translation(5), translation(5)  # 1700 bytes each
    for key, value in (("1", one), ("2", two), ("3", three)):
        cache.keep(key, value)
    assert cache.find(["1", "2", "3"]) == {"1": one, "2": two, "3": three}
    cache.find(["1"])
    cache.keep("4", translation(10))
    assert set(cache.find(["1", "2", "3", "4"])) == {"1", "3", "4"}


def test_what_is_larger_than_all_room_is_not_kept() -> None:
    cache = Cache(2000, Silent())
    cache.keep("small", translation(1))
    cache.keep("large", translation(100))
    assert set(cache.find(["small", "large"])) == {"small"}


def test_no_room_keeps_nothing() -> None:
    cache = Cache(0, Silent())
    cache.keep("a", translation(0))
    assert cache.find(["a"]) == {}


def test_hits_and_misses_are_told() -> None:
    counter = Counter()
    cache = Cache(10_000, counter)
    cache.keep("a", translation(1))
    cache.find(["a", "b", "a"])
    assert counter.counts == (2, 1)
