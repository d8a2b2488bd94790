"""Sentence pairs from TSV and line-aligned files: read, normalized, filtered and counted."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, Literal, TypeAlias

from translator.errors import ConfigError, CorpusError
from translator.text import normalize

_GZIP_MAGIC: Final = b"\x1f\x8b"
_RATIO_SLACK: Final = 20


@dataclass(frozen=True)
class Filter:
    """Which pairs are worth training on.

    The ratio catches pairs that were aligned wrongly, so it is measured in characters, which
    languages without spaces have too, and is wide: English takes three to four times the
    characters of Chinese, so 9 leaves honest pairs more than twice their usual room. A slack of
    20 characters is added, since short pairs differ more: "Sí." may well be "Yes, I certainly do."

    Attributes:
        max_words: Most words on either side, divided by spaces.
        max_chars: Most characters on either side; the bound for languages without spaces.
        max_ratio: A pair is dropped where its longer side has more characters than this multiple
            of its shorter side, plus 20.
        drop_duplicates: Each pair is kept once. One source with two different targets is no
            duplicate.

    Raises:
        ConfigError: A bound is below 1.
    """

    max_words: int = 100
    max_chars: int = 1000
    max_ratio: float = 9.0
    drop_duplicates: bool = True

    def __post_init__(self) -> None:
        for name in ("max_words", "max_chars", "max_ratio"):
            value = getattr(self, name)
            if not value >= 1:
                raise ConfigError(f"{name}: expected at least 1. Received: {value!r}")

    def verdict(self, source: str, target: str) -> Literal["kept", "empty", "too_long", "ratio"]:
        """Says under which of the `Counts` a normalized pair falls, duplicates aside."""
        shorter, longer = sorted((len(source), len(target)))
        if shorter == 0:
            return "empty"
        # Normalized text has single spaces between its words.
        words = 1 + max(source.count(" "), target.count(" "))
        if words > self.max_words or longer > self.max_chars:
            return "too_long"
        if longer > self.max_ratio * shorter + _RATIO_SLACK:
            return "ratio"
        return "kept"


@dataclass(frozen=True)
class Counts:
    """What became of the lines of a corpus; all but `read` add up to `read`.

    Attributes:
        read: Lines, or pairs of aligned lines.
        kept: Pairs in the corpus.
        empty: Pairs with nothing on at least one side, blank lines included.
        too_long: Pairs with too many words or characters.
        ratio: Pairs whose sides differ too much in length.
        duplicate: Pairs that were already kept, after normalization.
        bad_lines: Lines that hold no pair: invalid UTF-8, or the wrong number of columns.
    """

    read: int = 0
    kept: int = 0
    empty: int = 0
    too_long: int = 0
    ratio: int = 0
    duplicate: int = 0
    bad_lines: int = 0

    def __str__(self) -> str:
        return (
            f"{self.read} lines read, {self.kept} pairs kept, dropped: {self.empty} empty, "
            f"{self.too_long} too long, {self.ratio} uneven in length, "
            f"{self.duplicate} duplicate, {self.bad_lines} bad lines"
        )


@dataclass(frozen=True)
class Corpus:
    """Normalized pairs of source and target text, in the order they were read."""

    pairs: list[tuple[str, str]]
    counts: Counts


def read_corpus(
    sources: Sequence[str],
    *,
    columns: tuple[int, int] = (1, 2),
    filter: Filter = Filter(),
    skip_bad_lines: bool = False,
) -> Corpus:
    r"""Reads, normalizes and filters the pairs of one or more sources.

    Files are UTF-8, with or without byte order marks, and may be compressed with gzip whatever
    their names. A line ends at "\n" alone: a "\r" before it, and any other separator inside a
    line, is white space. Quotation marks in a TSV file are text. All lines of a TSV file have as
    many columns as its first; blank ones count as empty pairs.

    Args:
        sources: Each is a TSV file ("pairs.tsv.gz"), or two line-aligned files joined by a comma
            ("corpus.es,corpus.en"), source language first.
        columns: Which columns of a TSV file are source and target, counted from 1.
        filter: Which pairs to keep.
        skip_bad_lines: Drops and counts lines that hold no pair, where they would be an error.
            Line-aligned files of unequal length stay an error: a line is missing somewhere, so
            every pair after it would join two strangers. So does damaged gzip.

    Returns:
        The pairs that were kept, at least one, and what became of all lines.

    Raises:
        CorpusError: A file is missing, unreadable, damaged or empty, has a bad line, or differs
            in length from the one it is aligned with; or no pair was kept at all.
        ConfigError: `columns` are not two different numbers from 1.
    """
    if min(columns) < 1 or columns[0] == columns[1]:
        received = ",".join(map(str, columns))
        raise ConfigError(f"columns: expected two different numbers from 1. Received: {received}")
    pairs: list[tuple[str, str]] = []
    seen: set[tuple[str, str]] = set()
    tally: Counter[str] = Counter()
    for source in sources:
        for item in _read_source(source, columns):
            if isinstance(item, _BadLine):
                if not skip_bad_lines:
                    raise item
                tally["bad_lines"] += 1
                continue
            pair = (normalize(item[0]), normalize(item[1]))
            verdict: str = filter.verdict(*pair)
            if verdict == "kept" and filter.drop_duplicates:
                # The set shares its tuples with `pairs`: it costs less than digests would.
                if pair in seen:
                    verdict = "duplicate"
                seen.add(pair)
            if verdict == "kept":
                pairs.append(pair)
            tally[verdict] += 1
    counts = Counts(read=tally.total(), **tally)
    if not pairs:
        names = " ".join(sources) or "no source"
        raise CorpusError(f"{names}: expected at least one pair to keep. Received: {counts}")
    return Corpus(pairs, counts)


class _BadLine(CorpusError):
    """A line without a pair: passed on as a value, since reading can go on after it."""

    def __init__(self, path: str, number: int, expected: str, received: str) -> None:
        super().__init__(f"{path}, line {number}: expected {expected}. Received: {received}")


_Item: TypeAlias = tuple[str, str] | _BadLine


def _read_source(source: str, columns: tuple[int, int]) -> Iterator[_Item]:
    """Yields the pairs of a TSV file or of two line-aligned files, as they stand there."""
    # A file may have a comma in its name.
    paths = [source] if os.path.exists(source) else source.split(",")
    if len(paths) > 2 or not all(paths):
        raise CorpusError(
            f"{source!r}: expected one TSV file, or two line-aligned files joined by a comma. "
            f"Received: {len(paths)} names, {paths.count('')} of them empty"
        )
    items = _read_tsv(paths[0], columns) if len(paths) == 1 else _read_aligned(*paths)
    first = next(items, None)
    if first is None:
        raise CorpusError(f"{source}: expected at least one line. Received: an empty file")
    yield first
    yield from items


def _read_tsv(path: str, columns: tuple[int, int]) -> Iterator[_Item]:
    width = 0  # columns of the first line that has enough; 0 until then
    for number, line in enumerate(_read_lines(path), start=1):
        if isinstance(line, _BadLine):
            yield line
            continue
        if not line or line.isspace():
            yield "", ""
            continue
        fields = line.split("\t")
        if not width and len(fields) >= max(columns):
            width = len(fields)
        if len(fields) != width:
            expected = f"{width}, as in the lines before" if width else f"at least {max(columns)}"
            yield _BadLine(path, number, f"columns divided by tabs: {expected}", str(len(fields)))
            continue
        yield fields[columns[0] - 1], fields[columns[1] - 1]


def _read_aligned(source_path: str, target_path: str) -> Iterator[_Item]:
    source_lines, target_lines = _read_lines(source_path), _read_lines(target_path)
    for number, (source, target) in enumerate(zip_longest(source_lines, target_lines), start=1):
        if source is None or target is None:
            longer = number + sum(1 for _ in (target_lines if source is None else source_lines))
            lengths = (number - 1, longer) if source is None else (longer, number - 1)
            raise CorpusError(
                f"{source_path},{target_path}: expected as many lines in both files. "
                f"Received: {lengths[0]} in {source_path}, {lengths[1]} in {target_path}"
            )
        if isinstance(source, _BadLine):
            yield source
        elif isinstance(target, _BadLine):
            yield target
        else:
            yield source, target


def _read_lines(path: str) -> Iterator[str | _BadLine]:
    """Yields the decoded lines of a file, as a stream, without their line feeds."""
    number = 0
    try:
        with open(path, "rb") as file:
            stream: io.BufferedIOBase = file
            if file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC):
                stream = gzip.GzipFile(fileobj=file)
            # Bytes are split at b"\n" alone; text would also be split at "\r".
            for number, line in enumerate(stream, start=1):
                yield _decode(path, number, line.removesuffix(b"\n"))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(
            f"{path}, after line {number}: expected an intact gzip file. Received: {error}"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise CorpusError(f"{path}: expected a readable file. Received: {reason}") from error


def _decode(path: str, number: int, line: bytes) -> str | _BadLine:
    try:
        # Files joined end to end have byte order marks on other lines than the first, too.
        return line.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        received = f"byte 0x{line[error.start]:02x} at byte {error.start + 1} of the line"
        return _BadLine(path, number, "UTF-8", received)
