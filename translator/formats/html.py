"""HTML documents and fragments."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final

from translator.errors import InputError
from translator.formats.encoding import (
    BYTE_ORDER_MARK,
    Decoded,
    decode,
    known_encoding,
    marked_encoding,
)
from translator.formats.filling import fill_parts
from translator.formats.segment import Fill, FillAll, Languages, Segment
from translator.formats.splicing import Slot, splice
from translator.formats.xml_tree import DECLARATION
from translator.texts.blocks import find_blocks

_CHARSET: Final = re.compile(
    rb"""<meta\s[^<>]*?charset\s*=\s*["']?([A-Za-z][\w.:-]*)""", re.IGNORECASE
)
_SEARCHED: Final = 4096
"""Bytes at the start in which a document names its charset; browsers look at 1024."""

_MEANT: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""What browsers read where a document names one of these (encoding.spec.whatwg.org)."""


@dataclass(frozen=True)
class Html:
    """What stands between two tags of blocks is a segment, with the tags in it.

    So is a tag of a block with an attribute that readers see. What the library keeps in HTML, such
    as code and what is marked `translate="no"`, stays.

    Attributes:
        encoding: What the file is in where neither a byte order mark nor its head tells.
    """

    encoding: str | None = None
    name: ClassVar[str] = "html"
    extensions: ClassVar[tuple[str, ...]] = (".html", ".htm", ".xhtml")

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        content = source.read()
        text, encoding = _decoded(content, self.encoding)
        mark = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
        try:
            slots = list(html_slots(text[mark:], mark))
        except (AssertionError, RecursionError) as error:
            raise InputError(f"Expected an HTML document. Received: {error}") from error
        fill_parts(
            splice(lambda start, end: text[start:end], len(text), slots),
            fill,
            lambda written: output.write(written.encode(encoding, "xmlcharrefreplace")),
        )


def _decoded(content: bytes, encoding: str | None) -> Decoded:
    start = content[:_SEARCHED]
    declared = DECLARATION.match(start) or _CHARSET.search(start)
    if declared is None or marked_encoding(content):
        return decode(content, encoding)
    name = known_encoding(declared[1].decode())
    if name in _MEANT:
        with contextlib.suppress(InputError):  # of bytes that only the named one has
            return decode(content, _MEANT[name])
    return decode(content, name)


def html_slots(text: str, start: int) -> Iterator[Slot]:
    """Finds what is to be translated in a document that begins at a place of a file."""
    line, cursor = 1, 0
    for first, last in find_blocks(text):
        line += text.count("\n", cursor, first)
        cursor = first
        yield _slot(text[first:last], start + first, f"line {line}")


def _slot(raw: str, start: int, place: str) -> Slot:
    def write(fills: Sequence[Fill]) -> str:
        (fill,) = fills
        return raw if fill.text is None else fill.text

    return Slot(start, start + len(raw), [Segment(raw, place, "html")], write)
