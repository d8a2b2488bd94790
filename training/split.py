"""Pairs into train, valid and test, no sentence of which stands in two."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

from training.corpus import Pair

_LARGEST_SHARE = 10


@dataclasses.dataclass(frozen=True)
class Split:
    """The three parts, each in the order of the whole."""

    train: list[Pair]
    valid: list[Pair]
    test: list[Pair]


def split_pairs(pairs: Sequence[Pair], valid: int, test: int, seed: int = 1) -> Split:
    """Splits pairs so that what is tested was not learnt.

    A sentence often has several translations, so a split pair by pair would leave one of them in
    train and another in test. Pairs that share a sentence on either side, directly or by way of
    others, are a group, and a group stays together. Upper and lower case count as equal.

    Args:
        pairs: Source and target.
        valid: Pairs wanted in valid; at most a tenth of all are taken.
        test: Pairs wanted in test; the same bound holds.
        seed: Which groups are drawn.

    Returns:
        The parts. A group that does not fit into what is left of valid or test goes to train, so
        those may be smaller than wanted.
    """
    groups = _groups(pairs)
    order = list(dict.fromkeys(groups))
    random.Random(seed).shuffle(order)  # noqa: S311 - a draw, no secret
    sizes = dict.fromkeys(order, 0)
    for group in groups:
        sizes[group] += 1
    part = dict.fromkeys(order, "train")
    room = {
        name: min(size, len(pairs) // _LARGEST_SHARE)
        for name, size in (("test", test), ("valid", valid))
    }
    for group in order:
        for name, left in room.items():
            if sizes[group] <= left:
                part[group] = name
                room[name] -= sizes[group]
                break
    parts: dict[str, list[Pair]] = {"train": [], "valid": [], "test": []}
    for pair, group in zip(pairs, groups, strict=True):
        parts[part[group]].append(pair)
    return Split(**parts)


def _groups(pairs: Sequence[Pair]) -> list[int]:
    """The group of each pair, named by one of its pairs: connected components (union-find)."""
    parent = list(range(len(pairs)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for side in (0, 1):
        first: dict[str, int] = {}
        for n, pair in enumerate(pairs):
            parent[root(n)] = root(first.setdefault(pair[side].casefold(), n))
    return [root(n) for n in range(len(pairs))]
