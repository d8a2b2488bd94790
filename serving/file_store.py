"""Translated files, kept until they are fetched or their time is up, for all processes to find."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import secrets
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from serving.settings import Settings
from serving.waiting import NoRoom
from translator.atomic import atomic_writer

log = logging.getLogger(__name__)

_TOKEN = re.compile("[0-9a-f]{32}")
_OWN = re.compile(rf"{_TOKEN.pattern}|\.{_TOKEN.pattern}\.[0-9a-f]{{8}}\.tmp")
"""Names of files that are kept, and of those that `atomic_writer` has not finished."""

_UNFINISHED_SECONDS = 3600.0
"""How long a file may be in the making; one that is older was left by a process that was killed."""


class FileStore:
    """A folder of files that only this user can read, each under a name that cannot be guessed.

    Args:
        folder: The folder; it is made when the first file comes.
        keep_seconds: How long a file is kept.
        most_bytes: What all files together may take.
    """

    def __init__(self, folder: Path, keep_seconds: float, most_bytes: int) -> None:
        self._folder = folder
        self._keep_seconds = keep_seconds
        self._most_bytes = most_bytes
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def scratch(self) -> Iterator[IO[bytes]]:
        """Opens a file without a name, which is gone after the block.

        Raises:
            NoRoom: Files take all that they may.
            OSError: The disk is full, now or while the file is written to.
        """
        self._prepare()
        with tempfile.TemporaryFile(dir=self._folder) as file:
            yield file

    @contextlib.contextmanager
    def new(self) -> Iterator[tuple[str, BinaryIO]]:
        """Opens a file to keep: its token, and where to write it. It is whole or absent.

        Raises:
            NoRoom: Files take all that they may.
            OSError: The disk is full, now or while the file is written to.
        """
        token = secrets.token_hex(16)
        self.sweep()
        self._prepare()
        with atomic_writer(self._folder / token) as file:
            yield token, file
        self._sweep_later()

    def check(self) -> None:
        """Makes the folder, if it is missing.

        Raises:
            OSError: It cannot be made or written to, or others can read it.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._exists()
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "expected a folder that can be written to")

    def find(self, token: str) -> Path | None:
        """The file of a token, None if it is gone or there never was one."""
        self.sweep()
        if not _TOKEN.fullmatch(token):
            return None
        path = self._folder / token
        return path if self._exists() and path.is_file() else None

    def sweep(self) -> None:
        """Deletes what was kept for long enough, also what a process left that was killed.

        What keeps it from doing so is logged: it stands in the way of nothing else.
        """
        now = time.time()
        try:
            for path, found in self._files():
                is_finished = _TOKEN.fullmatch(path.name)
                keep = self._keep_seconds + (0.0 if is_finished else _UNFINISHED_SECONDS)
                if found.st_mtime < now - keep:
                    path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("Translated files that are old may stay: %s", error)

    def clear(self) -> None:
        """Deletes all files of the store, as far as it can."""
        with contextlib.suppress(OSError):
            for path, _ in self._files():
                path.unlink(missing_ok=True)

    def _prepare(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sum(found.st_size for _, found in self._files()) >= self._most_bytes:
            raise NoRoom

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        """The files of the store itself: others may lie beside them, which are left alone."""
        if not self._exists():
            return
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                found = path.lstat()
                if _OWN.fullmatch(path.name) and stat.S_ISREG(found.st_mode):
                    yield path, found

    def _exists(self) -> bool:
        """Whether there is the folder; anyone can make one of its name in /tmp first.

        Raises:
            PermissionError: Others can read it, or it is not this user's.
        """
        try:
            found = self._folder.lstat()
        except FileNotFoundError:
            return False
        is_private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if not is_private or found.st_uid != os.geteuid():
            raise PermissionError(
                errno.EPERM, "expected a folder of this user that no other can read", self._folder
            )
        return True

    def _sweep_later(self) -> None:
        """Lets one thread wait for the time of the last file, if no more requests come."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(self._keep_seconds + 1, self._timed_sweep)
                self._timer.daemon = True
                self._timer.start()

    def _timed_sweep(self) -> None:
        self.sweep()
        with self._lock:
            self._timer = None
        with contextlib.suppress(OSError):
            if any(True for _ in self._files()):
                self._sweep_later()


def files_of(settings: Settings) -> FileStore:
    """The files of a server: the same for all its processes."""
    address = re.sub("[^0-9A-Za-z.-]", "_", f"{settings.host}-{settings.port}")
    own = Path(tempfile.gettempdir()) / f"translate-files-{os.geteuid()}-{address}"
    folder = settings.files_folder or own
    return FileStore(folder, settings.file_keep_seconds, settings.file_store_bytes)
