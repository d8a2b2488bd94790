"""What is said in timed lines of text; a sentence that runs over several cues is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile, groupby
from typing import Final, NamedTuple

from translator.formats.filling import Part, kept
from translator.formats.markup import Code, Marked
from translator.formats.segment import Fill, Segment
from translator.formats.txt import one_line
from translator.formats.wrapping import split_caption, wrap_caption

_TIMING: Final = re.compile(
    r"\s*(?:\d+:)?\d{1,2}:\d{1,2}[.,:]\d{1,3}[ \t]*-->[ \t]*(?:\d+:)?\d{1,2}:\d{1,2}[.,:]\d{1,3}"
)
_SPEAKER: Final = re.compile(r"\s*(?:<[^<>]*>|\{[^{}]*\})*\s*(?:[-\u2010–—♪#]|<v[\s.>])")
_OPEN_END: Final = re.compile(r"[\w,%\-\u2010–—][\"'”’»]*\Z")
_TAG_NAME: Final = re.compile(r"</?([a-zA-Z]+)")

_MOST_CUES: Final = 5
_MOST_CHARACTERS: Final = 300
"""What is taken for one sentence at most: some captions have no full stops."""


class Line(NamedTuple):
    """A line of a file, and what ends it."""

    number: int
    text: str
    end: str

    @property
    def raw(self) -> str:
        """It as it stands in the file."""
        return self.text + self.end

    @property
    def is_timing(self) -> bool:
        """Whether it says when a cue is shown."""
        return _TIMING.match(self.text) is not None


class Markup(NamedTuple):
    """How captions are written.

    Attributes:
        code: A code, as the one group.
        unescape: Reads a stretch of text.
        escape: Writes one.
    """

    code: re.Pattern[str]
    unescape: Callable[[str], str]
    escape: Callable[[str], str]


def caption_parts(
    lines: Iterable[tuple[bool, Line]], markup: Markup, *, spaced: bool
) -> Iterator[Part]:
    """Divides a file into what is said and what stays.

    Args:
        lines: All lines, with whether they are shown.
        markup: How what is shown is written.
        spaced: Whether the language it is translated to has spaces between its words.
    """
    return (_part(passage, spaced) for passage in _passages(lines, markup))


@dataclass(frozen=True)
class _Caption:
    """What one speaker says in a cue.

    Attributes:
        lines: How it is shown.
        markup: How it is written.
        alone: Whether nobody else speaks in the cue.
    """

    lines: Sequence[Line]
    markup: Markup
    alone: bool

    @property
    def raw(self) -> str:
        return _raw(self.lines)

    @property
    def text(self) -> str:
        return self.marked.text

    @cached_property
    def marked(self) -> Marked:
        code, unescape, _ = self.markup
        joined = one_line("\n".join(line.text for line in self.lines))
        pieces = enumerate(code.split(joined))
        return Marked.of(_code(piece) if n % 2 else unescape(piece) for n, piece in pieces)

    @property
    def voice(self) -> list[str]:
        """The tag of WebVTT that names who speaks, if there is one."""
        codes = (piece for piece in self.marked.before if isinstance(piece, Code))
        return [code.raw for code in codes if code.name == "v"]

    def written(self, text: str) -> str:
        """What is shown where `text`, on one line, is said instead."""
        if text == self.text:
            return self.raw
        filled = self.marked.filled(text)
        if self.alone:
            code, unescape, _ = self.markup
            width = max(len(unescape(code.sub("", line.text))) for line in self.lines)
            filled = wrap_caption(filled, width, self.lines[0].end or "\n")
        written = (p.raw if isinstance(p, Code) else self.markup.escape(p) for p in filled)
        return "".join(written) + self.lines[-1].end


_Passage = Sequence[_Caption | str]
"""Captions that a sentence runs over, and the lines between them; or lines that stay."""


def _passages(lines: Iterable[tuple[bool, Line]], markup: Markup) -> Iterator[_Passage]:
    passage: _Passage = []
    between: list[Line] = []
    for is_shown, run in groupby(lines, lambda line: line[0]):
        block = [line for _, line in run]
        if not is_shown:
            between = block
            continue
        *others, last = _captions(block, markup)
        if _leads_on(between) and _runs_on(passage, last):
            passage = [*passage, _raw(between), last]
        else:
            yield passage
            yield [_raw(between)]
            yield from ([other] for other in others)
            passage = [last]
        between = []
    yield passage
    yield [_raw(between)]


def _captions(block: Sequence[Line], markup: Markup) -> list[_Caption]:
    """Divides the lines of a cue into those of its speakers."""
    starts = [n for n, line in enumerate(block) if n == 0 or _SPEAKER.match(line.text)]
    return [
        _Caption(block[start:end], markup, len(starts) == 1)
        for start, end in zip(starts, [*starts[1:], len(block)], strict=True)
    ]


def _leads_on(between: Iterable[Line]) -> bool:
    """Whether lines are blank, a number or name if there is one, and the timing of one cue."""
    head = list(dropwhile(lambda line: not line.text.strip(), between))
    return 1 <= len(head) <= 2 and head[-1].is_timing


def _runs_on(passage: _Passage, caption: _Caption) -> bool:
    """Whether a caption surely goes on with the sentence that ends a passage.

    It does where that ends like no sentence and this begins with a letter that would be another one
    at the start of a sentence. So nothing runs on in a language without capitals, and no title
    does.
    """
    captions = [piece for piece in passage if isinstance(piece, _Caption)]
    if not captions or len(captions) == _MOST_CUES:
        return False
    last = captions[-1]
    return (
        last.alone
        and caption.alone
        and last.voice == caption.voice
        and last.marked.text_format == caption.marked.text_format == "text"
        and _OPEN_END.search(last.text) is not None
        and not _SPEAKER.match(last.text)
        and not last.text.isupper()
        and caption.text[:1] != caption.text[:1].title()
        and sum(len(each.text) for each in [*captions, caption]) <= _MOST_CHARACTERS
    )


def _part(passage: _Passage, spaced: bool) -> Part:
    captions = [piece for piece in passage if isinstance(piece, _Caption)]
    raw = "".join(piece if isinstance(piece, str) else piece.raw for piece in passage)
    text = " ".join(caption.text for caption in captions)
    if not text:
        return kept(raw)

    def write(fills: Sequence[Fill]) -> str:
        (fill,) = fills
        if fill.text is None or fill.text == text:
            return raw
        lengths = [len(caption.text) for caption in captions]
        shares = iter(split_caption(one_line(fill.text), lengths, spaced=spaced))
        return "".join(
            piece if isinstance(piece, str) else piece.written(next(shares)) for piece in passage
        )

    first, last = captions[0], captions[-1]
    place = f"cue at line {first.lines[0].number}"
    if len(captions) > 1:
        place = f"cues at lines {first.lines[0].number} to {last.lines[0].number}"
    marked = first.marked
    return Part([Segment(text, place, marked.text_format, check=marked.check)], write)


def _raw(lines: Iterable[Line]) -> str:
    return "".join(line.raw for line in lines)


def _code(raw: str) -> Code:
    name = _TAG_NAME.match(raw)
    if name is None:
        return Code("item", raw)
    return Code("close" if raw.startswith("</") else "open", raw, name[1].lower())
