from __future__ import annotations

import pytest

from translator.spelling import group, spell, spell_words

EURO = ["<0xE2>", "<0x82>", "<0xAC>"]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["▁Don", "de", "▁está"], " Donde está"),
        (["▁", *EURO, "5"], " €5"),
        (["a", "<0xE2>", "<0x82>"], "a�"),
        ([], ""),
    ],
)
def test_spell(pieces: list[str], text: str) -> None:
    assert spell(pieces) == text


@pytest.mark.parametrize(
    ("pieces", "groups"),
    [
        (["▁a", "b"], [[0], [1]]),
        (["▁", *EURO, "5"], [[0], [1, 2, 3], [4]]),
        ([*EURO, *EURO], [[0, 1, 2], [3, 4, 5]]),
        (["<0xC3>", "<0xB1>", "<0x41>"], [[0, 1], [2]]),
        (["<0xF0>", "<0x9F>", "<0x98>", "<0x80>", "a"], [[0, 1, 2, 3], [4]]),
        # No characters: bytes that a model should not have written.
        (["<0x82>", "<0xC3>", "▁a", "<0xB1>"], [[0], [1], [2], [3]]),
    ],
)
def test_group(pieces: list[str], groups: list[list[int]]) -> None:
    assert [list(places) for places in group(pieces)] == groups


def test_words() -> None:
    assert spell_words(["▁Don", "de", "▁", *EURO, "5", "▁es"]) == ["Donde", "€5", "es"]
    assert spell_words(["Don", "de"]) == ["Donde"]
    assert spell_words([]) == []
