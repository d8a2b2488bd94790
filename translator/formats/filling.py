"""Puts fills where their segments were, in order, holding no more than is under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from translator.formats.segment import Fill, FillAll, Segment


@dataclass(frozen=True)
class Part:
    """A stretch of a file.

    Attributes:
        segments: What of it is to be translated; nothing where it stays as it is.
        write: Gives what stands there once there is a fill for each segment.
    """

    segments: Sequence[Segment]
    write: Callable[[Sequence[Fill]], str]


def kept(text: str) -> Part:
    """A stretch that stays as it is."""
    return Part((), lambda _: text)


def fill_parts(
    parts: Iterable[Part],
    fill: FillAll,
    write: Callable[[str], object],
    encoding: str = "utf-8",
) -> None:
    """Writes the parts of a file in order.

    A fill that its segment's check complains of is left out, and the complaint becomes its comment.

    Args:
        parts: The parts. They are asked for as `fill` asks for segments.
        fill: Translates.
        write: Takes the text of each part.
        encoding: What of a fill it does not have is a complaint, too.
    """
    if not encoding.startswith("utf"):
        parts = (_within(encoding, part) for part in parts)
    waiting: deque[Part] = deque()

    def segments() -> Iterator[Segment]:
        for part in parts:
            if waiting or part.segments:
                waiting.append(part)
                yield from part.segments
            else:
                write(part.write(()))

    asked = segments()
    ready: list[Fill] = []
    for given in fill(asked):
        part = waiting[0]
        ready.append(_checked(part.segments[len(ready)], given))
        while waiting and len(ready) == len(waiting[0].segments):
            write(waiting.popleft().write(tuple(ready)))
            ready.clear()
    assert not waiting, "a fill for each segment"
    assert next(asked, None) is None, "all segments are asked for"


def _within(encoding: str, part: Part) -> Part:
    """A part whose segments refuse what would be written with letters that an encoding lacks."""

    def checked(n: int, segment: Segment) -> Segment:
        def check(text: str) -> str:
            if problem := segment.check(text):
                return problem
            fills = [Fill(text if k == n else None) for k in range(len(part.segments))]
            try:
                part.write(fills).encode(encoding)
            except UnicodeEncodeError as error:
                return f"{error.object[error.start]!r} is not in {encoding.upper()}"
            return ""

        return replace(segment, check=check)

    return replace(part, segments=[checked(*one) for one in enumerate(part.segments)])


def _checked(segment: Segment, fill: Fill) -> Fill:
    problem = segment.check(fill.text) if fill.text is not None else ""
    if not problem:
        return fill
    comment = f"{fill.comment}; {problem}" if fill.comment else problem
    return Fill(None, doubtful=True, comment=comment)
