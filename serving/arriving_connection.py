"""A connection to a worker, with what has arrived of its next request."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any

from gunicorn.workers.gthread import TConn

from serving.arriving import Arriving

_SLOWEST = 16_384
"""Bytes a second that a long body may take beyond the time that every request has."""


class ArrivingConnection(TConn):
    """A connection, with what has arrived of its next request."""

    def __init__(self, cfg: Any, sock: Any, client: Any, server: Any, seconds: float) -> None:
        super().__init__(cfg, sock, client, server)
        self.arriving = Arriving()
        self.ignored = 0  # bytes that came after the last answer
        self._seconds = seconds

    def init(self) -> None:
        """Hands the parser what was collected; this runs in the thread, before each request."""
        super().init()
        self.sock.settimeout(self._seconds)  # of each piece of the answer
        self.parser.unreader.unread(bytes(self.arriving.collected))
        self.arriving = Arriving()
        self.parser.unreader.sock = _TimedSocket(self.sock, self._seconds)


class _TimedSocket:
    """The socket as the parser reads it, for some seconds, and more while much arrives."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._seconds = seconds
        self._until = time.monotonic() + seconds

    def recv(self, size: int) -> bytes:
        try:
            self._sock.settimeout(max(self._until - time.monotonic(), 1e-3))
            data = self._sock.recv(size)
        except TimeoutError as error:
            # As if the client had gone; gunicorn knows what to do then.
            raise ConnectionResetError(errno.ECONNRESET, "sent too slowly") from error
        finally:
            self._sock.settimeout(self._seconds)
        self._until += len(data) / _SLOWEST
        return data
