"""Plain lines: one line for one line, whatever number of files they come from."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from translator.files import read_file, read_lines
from translator.formats.segment import FillAll, Segment

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
    waiting: deque[str] = deque()

    def segments() -> Iterator[Segment]:
        for name in names:
            for number, line in enumerate(_lines(name), start=1):
                waiting.append(line)
                yield Segment(line, f"{told_name(name)}, line {number}")

    for given in fill(segments()):
        line = waiting.popleft()
        output.write(f"{line if given.text is None else given.text}\n".encode())


def told_name(name: str) -> str:
    """What messages call a file."""
    return "standard input" if name == STANDARD_STREAM else name


def _lines(name: str) -> Iterator[str]:
    if name == STANDARD_STREAM:
        return read_lines(sys.stdin.buffer, told_name(name))
    return read_file(name)
