from __future__ import annotations

from training.corpus import Chunk
from training.overlap import Overlap

VALID = [("uno", "one"), ("DOS", "two"), ("tres", "three"), ("cuatro", "four"), ("ß", "s")]


def test_counts_valid_pairs_by_either_side_whatever_the_case() -> None:
    overlap = Overlap(VALID)
    chunks = [
        Chunk([("Uno", "a"), ("dos", "Two")]),
        Chunk([]),
        Chunk([("x", "THREE"), ("one", "cuatro"), ("uno", "a"), ("SS", "x")], tagged=True),
    ]
    assert [*overlap.watch(chunks)] == chunks
    # "four" is met on no side, and "cuatro" on the wrong one.
    assert overlap.count == 4
    assert str(overlap) == (
        "4 of 5 validation pairs share a sentence with the training pairs: their scores flatter"
    )


def test_none_and_one() -> None:
    overlap = Overlap(VALID)
    [*_] = overlap.watch([Chunk([("a", "b")])])
    assert overlap.count == 0
    [*_] = overlap.watch([Chunk([("a", "ONE")])])
    assert str(overlap).startswith("1 of 5 validation pairs shares a sentence")


def test_numbers_are_readable() -> None:
    overlap = Overlap([(str(n), "-") for n in range(1200)])
    [*_] = overlap.watch([Chunk([("", "-")])])
    assert str(overlap).startswith("1,200 of 1,200 ")


def test_keeps_nothing_of_the_training_pairs() -> None:
    overlap = Overlap(VALID)
    [*_] = overlap.watch([Chunk([(f"source {n}", f"target {n}") for n in range(1000)])])
    assert not any(overlap._met)
