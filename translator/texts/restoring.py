"""Puts items and tags back into what a model wrote."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence

from translator.constants import PLACEHOLDERS
from translator.texts.alignment import Alignment
from translator.texts.candidate import Part, Written
from translator.texts.passage import Passage
from translator.texts.tags import Placed, place_tags
from translator.texts.unit import Item, Unit
from translator.translation import Hypothesis, Translation

_PLACEHOLDER = re.compile(f"[{''.join(PLACEHOLDERS)}]")
_RUN = re.compile(f"[{''.join(PLACEHOLDERS)}]|[^{''.join(PLACEHOLDERS)}]+")
_FINAL_MARKS = tuple(".!?…:;,。！？：；，、।؟۔")
_OPENING = tuple("([{“‘\"'¿¡")
_CLOSING = tuple(".,)]}”’\"'")


def keeps_items(unit: Unit, text: str) -> bool:
    """Whether every item stands once in a translation, those that go by order in their order."""
    if any(text.count(item.symbol) != 1 for item in unit.items):
        return False
    places = [text.index(item.symbol) for item in unit.items if item.ordered]
    return places == sorted(places)


def restore(
    unit: Unit,
    translation: Translation,
    hypothesis: Hypothesis,
    passage: Passage,
    *,
    spaced: bool,
    escape: Callable[[str], str],
) -> list[Part]:
    """Makes the translation of a unit of a hypothesis that keeps its items.

    Args:
        unit: The unit.
        translation: What the search found for it.
        hypothesis: The one to take.
        passage: What its items and tags are taken from: its passage, or the same one with other
            attributes.
        spaced: Whether the target's language writes spaces between words.
        escape: Writes plain text so that it is no markup.

    Returns:
        What the text is made of, with every item and every tag of the unit in it once.
    """
    known = {item.symbol for item in unit.items}
    text = _PLACEHOLDER.sub(lambda m: m[0] if m[0] in known else "", hypothesis.text)
    text = _with_ends_of(unit.sentence.text, " ".join(text.split()))
    for item in unit.items:
        text = _space(item, text, spaced)
    placed: list[Placed] = []
    if unit.marks:
        source = unit.sentence.text
        tokens = translation.source_tokens
        alignment = Alignment(source, tokens, text, hypothesis, spaced=spaced)
        placed = place_tags(passage, unit.marks, source, text, alignment)
    return list(_write(Written(unit, translation, hypothesis, text), passage, placed, escape))


def with_items(unit: Unit, translation: Translation) -> Translation:
    """Gives what a search said of a unit, its placeholders replaced by what they stand for."""
    originals = {item.symbol: unit.original_item(item) for item in unit.items}

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda m: originals.get(m[0], m[0]), text)

    return dataclasses.replace(
        translation,
        source_tokens=tuple(map(fill, translation.source_tokens)),
        hypotheses=tuple(
            dataclasses.replace(
                hypothesis,
                text=fill(hypothesis.text),
                tokens=tuple(map(fill, hypothesis.tokens)),
            )
            for hypothesis in translation.hypotheses
        ),
    )


def _with_ends_of(source: str, target: str) -> str:
    """Begins with a capital where the source does, and adds no full stop where it has none."""
    if source[:1].isupper() and target[:1].islower():
        target = target[0].upper() + target[1:]
    added = target.endswith((".", "。")) and not target.endswith("..")
    if added and not source.rstrip("\"'»”’)]").endswith(_FINAL_MARKS) and len(target) > 1:
        target = target[:-1].rstrip()
    return target


def _space(item: Item, text: str, spaced: bool) -> str:
    """Keeps words apart from an item that none touched, and marks close that did."""
    before, _, after = text.partition(item.symbol)
    if before.endswith(" ") and item.before in _OPENING and before[:-1].endswith(item.before):
        before = before[:-1]
    elif spaced and _is_word(before[-1:]) and not _is_word(item.before):
        before += " "
    if after.startswith(" ") and item.after in _CLOSING and after[1:].startswith(item.after):
        after = after[1:]
    elif spaced and _is_word(after[:1]) and not _is_word(item.after):
        after = " " + after
    return before + item.symbol + after


def _is_word(character: str) -> bool:
    return character.isalnum() or character in PLACEHOLDERS


def _write(
    written: Written, passage: Passage, placed: Sequence[Placed], escape: Callable[[str], str]
) -> Iterator[Part]:
    # Nothing else may tell of a sentence that became empty, or items only.
    yield Part((), 0, written)
    cursor = 0
    for tag in placed:
        yield from _words(written, passage, cursor, tag.offset, escape)
        raw = passage.raw[tag.place]
        spaced = {"": raw, "before": f" {raw}", "after": f"{raw} "}[tag.space]
        yield Part((spaced,), tag.place)
        cursor = tag.offset
    yield from _words(written, passage, cursor, len(written.text), escape)


def _words(
    written: Written, passage: Passage, start: int, end: int, escape: Callable[[str], str]
) -> Iterator[Part]:
    """Yields what stands between two tags."""
    items = {item.symbol: item for item in written.unit.items}
    for match in _RUN.finditer(written.text, start, end):
        item = items.get(match[0])
        if item:
            yield Part(passage.raw[item.start : item.end], item.start)
        else:
            yield Part([escape(character) for character in match[0]], match.start(), written)
