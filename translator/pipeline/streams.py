"""The files of a job, opened, read and written; gzip on either side."""

from __future__ import annotations

import contextlib
import gzip
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, cast

from translator.atomic import atomic_writer
from translator.errors import InputError
from translator.files import is_gzip
from translator.formats.compression import unpacked
from translator.formats.segment import Fill, FillAll, Languages, Segment
from translator.pipeline.jobs import Job
from translator.pipeline.lines import STANDARD_STREAM, told_name, translate_lines


@contextlib.contextmanager
def open_output(name: str, on_complete: Callable[[str], None] | None = None) -> Iterator[BinaryIO]:
    """Opens an output, which appears once the block ends; a name in `.gz` is packed.

    Args:
        name: Its path; "-" is standard output.
        on_complete: Is told where the complete file is, just before it takes its place.

    Raises:
        OSError: It cannot be written.
    """
    if name == STANDARD_STREAM:
        yield sys.stdout.buffer
        return
    with atomic_writer(name) as file:
        with _packed(name, file) as output:
            yield output
        if on_complete is not None:
            file.flush()
            os.fsync(file.fileno())
            on_complete(file.name)


def translate_job(job: Job, output: BinaryIO, fill: FillAll, languages: Languages) -> None:
    """Reads the inputs of a job, gzipped or not, and writes its output.

    Raises:
        InputError: An input is not what it should be; the message names it.
        OSError: It cannot be read.
    """
    if job.format is None:
        translate_lines(job.inputs, output, fill)
        return
    (name,) = job.inputs
    with _opened(name) as file:
        source = unpacked(file) if is_gzip(file) else file
        try:
            job.format.translate(source, output, fill, languages)
        except InputError as error:
            raise InputError(f"{told_name(name)}: {error}") from error
        except UnicodeEncodeError as error:  # of a new column or field; translations are checked
            raise InputError(
                f"{told_name(name)}: expected names that {error.encoding.upper()} has. "
                f"Received: {error.object[error.start]!r}"
            ) from error


def count_segments(job: Job, languages: Languages) -> int | None:
    """How many segments a job has; None where its input can be read but once.

    Raises:
        InputError: As `translate_job`.
        OSError: An input cannot be read.
    """
    if not all(map(os.path.isfile, job.inputs)):
        return None
    count = 0

    def fill(segments: Iterable[Segment]) -> Iterator[Fill]:
        nonlocal count
        for _ in segments:
            count += 1
            yield Fill(None)

    with open(os.devnull, "wb") as nowhere:
        translate_job(job, nowhere, fill, languages)
    return count


def _packed(name: str, file: BinaryIO) -> contextlib.AbstractContextManager[BinaryIO]:
    if not name.lower().endswith(".gz"):
        return contextlib.nullcontext(file)
    # Neither name nor time: the same translation is the same file.
    packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
    return cast("contextlib.AbstractContextManager[BinaryIO]", packed)


def _opened(name: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if name == STANDARD_STREAM:
        return contextlib.nullcontext(sys.stdin.buffer)
    return cast("contextlib.AbstractContextManager[BinaryIO]", open(name, "rb"))
