"""Which words are names that no pair has."""

from __future__ import annotations

import pytest

from translator.dictionary import Dictionary
from translator.mending.names import Names

SAME = {"anna": "Anna", "usa": "USA"}
KNOWN = [
    "ich",
    "wohne",
    "in",
    "bus",
    "schule",
    "schul",
    "tag",
    "fluss",
    "petersplatz",
    "live",
    "i",
    "the",
    "le",
]
DICTIONARY = Dictionary(frozenset(), {**dict.fromkeys(KNOWN, "x"), "londres": "London"} | SAME)


def names(text: str, language: str = "en") -> list[str]:
    return [text[start:stop] for start, stop in Names(DICTIONARY, language).find(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I live in Wozniak, Texas.", ["Wozniak", "Texas"]),
        ("I live in Londres.", []),  # the pairs have another word for it
        ("I live with Anna.", ["Anna"]),  # the pairs have it as it is
        ("Anna and I live in the USA.", ["Anna", "USA"]),
        ("Suddenly they live.", []),  # a sentence begins so
        ('He said: "Suddenly." (Then he left.)', []),
        ("It was NATO that did it.", ["NATO"]),
        ("YouTube is down, and so is his iPhone.", ["YouTube", "iPhone"]),
        ("je vois l'Arno et l\u2019Elbe", ["Arno", "Elbe"]),
        ("with Jean-Pierre in the car", ["Jean-Pierre"]),
        ("he saw O'Hara there", ["O'Hara"]),
        ("he saw d'Artagnan there", ["Artagnan"]),
        ("- Suddenly they live here", []),  # an item of a list
        ("'Suddenly they live', he said", []),
        ("he met Louis XIV there", ["Louis"]),
        ("How To Live In Houses", []),  # a title
        ("GET OUT OF HERE", []),
        ("Tom.", []),
        ("plan B is on", []),
        ("", []),
        ("日本語 и Москва тоже", ["Москва"]),
    ],
)
def test_a_name_has_a_capital_within_a_sentence(text: str, found: list[str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ich wohne in Guadalajara.", ["Guadalajara"]),
        ("Ich sehe den Marktplatz.", []),  # after a determiner
        ("Ich sehe meinem Zug nach.", []),
        ("Heute ist Schultag, sagt er.", []),  # school and day
        ("Heute ist Schulestag, sagt er.", []),  # with a link
        ("Wir sitzen an Flusses Rand", ["Rand"]),  # a form of a noun
        ("Sie kennt Wozniak nicht.", ["Wozniak"]),
        ("Sie kennt Peter nicht.", ["Peter"]),  # though a square is called after one
        ("Sie kennt die Anna nicht.", ["Anna"]),
    ],
)
def test_in_german_nouns_have_capitals_too(text: str, found: list[str]) -> None:
    assert names(text, "de") == found
