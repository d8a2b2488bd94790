"""The best combinations of independent choices (Huang & Chiang, 2005, section 4, for one level)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence


def best_combinations(scores: Sequence[Sequence[float]]) -> Iterator[tuple[int, ...]]:
    """Yields which choice to take of each list, the largest sum first, as they are asked for.

    Args:
        scores: For each sentence the scores of its choices, best first; none is empty. A choice
            counts for no more than the ones before it, so that the first one of all comes first.
    """
    capped = [[min(choices[: n + 1]) for n in range(len(choices))] for choices in scores]
    first = (0,) * len(capped)
    waiting = [(-sum(choices[0] for choices in capped), first)]
    seen = {first}
    while waiting:
        cost, ranks = heapq.heappop(waiting)
        yield ranks
        for n, rank in enumerate(ranks):
            following = (*ranks[:n], rank + 1, *ranks[n + 1 :])
            if rank + 1 < len(capped[n]) and following not in seen:
                seen.add(following)
                step = capped[n][rank] - capped[n][rank + 1]
                heapq.heappush(waiting, (cost + step, following))
