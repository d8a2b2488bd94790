"""A gunicorn worker whose threads are not held by clients that send slowly."""

from __future__ import annotations

import contextlib
import errno
import logging
import resource
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from typing import Any

from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from serving.arriving import MOST_COLLECTED, Arriving
from serving.arriving_connection import ArrivingConnection
from serving.nonblocking import receive, send
from serving.plain_request import plain_translation
from serving.raw_answers import BUSY_ANSWER, CLOSING_ANSWER, raw_answer, why_invalid

_LOG_SECONDS = 1.0

_MOST_ACCEPTED = 64
_SHARE = 4
"""One in so many of its connections is what a process takes at once that is not the only one."""

_HEAD_START = 5e-4
_LONGEST_HEAD_START = 4e-3
"""Seconds for each of its connections, and at most, that a process leaves to others to accept."""

_NOTHING_ACCEPTED = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_EXHAUSTED_SECONDS = 1.0

_RESERVED = 128
"""Open files of a process beside its connections, and beside one for each of its threads."""

_LEAVING_SECONDS = 2.0
_LEAVING_BYTES = 65_536

log = logging.getLogger(__name__)


class PatientWorker(ThreadWorker):
    """Collects a request without a thread, and gives it one when it is there and one is free.

    gunicorn's own worker gives a connection a thread once it has sent a byte, and waits for the
    rest without end; a handful of clients that send a byte a second would hold all threads. Here
    the loop that accepts connections also collects what arrives. It looks at the form of a request
    to tell whether more is to come, and whether to refuse it. gunicorn parses what was collected,
    and reads on where there is more to it after all; that, too, has an end.

    While as many requests as may be are in threads, whoever asks for a translation is refused by
    the loop. Python runs one thread at a time, so more of them would only keep the others from
    ending; and the loop leaves Python to others as seldom as can be (see `serving.nonblocking`).
    """

    receive_seconds = 30.0
    """How long a request may take to arrive, and each piece of its answer to be taken."""

    most_held = 1 << 30
    """Requests in threads beyond which no more translations are taken on."""

    on_refused: Callable[[], None] | None = None
    """Called for each request that is refused."""

    worker_connections: int
    max_keepalived: int
    nr_conns: int

    _held = 0  # requests that threads have, or that wait for one
    _refused = 0  # requests refused since the log said so
    _logged = 0.0
    _accept_again = 0.0  # when the process may have files to open again

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leaving_conns: deque[ArrivingConnection] = deque()

    def init_process(self) -> None:
        self._fit_connections()
        super().init_process()

    def run(self) -> None:
        self._start_threads()
        super().run()

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled and time.monotonic() >= self._accept_again)

    def accept(self, listener: socket.socket) -> None:
        for _ in range(min(self._most_accepted(), self.worker_connections - self.nr_conns)):
            try:
                client, address = listener.accept()
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    log.error("No connection can be accepted: %s", error.strerror)
                    self._accept_again = time.monotonic() + _EXHAUSTED_SECONDS
                    self.set_accept_enabled(False)
                elif error.errno not in _NOTHING_ACCEPTED:
                    raise
                return
            self.nr_conns += 1
            server = listener.getsockname()
            self._collect(
                ArrivingConnection(self.cfg, client, address, server, self.receive_seconds)
            )

    def on_client_socket_readable(self, conn: ArrivingConnection, client: socket.socket) -> None:
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn)

    def on_pending_socket_readable(self, conn: ArrivingConnection, client: socket.socket) -> None:
        try:
            data = receive(client, MOST_COLLECTED)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._take(conn, data)
        else:
            self._drop(conn)

    def enqueue_req(self, conn: ArrivingConnection) -> None:
        self._held += 1
        super().enqueue_req(conn)

    def finish_request(self, conn: ArrivingConnection, fs: Future[Any]) -> None:
        self._held -= 1
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            self._leave(conn)
        elif begun := conn.parser.unreader.take_buffered():
            # gunicorn would hold a thread for a single byte of the next request.
            self._collect(conn)
            self._take(conn, begun)
        else:
            super().finish_request(conn, fs)

    def handle_request(self, req: Any, conn: Any) -> bool:
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError as error:
            # As if the client had gone; gunicorn knows what to do then.
            raise ConnectionResetError(errno.ECONNRESET, "read too slowly") from error

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        # gunicorn's own quotes what it could not read, which may be a user's text.
        status, why = why_invalid(exc)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.exception("Error handling a request")
        else:
            log.warning("An invalid request was refused: %s", type(exc).__name__)
        with contextlib.suppress(OSError):
            write_nonblock(client, raw_answer(status, why, {"Connection": "close"}))

    def notify(self) -> None:
        super().notify()
        if self._refused and time.monotonic() > self._logged + _LOG_SECONDS:
            log.warning("%d requests refused: too many at once", self._refused)
            self._refused, self._logged = 0, time.monotonic()

    def murder_pending(self) -> None:
        now = time.monotonic()
        for conn in [conn for conn in self.pending_conns if conn.timeout <= now]:
            self._drop(conn)
        while self.leaving_conns and self.leaving_conns[0].timeout <= now:
            self._let_go(self.leaving_conns[0])

    def _cap_keepalive(self, deadline: float) -> None:
        """Does not wait, when the server stops, for clients that have not begun to send."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            if not conn.arriving.collected:
                conn.timeout = min(conn.timeout, deadline)

    def _collect(self, conn: ArrivingConnection) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.receive_seconds
        # It has sent something by the time it gets a thread, which need not wait for that.
        conn.data_ready = True
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, readable)

    def _take(self, conn: ArrivingConnection, data: bytes) -> None:
        answer = conn.arriving.add(data)
        if answer:
            # Who cannot be told has gone, which the next look at the socket says.
            with contextlib.suppress(OSError):
                conn.sock.send(answer)
        if conn.arriving.whole and not self._refuse(conn):
            self._forget(conn)
            self.enqueue_req(conn)

    def _most_accepted(self) -> int:
        """How many connections are accepted before the loop looks at those that it has.

        gunicorn accepts one: the last of a thousand waits for seconds. But whoever takes all that
        wait leaves nothing to the other processes, and connections stay where they are. So where
        there are others, the more a process has, the longer it waits for one of them to be quicker.
        """
        if self.cfg.workers == 1:
            return _MOST_ACCEPTED
        time.sleep(min(_HEAD_START * self.nr_conns, _LONGEST_HEAD_START))
        return max(1, self.nr_conns // _SHARE)

    def _refuse(self, conn: ArrivingConnection) -> bool:
        """Answers what was collected, if it asks for a translation and there are too many."""
        if self._held < self.most_held:
            return False
        request = plain_translation(conn.arriving.collected)
        if request is None:
            return False
        # Hardly anyone sends a second request before the first is answered; they may ask again.
        more = request.size < len(conn.arriving.collected)
        closes = request.closes or more or not self.alive
        conn.arriving = Arriving()
        conn.timeout = time.monotonic() + self.receive_seconds
        self._refused += 1
        if self.on_refused is not None:
            self.on_refused()
        answer = CLOSING_ANSWER if closes else BUSY_ANSWER
        try:
            sent = send(conn.sock, answer)
        except OSError:
            sent = 0
        if sent < len(answer):
            self._drop(conn)
        elif closes:
            self._forget(conn)
            self._leave(conn)
        return True

    def _leave(self, conn: ArrivingConnection) -> None:
        """Closes a connection once the client has, for which the loop does not wait.

        If it were closed while something still comes, the client might lose the answer.
        """
        conn.timeout = time.monotonic() + _LEAVING_SECONDS
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, EVENT_READ, partial(self._ignore, conn))
        except (OSError, ValueError):
            self.nr_conns -= 1
            conn.close()
        else:
            self.leaving_conns.append(conn)

    def _ignore(self, conn: ArrivingConnection, client: socket.socket) -> None:
        try:
            data = client.recv(_LEAVING_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.ignored += len(data)
        if not data or conn.ignored >= _LEAVING_BYTES:
            self._let_go(conn)

    def _let_go(self, conn: ArrivingConnection) -> None:
        self.poller.unregister(conn.sock)
        self.leaving_conns.remove(conn)
        self.nr_conns -= 1
        conn.close()

    def _drop(self, conn: ArrivingConnection) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn: ArrivingConnection) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)

    def _start_threads(self) -> None:
        """Starts the threads that requests may need, each of which the loop would wait for."""
        count = min(self.cfg.threads, self.most_held)
        started = threading.Barrier(count)
        for _ in range(count):
            self.tpool.submit(started.wait)

    def _fit_connections(self) -> None:
        """Lets the process open as many files as it may, and connections no more than that."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        # A container may forbid what POSIX allows.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        fitting = max(1, most - _RESERVED - self.cfg.threads)
        if most != resource.RLIM_INFINITY and fitting < self.worker_connections:
            log.warning("%d connections at most: %d files may be open", fitting, most)
            self.worker_connections = fitting
            self.max_keepalived = max(0, fitting - self.cfg.threads)


def patient_worker(
    receive_seconds: float, most_held: int, on_refused: Callable[[], None]
) -> type[PatientWorker]:
    """Makes the worker with these attributes."""
    own = {"receive_seconds": receive_seconds, "most_held": most_held}
    return type("PatientWorker", (PatientWorker,), {**own, "on_refused": staticmethod(on_refused)})
