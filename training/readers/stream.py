"""Bytes of corpus files, and what readers make of them."""

from __future__ import annotations

import contextlib
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from translator.errors import CorpusError

_GZIP_MAGIC: Final = b"\x1f\x8b"


class BadLine(CorpusError):
    """A line without a pair: passed on as a value, since reading can go on after it."""

    def __init__(self, path: str, number: int, expected: str, received: str) -> None:
        super().__init__(f"{path}, line {number}: expected {expected}. Received: {received}")


Item: TypeAlias = tuple[str, str] | BadLine | None
"""A pair, a line that holds none, or None: an entry without a translation."""


@contextlib.contextmanager
def open_bytes(path: str, line: Callable[[], int]) -> Iterator[io.BufferedIOBase]:
    """Opens a file, decompressed where its first bytes are those of gzip.

    Args:
        path: Of the file.
        line: The last line that was read, for the message on damage behind it.

    Raises:
        CorpusError: The file is missing, unreadable or damaged gzip, now or in later reading.
    """
    try:
        with open(path, "rb") as file:
            stream: io.BufferedIOBase = file
            if file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC):
                stream = gzip.GzipFile(fileobj=file)
            yield stream
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(
            f"{path}, after line {line()}: expected an intact gzip file. Received: {error}"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise CorpusError(f"{path}: expected a readable file. Received: {reason}") from error
