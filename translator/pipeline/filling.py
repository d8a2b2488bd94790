"""Fills the segments of a file chunk by chunk, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from translator.files import chunked
from translator.formats.segment import Fill, Segment
from translator.pipeline.journal import Journal
from translator.pipeline.results import Result
from translator.pipeline.statistics import Statistics

Translate = Callable[[Sequence[Segment], int], list[Result]]
"""Takes a chunk, and how many segments came before it."""


@dataclass
class Filler:
    """What a format calls with its segments.

    Attributes:
        translate: Makes results of a chunk.
        chunk_size: Segments of it.
        statistics: Counts what was done.
        journal: Has what an earlier run did, and takes what this one does.
        report: Takes each segment that could not be translated, with what is wrong.
        filled: Called when the fills of a chunk are written, with how many there are, and how many
            of them were made just now.
        count: Segments filled so far.
    """

    translate: Translate
    chunk_size: int
    statistics: Statistics
    journal: Journal | None
    report: Callable[[Segment, str], None]
    filled: Callable[[int, int], None]
    count: int = 0

    def __call__(self, segments: Iterable[Segment]) -> Iterator[Fill]:
        """Yields a fill for each segment, in order."""
        for chunk in chunked(segments, self.chunk_size):
            results = self.journal.take(chunk) if self.journal else None
            fresh = results is None
            if results is None:
                results = self.translate(chunk, self.count)
                if self.journal:
                    self.journal.put(chunk, results)
            self.statistics.add(chunk, results)
            self.count += len(chunk)
            for segment, result in zip(chunk, results, strict=True):
                if result.problem:
                    self.report(segment, result.problem)
                yield result.fill
            self.filled(len(chunk), len(chunk) if fresh else 0)
