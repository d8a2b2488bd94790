"""`python -m training fetch`: public pairs, ready to train on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from training.commands.common import FOLDER, clear_errors, hold_out_options
from training.sources import BASE_URL, SOURCES
from translator.wording import plural

if TYPE_CHECKING:
    from training.download import Show

_ENGLISH = "en"


@click.command(
    epilog="Sources: "
    + "; ".join(f"{name}, {s.about} ({s.licence})" for name, s in SOURCES.items())
)
@click.argument("source", type=click.Choice(list(SOURCES)))
@click.argument("language")
@click.argument("second_language", metavar="[LANGUAGE]", default=_ENGLISH)
@click.option(
    "--output", default="data", show_default=True, type=FOLDER, help="Folder for the files."
)
@click.option("--release", default="", help="Release of the corpus, such as v2023-04-12.")
@click.option(
    "--base-url",
    default=BASE_URL,
    show_default=True,
    help="Base URL, such as that of a mirror with the same folders.",
)
@click.option("--sha256", default="", help="SHA-256 checksum that the archive must have.")
@hold_out_options
@click.option(
    "--retries",
    default=5,
    show_default=True,
    type=click.IntRange(min=0),
    help="Retries after an attempt that brought nothing new.",
)
@click.option("--quiet", is_flag=True, help="Do not show progress.")
def fetch(
    source: str,
    language: str,
    second_language: str,
    output: Path,
    release: str,
    base_url: str,
    sha256: str,
    valid_size: int,
    test_size: int,
    seed: int,
    retries: int,
    quiet: bool,
) -> None:
    """Download public pairs from SOURCE, from the first LANGUAGE to the second (default: English).

    Languages are ISO 639-1 or 639-3 codes, such as es or spa. The folder gets all pairs as one
    TSV file, the same pairs split into train, valid and test, which share no sentence, and the
    licence. To resume an interrupted download, run the same command again.
    """
    with clear_errors():
        from training.fetch import Request
        from training.fetch import fetch as fetch_pairs

        request = Request(
            source=source,
            languages=(language, second_language),
            release=release,
            base_url=base_url,
            sha256=sha256,
            valid_size=valid_size,
            test_size=test_size,
            seed=seed,
        )
        with _progress(f"{source} {language} {second_language}", quiet) as show:
            fetched = fetch_pairs(request, output, retries=retries, show=show)
    for path, count in fetched.pairs.items():
        click.echo(f"{path}  {count:,} {plural('pair', count)}")
    click.echo(f"{fetched.notice}  {SOURCES[source].licence}")


@contextlib.contextmanager
def _progress(name: str, quiet: bool) -> Iterator[Show]:
    """A bar on a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=hidden) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
