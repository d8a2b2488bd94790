"""A gunicorn worker whose threads are not held by clients that send slowly."""

from __future__ import annotations

import errno
import json
import logging
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any, NamedTuple

from gunicorn.workers.gthread import TConn, ThreadWorker

from serving.edge.web import SECURITY_HEADERS
from serving.waiting import BUSY

MOST_COLLECTED = 65_536
"""Bytes of a request that are collected; the rest of a longer one is read by its thread."""

_SLOWEST = 16_384
"""Bytes a second that a long body may take beyond the time that every request has."""

_LOG_SECONDS = 1.0

_MOST_ACCEPTED = 64
_NOTHING_ACCEPTED = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)
_TRANSLATION = re.compile(rb"POST /translate HTTP/1\.[01]\r\n")
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+:[^\r\n\0]*")
_NOT_PLAIN = frozenset({b"expect", b"origin", b"transfer-encoding", b"upgrade"})
_DIGITS = 9
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*(?:\r\n|$)")
_IN_CHUNKS = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked")
_LAST_CHUNK = re.compile(rb"\r\n0+[ \t]*(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n")


log = logging.getLogger(__name__)


_CONTENT = json.dumps({"error": BUSY}).encode() + b"\n"
_HEADERS = {
    "Content-Type": "application/json",
    "Content-Length": str(len(_CONTENT)),
    "Retry-After": "1",
    **SECURITY_HEADERS,
}
_START = b"HTTP/1.1 503 Service Unavailable\r\n" + "".join(
    f"{name}: {value}\r\n" for name, value in _HEADERS.items()
).encode("ascii")
_BUSY = _START + b"\r\n" + _CONTENT
_CLOSING = _START + b"Connection: close\r\n\r\n" + _CONTENT


class PatientWorker(ThreadWorker):
    """Collects a request without a thread, and gives it one when it is there and one is free.

    gunicorn's own worker gives a connection a thread once it has sent a byte, and waits for the
    rest without end; a handful of clients that send a byte a second would hold all threads. Here
    the loop that accepts connections also collects what arrives. It looks at the form of a request
    to tell whether more is to come, and whether to refuse it. gunicorn parses what was collected,
    and reads on where there is more to it after all; that, too, has an end.

    While as many requests as may be are in threads, whoever asks for a translation is refused by
    the loop. Python runs one thread at a time, so more of them would only keep the others from
    ending.
    """

    receive_seconds = 30.0
    """How long a request may take to arrive."""

    most_held = 1 << 30
    """Requests in threads beyond which no more translations are taken on."""

    on_refused: Callable[[], None] | None = None
    """Called for each request that is refused."""

    _held = 0  # requests that threads have, or that wait for one
    _refused = 0  # requests refused since the log said so
    _logged = 0.0

    def accept(self, listener: socket.socket) -> None:
        # gunicorn accepts one, then looks at all others: the last of a thousand waits for seconds.
        for _ in range(min(_MOST_ACCEPTED, self.worker_connections - self.nr_conns)):
            try:
                client, address = listener.accept()
            except OSError as error:
                if error.errno in _NOTHING_ACCEPTED:
                    return
                raise
            self.nr_conns += 1
            server = listener.getsockname()
            self._collect(_Connection(self.cfg, client, address, server, self.receive_seconds))

    def on_client_socket_readable(self, conn: _Connection, client: socket.socket) -> None:
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn)

    def on_pending_socket_readable(self, conn: _Connection, client: socket.socket) -> None:
        try:
            data = client.recv(MOST_COLLECTED)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.collected += data
        if not data:
            self._drop(conn)
        elif is_whole(conn.collected) and not self._refuse(conn):
            self._forget(conn)
            self.enqueue_req(conn)

    def enqueue_req(self, conn: _Connection) -> None:
        self._held += 1
        super().enqueue_req(conn)

    def finish_request(self, conn: _Connection, fs: Future[Any]) -> None:
        self._held -= 1
        super().finish_request(conn, fs)

    def notify(self) -> None:
        super().notify()
        if self._refused and time.monotonic() > self._logged + _LOG_SECONDS:
            log.warning("%d requests refused: too many at once", self._refused)
            self._refused, self._logged = 0, time.monotonic()

    def murder_pending(self) -> None:
        now = time.monotonic()
        for conn in [conn for conn in self.pending_conns if conn.timeout <= now]:
            self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Does not wait, when the server stops, for clients that have not begun to send."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            if not conn.collected:
                conn.timeout = min(conn.timeout, deadline)

    def _collect(self, conn: _Connection) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.receive_seconds
        # It has sent something by the time it gets a thread, which need not wait for that.
        conn.data_ready = True
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, readable)

    def _refuse(self, conn: _Connection) -> bool:
        """Answers what was collected, if it asks for a translation and there are too many."""
        if self._held < self.most_held:
            return False
        request = plain_translation(conn.collected)
        if request is None:
            return False
        # Hardly anyone sends a second request before the first is answered; they may ask again.
        closes = request.closes or request.size < len(conn.collected) or not self.alive
        conn.collected.clear()
        conn.timeout = time.monotonic() + self.receive_seconds
        self._refused += 1
        if self.on_refused is not None:
            self.on_refused()
        answer = _CLOSING if closes else _BUSY
        try:
            sent = conn.sock.send(answer)
        except OSError:
            sent = 0
        if closes or sent < len(answer):
            self._drop(conn)
        return True

    def _drop(self, conn: _Connection) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn: _Connection) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)


def patient_worker(
    receive_seconds: float, most_held: int, on_refused: Callable[[], None]
) -> type[PatientWorker]:
    """Makes the worker with these attributes."""
    own = {"receive_seconds": receive_seconds, "most_held": most_held}
    return type("PatientWorker", (PatientWorker,), {**own, "on_refused": staticmethod(on_refused)})


def is_whole(collected: bytearray) -> bool:
    """Tells whether a request need not be waited for any longer.

    It is there, or it is too long or too odd to be collected. Where that is a mistake, a thread
    waits for the rest; it is never a mistake about what the request says.
    """
    if len(collected) >= MOST_COLLECTED:
        return True
    end = collected.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(collected[:end]).lower()
    # Such a client sends its body only after an answer, which gunicorn gives it.
    if b"\r\nexpect:" in head:
        return True
    if _IN_CHUNKS.search(head):
        return _LAST_CHUNK.search(collected, end + 2) is not None
    length = _LENGTH.search(head)
    return length is None or len(collected) - end - 4 >= int(length[1])


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


class _Connection(TConn):
    """A connection, with what has arrived of its next request."""

    def __init__(self, cfg: Any, sock: Any, client: Any, server: Any, seconds: float) -> None:
        super().__init__(cfg, sock, client, server)
        self.collected = bytearray()
        self._seconds = seconds

    def init(self) -> None:
        """Hands the parser what was collected; this runs in the thread, before each request."""
        super().init()
        self.parser.unreader.unread(bytes(self.collected))
        self.collected.clear()
        self.parser.unreader.sock = _TimedSocket(self.sock, time.monotonic() + self._seconds)


class _TimedSocket:
    """The socket as the parser reads it, until a time that moves on while much arrives."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._until = until

    def recv(self, size: int) -> bytes:
        try:
            self._sock.settimeout(max(self._until - time.monotonic(), 1e-3))
            data = self._sock.recv(size)
        except TimeoutError as error:
            # As if the client had gone; gunicorn knows what to do then.
            raise ConnectionResetError(errno.ECONNRESET, "sent too slowly") from error
        finally:
            self._sock.settimeout(None)
        self._until += len(data) / _SLOWEST
        return data
