"""Finds what is not plain text: what patterns always protect, and what a user's patterns do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import regex

from translator.errors import ConfigError
from translator.texts.patterns import PLAIN, TOKEN

Protect = Sequence[regex.Pattern[str]]
"""What a user wants to survive translation, beside links, numbers, placeholders, ..."""


class Token(NamedTuple):
    """A stretch of a text that is no plain text.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        kind: "item", "tag", or "line" for an escape that ends a line.
        name: Of a tag, with the slash of an end tag; else "".
    """

    start: int
    end: int
    kind: str
    name: str


def compile_protect(patterns: Iterable[str]) -> Protect:
    r"""Compiles a user's patterns.

    Args:
        patterns: Regular expressions such as `ACME-\w+`.

    Raises:
        ConfigError: One is no regular expression, or matches where there is nothing.
    """
    return tuple(map(_compile, patterns))


def find_tokens(text: str, protect: Protect = ()) -> Iterator[Token]:
    """Yields the tokens of a text in order; a user's patterns come before all others."""
    if not protect and PLAIN.fullmatch(text):
        return
    cursor = 0
    for start, end in _spans(text, protect):
        yield from _tokens(text, cursor, start)
        yield Token(start, end, "item", "")
        cursor = end
    yield from _tokens(text, cursor, len(text))


def _compile(pattern: str) -> regex.Pattern[str]:
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise ConfigError(
            f"protect: expected a regular expression. Received: {pattern!r}, {error}"
        ) from error
    if compiled.search("") is not None:
        raise ConfigError(
            f"protect: expected a pattern that matches some text. Received: {pattern!r}, "
            "which matches the empty string"
        )
    return compiled


def _spans(text: str, protect: Protect) -> list[tuple[int, int]]:
    """Where the user's patterns match: the first of those that overlap, or the longest of them."""
    matches = (match.span() for pattern in protect for match in pattern.finditer(text))
    spans: list[tuple[int, int]] = []
    for start, end in sorted(matches, key=lambda span: (span[0], -span[1])):
        if start < end and (not spans or start >= spans[-1][1]):
            spans.append((start, end))
    return spans


def _tokens(text: str, start: int, end: int) -> Iterator[Token]:
    for match in TOKEN.finditer(text, start, end):
        kind = next(kind for kind in ("line", "tag", "item") if match[kind])
        yield Token(match.start(), match.end(), kind, match["name"] or "")
