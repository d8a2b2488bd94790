"""`python -m training back-translate`: text in one language to pairs."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from training.commands.common import FOLDER, clear_errors, threads_option
from translator.config import SearchConfig
from translator.hardware import count_cores
from translator.wording import plural

if TYPE_CHECKING:
    from types import FrameType

    from training.back_translation import Counts


@click.command("back-translate")
@click.option(
    "--model",
    required=True,
    type=FOLDER,
    help="Model folder for the reverse direction: from the language of the input.",
)
@click.option(
    "--input",
    "files",
    multiple=True,
    required=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="File with one sentence per line, plain or gzipped. May be repeated.",
)
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="TSV file for the pairs; gzipped if it ends in .gz.",
)
@click.option(
    "--beam-size",
    default=1,
    show_default=True,
    help="1 is greedy search, the fastest; 5 is slower and better.",
)
@threads_option
@click.option("--quiet", is_flag=True, help="Show neither progress nor the summary.")
def back_translate(
    model: Path, files: tuple[str, ...], output: Path, beam_size: int, threads: int, quiet: bool
) -> None:
    """Turn monolingual text into pairs: a machine translation, and the text itself.

    The text is in the target language of the model that will learn from the pairs, so --model is
    one for the reverse direction. The output appears only when all lines are done.
    """
    with clear_errors(), _terminable():
        SearchConfig(beam_size=beam_size)  # a bad one should show before the model loads
        from training.back_translation import back_translate as translate_back
        from training.tsv import pair_writer
        from translator.errors import InputError
        from translator.files import read_file
        from translator.translator import Translator

        # The output comes first: that it cannot be written should show before the model loads.
        with pair_writer(output) as write:
            translator = Translator.load(model)
            search = translator.search_config(beam_size=beam_size)
            lines = (line for file in files for line in read_file(file))
            with _progress(quiet) as show:
                counts = translate_back(
                    translator, lines, write, search, threads or count_cores(), show
                )
            if not counts.written:
                raise InputError(
                    f"{' '.join(files)}: expected a line to make a pair of. Received: {counts}"
                )
    if not quiet:
        click.echo(str(counts), err=True)
        click.echo(
            f"{output}: pairs to train {translator.target_language} to "
            f"{translator.source_language} on",
            err=True,
        )


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Ends on SIGTERM as on an error, so that no unfinished file stays behind."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    previous = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextlib.contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[Counts], None]]:
    """Lines and lines per second on a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    hidden = quiet or not console.is_terminal
    started = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("0 lines", total=None)

        def show(counts: Counts) -> None:
            rate = counts.read / max(time.monotonic() - started, 1e-3)
            told = f"{counts.read:,} {plural('line', counts.read)}, {rate:,.1f} lines/s"
            progress.update(task, description=told)

        yield show
