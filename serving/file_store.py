"""Translated files, kept until they are fetched or their time is up, for all processes to find."""

from __future__ import annotations

import contextlib
import errno
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

from serving.waiting import NoRoom
from translator.atomic import atomic_writer

_TOKEN = re.compile("[0-9a-f]{32}")


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

    def find(self, token: str) -> Path | None:
        """The file of a token, None if it is gone or there never was one."""
        self.sweep()
        if not _TOKEN.fullmatch(token):
            return None
        path = self._folder / token
        return path if path.is_file() else None

    def sweep(self) -> None:
        """Deletes what was kept for long enough, also what a process left that was killed."""
        oldest = time.time() - self._keep_seconds
        for path, found in self._files():
            if found.st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _prepare(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self._folder.lstat()
        # Anyone can make a folder of this name in /tmp first.
        is_private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if not is_private or found.st_uid != os.geteuid():
            raise PermissionError(
                errno.EPERM, "expected a folder of this user that no other can read", self._folder
            )
        if sum(found.st_size for _, found in self._files()) >= self._most_bytes:
            raise NoRoom

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        with contextlib.suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    yield path, path.stat()

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
        if any(True for _ in self._files()):
            self._sweep_later()


def default_folder(port: int) -> Path:
    """Where files are kept unless the settings say: the same for all processes of a server."""
    return Path(tempfile.gettempdir()) / f"translate-files-{os.geteuid()}-{port}"
