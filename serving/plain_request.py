"""A request whose form leaves nothing to a parser, so that it can be refused at once."""

from __future__ import annotations

import re
from typing import NamedTuple

_TRANSLATION = re.compile(rb"POST /translate HTTP/1\.[01]\r\n")
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+:[^\r\n\0]*")
_NOT_PLAIN = frozenset({b"expect", b"origin", b"transfer-encoding", b"upgrade"})
_DIGITS = 9


class PlainRequest(NamedTuple):
    """A request whose form leaves nothing to a parser.

    Attributes:
        size: Its bytes.
        closes: The connection is to be closed after its answer.
    """

    size: int
    closes: bool


def plain_translation(collected: bytearray) -> PlainRequest | None:
    """Reads a whole POST /translate; None for all else, and for what is written in any other way.

    So the loop never takes for the end of a request what a parser, here or in a proxy, would not.
    Requests of pages from other origins are for the application, too, which knows who may read
    its answers.
    """
    end = collected.find(b"\r\n\r\n")
    if end < 0 or not _TRANSLATION.match(collected):
        return None
    line, *fields = bytes(collected[:end]).lower().split(b"\r\n")
    if not all(map(_FIELD.fullmatch, fields)):
        return None
    values = dict(field.split(b":", 1) for field in fields)
    if len(values) < len(fields) or values.keys() & _NOT_PLAIN:
        return None
    length = values.get(b"content-length", b"").strip()
    if not length.isdigit() or len(length) > _DIGITS:
        return None
    size = end + 4 + int(length)
    if size > len(collected):
        return None
    closes = line.endswith(b"1.0") or b"close" in values.get(b"connection", b"")
    return PlainRequest(size, closes)
