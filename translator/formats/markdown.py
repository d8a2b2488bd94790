"""Markdown: CommonMark with the tables and the deletions of GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar, Final

from markdown_it.token import Token

from translator.errors import InputError
from translator.formats.encoding import BYTE_ORDER_MARK, decode
from translator.formats.filling import fill_parts
from translator.formats.html import html_slots
from translator.formats.markdown_inline import block_parser, read_inline, shape
from translator.formats.segment import Fill, FillAll, Languages, Segment
from translator.formats.splicing import Slot, splice
from translator.formats.wrapping import wrap_lines

_LINE: Final = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_FRONT_MATTER: Final = re.compile(
    r"(---|\+\+\+)[ \t]*(?:\r\n|\r|\n)(?:.*?(?:\r\n|\r|\n))??\1[ \t]*(?=[\r\n]|\Z)", re.DOTALL
)


@dataclass(frozen=True)
class Markdown:
    """Paragraphs, headings and cells are segments.

    Code, links, HTML's tags, the marks of blocks and front matter between lines of `---` stay.

    Attributes:
        encoding: What the file is in where no byte order mark tells; None is UTF-8.
    """

    encoding: str | None = None
    name: ClassVar[str] = "markdown"
    extensions: ClassVar[tuple[str, ...]] = (".md", ".markdown")

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        text, encoding = decode(source.read(), self.encoding)
        try:
            slots = list(_Document(text).slots())
        except RecursionError as error:
            raise InputError("Expected Markdown that is less deeply nested") from error
        fill_parts(
            splice(lambda start, end: text[start:end], len(text), slots),
            fill,
            lambda written: output.write(written.encode(encoding)),
            encoding,
        )


class _Document:
    def __init__(self, text: str) -> None:
        start = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
        matter = _FRONT_MATTER.match(text, start)
        if matter:
            start = matter.end()
        self._text = text
        self._lines: list[str] = []
        self._ends: list[str] = []
        self._starts: list[int] = []
        for match in _LINE.finditer(text, start):
            self._lines.append(match[1])
            self._ends.append(match[2])
            self._starts.append(match.start())
        self._before = text.count("\n", 0, start)
        self._environment: dict[str, Any] = {}
        self._tokens = block_parser().parse("\n".join(self._lines), self._environment)
        self._cursors: dict[int, int] = {}

    def slots(self) -> Iterator[Slot]:
        for token in self._tokens:
            if token.map is None:
                continue
            first, last = token.map
            if token.type == "html_block":
                start, end = (
                    self._starts[first],
                    self._starts[last - 1] + len(self._lines[last - 1]),
                )
                yield from html_slots(self._text[start:end], start)
            elif token.type == "inline" and token.content.strip():
                yield from self._inline(token, first)

    def _inline(self, token: Token, first: int) -> Iterator[Slot]:
        contents = token.content.split("\n")
        found = [self._locate(content, first + n) for n, content in enumerate(contents)]
        spans = [span for span in found if span is not None]
        if len(spans) < len(contents):
            yield self._lost(token, first, len(contents))
            return
        inline = read_inline(token.content, self._environment)
        if not inline.marked.text:
            return
        written = [self._lines[first + n] for n in range(len(contents))]
        start = self._starts[first] + spans[0][0]
        end = self._starts[first + len(contents) - 1] + spans[-1][1]
        # What stands before the second line stands before all that follow.
        prefix = written[1][: spans[1][0]] if len(contents) > 1 else ""
        slot_text = self._text[start:end]
        width = max(map(len, written)) - len(prefix)
        line_end = self._ends[first] or "\n"

        def compose(text: str) -> str:
            words = inline.words(text)
            return wrap_lines(words, width) if len(contents) > 1 else " ".join(words)

        def check(text: str) -> str:
            problem = inline.marked.check(text)
            if problem:
                return problem
            old, new = (
                shape(token.content, self._environment),
                shape(compose(text), self._environment),
            )
            return "" if old == new else "the translation would be read as other Markdown"

        def write(fills: Sequence[Fill]) -> str:
            (fill,) = fills
            if fill.text is None or fill.text == inline.marked.text:
                return slot_text
            composed = compose(fill.text)
            if slot_text.count("\\|") > token.content.count("\\|"):  # in a table
                composed = composed.replace("|", "\\|")
            return composed.replace("\n", line_end + prefix)

        place = f"line {self._before + first + 1}"
        marked = inline.marked
        yield Slot(
            start, end, [Segment(marked.text, place, marked.text_format, check=check)], write
        )

    def _lost(self, token: Token, first: int, lines: int) -> Slot:
        """A paragraph that stays as it is, and says so."""
        start = self._starts[first]
        end = self._starts[first + lines - 1] + len(self._lines[first + lines - 1])
        written = self._text[start:end]
        segment = Segment(
            token.content,
            f"line {self._before + first + 1}",
            check=lambda _: "it cannot be told from the marks around it",
        )
        return Slot(start, end, [segment], lambda _: written)

    def _locate(self, content: str, line: int) -> tuple[int, int] | None:
        """Where a line of a content stands in a line of the file; None where it cannot be found."""
        text, cursor = self._lines[line], self._cursors.get(line, 0)
        start, end = text.find(content, cursor), len(text.rstrip())
        if start < 0:
            # A tab of which the marks of a block took a part is spaces in the content.
            content = content.lstrip()
            start = text.find(content, cursor)
        if start < 0:
            # In a table, bars are escaped.
            content = content.replace("|", "\\|")
            start = text.find(content, cursor)
        elif "|" not in text and text.endswith(content.rstrip(), cursor, end):
            # The marks of blocks before it may look the same.
            start = end - len(content.rstrip())
        if start < 0:
            return None
        self._cursors[line] = start + len(content)
        return start, start + len(content)
