"""SubRip (SRT) and WebVTT: timed lines of text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final

from translator.errors import InputError
from translator.formats.captions import Line, Markup, caption_parts
from translator.formats.encoding import BYTE_ORDER_MARK, decode
from translator.formats.filling import fill_parts
from translator.formats.markup import unescape
from translator.formats.segment import FillAll, Languages
from translator.languages import is_unspaced

_LINE: Final = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_SRT: Final = Markup(
    re.compile(r"(</?[a-zA-Z][^<>]*>|\{\\[^{}]*\}|\{[a-zA-Z]:[^{}]*\})"), unescape=str, escape=str
)
_VTT: Final = Markup(
    re.compile(r"(<[^<>]*>)"), unescape, escape=lambda text: html.escape(text, quote=False)
)


@dataclass(frozen=True)
class Srt:
    """Timing, numbers and styling stay. Lines that a sentence runs over are translated together.

    So are the cues that it runs over, and each takes its share of the translation. What becomes of
    a cue is put on one line if it is as wide as a line of before, else on two of like length. A
    line that begins with a dash is someone else's and stays one.

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
        if not is_blank and not any(line.is_timing for line in lines):
            raise InputError(
                "line 1: expected subtitles, as 00:00:01,000 --> 00:00:02,000. Received: "
                f"{lines[0].text[:40]!r}"
            )
        parts = caption_parts(self._shown(lines), _SRT, spaced=not is_unspaced(languages.target))
        fill_parts(parts, fill, lambda text: output.write(text.encode(encoding)), encoding)

    def _shown(self, lines: Sequence[Line]) -> Iterator[tuple[bool, Line]]:
        timed = False
        for n, line in enumerate(lines):
            follows = n + 1 < len(lines) and lines[n + 1].is_timing
            numbered = follows and line.text.strip().isdecimal()
            is_text = line.text.strip() != "" and not line.is_timing and not numbered
            yield timed and is_text, line
            timed = timed or line.is_timing


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
        shown = self._shown(_lines(text))
        parts = caption_parts(shown, _VTT, spaced=not is_unspaced(languages.target))
        fill_parts(parts, fill, lambda text: output.write(text.encode(encoding)))

    def _shown(self, lines: Sequence[Line]) -> Iterator[tuple[bool, Line]]:
        in_cue = False
        for line in lines:
            in_cue = in_cue and line.text != "" and "-->" not in line.text
            yield in_cue, line
            in_cue = in_cue or line.is_timing


def _lines(text: str) -> list[Line]:
    found = (match.groups() for match in _LINE.finditer(text))
    return [Line(n, *each) for n, each in enumerate(found, start=1) if any(each)]
