"""Turns at Python: so few requests are worked on at a time that no one waits for all the others."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator


class Turns:
    """Lets a few threads at a time work, in the order in which they came.

    Python runs one thread at a time, and lets them follow each other in no order. A batch that is
    done wakes up to 32 requests at once, and whoever is to be refused meanwhile would wait for
    as many others each time that Python looks up. Who waits for a turn sleeps, and is in nobody's
    way.

    A turn that others wait for ends after a while, though its thread works on: nobody waits for
    long behind a large file or a slow client.

    Args:
        most: Threads that have a turn at a time.
        seconds: How long a turn lasts if others wait.
    """

    def __init__(self, most: int = 1, seconds: float = 0.1) -> None:
        self._most = most
        self._seconds = seconds
        self._lock = threading.Lock()
        self._begun: dict[int, float] = {}  # by thread
        self._waiting: deque[tuple[int, threading.Lock]] = deque()
        self._thread = threading.local()

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Works in a turn of its own, once it is there."""
        self._begin()
        self._thread.is_inside = True
        try:
            yield
        finally:
            self._thread.is_inside = False
            self._end()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Lets others have the turn, if this thread has one, while it waits for something else."""
        is_inside = getattr(self._thread, "is_inside", False)
        self._end()
        try:
            yield
        finally:
            if is_inside:
                self._begin()

    def _begin(self) -> None:
        came = threading.Lock()
        came.acquire()
        with self._lock:
            self._waiting.append((threading.get_ident(), came))
            self._hand_on()
        while not came.acquire(timeout=self._seconds):
            with self._lock:
                before = time.monotonic() - self._seconds
                self._begun = {one: began for one, began in self._begun.items() if began > before}
                self._hand_on()

    def _end(self) -> None:
        with self._lock:
            self._begun.pop(threading.get_ident(), None)
            self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting and len(self._begun) < self._most:
            thread, came = self._waiting.popleft()
            self._begun[thread] = time.monotonic()
            came.release()
