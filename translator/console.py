"""What a command owes to whoever started it: progress on a terminal, and an exit status."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from translator.errors import TranslatorError
from translator.wording import plural

if TYPE_CHECKING:
    from types import FrameType

_EXIT_FAILED = 2
_EXIT_INTERRUPTED = 128 + signal.SIGINT
_EXIT_BROKEN_PIPE = 128 + signal.SIGPIPE
_EXIT_TERMINATED = 128 + signal.SIGTERM


@contextlib.contextmanager
def show_progress(visible: bool) -> Iterator[Meter]:
    """Shows what is done, how fast, and the time left on standard error while the block runs."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not visible) as progress:
        yield Meter(progress)


class Meter:
    """A line that tells how far the work on a file is.

    Args:
        progress: Where it is shown.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    @property
    def visible(self) -> bool:
        """Whether anyone sees it."""
        return not self._progress.disable

    def begin(self, name: str, total: int | None) -> None:
        """Begins a file of so many segments; None is unknown."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(name, total=None)
        self._name, self._total = name, total
        self._done = self._fresh = 0
        self._started = time.monotonic()

    def advance(self, count: int, fresh: int) -> None:
        """Counts segments.

        Args:
            count: Segments.
            fresh: How many of them were translated just now, and not in a run before this one.
        """
        self._done += count
        self._fresh += fresh
        if self._task is not None:
            self._progress.update(self._task, description=self._told())

    def say(self, message: str) -> None:
        """Writes a line to standard error that stays."""
        if self.visible:
            self._progress.console.print(message, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(message, err=True)

    def _told(self) -> str:
        rate = self._fresh / max(time.monotonic() - self._started, 1e-3)
        told = f"{self._name}: {self._done:,}"
        if self._total is not None:
            told += f" of {self._total:,}"
        count = self._done if self._total is None else self._total
        told += f" {plural('segment', count)}, {rate:,.1f}/s"
        if self._total is not None and rate > 0:
            left = timedelta(seconds=round((self._total - self._done) / rate))
            told += f", {left} left"
        return told


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
