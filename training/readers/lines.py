r"""TSV and line-aligned files.

They are UTF-8, with or without byte order marks. A line ends at "\n" alone: a "\r" before it, and
any other separator inside a line, is white space. Quotation marks in a TSV file are text. All
lines of a TSV file have as many columns as its first; blank ones are empty pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from training.readers.stream import BadLine, Item, open_bytes
from translator.errors import CorpusError


def read_tsv(path: str, columns: tuple[int, int]) -> Iterator[Item]:
    """Yields the pairs of a TSV file."""
    first, second = columns[0] - 1, columns[1] - 1
    width = 0  # columns of the first line that has enough; 0 until then
    for number, line in enumerate(_read_lines(path), start=1):
        if isinstance(line, BadLine):
            yield line
            continue
        fields = line.split("\t")
        if len(fields) != width:
            if not line or line.isspace():
                yield "", ""
                continue
            if width or len(fields) < max(columns):
                expected = (
                    f"{width}, as in the lines before" if width else f"at least {max(columns)}"
                )
                received = str(len(fields))
                yield BadLine(path, number, f"columns divided by tabs: {expected}", received)
                continue
            width = len(fields)
        yield fields[first], fields[second]


def read_aligned(source_path: str, target_path: str) -> Iterator[Item]:
    """Yields the pairs of two files, one line each.

    Raises:
        CorpusError: The files differ in length: a line is missing somewhere, and every pair after
            it joins two strangers.
    """
    source_lines, target_lines = _read_lines(source_path), _read_lines(target_path)
    for number, (source, target) in enumerate(zip_longest(source_lines, target_lines), start=1):
        if source is None or target is None:
            longer = number + sum(1 for _ in (target_lines if source is None else source_lines))
            lengths = (number - 1, longer) if source is None else (longer, number - 1)
            raise CorpusError(
                f"{source_path},{target_path}: expected as many lines in both files. "
                f"Received: {lengths[0]} in {source_path}, {lengths[1]} in {target_path}"
            )
        if isinstance(source, BadLine):
            yield source
        elif isinstance(target, BadLine):
            yield target
        else:
            yield source, target


def _read_lines(path: str) -> Iterator[str | BadLine]:
    """Yields the decoded lines of a file, as a stream, without their line feeds."""
    number = 0
    with open_bytes(path, lambda: number) as stream:
        # Bytes are split at b"\n" alone; text would also be split at "\r".
        for number, line in enumerate(stream, start=1):
            yield _decode(path, number, line.removesuffix(b"\n"))


def _decode(path: str, number: int, line: bytes) -> str | BadLine:
    try:
        # Files joined end to end have byte order marks on other lines than the first, too.
        return line.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        received = f"byte 0x{line[error.start]:02x} at byte {error.start + 1} of the line"
        return BadLine(path, number, "UTF-8", received)
