"""Bytes to text and back, so that what is not changed comes back as the same bytes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, Final, NamedTuple

from translator.errors import InputError

LONGEST_LINE: Final = 1 << 24
"""Characters of a line: a file without line ends must not fill the memory."""

_CHUNK: Final = 1 << 16
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


class Line(NamedTuple):
    r"""A line of a text.

    Attributes:
        number: Counted from 1.
        text: Without what ends it.
        end: "\n", "\r\n", or "" of the last one.
    """

    number: int
    text: str
    end: str


class Decoded(NamedTuple):
    """A whole text.

    Attributes:
        text: A byte order mark is its first character.
        encoding: A codec that writes no byte order mark by itself.
    """

    text: str
    encoding: str


def marked_encoding(start: bytes) -> str | None:
    """Tells the encoding of a text by its byte order mark, None if there is none."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def known_encoding(name: str) -> str:
    """Gives the name of a codec of text.

    Raises:
        InputError: There is no such codec.
    """
    try:
        codec = codecs.lookup(name).name
        "".encode(codec)
    except (LookupError, ValueError) as error:
        raise InputError(f"expected a known encoding. Received: {name}") from error
    return "utf-8" if codec == "utf-8-sig" else codec  # a mark is a character of the text here


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """Decodes a whole file: as its byte order mark says, else as declared, else as UTF-8.

    Raises:
        InputError: The bytes are not in that encoding, or it does not give them back.
    """
    encoding = _encoding(content, declared)
    try:
        text = content.decode(encoding)
        same = text.encode(encoding) == content
    except UnicodeDecodeError as error:
        raise _undecodable(error, encoding, "", 1) from error
    except ValueError as error:
        raise InputError(f"expected {encoding.upper()}. Received: {error}") from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise InputError(f"line {line}: expected text. Received: a NUL character")
    if not same:
        raise InputError(f"expected {encoding.upper()} in its usual form. Received: another")
    return Decoded(text, encoding)


def read_lines(source: BinaryIO, encoding: str | None = None) -> tuple[str, Iterator[Line]]:
    r"""Reads a text line by line, as a stream.

    A line ends at "\n" alone, or "\r\n"; other characters that Unicode calls line breaks are text.

    Args:
        source: The text. A byte order mark is a character of its first line.
        encoding: What it is in where no byte order mark tells; None is UTF-8.

    Returns:
        The encoding, and the lines.

    Raises:
        InputError: There is no such encoding; or, while lines are asked for, one is not in it, or
            is too long.
    """
    first = source.read(_CHUNK)
    chosen = _encoding(first, encoding)
    chunks = chain([first], iter(lambda: source.read(_CHUNK), b""))
    return chosen, _lines(chunks, chosen)


def _encoding(start: bytes, declared: str | None) -> str:
    encoding = marked_encoding(start) or known_encoding(declared or "utf-8")
    if encoding in ("utf-16", "utf-32"):
        raise InputError(f"expected a byte order mark in {encoding.upper()}. Received: none")
    return encoding


def _lines(chunks: Iterator[bytes], encoding: str) -> Iterator[Line]:
    decoder = codecs.getincrementaldecoder(encoding)()
    number, pending = 1, ""
    for chunk in chain(chunks, [b""]):
        try:
            pending += decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise _undecodable(error, encoding, pending, number) from error
        *whole, pending = pending.split("\n")
        for text in whole:
            ended = text.endswith("\r")
            yield Line(number, text.removesuffix("\r"), "\r\n" if ended else "\n")
            number += 1
        if len(pending) > LONGEST_LINE:
            raise InputError(f"line {number}: expected at most {LONGEST_LINE} characters")
    if pending:
        yield Line(number, pending, "")


def _undecodable(error: UnicodeDecodeError, encoding: str, before: str, line: int) -> InputError:
    """Names the place of a byte; `before` is what was read of the text from `line` on."""
    before += error.object[: error.start].decode(encoding, "replace")
    line += before.count("\n")
    column = len(before) - before.rfind("\n")
    return InputError(
        f"line {line}, column {column}: expected {encoding.upper()}. "
        f"Received: byte 0x{error.object[error.start]:02x}"
    )
