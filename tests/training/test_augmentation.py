from __future__ import annotations

import random

import pytest

from training.augmentation import (
    Augmentation,
    recased,
    shared_words,
    substituted,
    with_placeholders,
)
from training.corpus import Chunk
from translator.constants import PLACEHOLDERS
from translator.errors import ConfigError

PAIRS = [("Tom vive en Boston.", "Tom lives in Boston."), ("Hola.", "Hello."), ("Sí.", "Yes.")]


def test_names_and_numbers_that_both_sides_have_once() -> None:
    source = "Tom vio a Mary en 1984; Mary vio 3 gatos, y No."
    target = "Tom saw Mary in 1984; she saw 3 cats, and No."
    assert shared_words(source, target) == ["Tom", "1984", "3"]


@pytest.mark.parametrize("pair", PAIRS)
def test_each_placeholder_stands_once_on_either_side(pair: tuple[str, str]) -> None:
    for seed in range(50):
        source, target = with_placeholders(pair, random.Random(seed))
        there = [symbol for symbol in PLACEHOLDERS if symbol in source]
        assert there
        assert [s for s in PLACEHOLDERS if s in target] == there
        assert all(source.count(s) == target.count(s) == 1 for s in there)


def test_names_and_numbers_become_others_on_both_sides() -> None:
    pair = ("Tom pagó 25 y 1 en 1984 a Mary.", "Tom paid Mary 25 and 1 in 1984.")
    for seed in range(50):
        [(source, target)] = substituted(pair, ["Anna", "José"], random.Random(seed))
        words = source.removesuffix(".").split()
        first, number, year, second = words[0], words[2], words[6], words[8]
        assert {first, second} <= {"Anna", "José"}
        assert 10 <= int(number) <= 99
        assert 1000 <= int(year) <= 9999
        assert target == f"{first} paid {second} {number} and 1 in {year}."


def test_nothing_shared_nothing_to_substitute() -> None:
    assert [*substituted(("Hola.", "Hello."), [], random.Random(0))] == []
    assert [*substituted(("Veo 1.", "I see 1."), [], random.Random(0))] == []


def test_recased() -> None:
    made = {recased(("¿Sí?", "Yes?"), random.Random(seed)) for seed in range(20)}
    assert made == {("¿SÍ?", "YES?"), ("¿sí?", "yes?"), ("Sí", "Yes")}


def test_what_is_made_stands_behind_its_chunk_and_follows_from_the_seed() -> None:
    every = Augmentation(placeholders=1.0, substituted=1.0, joined=1.0, recased=1.0)
    first, second = ([*every.apply([Chunk(PAIRS)], seed=1)] for _ in range(2))
    assert first == second
    [chunk] = first
    assert list(chunk.pairs[:3]) == PAIRS
    # Of each pair four, but there is no name or number in two of the three.
    assert len(chunk.pairs) == 3 + 3 * 3 + 1
    joined = chunk.pairs[5]
    assert joined in [(f"{PAIRS[0][0]} {s}", f"{PAIRS[0][1]} {t}") for s, t in PAIRS]
    assert [*Augmentation().apply([Chunk(PAIRS)], seed=1)] == [Chunk(PAIRS)]


def test_a_share_is_a_share() -> None:
    with pytest.raises(ConfigError, match=r"joined: expected a share in \[0, 1\]. Received: 1.5"):
        Augmentation(joined=1.5)
