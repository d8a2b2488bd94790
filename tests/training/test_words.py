"""Pairs of single words, learnt from sentences small enough to read."""

from __future__ import annotations

from itertools import product

from training.words import learn_words

GERMAN = {"hund": "Hund", "katze": "Katze", "haus": "Haus", "garten": "Garten"}
ENGLISH = {"hund": "dog", "katze": "cat", "haus": "house", "garten": "garden"}
PAIRS = [
    (f"Mein {GERMAN[a]} sieht {GERMAN[b]}.", f"My {ENGLISH[a]} sees {ENGLISH[b]}.")
    for a, b in product(GERMAN, repeat=2)
]


def test_words_that_stand_together_are_pairs_as_they_are_written() -> None:
    learnt = learn_words(PAIRS)
    assert {(GERMAN[word], ENGLISH[word]) for word in GERMAN} <= {*learnt}
    # A noun with its own capital is not repeated.
    assert ("Hund", "Dog") not in learnt


def test_a_word_in_lower_case_is_a_pair_with_capitals_too() -> None:
    learnt = learn_words([(target, source) for source, target in PAIRS])
    assert {("dog", "Hund"), ("Dog", "Hund")} <= {*learnt}


def test_words_that_stand_too_seldom_are_none() -> None:
    assert learn_words(PAIRS, least_count=1000) == []
    assert learn_words(PAIRS, least=1.0) == []


def test_the_surest_come_first_and_nothing_else_decides() -> None:
    learnt = learn_words(PAIRS)
    assert learnt == learn_words(PAIRS)
    assert learn_words(PAIRS, least=0.5) == learnt[: len(learn_words(PAIRS, least=0.5))]


def test_no_words_no_pairs() -> None:
    assert learn_words([]) == []
    assert learn_words([("1", "2"), ("!", "?")] * 5) == []
