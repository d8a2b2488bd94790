"""gunicorn's threaded worker, with an end to clients that send their requests drop by drop.

A request that is on its way holds a thread. gunicorn waits for it as long as now and then a byte
comes, so a few hundred such clients would hold all threads there are. Here a request has a time to
arrive in: some seconds, and more for a long body, as Apache's mod_reqtimeout counts them.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterable
from functools import partial
from threading import local
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

_HEAD_SECONDS = 10.0
"""For the head of a request; as much again for its body."""

_BYTES_PER_SECOND = 10_000
"""The slowest rate at which a longer body may come."""

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


class Worker(ThreadWorker):
    """Closes connections whose requests do not arrive in time."""

    def init_process(self) -> None:
        """Starts the worker; nothing of it is there before the fork."""
        # Connections whose request is being read, and when it must be there.
        self._deadlines: dict[Any, float] = {}
        self._current = local()
        super().init_process()

    def load_wsgi(self) -> None:
        """Loads the application, behind one that notes when the body has come."""
        super().load_wsgi()
        application: Application = self.wsgi  # type: ignore[has-type]

        def timed(environ: Environ, start_response: Any) -> Iterable[bytes]:
            arrived = partial(self._deadlines.pop, self._current.connection, None)
            length = int(environ.get("CONTENT_LENGTH") or 0)
            if length or "HTTP_TRANSFER_ENCODING" in environ:
                seconds = _HEAD_SECONDS + length / _BYTES_PER_SECOND
                self._deadlines[self._current.connection] = time.monotonic() + seconds
                environ["wsgi.input"] = _Body(environ["wsgi.input"], length, arrived)
            else:
                arrived()
            return application(environ, start_response)

        self.wsgi = timed

    def handle(self, conn: Any) -> Any:
        """Answers the next request of a connection, in a thread."""
        self._current.connection = conn
        self._deadlines[conn] = time.monotonic() + _HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def notify(self) -> None:
        """Tells the master that the worker is alive; comes once a second."""
        super().notify()
        now = time.monotonic()
        for connection, deadline in list(self._deadlines.items()):
            if deadline < now:
                # The thread that reads from it is told that the client has gone.
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)


class _Body:
    """The body of a request, which tells when all of it has been read.

    Args:
        stream: Where it comes from.
        length: Its bytes; 0 where the client does not say (chunked).
        arrived: Is called at its end.
    """

    def __init__(self, stream: Any, length: int, arrived: Callable[[], Any]) -> None:
        self._stream = stream
        self._left = length
        self._chunked = not length
        self._arrived = arrived

    def read(self, size: int = -1) -> bytes:
        """Reads so many bytes, or all."""
        return self._count(self._stream.read(None if size < 0 else size))

    def readline(self, size: int = -1) -> bytes:
        """Reads a line, or so many bytes of it."""
        return self._count(self._stream.readline(None if size < 0 else size))

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def _count(self, data: bytes) -> bytes:
        self._left -= len(data)
        if not data or (self._left <= 0 and not self._chunked):
            self._arrived()
        return data
