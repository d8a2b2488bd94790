"""Changes at places of a file that is held as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from translator.formats.filling import Part, kept
from translator.formats.segment import Fill, Segment


@dataclass(frozen=True)
class Slot:
    """A stretch that may become another one.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        segments: What is to be translated for it.
        write: Gives what stands there once there is a fill for each segment.
    """

    start: int
    end: int
    segments: Sequence[Segment]
    write: Callable[[Sequence[Fill]], str]


def splice(stretch: Callable[[int, int], str], end: int, slots: Iterable[Slot]) -> Iterator[Part]:
    """Gives the parts of a file: its slots, and what stands between them.

    Args:
        stretch: Gives what stands between two places.
        end: Where the file ends.
        slots: In order; they do not overlap.
    """
    cursor = 0
    for slot in slots:
        if cursor < slot.start:
            yield kept(stretch(cursor, slot.start))
        yield Part(slot.segments, slot.write)
        cursor = slot.end
    if cursor < end:
        yield kept(stretch(cursor, end))
