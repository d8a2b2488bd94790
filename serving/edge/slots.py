"""How many requests of one caller are worked on at a time, in all processes together."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from pathlib import Path

_MOST = 1 << 16
"""Places that a caller has in the file; more than any limit."""


class Slots:
    """Places that are taken and given back.

    Processes share them through locks on single bytes of a file, as POSIX has them: which bytes
    is told by a hash of the caller's name, and the file itself stays empty. The system frees the
    locks of a process that dies, so a caller never loses a place for good.

    Args:
        path: The file, the same for all processes; None counts within this process.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._file = None if path is None else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._mutex = threading.Lock()
        # The locks of a process do not hold its own threads off.
        self._taken: set[int] = set()

    def take(self, caller: str, limit: int) -> int | None:
        """Takes one of a caller's places.

        Args:
            caller: Its name.
            limit: How many places it has.

        Returns:
            The place, for `give_back`; None if all are taken.
        """
        first = int.from_bytes(hashlib.sha256(caller.encode()).digest()[:5], "big") * _MOST
        with self._mutex:
            for place in range(first, first + min(limit, _MOST)):
                if place not in self._taken and self._lock(place):
                    self._taken.add(place)
                    return place
        return None

    def give_back(self, place: int) -> None:
        """Frees a place that was taken."""
        with self._mutex:
            self._taken.remove(place)
            if self._file is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def _lock(self, place: int) -> bool:
        if self._file is None:
            return True
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        # Another process has it; POSIX leaves open by which error that is told.
        except (BlockingIOError, PermissionError):
            return False
        return True
