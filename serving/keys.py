"""API keys: made, looked up, limited and revoked. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from pathlib import Path
from typing import Any, NamedTuple

from serving.database import Database
from translator.errors import InputError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL,
    name TEXT NOT NULL,
    created REAL NOT NULL,
    revoked REAL,
    rate TEXT NOT NULL DEFAULT '',
    characters INTEGER NOT NULL DEFAULT 0,
    concurrency INTEGER NOT NULL DEFAULT 0
);
"""
_SECRET_BYTES = 32
_FORM = re.compile(r"([0-9a-f]{8})_[A-Za-z0-9_-]{43}", re.ASCII)


class Limits(NamedTuple):
    """What the owner of a key may do, where it is not what everyone may.

    Attributes:
        rate: Requests in a time, such as `120/minute`; "" is the server's own limit.
        characters: Characters in one request; 0 is the server's own limit.
        concurrency: Requests at a time; 0 is the server's own limit.
    """

    rate: str = ""
    characters: int = 0
    concurrency: int = 0


SERVERS_OWN = Limits()


class Key(NamedTuple):
    """A key without its secret.

    Attributes:
        id: What the key begins with; it names the key and is no secret.
        name: Whose it is, as the operator wrote it.
        created: When it was made, in seconds since the epoch.
        revoked: When it was revoked; None while it is valid.
        limits: What its owner may do.
    """

    id: str
    name: str
    created: float
    revoked: float | None
    limits: Limits


class Keys:
    """The keys in a database.

    A key is `<id>_<secret>` with a secret of 256 random bits. So one SHA-256 is as good as a slow
    hash: there is no shorter way to a key than to try them all.

    Args:
        path: The SQLite file.
        create: Whether it is made where it is missing.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self._database = Database(path, _SCHEMA, create=create)

    def create(self, name: str, limits: Limits = SERVERS_OWN) -> str:
        """Makes a key and gives it. It can never be read again.

        Raises:
            DatabaseError: It cannot be written.
        """
        with self._database.transaction() as connection:
            key_id = secrets.token_hex(4)
            while connection.execute("SELECT 1 FROM keys WHERE id = ?", (key_id,)).fetchone():
                key_id = secrets.token_hex(4)
            key = f"{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
            connection.execute(
                "INSERT INTO keys (id, hash, name, created, rate, characters, concurrency) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (key_id, _hash(key), name, time.time(), *limits),
            )
        return key

    def find(self, key: str) -> Key | None:
        """Looks a key up; None for one that was never made, or is revoked.

        Nothing is remembered: a key that is revoked counts as wrong from the next request on, in
        every process.

        Raises:
            DatabaseError: The keys cannot be read.
        """
        form = _FORM.fullmatch(key)
        if form is None:
            return None
        rows = self._database.rows(
            "SELECT * FROM keys WHERE id = ? AND revoked IS NULL", (form[1],)
        )
        if not rows or not hmac.compare_digest(rows[0][1], _hash(key)):
            return None
        return _key(rows[0])

    def all(self) -> list[Key]:
        """Lists the keys, the revoked ones too, oldest first.

        Raises:
            DatabaseError: They cannot be read.
        """
        rows = self._database.rows("SELECT * FROM keys ORDER BY created, id")
        return [_key(row) for row in rows]

    def limit(self, key_id: str, limits: Limits) -> None:
        """Sets all limits of a key.

        Raises:
            InputError: There is no such key.
            DatabaseError: They cannot be written.
        """
        self._update(
            "UPDATE keys SET rate = ?, characters = ?, concurrency = ? WHERE id = ?",
            *limits,
            key_id,
        )

    def revoke(self, key_id: str) -> None:
        """Makes a key wrong from now on; one that is revoked already stays as it is.

        Raises:
            InputError: There is no such key.
            DatabaseError: It cannot be written.
        """
        self._update(
            "UPDATE keys SET revoked = coalesce(revoked, ?) WHERE id = ?", time.time(), key_id
        )

    def get(self, key_id: str) -> Key:
        """Gives the key of an id, also if it is revoked.

        Raises:
            InputError: There is no such key.
            DatabaseError: The keys cannot be read.
        """
        rows = self._database.rows("SELECT * FROM keys WHERE id = ?", (key_id,))
        if not rows:
            raise _unknown(key_id)
        return _key(rows[0])

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    def _update(self, statement: str, *values: object) -> None:
        with self._database.transaction() as connection:
            changed = connection.execute(statement, values).rowcount
        if not changed:
            raise _unknown(values[-1])


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _key(row: tuple[Any, ...]) -> Key:
    key_id, _, name, created, revoked, *limits = row
    return Key(key_id, name, created, revoked, Limits(*limits))


def _unknown(key_id: object) -> InputError:
    return InputError(f"Expected the id of a key, as `keys list` shows it. Received: {key_id!r}")
