"""A request that arrives piece by piece: what its form tells of whether more is to come."""

from __future__ import annotations

import re
from collections.abc import Generator

MOST_COLLECTED = 65_536
"""Bytes of a request that are collected; the rest of a longer one is read by its thread."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n|\Z)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*0*([0-9]{1,18})[ \t]*(?:\r\n|\Z)")
_IN_CHUNKS = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked")
_CHUNK = re.compile(rb"([0-9a-fA-F]+)(?:[ \t]*;[^\r]*)?")

_Steps = Generator[bytes, None, None]
"""Reads on whenever more has come; yields what the client is to be told meanwhile."""


class Arriving:
    """Collects a request until it need not be waited for any longer.

    Then it is there, or it is too long or too odd to be collected. Where that is a mistake, a
    thread waits for the rest; it is never a mistake about what the request says. Each byte is
    looked at once, however small the pieces are.

    Attributes:
        collected: What has arrived.
        whole: Whether it need not be waited for any longer.
    """

    def __init__(self) -> None:
        self.collected = bytearray()
        self.whole = False
        self._steps = _read(self.collected)

    def add(self, data: bytes) -> bytes:
        """Takes what has come; gives what the client waits for before it sends its body."""
        self.collected += data
        answer = next(self._steps, None)
        self.whole = answer is None or len(self.collected) >= MOST_COLLECTED
        return answer or b""


def _read(data: bytearray) -> _Steps:
    end = yield from _find(data, b"\r\n\r\n", 0)
    # It is answered here; gunicorn would answer it once more, and a thread would wait meanwhile.
    head, expected = _EXPECT.subn(b"", bytes(data[:end]))
    data[:end] = head
    start = len(head) + 4
    line, *_ = head.split(b"\r\n", 1)
    head = head.lower()
    # Any other expectation is refused.
    if b"\r\nexpect:" in head:
        return
    in_chunks, length = _IN_CHUNKS.search(head), _LENGTH.search(head)
    if not in_chunks and (length is None or not int(length[1])):
        return
    if expected and len(data) == start and line.endswith(b"1.1"):
        yield _CONTINUE
    if in_chunks:
        yield from _read_chunks(data, start)
    elif length is not None:
        yield from _reach(data, start + int(length[1]))


def _read_chunks(data: bytearray, start: int) -> _Steps:
    while True:
        stop = yield from _find(data, b"\r\n", start)
        chunk = _CHUNK.fullmatch(data, start, stop)
        if chunk is None:
            return
        size = int(chunk[1], 16)
        if not size:
            yield from _find(data, b"\r\n\r\n", stop)
            return
        start = stop + 2 + size + 2
        yield from _reach(data, start)
        if data[start - 2 : start] != b"\r\n":
            return


def _find(data: bytearray, mark: bytes, start: int) -> Generator[bytes, None, int]:
    while (place := data.find(mark, start)) < 0:
        start = max(start, len(data) - len(mark) + 1)
        yield b""
    return place


def _reach(data: bytearray, size: int) -> _Steps:
    while len(data) < size:
        yield b""
