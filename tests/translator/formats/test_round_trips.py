"""Only translations differ, byte for byte."""

from __future__ import annotations

import difflib

import pytest
from fake_search import FakeSearch, backwards
from filled_files import filled, filling, leave, segments
from format_examples import Example, examples

EXAMPLES = examples()


@pytest.mark.parametrize("name", EXAMPLES)
def test_all_but_the_translations_stays(name: str) -> None:
    example = EXAMPLES[name]
    received = filled(example.kind, example.source)
    assert _differences(received, example.expected) == []
    assert received == example.expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_text_is_a_segment(name: str) -> None:
    example = EXAMPLES[name]
    assert len(segments(example.kind, example.source)) == example.segments
    assert example.segments > 150


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_file_without_any_fill_stays_as_it_is(name: str) -> None:
    example = EXAMPLES[name]
    assert filled(example.kind, example.source, leave) == example.source


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_translated_is_left_alone_by_formats_that_hold_both_languages(name: str) -> None:
    example = EXAMPLES[name]
    if example.kind.name in ("tmx", "xliff"):
        assert segments(example.kind, example.expected) == []
        assert filled(example.kind, example.expected) == example.expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_words_in_another_order_leave_the_same_markup(name: str) -> None:
    example = EXAMPLES[name]
    received = filled(example.kind, example.source, filling(FakeSearch(backwards)))
    assert _marks(example, received) == _marks(example, example.expected)


def _marks(example: Example, content: bytes) -> list[str]:
    """All that is no word, sorted."""
    encoding = "latin-1"
    return sorted(c for c in content.decode(encoding) if not c.isspace())


def _differences(received: bytes, expected: bytes) -> list[str]:
    lines = (text.decode("latin-1").splitlines() for text in (expected, received))
    found = difflib.unified_diff(*lines, "expected", "received", n=0, lineterm="")
    return list(found)[:20]
