"""Lines of text from files and from standard input."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO, TypeVar

from translator.errors import InputError

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"

_Item = TypeVar("_Item")


def read_file(path: str | os.PathLike[str]) -> Iterator[str]:
    """Yields the lines of a file, as `read_lines` does."""
    with open(path, "rb") as file:
        yield from read_lines(file, os.fspath(path))


def read_lines(stream: BinaryIO, name: str) -> Iterator[str]:
    r"""Yields the lines of a UTF-8 stream without their line ends.

    A line ends at "\n" alone, as `wc -l` counts; other characters that Unicode calls line
    breaks are text. The last line may lack its "\n". Gzip is recognised by its first bytes, and
    a byte order mark is dropped.

    Args:
        stream: Buffered bytes, such as `open(path, "rb")` or `sys.stdin.buffer`.
        name: What errors call the stream.

    Raises:
        InputError: The bytes are not UTF-8, or the gzip data is damaged.
    """
    lines = gzip.GzipFile(fileobj=stream) if is_gzip(stream) else stream
    number = 0
    try:
        for number, raw in enumerate(lines, start=1):
            line = raw.decode().removesuffix("\n")
            yield line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}, line {number}: expected UTF-8. "
            f"Received: byte 0x{error.object[error.start]:02x} at column {error.start + 1}"
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{name}: expected complete gzip data. Received: {error} after line {number}"
        ) from error


def is_gzip(stream: BinaryIO) -> bool:
    """Whether gzip data stands in a stream, of which nothing is read."""
    # A pipe need not be seekable, so the first bytes are looked at without being read.
    start = stream.peek(len(_GZIP_MAGIC)) if isinstance(stream, io.BufferedReader) else b""
    return start.startswith(_GZIP_MAGIC)


def digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file."""
    hashed = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            hashed.update(block)
    return hashed.hexdigest()


def chunked(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """Yields the items in lists of `size`; the last one may be shorter."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
