"""Cuts an input into parts that are files of its format themselves, in memory that does not grow.

Each part can be translated on another machine, and the translated parts, one after the other, are
the translated input.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from translator.errors import InputError
from translator.files import chunked, is_gzip
from translator.formats.compression import unpacked
from translator.formats.encoding import LONGEST_LINE, marked_encoding
from translator.formats.parquet import Parquet
from translator.formats.segment import FileFormat

_LONGEST_MARK: Final = 4
_LINE_FEED: Final = b"\n"


@dataclass(frozen=True)
class Part:
    """A part of an input.

    Attributes:
        number: Counted from 0; by it the parts stand in the input's order.
        first: Rows before it.
        place: Where it begins, for messages: "a.txt, line 4001".
        content: A file of the input's format.
    """

    number: int
    first: int
    place: str
    content: bytes


def read_parts(names: Sequence[str], form: FileFormat, size: int) -> Iterator[Part]:
    """Reads files, one after the other, as parts.

    Args:
        names: Lines, each of which stands alone, gzipped or not; or Parquet.
        form: What they are.
        size: Lines or rows of a part; the last part may have fewer, and any of Parquet.

    Raises:
        InputError: A file is not of that format.
        OSError: One cannot be read.
    """
    first = 0
    cuts = _tables(names, size) if isinstance(form, Parquet) else _line_runs(names, size)
    for number, (place, rows, content) in enumerate(cuts):
        yield Part(number, first, place, content)
        first += rows


_Cut = tuple[str, int, bytes]
"""Where it begins, its rows, and a file of them."""


def _line_runs(names: Sequence[str], size: int) -> Iterator[_Cut]:
    for run in chunked(_lines(names), size):
        place, *_ = run[0]
        yield place, len(run), b"".join(line for _, line in run)


def _lines(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The lines of all files as those of one: a line feed between files, one byte order mark."""
    for position, name in enumerate(names):
        with open(name, "rb") as file:
            source = unpacked(file) if is_gzip(file) else file
            try:
                for number, line in enumerate(_split(source), start=1):
                    marked = position > 0 and number == 1
                    ended = position + 1 == len(names) or line.endswith(_LINE_FEED)
                    own = line.removeprefix(codecs.BOM_UTF8) if marked else line
                    yield f"{name}, line {number}", own if ended else own + _LINE_FEED
            except InputError as error:
                raise InputError(f"{name}: {error}") from error


def _split(source: BinaryIO) -> Iterator[bytes]:
    number = 0
    while line := source.readline(LONGEST_LINE + 1):
        number += 1
        encoding = marked_encoding(line[:_LONGEST_MARK]) if number == 1 else None
        if encoding and encoding != "utf-8":
            raise InputError(f"expected UTF-8. Received: {encoding.upper()}")
        if len(line) > LONGEST_LINE:
            raise InputError(
                f"line {number}: expected at most {LONGEST_LINE} bytes. Received: more"
            )
        yield line


def _tables(names: Iterable[str], size: int) -> Iterator[_Cut]:
    import pyarrow as pa
    from pyarrow import parquet

    for name in names:
        rows = 0
        try:
            for batch in parquet.ParquetFile(name).iter_batches(batch_size=size):
                content = io.BytesIO()
                parquet.write_table(pa.Table.from_batches([batch]), content)
                yield f"{name}, row {rows + 1}", batch.num_rows, content.getvalue()
                rows += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise InputError(f"{name}: expected a Parquet file. Received: {error}") from error
