"""Pairs to a TSV file: normalized, gzipped where its name says so, whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from translator.atomic import atomic_writer
from translator.errors import CorpusError
from translator.text import normalize


@contextlib.contextmanager
def pair_writer(path: Path) -> Iterator[Callable[[str, str], None]]:
    """Opens a TSV file that appears once the block has ended well.

    Args:
        path: Gzipped if it ends in `.gz`. The same pairs make the same bytes.

    Yields:
        A function that takes source and target. Both are normalized, so that no tab or line feed
        in them can break the file.

    Raises:
        CorpusError: The disk is full, or the folder cannot be written.
    """
    try:
        with atomic_writer(path) as file, _compressed(file, path) as tsv:

            def write(source: str, target: str) -> None:
                tsv.write(f"{normalize(source)}\t{normalize(target)}\n".encode())

            yield write
    except OSError as error:
        if error.filename is not None:  # of another file, or the message has a name already
            raise
        raise CorpusError(f"{path}: cannot be written: {error.strerror}") from error


def _compressed(file: BinaryIO, path: Path) -> contextlib.AbstractContextManager[BinaryIO]:
    if path.suffix != ".gz":
        return contextlib.nullcontext(file)
    # Without name and time, which would make the same pairs other bytes.
    return cast(BinaryIO, gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0))
