"""Files of parallel text to raw pairs: TSV, line-aligned, TMX and PO files, plain or gzip."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain

from training.readers.lines import read_aligned, read_tsv
from training.readers.po import read_po
from training.readers.stream import BadLine, Item
from training.readers.tmx import read_tmx
from translator.errors import CorpusError
from translator.wording import plural

__all__ = ["BadLine", "Item", "read_source"]


def read_source(
    source: str, columns: tuple[int, int], languages: tuple[str, str]
) -> Iterator[Item]:
    """Yields the pairs of a source as they stand there.

    Args:
        source: One TSV, TMX or PO file, or two line-aligned files joined by a comma.
        columns: Which columns of a TSV file are source and target, counted from 1.
        languages: Codes of source and target, for files that name their languages.

    Yields:
        A pair; a `BadLine`, where reading can go on after it; or None, for an entry without a
        translation.

    Raises:
        CorpusError: A file cannot be read, is damaged or empty, or is of no form that is known.
    """
    # A file may have a comma in its name.
    paths = [source] if os.path.exists(source) else source.split(",")
    if len(paths) > 2 or not all(paths):
        raise CorpusError(
            f"{source!r}: expected one TSV file, or two line-aligned files joined by a comma. "
            f"Received: {len(paths)} {plural('name', len(paths))}, {paths.count('')} of them empty"
        )
    for path in paths:
        if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
            raise CorpusError(
                f"{path}: expected a file, which can be read several times. Received: a pipe or a "
                "device"
            )
    readers = [_reader(path) for path in paths]
    if len(paths) == 2:
        if any(readers):
            raise CorpusError(f"{source}: expected two line-aligned files. Received: TMX or PO")
        items = read_aligned(*paths)
    else:
        items = readers[0](paths[0], languages) if readers[0] else read_tsv(paths[0], columns)
    for first in items:
        yield from chain([first], items)
        return
    raise CorpusError(f"{source}: expected at least one line. Received: an empty file")


def _reader(path: str) -> Callable[[str, tuple[str, str]], Iterator[Item]] | None:
    """What reads a file of this name, where it is none of lines."""
    extension = os.path.splitext(path.lower().removesuffix(".gz"))[1]
    if extension == ".pot":
        raise CorpusError(
            f"{path}: expected a PO file with translations. Received: a template, which has none"
        )
    return {".tmx": read_tmx, ".po": read_po}.get(extension)
