from __future__ import annotations

import random
import re

import pytest

from training.augmentation import (
    Augmentation,
    recased,
    shared_names,
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
    pair = ("En 1984, Tom pagó 25 y 1 a Mary.", "In 1984, Tom paid Mary 25 and 1.")
    for seed in range(50):
        [(source, target)] = substituted(pair, ["Tom", "Mary", "Pam", "Anna"], random.Random(seed))
        _, year, first, _, number, _, one, _, second = re.findall(r"\w+", source)
        assert target == f"In {year}, {first} paid {second} {number} and {one}."
        assert {first, second} < {"Tom", "Mary", "Pam"}
        assert first != "Tom"
        assert second != "Mary"
        assert number in {"15", "35", "45", "55", "65", "75", "85", "95"}
        assert len(year) == 4
        assert year.endswith("984")
        assert one == "1"


@pytest.mark.parametrize(
    "pair",
    [
        ("Hola.", "Hello."),
        ("Veo 1.", "I see 1."),
        ("2 собаки.", "2 dogs."),
        ("Pesa 10².", "It weighs 10²."),
        ("Six mois.", "Six months."),
    ],
)
def test_nothing_to_substitute(pair: tuple[str, str]) -> None:
    assert [*substituted(pair, ["Tom"], random.Random(0))] == []


def test_a_vowel_stays_a_vowel() -> None:
    pair = ("C'est l'ami d'Anna.", "He is the friend of Anna.")
    names = ["Anna", "Tom", "Émile"]
    [(source, target)] = substituted(pair, names, random.Random(0))
    assert source == "C'est l'ami d'Émile."
    assert target == "He is the friend of Émile."


def test_a_beginning_makes_no_name() -> None:
    assert shared_names("Hotel Ritz. Internet.", "Hotel Ritz. Internet.") == ["Ritz"]
    assert shared_names("Ayer, Tom.", "Yesterday, Tom.") == ["Tom"]
    assert shared_names("«Tom» vive.", "“Tom” lives.") == []


def test_recased_texts_have_no_space_at_their_ends() -> None:
    pair = ("Comment ça va ?", "¿ Qué tal ?")
    made = {text for seed in range(20) for text in recased(pair, random.Random(seed))}
    assert {"Comment ça va", "Qué tal"} <= made
    assert all(text == text.strip() for text in made)


def test_recased() -> None:
    made = {recased(("¿Sí?", "Yes?"), random.Random(seed)) for seed in range(20)}
    assert made == {("¿SÍ?", "YES?"), ("¿sí?", "yes?"), ("Sí", "Yes")}


def test_a_statement_is_exclaimed() -> None:
    rngs = [random.Random(seed) for seed in range(20)]
    made = {recased(("Buenos días.", "Good morning."), rng, (True, False)) for rng in rngs}
    assert ("¡Buenos días!", "Good morning!") in made
    assert len(made) == 4


def test_what_is_made_stands_behind_its_chunk_and_follows_from_the_seed() -> None:
    every = Augmentation(placeholders=1.0, substituted=1.0, joined=1.0, recased=1.0)
    first, second = ([*every.apply([Chunk(PAIRS)], seed=1)] for _ in range(2))
    assert first == second
    [chunk] = first
    assert list(chunk.pairs[:3]) == PAIRS
    # Of each pair four; but there is no other name or number to put in.
    assert len(chunk.pairs) == 3 + 3 * 3
    assert chunk.made == 9
    joined = chunk.pairs[4]
    assert joined in [(f"{PAIRS[0][0]} {s}", f"{PAIRS[0][1]} {t}") for s, t in PAIRS]
    assert [*Augmentation().apply([Chunk(PAIRS)], seed=1)] == [Chunk(PAIRS)]


def test_a_share_is_a_share() -> None:
    with pytest.raises(ConfigError, match=r"joined: expected a share in \[0, 1\]. Received: 1.5"):
        Augmentation(joined=1.5)
