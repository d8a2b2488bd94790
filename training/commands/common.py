"""What the commands share: how they start, and how they tell what went wrong."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from translator.errors import TranslatorError
from translator.hardware import count_cores
from translator.quiet import import_tensorflow

if TYPE_CHECKING:
    from training.cluster import Cluster

FOLDER = click.Path(file_okay=False, path_type=Path)
_MAX_PARTS = 4
"""A batch of more parts than this has too few rows in each for fast products."""

EXIT_FAILED = 2
EXIT_STOPPED = 130

threads_option = click.option(
    "--threads",
    type=click.IntRange(min=0),
    default=0,
    help="Number of threads to compute with. Default: one per core.",
)


columns_option = click.option(
    "--columns",
    default="1,2",
    show_default=True,
    help="Columns of TSV files, counted from 1: source,target.",
)


def hold_out_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--valid-size`, `--test-size` and `--seed`, of the commands that split pairs."""
    for option in (
        click.option("--seed", default=1, show_default=True, help="Random seed of the split."),
        _size_option("test"),
        _size_option("valid"),
    ):
        command = option(command)
    return command


def _size_option(part: str) -> Callable[[Any], Any]:
    purpose = {"valid": "validation", "test": "testing"}[part]
    return click.option(
        f"--{part}-size",
        default=1000,
        show_default=True,
        type=click.IntRange(min=0),
        help=f"Pairs to hold out for {purpose}; at most a tenth of all.",
    )


def cluster_option(**options: Any) -> Callable[[Any], Any]:
    """`--cluster`, of the commands that train together."""
    return click.option(
        "--cluster",
        metavar="HOST:PORT,HOST:PORT,...",
        help="Addresses of all processes that train one model together, the same list for each of "
        "them; the first is that of `train`, the others are those of `work`. Only for a network "
        "where everybody is trusted: there is no encryption and no password.",
        **options,
    )


def count_parts(threads: int) -> int:
    """In how many parts a batch is computed side by side."""
    if os.environ["KERAS_BACKEND"] != "tensorflow":
        return 1
    return min(_MAX_PARTS, threads or count_cores())


def join_others(addresses: str, rank: int, quiet: bool) -> Cluster:
    """Joins the processes that train together, before anything is computed.

    Raises:
        TranslatorError: The addresses are none, or the others do not come.
    """
    from training.cluster import join, parse_addresses

    parsed = parse_addresses(addresses)
    if not quiet:
        click.echo(f"process {rank} waits for {len(parsed) - 1} more", err=True)
    # Nothing is lost with a worker, so a signal may end it at any moment.
    return join(parsed, rank, heed_signals=rank == 0)


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
