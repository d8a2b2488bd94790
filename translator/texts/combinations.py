"""The best combinations of independent choices, as lazily as Eppstein (1998) finds paths.

Each combination but the first is made from a single one that is no worse, by what it changes last:
the sentences stand in the order of what their first change costs, and the last one changed takes
its next choice, or gives way to the next sentence, or that one changes as well. So no sentence is
looked at before those that are cheaper to change.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import accumulate

_Ranks = tuple[int, ...]


def best_combinations(scores: Sequence[Sequence[float]]) -> Iterator[_Ranks]:
    """Yields which choice to take of each list, the largest sum first, as they are asked for.

    Of combinations that are as good as each other, those come first that change later sentences.

    Args:
        scores: For each sentence the scores of its choices, best first; none is empty. A choice
            counts for no more than the ones before it, so that the first one of all comes first.
    """
    costs = [[choices[0] - score for score in accumulate(choices, min)] for choices in scores]
    first = (0,) * len(costs)
    yield first
    changeable = (n for n in range(len(costs)) if len(costs[n]) > 1)
    order = sorted(changeable, key=lambda n: (costs[n][1], -n))
    # What a combination costs, its ranks, and where in `order` the last sentence stands in it that
    # does not take its first choice.
    waiting = [(costs[n][1], _with_rank(first, n, 1), 0) for n in order[:1]]
    while waiting:
        cost, ranks, place = heapq.heappop(waiting)
        yield ranks
        last = order[place]
        rank = ranks[last]
        if rank + 1 < len(costs[last]):
            step = costs[last][rank + 1] - costs[last][rank]
            heapq.heappush(waiting, (cost + step, _with_rank(ranks, last, rank + 1), place))
        if place + 1 < len(order):
            following = order[place + 1]
            also = _with_rank(ranks, following, 1)
            heapq.heappush(waiting, (cost + costs[following][1], also, place + 1))
            if rank == 1:
                step = costs[following][1] - costs[last][1]
                heapq.heappush(waiting, (cost + step, _with_rank(also, last, 0), place + 1))


def _with_rank(ranks: _Ranks, n: int, rank: int) -> _Ranks:
    return (*ranks[:n], rank, *ranks[n + 1 :])
