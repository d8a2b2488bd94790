"""Rate limits of several processes on one machine, counted in a file that they share."""

from __future__ import annotations

import time
from pathlib import Path

from limits.storage import MovingWindowSupport, Storage

from serving.database import Database, DatabaseError

SCHEME = "shared"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hits (key TEXT NOT NULL, at REAL NOT NULL, until REAL NOT NULL);
CREATE INDEX IF NOT EXISTS hits_by_key ON hits (key, at);
CREATE INDEX IF NOT EXISTS hits_by_end ON hits (until);
"""


class SharedStorage(Storage, MovingWindowSupport):
    """What Flask-Limiter counts in; it is exact, as one process at a time writes.

    Args:
        uri: `shared://`, then the path of the file.
        wrap_exceptions: Whether errors come as the StorageError of `limits`.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - declared so by the base class

    def __init__(
        self, uri: str, wrap_exceptions: bool = False, **options: float | str | bool
    ) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        path = Path(uri.removeprefix(f"{SCHEME}://"))
        self._database = Database(path, _SCHEMA, durable=False)

    @property
    def base_exceptions(self) -> type[Exception]:
        return DatabaseError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = time.time()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM hits WHERE until <= ?", (now,))
            [count] = connection.execute(
                "SELECT count(*) FROM hits WHERE key = ?", (key,)
            ).fetchone()
            if count + amount > limit:
                return False
            connection.executemany(
                "INSERT INTO hits VALUES (?, ?, ?)", [(key, now, now + expiry)] * amount
            )
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        now = time.time()
        query = "SELECT min(at), count(*) FROM hits WHERE key = ? AND until > ?"
        [(first, count)] = self._database.rows(query, (key, now))
        return first or now, count

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError("Only moving windows are counted here")

    def get(self, key: str) -> int:
        raise NotImplementedError("Only moving windows are counted here")

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError("Only moving windows are counted here")

    def check(self) -> bool:
        self._database.check()
        return True

    def reset(self) -> int:
        with self._database.transaction() as connection:
            return connection.execute("DELETE FROM hits").rowcount

    def clear(self, key: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM hits WHERE key = ?", (key,))
