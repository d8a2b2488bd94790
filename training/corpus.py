"""Sentence pairs from files: read, normalized, filtered and counted."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from training.filtering import Counts, Filter
from training.readers import BadLine, read_source
from translator.errors import ConfigError, CorpusError
from translator.text import normalize

Pair: TypeAlias = tuple[str, str]
"""Source and target text."""

_CHUNK: Final = 500


class Chunk(NamedTuple):
    """Some hundreds of normalized pairs that stand together.

    Attributes:
        pairs: Source and target texts.
        tagged: The sources were made by a machine.
        made: How many of the pairs, the last ones, were made of others.
    """

    pairs: Sequence[Pair]
    tagged: bool = False
    made: int = 0


@dataclass(frozen=True)
class Corpus:
    """Normalized pairs of source and target text, in the order they were read."""

    pairs: list[Pair]
    counts: Counts

    @property
    def sha256(self) -> str:
        """Checksum of the pairs in their order."""
        digest = hashlib.sha256()
        for _ in _digested([Chunk(self.pairs)], digest):
            pass
        return digest.hexdigest()


@dataclass(frozen=True)
class Sources:
    r"""Files of pairs, and how they are read.

    Files may be compressed with gzip whatever their names. Names that end in `.tmx` or `.po`,
    with `.gz` or without, are TMX and PO files; all others are files of lines.

    Attributes:
        files: Each is a TSV, TMX or PO file ("pairs.tsv.gz"), or two line-aligned files joined by
            a comma ("corpus.es,corpus.en"), source language first. One that stands here n times
            counts n times: its pairs are duplicates only of what was read as often.
        tagged: Files with sources that were made by a machine; read after the others.
        columns: Which columns of a TSV file are source and target, counted from 1.
        languages: Codes of source and target, for files that name their languages.
        filter: Which pairs to keep.
        skip_bad_lines: Drops and counts lines that hold no pair, where they would be an error.
            Line-aligned files of unequal length stay an error: a line is missing somewhere, so
            every pair after it would join two strangers. So do damaged gzip, TMX and PO.

    Raises:
        ConfigError: `columns` are not two different numbers from 1.
    """

    files: tuple[str, ...]
    tagged: tuple[str, ...] = ()
    columns: tuple[int, int] = (1, 2)
    languages: tuple[str, str] = ("", "")
    filter: Filter = Filter()
    skip_bad_lines: bool = False

    def __post_init__(self) -> None:
        if min(self.columns) < 1 or self.columns[0] == self.columns[1]:
            received = ",".join(map(str, self.columns))
            raise ConfigError(
                f"columns: expected two different numbers from 1. Received: {received}"
            )

    @property
    def names(self) -> str:
        """All files, for messages."""
        return " ".join(self.files + self.tagged) or "no source"

    def chunks(self, tally: Counter[str]) -> Iterator[Chunk]:
        """Yields the pairs that are kept, and counts all of them, as in `Counts`.

        Raises:
            CorpusError: A file is missing, unreadable, damaged or empty, has a bad line, or
                differs in length from the one it is aligned with.
        """
        seen: defaultdict[int, _Seen] = defaultdict(_Seen)  # by how often a file was read before
        read: Counter[str] = Counter()
        for files, tagged in ((self.files, False), (self.tagged, True)):
            for file in files:
                before, read[file] = read[file], read[file] + 1
                pairs = self._pairs(file, tally)
                while chunk := list(islice(pairs, _CHUNK)):
                    if self.filter.drop_duplicates:
                        new = seen[before].add(chunk)
                        tally["duplicate"] += len(chunk) - int(new.sum())
                        chunk = list(compress(chunk, new))
                    tally["kept"] += len(chunk)
                    yield Chunk(chunk, tagged)

    def _pairs(self, file: str, tally: Counter[str]) -> Iterator[Pair]:
        for item in read_source(file, self.columns, self.languages):
            if item is None:
                tally["untranslated"] += 1
            elif isinstance(item, BadLine):
                if not self.skip_bad_lines:
                    raise item
                tally["bad_lines"] += 1
            else:
                pair = normalize(item[0]), normalize(item[1])
                verdict = self.filter.verdict(*pair)
                if verdict == "kept":
                    yield pair
                else:
                    tally[verdict] += 1


def bare_names(source: str) -> str:
    """File names without their folders: where they lie is nobody's business."""
    return ",".join(Path(part).name for part in source.split(","))


