"""PO and POT, the catalogues of gettext."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

import polib

from translator.formats.encoding import BYTE_ORDER_MARK, decode
from translator.formats.filling import fill_parts
from translator.formats.placeholders import find_difference
from translator.formats.plurals import Plurals
from translator.formats.po_blocks import Block
from translator.formats.po_file import Catalogue, charset_of, read_catalogue
from translator.formats.segment import Fill, FillAll, Languages, Segment
from translator.formats.splicing import Slot, splice

MACHINE_TRANSLATED = "Machine translation"
"""What a filled entry says of itself where a fill brings no comment."""


@dataclass(frozen=True)
class Po:
    """Entries without a translation, or with a fuzzy one, are filled; all others stay as they are.

    A filled entry is marked fuzzy, so that nobody takes it for a reviewed one, and says in a
    comment where it comes from. One whose placeholders would not survive stays untranslated, and
    says that. Of the header only fields change that a template leaves to be filled in: language,
    charset and plural forms.

    Attributes:
        fuzzy: Whether every filled entry is marked, not only the doubtful ones.
    """

    fuzzy: bool = True
    name: ClassVar[str] = "po"
    extensions: ClassVar[tuple[str, ...]] = (".po", ".pot")

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        content = source.read()
        text, encoding = decode(content, charset_of(content))
        body = text.removeprefix(BYTE_ORDER_MARK)
        catalogue = read_catalogue(body, encoding)
        plurals = Plurals.of(catalogue.plural_forms, languages.target)
        written = [text[: len(text) - len(body)]]  # the mark stays first, whatever else comes first
        slots = self._slots(catalogue, plurals, languages)
        fill_parts(splice(catalogue.raw, len(catalogue.lines), slots), fill, written.append)
        # At once, since some encodings of East Asia go from state to state.
        output.write("".join(written).encode(encoding))

    def _slots(
        self, catalogue: Catalogue, plurals: Plurals, languages: Languages
    ) -> Iterator[Slot]:
        entries = (
            self._slot(catalogue, block, entry, plurals)
            for block, entry in catalogue.entries
            if not entry.translated() or entry.fuzzy
        )
        header = catalogue.header(languages.target, plurals)
        if header is None:
            return entries
        start, end, lines = header
        head = Slot(start, end, (), lambda _: lines)
        return heapq.merge([head], entries, key=lambda slot: slot.start)  # it need not come first

    def _slot(
        self, catalogue: Catalogue, block: Block, entry: polib.POEntry, plurals: Plurals
    ) -> Slot:
        if entry.msgid_plural:
            sources = [entry.msgid, entry.msgid_plural]
            forms = plurals.sources(*sources)
            used = sorted(set(forms))
        else:
            sources, forms, used = [entry.msgid], [0], [0]
        segments = [self._segment(catalogue, block, entry, sources[n], n) for n in used]

        def write(fills: Sequence[Fill]) -> str:
            known = dict(zip(used, fills, strict=True))
            comments = list(dict.fromkeys(fill.comment for fill in fills if fill.comment))
            texts = [_framed(sources[n], known[n].text or "") for n in forms]
            if any(fill.text is None for fill in fills) or not all(texts):
                return catalogue.commented(block, comments)
            if not entry.fuzzy:  # some forms may have been translated by a person
                texts = [entry.msgstr_plural.get(n) or text for n, text in enumerate(texts)]
            marked = self.fuzzy or any(fill.doubtful for fill in fills)
            return catalogue.filled(
                block,
                texts,
                comments or [MACHINE_TRANSLATED],
                plural=bool(entry.msgid_plural),
                fuzzy=marked,
            )

        return Slot(block.start, block.end, segments, write)

    def _segment(
        self, catalogue: Catalogue, block: Block, entry: polib.POEntry, text: str, form: int
    ) -> Segment:
        def check(translation: str) -> str:
            try:
                translation.encode(catalogue.encoding)
            except UnicodeEncodeError as error:
                return f"{translation[error.start]!r} is not in {catalogue.encoding.upper()}"
            if "\x00" in translation or not translation.strip():
                return "the translation is empty"
            return find_difference(text, translation, entry.flags)

        place = f"entry at line {block.start + 1}"
        if entry.msgid_plural:
            place += ", plural" if form else ", singular"
            filled = [entry.msgstr_plural[n] for n in sorted(entry.msgstr_plural)]
            current = (filled[-1] if form else filled[0]) if filled else None
        else:
            current = entry.msgstr
        return Segment(text, place, current=current or None, check=check)


def _framed(source: str, text: str) -> str:
    """Gives a translation the line ends that its source begins and ends with, as msgfmt demands."""
    inner = text.strip("\n")
    if not inner:
        return ""
    start = "\n" * (len(source) - len(source.lstrip("\n")))
    end = "\n" * (len(source) - len(source.rstrip("\n")))
    return start + inner + end
