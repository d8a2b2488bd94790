from __future__ import annotations

import pytest

from training.failures import Failures, count_failures, longest_run


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("", 0),
        ("one", 1),
        ("one two one two", 2),
        ("One two one two one two three", 3),
        ("no no NO", 3),
        ("No, no; no.", 3),
        ("哈哈哈哈", 4),
        ("नहीं नहीं नहीं", 3),
        ("Hm", 1),
        ("a b c d a b c d a b c d", 3),
        ("a b c d e a b c d e a b c d e", 1),
        ("a b a b a", 2),
        ("x a b a b a b a b", 4),
    ],
)
def test_how_often_in_a_row(text: str, run: int) -> None:
    assert longest_run(text) == run


@pytest.mark.parametrize(
    ("source", "reference", "translation", "expected"),
    [
        ("Hola, Juan.", "Hello, Juan.", "Hello, Juan.", Failures(0, 0, 0)),
        ("Hola, Juan.", "Hello, Juan.", " ", Failures(1, 0, 0)),
        ("Hola, Juan.", "Hello, Juan.", "Hello he he he", Failures(0, 1, 0)),
        ("Hola, Juan.", "Hello, Juan.", "Hola, Juan.", Failures(0, 0, 1)),
        # Nothing is wrong with what the source repeats, or what is the same in both languages.
        ("Ja ja ja ja", "Ha ha ha", "Ha ha ha ha", Failures(0, 0, 0)),
        ("Ja ja ja", "Ha ha ha", "Ha ha ha ha", Failures(0, 1, 0)),
        ("Tom Jackson", "Tom Jackson", "Tom Jackson", Failures(0, 0, 0)),
        ("Internet", "The internet", "Internet", Failures(0, 0, 0)),
        ("你好", "您好", "你好", Failures(0, 0, 1)),
    ],
)
def test_failures(source: str, reference: str, translation: str, expected: Failures) -> None:
    assert count_failures([(source, reference)], [translation]) == expected
