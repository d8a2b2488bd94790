"""What the commands share: which database they work on, and how they tell what went wrong."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from serving.settings import Settings
from translator.errors import ConfigError, TranslatorError

EXIT_FAILED = 2

database_option = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file.  [default: what TRANSLATE_DATABASE says]",
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


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """Prints an error that an operator can mend as one line, and exits."""
    try:
        yield
    except TranslatorError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(EXIT_FAILED)
