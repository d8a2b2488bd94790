"""Reads plain text, with whatever markup stands in it, as a passage."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from translator.text import narrow
from translator.texts.composing import composed
from translator.texts.elements import BLOCK, VOID
from translator.texts.passage import BREAK, CLOSE, ITEM, OPEN, Builder, Passage
from translator.texts.passage import VOID as VOID_TAG
from translator.texts.patterns import is_ordered
from translator.texts.protecting import Protect, find_tokens

_CURRENCY = "€$£¥"
_GLUED = regex.compile(
    rf"(?:[{_CURRENCY}]\s?)?{ITEM}(?:(?:[/:.,\-–_@#%+=×*~|&'’]*+|[^\S\n\r]){ITEM})*+"
    rf"(?:\s?[%{_CURRENCY}](?!\w))?"
)
# Those of `str.splitlines`; a tab keeps columns apart, so sentences do not cross it either.
_LINE_ENDS = frozenset("\n\r\t\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")


def read_plain(text: str, protect: Protect = ()) -> Passage:
    """Takes the items and tags of a text together, and what a user protects.

    A tag without its other half, such as `<name>`, is an item, and so is a self-closing one that
    HTML does not know, such as `<x id="1"/>`: they stand for something that is put in later.
    """
    read, found = Builder(), Builder()
    read.add_text(text)
    add_tokens(read, 0, len(text), found, tags=True, protect=protect)
    for n, character in enumerate(found.text):
        if character in _LINE_ENDS:
            found.text[n] = BREAK
    return glued(found).finish(unpaired=ITEM)


def add_tokens(
    read: Builder, start: int, end: int, found: Builder, *, tags: bool, protect: Protect = ()
) -> None:
    """Adds a range of a text to another one, its items and tags found.

    Args:
        read: The text.
        start: Where the range begins.
        end: Where it ends.
        found: What it is added to.
        tags: Whether tags are markup, or items like all else.
        protect: What else is an item.
    """
    text, raws = composed("".join(read.text[start:end]), read.raw[start:end])
    shown = narrow(text)
    cursor = 0
    for token in find_tokens(text, protect):
        found.add_range(shown[cursor : token.start], raws[cursor : token.start])
        raw = "".join(raws[token.start : token.end])
        if token.kind == "line":
            found.add(BREAK, raw)
        else:
            is_tag = tags and token.kind == "tag"
            found.add(_tag_kind(token.name, raw) if is_tag else ITEM, raw)
        cursor = token.end
    found.add_range(shown[cursor:], raws[cursor:])


def glued(found: Builder) -> Builder:
    """Makes one item of those that belong together.

    They touch, or have only marks such as `/` between them: `%d/%d`. Or they are neighbours that
    take their values by their order. A percent sign belongs to the item before it, and a sign of a
    currency to the item on either side of it.
    """
    text = "".join(found.text)
    result = Builder()
    cursor = 0
    for match in _GLUED.finditer(text):
        for start, end in _runs(found, match):
            result.add_range(text[cursor:start], found.raw[cursor:start])
            result.add(ITEM, "".join(found.raw[start:end]))
            cursor = end
    result.add_range(text[cursor:], found.raw[cursor:])
    return result


def _runs(found: Builder, match: regex.Match[str]) -> Iterator[tuple[int, int]]:
    """Splits items with spaces between them, other than between two that go by their order."""
    start = match.start()
    last: int | None = None
    for place in range(match.start(), match.end()):
        if found.text[place] == ITEM:
            spaced = found.text[place - 1].isspace()
            if last is not None and spaced and not _in_order(found.raw[last], found.raw[place]):
                yield start, last + 1
                start = place
            last = place
    yield start, match.end()


def _in_order(one: str, other: str) -> bool:
    return is_ordered(one) and is_ordered(other)


def _tag_kind(name: str, raw: str) -> str:
    plain_name = name.lstrip("/").lower()
    if plain_name in BLOCK:
        return BREAK
    if plain_name in VOID:
        return VOID_TAG
    if name.startswith("/"):
        return CLOSE
    return ITEM if raw.endswith("/>") else OPEN
