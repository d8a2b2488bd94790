"""What a command owes to whoever started it: progress on a terminal, and an exit status."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from translator.errors import TranslatorError

if TYPE_CHECKING:
    from types import FrameType

_EXIT_FAILED = 2
_EXIT_INTERRUPTED = 128 + signal.SIGINT
_EXIT_BROKEN_PIPE = 128 + signal.SIGPIPE
_EXIT_TERMINATED = 128 + signal.SIGTERM


@contextlib.contextmanager
def show_progress(visible: bool) -> Iterator[Callable[[int], None]]:
    """Shows lines and lines per second on standard error while the block runs.

    Yields:
        A function that takes the number of lines done so far.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    console = Console(stderr=True)
    started = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not visible) as progress:
        task = progress.add_task("0 lines", total=None)

        def show(lines: int) -> None:
            rate = lines / max(time.monotonic() - started, 1e-3)
            progress.update(task, description=f"{lines:,} lines, {rate:,.1f} lines/s")

        yield show


@contextlib.contextmanager
def exit_statuses() -> Iterator[None]:
    """Turns what can end the command into an exit status and, where it is news, a message."""
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except TranslatorError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        sys.exit(_EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Python flushes standard output once more when it ends; that must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_EXIT_BROKEN_PIPE)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    finally:
        signal.signal(signal.SIGTERM, previous)


def _fail(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(_EXIT_FAILED)


def _terminate(_signal_number: int, _frame: FrameType | None) -> NoReturn:
    # Without this, the process would end at once and leave its temporary file behind.
    sys.exit(_EXIT_TERMINATED)
