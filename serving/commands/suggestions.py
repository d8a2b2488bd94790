"""`python -m serving suggestions`: what users suggested, as pairs to train on."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from serving.commands.common import database_option, find_database
from serving.suggestions import Suggestions
from translator.console import exit_statuses
from translator.wording import plural


@click.group()
def suggestions() -> None:
    """Work with the translations that users suggested."""


@suggestions.command()
@click.option("--source", required=True, help="Code of the source language.")
@click.option("--target", required=True, help="Code of the target language.")
@database_option
def export(source: str, target: str, database: Path | None) -> None:
    """Print the suggested pairs of two languages as TSV, for `python -m training train --train`."""
    with exit_statuses():
        stored = Suggestions(find_database(database), create=False)
        pairs = list(stored.pairs(source, target))
        for pair in pairs:
            sys.stdout.buffer.write(("\t".join(pair) + "\n").encode())
        sys.stdout.buffer.flush()
        click.echo(f"{len(pairs)} {plural('pair', len(pairs))} of {source}-{target}", err=True)
