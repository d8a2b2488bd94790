"""Plain text, a line for a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from translator.formats.encoding import BYTE_ORDER_MARK, Line, read_lines
from translator.formats.filling import Part, fill_parts
from translator.formats.segment import Fill, FillAll, Languages, Segment

_LINE_ENDS = re.compile(r"[\r\n]+")


@dataclass(frozen=True)
class Txt:
    """Every line is a segment, blank ones as well. Line ends and byte order marks stay.

    Attributes:
        encoding: What the file is in where no byte order mark tells; None is UTF-8.
    """

    encoding: str | None = None
    name: ClassVar[str] = "txt"
    extensions: ClassVar[tuple[str, ...]] = (".txt",)

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        encoding, lines = read_lines(source, self.encoding)
        fill_parts(_parts(lines), fill, lambda text: output.write(text.encode(encoding)), encoding)


def one_line(text: str) -> str:
    """Gives a text in which no line ends."""
    first, *rest = _LINE_ENDS.split(text)
    return " ".join([first.rstrip(), *map(str.strip, rest)]) if rest else text


def _parts(lines: Iterator[Line]) -> Iterator[Part]:
    for line in lines:
        mark = BYTE_ORDER_MARK if line.number == 1 and line.text[:1] == BYTE_ORDER_MARK else ""
        yield _part(line, mark)


def _part(line: Line, mark: str) -> Part:
    text = line.text.removeprefix(mark)

    def write(fills: Sequence[Fill]) -> str:
        (fill,) = fills
        return mark + (text if fill.text is None else one_line(fill.text)) + line.end

    return Part((Segment(text, f"line {line.number}"),), write)
