"""What the commands share: how they start, and how they tell what went wrong."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from translator.errors import TranslatorError
from translator.hardware import count_cores
from translator.quiet import import_tensorflow

FOLDER = click.Path(file_okay=False, path_type=Path)
EXIT_FAILED = 2
EXIT_STOPPED = 130

threads_option = click.option(
    "--threads",
    type=click.IntRange(min=0),
    default=0,
    help="Threads to compute with. Default: one for each core.",
)


def start(threads: int = 0, parts: int = 1) -> None:
    """Imports the backend quietly and gives it its threads.

    Args:
        threads: How many; 0 is one for each core.
        parts: How many branches of a graph run side by side. Where there is a branch for each
            thread, an operation has one thread; where there are more threads, it may use all.
    """
    if os.environ["KERAS_BACKEND"] != "tensorflow":
        return
    import_tensorflow()
    if threads or parts > 1:
        import tensorflow as tf

        threads = threads or count_cores()
        # A process in which TensorFlow has computed before keeps its threads, and says so by this.
        with contextlib.suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(1 if threads <= parts else threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)


def parse_columns(text: str) -> tuple[int, int]:
    """Two column numbers from what `--columns` was given.

    Raises:
        TranslatorError: They are not two numbers from 1.
    """
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise TranslatorError(f"--columns: expected two numbers such as 1,2. Received: {text!r}")
    return int(parts[0]), int(parts[1])


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """Prints an error that a user can mend as one line, and exits."""
    try:
        yield
    except TranslatorError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(EXIT_FAILED)
    except OSError as error:
        click.echo(f"Error: {error.filename or 'disk'}: {error.strerror or error}", err=True)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_STOPPED)
