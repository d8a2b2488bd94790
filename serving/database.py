"""The SQLite file that the server keeps things in, and what goes wrong with it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from translator.errors import TranslatorError

_BUSY_SECONDS = 2.0
"""How long a statement waits for another process. A client that waits is better told to retry."""
_RETRY_SECONDS = 0.005


class DatabaseError(TranslatorError):
    """The file cannot be read or written now: locked, on a full disk, or no database."""


class Database:
    """One connection to an SQLite file, for the threads of one process, one after the other.

    The file is in WAL mode, so what reads is not held up by what writes, in this process or in
    another. It is opened when it is first needed, which must be after a fork.

    Args:
        path: The file. Only its owner may read it.
        schema: Statements that make the tables where they are missing.
        create: Whether the file is made where it is missing.
        durable: Whether what is written outlives a loss of power; it costs a wait for the disk.
    """

    def __init__(
        self, path: Path, schema: str, *, create: bool = True, durable: bool = True
    ) -> None:
        self._path = path
        self._schema = schema
        self._create = create
        self._durable = durable
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Gives the rows of a query.

        Raises:
            DatabaseError: The file cannot be read.
        """
        with self._opened() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Writes all that the block writes, or nothing; nobody else writes meanwhile.

        Raises:
            DatabaseError: The file cannot be written.
        """
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk has ended the transaction already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def check(self) -> None:
        """Opens the file, and makes it if it may.

        Raises:
            DatabaseError: It cannot be used.
        """
        with self._opened():
            pass

    def close(self) -> None:
        """Closes the file, if it is open."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._open()
                yield self._connection
            except (OSError, sqlite3.Error) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                raise DatabaseError(
                    f"{self._path}: expected a database that can be read and written. "
                    f"Received: {reason}"
                ) from error

    def _open(self) -> sqlite3.Connection:
        self._make()
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _switch_to_wal(connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
            connection.executescript(self._schema)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _make(self) -> None:
        """Makes the file if it may and must.

        One that is there is not opened: closing it would give up the locks of all connections
        that this process has to it, as POSIX has them by file and process.
        """
        if not self._create:
            self._path.stat()
            return
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Sets WAL mode, which SQLite refuses at once, not after its timeout, while others open it."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(_RETRY_SECONDS)
