"""What the commands share: which database they work on."""

from __future__ import annotations

import os
from pathlib import Path

import click

from serving.settings import Settings
from translator.errors import ConfigError

EXIT_FAILED = 2

database_option = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file.  [default: the value of TRANSLATE_DATABASE]",
)


def find_database(option: Path | None) -> Path:
    """Gives the database that a command works on.

    Raises:
        ConfigError: None is named.
    """
    database = Settings.from_environ(os.environ, database=option).database
    if database is None:
        raise ConfigError("Expected --database or TRANSLATE_DATABASE. Received: neither")
    return database
