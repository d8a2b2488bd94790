"""Better translations that users suggest: kept, and given back as pairs to train on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from serving.database import Database
from translator.text import normalize

_SCHEMA = """
CREATE TABLE IF NOT EXISTS suggestions (
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    source_text TEXT NOT NULL,
    target_text TEXT NOT NULL,
    created REAL NOT NULL,
    UNIQUE (source, target, source_text, target_text)
);
"""


class Suggestion(NamedTuple):
    """A text and how someone would translate it.

    Attributes:
        source: Code of the language of the text.
        target: Code of the language of the translation.
        source_text: The text.
        target_text: The translation.
    """

    source: str
    target: str
    source_text: str
    target_text: str


class Suggestions:
    """The suggestions in a database. One that is made twice is kept once.

    Args:
        path: The SQLite file.
        create: Whether it is made where it is missing.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self._database = Database(path, _SCHEMA, create=create)

    def add(self, suggestion: Suggestion) -> None:
        """Keeps a suggestion; when this returns, it is on the disk.

        Raises:
            DatabaseError: It cannot be kept.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO suggestions "
                "(source, target, source_text, target_text, created) VALUES (?, ?, ?, ?, ?)",
                (*suggestion, time.time()),
            )

    def pairs(self, source: str, target: str) -> Iterator[tuple[str, str]]:
        """Yields the pairs of two languages, oldest first.

        Both texts are normalized as training does it, which leaves no tab and no line feed in
        them. What is blank after that is left out.

        Raises:
            DatabaseError: They cannot be read.
        """
        rows = self._database.rows(
            "SELECT source_text, target_text FROM suggestions "
            "WHERE source = ? AND target = ? ORDER BY rowid",
            (source, target),
        )
        for texts in rows:
            source_text, target_text = map(normalize, texts)
            if source_text and target_text:
                yield source_text, target_text

    def close(self) -> None:
        """Closes the database."""
        self._database.close()
