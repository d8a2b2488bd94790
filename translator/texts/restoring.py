"""Puts items and tags back into what a model wrote."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from translator.constants import PLACEHOLDERS
from translator.texts.alignment import Alignment
from translator.texts.tags import Placed, place_tags
from translator.texts.unit import Item, Unit

if TYPE_CHECKING:
    from translator.translator import Hypothesis, Translation

_PLACEHOLDER = re.compile(f"[{''.join(PLACEHOLDERS)}]")
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
    source_tokens: Sequence[str],
    hypothesis: Hypothesis,
    *,
    spaced: bool,
    escape: Callable[[str], str],
) -> str:
    """Makes the translation of a unit of a hypothesis that keeps its items.

    Args:
        unit: The unit.
        source_tokens: Pieces of its sentence.
        hypothesis: What the model wrote.
        spaced: Whether the target's language writes spaces between words.
        escape: Writes plain text so that it is no markup.

    Returns:
        The text, with every item and every tag of the unit in it once.
    """
    known = {item.symbol for item in unit.items}
    text = _PLACEHOLDER.sub(lambda m: m[0] if m[0] in known else "", hypothesis.text)
    text = _with_ends_of(unit.sentence.text, " ".join(text.split()))
    for item in unit.items:
        text = _space(item, text, spaced)
    placed: list[Placed] = []
    if unit.marks:
        source = unit.sentence.text
        alignment = Alignment(source, source_tokens, text, hypothesis, spaced=spaced)
        placed = place_tags(unit.passage, unit.marks, source, text, alignment)
    return _write(unit, text, placed, escape)


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


def _write(unit: Unit, text: str, placed: Sequence[Placed], escape: Callable[[str], str]) -> str:
    items = {item.symbol: unit.original_item(item) for item in unit.items}

    def plain(start: int, end: int | None) -> str:
        return "".join(items.get(part) or escape(part) for part in _parts(text[start:end]))

    parts: list[str] = []
    cursor = 0
    for tag in placed:
        parts.append(plain(cursor, tag.offset))
        raw = unit.passage.raw[tag.place]
        parts.append({"": raw, "before": f" {raw}", "after": f"{raw} "}[tag.space])
        cursor = tag.offset
    return "".join([*parts, plain(cursor, None)])


def _parts(text: str) -> list[str]:
    return re.split(f"({_PLACEHOLDER.pattern})", text)
