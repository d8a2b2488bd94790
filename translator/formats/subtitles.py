"""SubRip (SRT) and WebVTT: timed lines of text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final, NamedTuple

from translator.errors import InputError
from translator.formats.encoding import BYTE_ORDER_MARK, decode
from translator.formats.filling import Part, fill_parts, kept
from translator.formats.markup import Code, Marked, unescape
from translator.formats.segment import Fill, FillAll, Languages, Segment
from translator.formats.txt import one_line
from translator.formats.wrapping import wrap_caption

_LINE: Final = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_TIMING: Final = re.compile(
    r"\s*(?:\d+:)?\d{1,2}:\d{1,2}[.,:]\d{1,3}[ \t]*-->[ \t]*(?:\d+:)?\d{1,2}:\d{1,2}[.,:]\d{1,3}"
)
_SPEAKER: Final = re.compile(r"\s*(?:<[^<>]*>|\{[^{}]*\})*\s*(?:[-\u2010–—♪#]|<v[\s.>])")
_SRT_CODE: Final = re.compile(r"(</?[a-zA-Z][^<>]*>|\{\\[^{}]*\}|\{[a-zA-Z]:[^{}]*\})")
_VTT_CODE: Final = re.compile(r"(<[^<>]*>)")
_TAG_NAME: Final = re.compile(r"</?([a-zA-Z]+)")


class _Line(NamedTuple):
    number: int
    text: str
    end: str


@dataclass(frozen=True)
class Srt:
    """Timing, numbers and styling stay. Lines that a sentence runs over are translated together.

    What becomes of them is put on one line if it is as wide as a line of before, else on two of
    like length. A line that begins with a dash is someone else's and stays one.

    Attributes:
        encoding: What the file is in where no byte order mark tells; None is UTF-8.
    """

    encoding: str | None = None
    name: ClassVar[str] = "srt"
    extensions: ClassVar[tuple[str, ...]] = (".srt",)

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        text, encoding = decode(source.read(), self.encoding)
        lines = _lines(text)
        is_blank = not text.strip(BYTE_ORDER_MARK + " \t\r\n")
        if not is_blank and not any(_TIMING.match(line.text) for line in lines):
            raise InputError(
                "line 1: expected subtitles, as 00:00:01,000 --> 00:00:02,000. Received: "
                f"{lines[0].text[:40]!r}"
            )
        fill_parts(
            self._parts(lines), fill, lambda text: output.write(text.encode(encoding)), encoding
        )

    def _parts(self, lines: Sequence[_Line]) -> Iterator[Part]:
        timed = False
        block: list[_Line] = []
        for n, line in enumerate(lines):
            timing = _TIMING.match(line.text) is not None
            follows = n + 1 < len(lines) and _TIMING.match(lines[n + 1].text) is not None
            numbered = follows and line.text.strip().isdecimal()
            if timed and line.text.strip() and not timing and not numbered:
                block.append(line)
                continue
            yield from _cue(block, _SRT_CODE, str, str)
            block = []
            timed = timed or timing
            yield kept(line.text + line.end)
        yield from _cue(block, _SRT_CODE, str, str)


@dataclass(frozen=True)
class Vtt:
    """As `Srt`; notes, styles, regions and the settings of cues stay as well."""

    name: ClassVar[str] = "vtt"
    extensions: ClassVar[tuple[str, ...]] = (".vtt",)

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        text, encoding = decode(source.read())
        if not re.match(rf"{BYTE_ORDER_MARK}?WEBVTT(?=[ \t\r\n]|\Z)", text):
            raise InputError(f"line 1: expected WEBVTT. Received: {text[:40].splitlines()[:1]}")
        fill_parts(
            self._parts(_lines(text)), fill, lambda text: output.write(text.encode(encoding))
        )

    def _parts(self, lines: Sequence[_Line]) -> Iterator[Part]:
        in_cue = False
        block: list[_Line] = []
        for line in lines:
            if in_cue and line.text and "-->" not in line.text:
                block.append(line)
                continue
            yield from _cue(block, _VTT_CODE, unescape, _escape_vtt)
            block = []
            in_cue = _TIMING.match(line.text) is not None
            yield kept(line.text + line.end)
        yield from _cue(block, _VTT_CODE, unescape, _escape_vtt)


def _lines(text: str) -> list[_Line]:
    found = (match.groups() for match in _LINE.finditer(text))
    return [_Line(n, *each) for n, each in enumerate(found, start=1) if any(each)]


def _cue(
    block: Sequence[_Line],
    code: re.Pattern[str],
    unescape: Callable[[str], str],
    escape: Callable[[str], str],
) -> Iterator[Part]:
    """Divides the lines of a cue into those of its speakers."""
    if not block:
        return
    starts = [n for n, line in enumerate(block) if n == 0 or _SPEAKER.match(line.text)]
    for start, end in zip(starts, [*starts[1:], len(block)], strict=True):
        yield _speech(block[start:end], len(starts) == 1, code, unescape, escape)


def _speech(
    lines: Sequence[_Line],
    alone: bool,
    code: re.Pattern[str],
    unescape: Callable[[str], str],
    escape: Callable[[str], str],
) -> Part:
    raw = "".join(line.text + line.end for line in lines)
    end = lines[-1].end
    joined = one_line("\n".join(line.text for line in lines))
    pieces = enumerate(code.split(joined))
    marked = Marked.of(_code(piece) if n % 2 else unescape(piece) for n, piece in pieces)
    if not marked.text:
        return kept(raw)
    width = max(len(unescape(code.sub("", line.text))) for line in lines)

    def write(fills: Sequence[Fill]) -> str:
        (fill,) = fills
        if fill.text is None or fill.text == marked.text:
            return raw
        filled = marked.filled(one_line(fill.text))
        if alone:
            filled = wrap_caption(filled, width, lines[0].end or "\n")
        return "".join(p.raw if isinstance(p, Code) else escape(p) for p in filled) + end

    place = f"cue at line {lines[0].number}"
    return Part([Segment(marked.text, place, marked.text_format, check=marked.check)], write)


def _code(raw: str) -> Code:
    name = _TAG_NAME.match(raw)
    if name is None:
        return Code("item", raw)
    return Code("close" if raw.startswith("</") else "open", raw, name[1].lower())


def _escape_vtt(text: str) -> str:
    return html.escape(text, quote=False)
