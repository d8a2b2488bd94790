"""Plain lines: one line for one line, whatever number of files they come from."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final

from translator.files import read_file, read_lines
from translator.formats.segment import FillAll, Languages, Segment

STANDARD_STREAM: Final = "-"


def translate_lines(names: Sequence[str], output: BinaryIO, fill: FillAll) -> None:
    r"""Writes a line for each line of several files, one after the other.

    A line ends at "\n" alone. What is put in the place of one is written as it is: it may have
    columns, or be several lines.

    Args:
        names: Files, UTF-8, gzipped or not; "-" is standard input.
        output: Where to write it.
        fill: Translates.

    Raises:
        InputError: A line cannot be read.
    """
    _translate(_segments(names), output, fill)


@dataclass(frozen=True)
class Lines:
    """What `translate_lines` does, as the format of one file."""

    name: ClassVar[str] = "lines"
    extensions: ClassVar[tuple[str, ...]] = ()

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        lines = enumerate(read_lines(source, "part"), start=1)
        _translate((Segment(line, f"line {number}") for number, line in lines), output, fill)


def told_name(name: str) -> str:
    """What messages call a file."""
    return "standard input" if name == STANDARD_STREAM else name


def _segments(names: Sequence[str]) -> Iterator[Segment]:
    for name in names:
        for number, line in enumerate(_lines(name), start=1):
            yield Segment(line, f"{told_name(name)}, line {number}")


def _translate(segments: Iterator[Segment], output: BinaryIO, fill: FillAll) -> None:
    waiting: deque[str] = deque()

    def seen() -> Iterator[Segment]:
        for segment in segments:
            waiting.append(segment.text)
            yield segment

    for given in fill(seen()):
        line = waiting.popleft()
        output.write(f"{line if given.text is None else given.text}\n".encode())


def _lines(name: str) -> Iterator[str]:
    if name == STANDARD_STREAM:
        return read_lines(sys.stdin.buffer, told_name(name))
    return read_file(name)