def read_corpus(
    files: Sequence[str],
    *,
    columns: tuple[int, int] = (1, 2),
    languages: tuple[str, str] = ("", ""),
    filter: Filter = Filter(),
    skip_bad_lines: bool = False,
) -> Corpus:
    """Reads, normalizes and filters pairs into memory: for a valid or a test split.

    Args:
        files: See `Sources`; so are the others.
        columns: See `Sources`.
        languages: See `Sources`.
        filter: See `Sources`.
        skip_bad_lines: See `Sources`.

    Returns:
        The pairs that were kept, at least one, and what became of all lines.

    Raises:
        CorpusError: As `Sources.chunks`; or no pair was kept at all.
        ConfigError: `columns` are not two different numbers from 1.
    """
    sources = Sources(tuple(files), (), columns, languages, filter, skip_bad_lines)
    tally: Counter[str] = Counter()
    pairs = [pair for chunk in sources.chunks(tally) for pair in chunk.pairs]
    return Corpus(pairs, _counts(sources, tally))


class StreamedCorpus:
    """A corpus of any size: its files are read anew each time, some hundred pairs at once.

    The first reading counts the pairs, takes their checksum and draws a sample of them.

    Args:
        sources: The files.
        sample_size: Most pairs of the sample.
        seed: Of the sample.

    Attributes:
        counts: What became of all lines.
        sha256: Checksum of the pairs in their order, which decide every batch of a run.
        sample: Pairs drawn with equal chances; all of them, in their order, where they are few.
        untagged: The same of the pairs whose sources no machine has made: words are learnt from
            them, as a machine writes words that there are not.

    Raises:
        CorpusError: As `Sources.chunks`; or no pair was kept at all.
    """

    def __init__(self, sources: Sources, sample_size: int = 250_000, seed: int = 0) -> None:
        self._sources = sources
        sample, untagged = _Sample(sample_size, seed), _Sample(sample_size, seed)
        tally, digest = Counter[str](), hashlib.sha256()
        for chunk in _digested(sources.chunks(tally), digest):
            sample.add(chunk.pairs)
            if not chunk.tagged:
                untagged.add(chunk.pairs)
        self.counts = _counts(sources, tally)
        self.sha256 = digest.hexdigest()
        self.sample, self.untagged = sample.pairs, untagged.pairs

    def chunks(self) -> Iterator[Chunk]:
        """Yields the pairs again.

        Raises:
            CorpusError: As `Sources.chunks`; or the pairs are others than at first, after the
                last of them.
        """
        digest = hashlib.sha256()
        yield from _digested(self._sources.chunks(Counter()), digest)
        if digest.hexdigest() != self.sha256:
            raise CorpusError(
                f"{self._sources.names}: expected the same pairs at the second reading. "
                "Received: others; a file has changed in between"
            )


def _digested(chunks: Iterable[Chunk], digest: hashlib._Hash) -> Iterator[Chunk]:
    for chunk in chunks:
        digest.update("".join(f"{source}\t{target}\n" for source, target in chunk.pairs).encode())
        yield chunk


def _counts(sources: Sources, tally: Counter[str]) -> Counts:
    counts = Counts(read=tally.total(), **tally)
    if not counts.kept:
        raise CorpusError(
            f"{sources.names}: expected at least one pair to keep. Received: {counts}"
        )
    return counts


class _Seen:
    """The pairs met so far, by a digest of 8 bytes each.

    Two of five million pairs have the same digest once in a million corpora.
    """

    def __init__(self) -> None:
        # Sorted arrays, each less than half as long as the one before it.
        self._runs: list[npt.NDArray[np.uint64]] = []

    def add(self, pairs: Sequence[Pair]) -> npt.NDArray[np.bool_]:
        """Whether each pair is met for the first time."""
        digests = np.frombuffer(b"".join(map(_digest, pairs)), np.uint64)
        # `unique` sorts, and finds the first of equal ones.
        _, first = np.unique(digests, return_index=True)
        new = np.zeros(len(digests), np.bool_)
        new[first] = True
        for run in self._runs:
            places = np.searchsorted(run, digests)
            new &= run[np.minimum(places, len(run) - 1)] != digests
        if new.any():
            self._runs.append(np.sort(digests[new]))
        while len(self._runs) > 1 and 2 * len(self._runs[-1]) > len(self._runs[-2]):
            self._runs[-2:] = [np.sort(np.concatenate(self._runs[-2:]))]
        return new


def _digest(pair: Pair) -> bytes:
    # Normalized text has no tabs, so what is joined can be told apart.
    return hashlib.blake2b(f"{pair[0]}\t{pair[1]}".encode(), digest_size=8).digest()


class _Sample:
    """A reservoir (Vitter 1985, algorithm R): each pair has the same chance to be in it."""

    def __init__(self, size: int, seed: int) -> None:
        self.pairs: list[Pair] = []
        self._size = size
        self._met = 0
        self._rng = np.random.default_rng(seed)

    def add(self, pairs: Sequence[Pair]) -> None:
        room = self._size - len(self.pairs)
        self.pairs += pairs[:room]
        numbers = np.arange(self._met, self._met + len(pairs))[room:]
        self._met += len(pairs)
        places = self._rng.integers(0, numbers + 1).tolist()
        for place, pair in zip(places, pairs[room:], strict=True):
            if place < self._size:
                self.pairs[place] = pair
