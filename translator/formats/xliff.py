"""XLIFF 1.0 to 1.2 and 2.0 to 2.2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final

from translator.errors import InputError
from translator.formats.codes import same_language
from translator.formats.filling import fill_parts
from translator.formats.inline import InlineNames, marked
from translator.formats.markup import Marked
from translator.formats.segment import Fill, FillAll, Languages, Segment
from translator.formats.splicing import Slot, splice
from translator.formats.xml_tree import Document, Element, escape_xml, quote_xml, read_xml

_INLINE_1: Final = InlineNames(
    pairs={"g", "mrk"}, begins={"bpt": "id", "bx": "id"}, ends={"ept": "id", "ex": "id"}
)
_INLINE_2: Final = InlineNames(
    pairs={"pc", "mrk"},
    begins={"sc": "id", "sm": "id"},
    ends={"ec": "startRef", "em": "startRef"},
)
_UNTRANSLATED: Final = {"new", "needs-translation", "needs-adaptation", "needs-l10n"}
_REVIEW: Final = "needs-review-translation"
_BEFORE_SEGMENTS: Final = {"originalData", "segment", "ignorable"}


@dataclass(frozen=True)
class Xliff:
    """Units without a translation get one; those that have one stay.

    What was translated says so in its state: in 1.2 `translated` with the qualifier `leveraged-mt`,
    or `needs-review-translation` if it is doubtful; in 2.x `translated`, or `initial` if it is
    doubtful, which 2.x has no word for. A comment becomes a note.
    """

    name: ClassVar[str] = "xliff"
    extensions: ClassVar[tuple[str, ...]] = (".xlf", ".xliff")

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        document = read_xml(source.read(), "xliff")
        version = document.root.attributes.get("version", "")
        if not re.fullmatch(r"1\.[0-2]|2\.\d", version):
            raise InputError(f"Expected XLIFF 1.0 to 1.2 or 2.x. Received: version {version!r}")
        slots = _slots_1 if version.startswith("1") else _slots_2
        found = sorted(slots(document, languages), key=lambda slot: (slot.start, slot.end))
        parts = splice(document.raw, len(document.content), found)
        fill_parts(
            parts,
            fill,
            lambda text: output.write(text.encode(document.encoding, "xmlcharrefreplace")),
        )


def _slots_1(document: Document, languages: Languages) -> Iterator[Slot]:
    for file in document.root.descendants("file"):
        yield from _languages(document, file, languages, ("source-language", "target-language"))
        for unit in _translatable(file, "trans-unit", {"alt-trans"}):
            yield from _unit_slots(document, unit)


def _unit_slots(document: Document, unit: Element) -> Iterator[Slot]:
    source, target = unit.child("source"), unit.child("target")
    if source is None or unit.attributes.get("approved") == "yes":
        return
    is_filled = target is not None and not _is_empty(target)
    if is_filled and target is not None and target.attributes.get("state") not in _UNTRANSLATED:
        return
    segmented = unit.child("seg-source")
    text = marked(document, segmented or source, _INLINE_1)

    def write(fills: Sequence[Fill]) -> str:
        (fill,) = fills
        name = _prefixed(_written_name(document, unit), "note")
        note = f"{document.space_before(source)}<{name}>{escape_xml(fill.comment)}</{name}>"
        if fill.text is None:
            return (document.raw(target.start, target.end) if target else "") + (
                note if fill.comment else ""
            )
        state = (
            {"state": _REVIEW}
            if fill.doubtful
            else {"state": "translated", "state-qualifier": "leveraged-mt"}
        )
        tag = _start_tag(document, target, "target", source, state)
        name = _written_name(document, target or source)
        name = name if target else _prefixed(name, "target")
        written = f"{tag}{text.written(fill.text, escape_xml)}</{name}>"
        if target is None:
            written = document.space_before(source) + (written)
        return written + (note if fill.comment else "")

    after = (segmented or source).end
    start, end = (target.start, target.end) if target else (after, after)
    yield Slot(start, end, [_segment(text, unit, target)], write)


def _slots_2(document: Document, languages: Languages) -> Iterator[Slot]:
    yield from _languages(document, document.root, languages, ("srcLang", "trgLang"))
    for unit in _translatable(document.root, "unit", set()):
        pending = [
            segment
            for segment in unit.elements
            if segment.name == "segment" and _is_pending(segment)
        ]
        if pending:
            yield _unit_slot_2(document, unit, pending)


def _is_pending(segment: Element) -> bool:
    target = segment.child("target")
    state = segment.attributes.get("state", "initial")
    return (
        segment.child("source") is not None
        and state != "final"
        and (target is None or _is_empty(target))
    )


def _unit_slot_2(document: Document, unit: Element, pending: Sequence[Element]) -> Slot:
    """All of a unit from its notes to its last segment, since a note stands before those."""
    texts = [marked(document, segment.child("source") or segment, _INLINE_2) for segment in pending]
    notes = unit.child("notes")
    first = next(each for each in unit.elements if each.name in _BEFORE_SEGMENTS)

    def write(fills: Sequence[Fill]) -> str:
        changes: list[tuple[int, int, str]] = []
        comments = [
            f"<{_prefixed(_written_name(document, unit), 'note')}>{escape_xml(fill.comment)}"
            f"</{_prefixed(_written_name(document, unit), 'note')}>"
            for fill in fills
            if fill.comment
        ]
        if comments and notes is not None and notes.inner_end < notes.end:
            changes.append((notes.inner_end, notes.inner_end, "".join(comments)))
        elif comments:
            name = _prefixed(_written_name(document, unit), "notes")
            written = f"<{name}>{''.join(comments)}</{name}>"
            place = notes if notes is not None else first
            end = notes.end if notes is not None else first.start
            space = "" if notes is not None else document.space_before(first)
            changes.append((place.start, end, written + space))
        for segment, text, fill in zip(pending, texts, fills, strict=True):
            if fill.text is not None:
                changes += _changes_2(document, segment, text, fill)
        return _changed(document, start, end_of_unit, changes)

    start = notes.start if notes is not None else first.start
    end_of_unit = unit.inner_end
    segments = [
        _segment(text, segment, segment.child("target"))
        for segment, text in zip(pending, texts, strict=True)
    ]
    return Slot(start, end_of_unit, segments, write)


def _changes_2(
    document: Document, segment: Element, text: Marked, fill: Fill
) -> Iterator[tuple[int, int, str]]:
    source, target = segment.child("source"), segment.child("target")
    assert source is not None
    assert fill.text is not None
    state = {"state": "initial" if fill.doubtful else "translated"}
    tag = _start_tag(document, segment, segment.name, segment, state)
    yield segment.start, segment.inner_start, tag
    name = _written_name(document, target or source)
    name = name if target else _prefixed(name, "target")
    opening = _start_tag(document, target, "target", source, {})
    written = f"{opening}{text.written(fill.text, escape_xml)}</{name}>"
    if target is not None:
        yield target.start, target.end, written
    else:
        yield source.end, source.end, document.space_before(source) + (written)


def _changed(
    document: Document, start: int, end: int, changes: Sequence[tuple[int, int, str]]
) -> str:
    written: list[str] = []
    cursor = start
    for first, last, text in sorted(changes):
        written += [document.raw(cursor, first), text]
        cursor = last
    return "".join([*written, document.raw(cursor, end)])


def _translatable(around: Element, name: str, kept: set[str]) -> Iterator[Element]:
    """The elements of a name whose own `translate`, or that around them, is not "no"."""
    for element in around.elements:
        if element.name in kept or element.attributes.get("translate") == "no":
            # Inside of what is not translated, a unit may be.
            if element.name not in kept and element.name != name:
                yield from (
                    unit
                    for unit in element.descendants(name)
                    if unit.attributes.get("translate") == "yes"
                )
        elif element.name == name:
            yield element
        else:
            yield from _translatable(element, name, kept)


def _languages(
    document: Document, element: Element, languages: Languages, names: tuple[str, str]
) -> Iterator[Slot]:
    """Checks the languages that an element names, and lets it name the target if it does not."""
    for name, wanted in zip(names, (languages.source, languages.target), strict=True):
        received = element.attributes.get(name)
        if received and not same_language(received, wanted):
            raise InputError(f"line {element.line}: expected {name}={wanted}. Received: {received}")
    if not element.attributes.get(names[1]):
        tag = _start_tag(document, element, element.name, element, {names[1]: languages.target})
        yield Slot(element.start, element.inner_start, (), lambda _: tag)


def _start_tag(
    document: Document,
    element: Element | None,
    name: str,
    like: Element,
    attributes: dict[str, str],
) -> str:
    """Writes the start tag of an element, or of a new one with the prefix of another one's."""
    if element is None:
        written = "".join(f" {key}={quote_xml(value)}" for key, value in attributes.items())
        return f"<{_prefixed(_written_name(document, like), name)}{written}>"
    tag = re.sub(r"\s*/?>\Z", "", document.raw(element.start, element.inner_start))
    for key in (*attributes, "state-qualifier"):
        if key in attributes or name == "target":
            tag = re.sub(rf"""\s{key}\s*=\s*("[^"]*"|'[^']*')""", "", tag)
    written = "".join(f" {key}={quote_xml(value)}" for key, value in attributes.items())
    return f"{tag}{written}>"


def _written_name(document: Document, element: Element) -> str:
    """The name of an element with its prefix."""
    return re.split(r"[\s/>]", document.raw(element.start + 1, element.inner_start), maxsplit=1)[0]


def _prefixed(like: str, name: str) -> str:
    prefix, colon, _ = like.rpartition(":")
    return f"{prefix}{colon}{name}"


def _segment(text: Marked, unit: Element, target: Element | None) -> Segment:
    current = target.text() if target is not None and not _is_empty(target) else None
    place = f"{unit.name} at line {unit.line}"
    return Segment(text.text, place, text.text_format, current=current, check=text.check)


def _is_empty(target: Element) -> bool:
    return not target.elements and not target.text().strip()
