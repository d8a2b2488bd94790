"""Finds what is not plain text: what patterns always protect, and what a user's patterns do.

The terms of a user's glossary come before both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import regex

from translator.errors import ConfigError
from translator.texts.glossary import Glossary
from translator.texts.patterns import PLAIN, TOKEN

_Span = tuple[int, int]


@dataclass(frozen=True)
class ExceptTerms:
    """What must survive where it is not what a glossary translates.

    Attributes:
        protect: What must survive.
        glossary: The terms.
        across_lines: Whether a term may go on in the next line.
    """

    protect: Protect
    glossary: Glossary
    across_lines: bool

    def find(self, text: str) -> list[_Span]:
        """Where terms stand in a text, whose white space need not be normalised."""
        pattern = _ANY_SPACE if self.across_lines else _SPACE_IN_LINE
        parts = list(pattern.finditer(text))
        terms = self.glossary.find("".join(" " if part["space"] else part[0] for part in parts))
        return [(parts[term.start].start(), parts[term.stop - 1].end()) for term in terms]


Protect: TypeAlias = Sequence[regex.Pattern[str]] | ExceptTerms
"""What a user wants to survive translation, beside links, numbers, placeholders, ..."""

_ANY_SPACE = regex.compile(r"(?P<space>\s+)|.", regex.DOTALL)
_SPACE_IN_LINE = regex.compile(r"(?P<space>\p{Zs}+)|.", regex.DOTALL)
"""Either matches what becomes one space, or else a character."""


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
    """Yields the tokens of a text in order; a user's patterns come before all others.

    An item gives way to a term that covers it, unless that would break another token.
    """
    if isinstance(protect, ExceptTerms):
        tokens = list(find_tokens(text, protect.protect))
        if tokens:
            yield from _not_covered(tokens, protect.find(text))
        return
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


def _not_covered(tokens: Sequence[Token], terms: Iterable[_Span]) -> Iterator[Token]:
    """All tokens but the items within terms; a term that overlaps any other token is no term."""
    starts, ends = [token.start for token in tokens], [token.end for token in tokens]
    covered: set[int] = set()
    for start, end in terms:
        overlapped = range(bisect_right(ends, start), bisect_left(starts, end))
        if all(
            tokens[n].kind == "item" and start <= starts[n] and ends[n] <= end for n in overlapped
        ):
            covered.update(overlapped)
    return (token for n, token in enumerate(tokens) if n not in covered)


def _spans(text: str, patterns: Sequence[regex.Pattern[str]]) -> list[_Span]:
    """Where the user's patterns match: the first of those that overlap, or the longest of them."""
    matches = (match.span() for pattern in patterns for match in pattern.finditer(text))
    spans: list[_Span] = []
    for start, end in sorted(matches, key=lambda span: (span[0], -span[1])):
        if start < end and (not spans or start >= spans[-1][1]):
            spans.append((start, end))
    return spans


def _tokens(text: str, start: int, end: int) -> Iterator[Token]:
    for match in TOKEN.finditer(text, start, end):
        kind = next(kind for kind in ("line", "tag", "item") if match[kind])
        yield Token(match.start(), match.end(), kind, match["name"] or "")
