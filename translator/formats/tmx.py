"""TMX 1.1 to 1.4: a translation memory in which units lack the target language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final

from translator.errors import InputError
from translator.formats.codes import same_language
from translator.formats.filling import fill_parts
from translator.formats.inline import InlineNames, marked
from translator.formats.segment import Fill, FillAll, Languages, Segment
from translator.formats.splicing import Slot, splice
from translator.formats.xml_tree import Document, Element, escape_xml, quote_xml, read_xml

_INLINE: Final = InlineNames(pairs={"hi"}, begins={"bpt": "i"}, ends={"ept": "i"})


@dataclass(frozen=True)
class Tmx:
    """Units without a text in the target language get one; those that have one stay.

    A doubtful translation gets a property, a comment becomes a note.
    """

    name: ClassVar[str] = "tmx"
    extensions: ClassVar[tuple[str, ...]] = (".tmx",)

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        document = read_xml(source.read(), "tmx")
        parts = splice(document.raw, len(document.content), _slots(document, languages))
        fill_parts(
            parts,
            fill,
            lambda text: output.write(text.encode(document.encoding, "xmlcharrefreplace")),
        )


def _slots(document: Document, languages: Languages) -> Iterator[Slot]:
    found: set[str] = set()
    units = translatable = 0
    for unit in document.root.descendants("tu"):
        units += 1
        variants = [each for each in unit.elements if each.name == "tuv"]
        found.update(map(_language, variants))
        original = _variant(variants, languages.source)
        target = _variant(variants, languages.target)
        segment = original.child("seg") if original else None
        if original is None or segment is None:
            continue
        translatable += 1
        there = target.child("seg") if target else None
        if there is not None and target is not None:
            if not there.text().strip() and not there.elements:
                yield _slot(document, segment, there, languages, (original, target))
        elif target is None:
            yield _slot(document, segment, None, languages, (original, variants[-1]))
    if units and not translatable:
        raise InputError(
            f"Expected units in {languages.source}. "
            f"Received: units in {', '.join(sorted(found)) or 'no language'}"
        )


def _slot(
    document: Document,
    segment: Element,
    there: Element | None,
    languages: Languages,
    around: tuple[Element, Element],
) -> Slot:
    original, last = around
    text = marked(document, segment, _INLINE)

    def write(fills: Sequence[Fill]) -> str:
        (fill,) = fills
        if fill.text is None:
            return document.raw(there.start, there.end) if there else ""
        written = f"<seg>{text.written(fill.text, escape_xml)}</seg>"
        told = [f"<note>{escape_xml(fill.comment)}</note>"] if fill.comment else []
        if fill.doubtful:
            told.append('<prop type="x-needs-review">yes</prop>')
        if there:
            return "".join([*told, written])
        space = document.space_before(original)
        inner = document.space_before(segment)
        lines = "".join(inner + each for each in [*told, written])
        closing = space if inner else ""
        tag = f"<tuv xml:lang={quote_xml(languages.target)}>"
        return f"{space}{tag}{lines}{closing}</tuv>"

    start, end = (there.start, there.end) if there else (last.end, last.end)
    place = f"unit at line {original.line}"
    return Slot(start, end, [Segment(text.text, place, text.text_format, check=text.check)], write)


def _language(variant: Element) -> str:
    return variant.attributes.get("xml:lang", variant.attributes.get("lang", ""))


def _variant(variants: Sequence[Element], language: str) -> Element | None:
    """The text in a language, or else in the first of its variants: `en` finds `en-us`."""
    exact = (each for each in variants if _language(each).lower() == language.lower())
    similar = (each for each in variants if same_language(_language(each), language))
    return next(exact, None) or next(similar, None)
