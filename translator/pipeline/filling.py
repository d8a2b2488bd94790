"""Fills the segments of a file chunk by chunk, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from translator.files import chunked
from translator.formats.segment import Fill, FillAll, Segment
from translator.pipeline.journal import Journal
from translator.pipeline.options import Options
from translator.pipeline.results import Result
from translator.pipeline.statistics import Statistics

Translate = Callable[[Sequence[Segment], int], list[Result]]
"""Takes a chunk, and how many segments came before it."""


def _unwatched(_count: int, _fresh: int) -> None:
    pass


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
    filled: Callable[[int, int], None] = _unwatched
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


def adapted(fill: FillAll, options: Options) -> FillAll:
    """With the options that say what segments are, in place of what the format says."""

    def adapt(segment: Segment) -> Segment:
        return replace(
            segment,
            text_format="html" if options.html else segment.text_format,
            sentence_split=options.split and segment.sentence_split,
        )

    def filled(segments: Iterable[Segment]) -> Iterator[Fill]:
        return fill(map(adapt, segments))

    return filled if options.html or not options.split else fill
