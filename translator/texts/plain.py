"""Reads plain text, with whatever markup stands in it, as a passage."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from translator.texts.elements import BLOCK, VOID
from translator.texts.passage import BREAK, CLOSE, ITEM, OPEN, Builder, Passage
from translator.texts.passage import VOID as VOID_TAG
from translator.texts.patterns import is_ordered
from translator.texts.protecting import Protect, find_tokens

# Those of `str.splitlines`; a tab keeps columns apart, so sentences do not cross it either.
_GLUED = regex.compile(rf"{ITEM}(?:(?:[/:.,\-–_@#%+=×*~|&'’]*+|[^\S\n\r]){ITEM})*+(?:\s?%(?!\w))?")
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
    text = "".join(read.text[start:end])
    cursor = 0
    for token in find_tokens(text, protect):
        before, after = start + token.start, start + token.end
        found.add_range(text[cursor : token.start], read.raw[start + cursor : before])
        raw = "".join(read.raw[before:after])
        if token.kind == "line":
            found.add(BREAK, raw)
        else:
            is_tag = tags and token.kind == "tag"
            found.add(_tag_kind(token.name, raw) if is_tag else ITEM, raw)
        cursor = token.end
    found.add_range(text[cursor:], read.raw[start + cursor : end])


def glued(found: Builder) -> Builder:
    """Makes one item of those that belong together.

    They touch, or have only marks such as `/` between them: `%d/%d`. Or they are neighbours that
    take their values by their order. A percent sign belongs to the item before it.
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
    start = end = last = match.start()
    for place in range(match.start(), match.end()):
        if found.text[place] == ITEM:
            spaced = place > end and found.text[place - 1].isspace()
            if spaced and not (is_ordered(found.raw[last]) and is_ordered(found.raw[place])):
                yield start, end
                start = place
            last, end = place, place + 1
    yield start, match.end()


def _tag_kind(name: str, raw: str) -> str:
    plain_name = name.lstrip("/").lower()
    if plain_name in BLOCK:
        return BREAK
    if plain_name in VOID:
        return VOID_TAG
    if name.startswith("/"):
        return CLOSE
    return ITEM if raw.endswith("/>") else OPEN
