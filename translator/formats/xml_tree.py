"""XML files as a tree that knows where each element stands, so that all else stays byte for byte.

Nothing that a file refers to is opened. Entities of its own are refused: a few lines of them can
stand for gigabytes of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from translator.errors import InputError
from translator.formats.encoding import BYTE_ORDER_MARK, decode, marked_encoding

_DEEPEST: Final = 200
_WIDEST: Final = 200
DECLARATION: Final = re.compile(
    rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][\w.-]*)["'][^>]*\?>"""
)
"""Of the encoding, at the start of a file."""

_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
# What XML 1.0 has no way to write.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass
class Element:
    """An element and where it stands, in bytes of the file as UTF-8.

    Attributes:
        name: Without a prefix.
        attributes: By their names as they are written.
        line: Where it begins, counted from 1.
        start: Where its start tag begins.
        inner_start: Where that ends.
        inner_end: Where its end tag begins.
        end: Where that ends; the element `<a/>` ends where its start tag does.
        children: Elements and texts in it, in order.
    """

    name: str
    attributes: dict[str, str]
    line: int
    start: int
    inner_start: int = 0
    inner_end: int = 0
    end: int = 0
    children: list[Element | str] = field(default_factory=list)

    @property
    def elements(self) -> list[Element]:
        """The elements in it."""
        return [child for child in self.children if isinstance(child, Element)]

    def child(self, name: str) -> Element | None:
        """The first element of a name in it."""
        return next((each for each in self.elements if each.name == name), None)

    def text(self) -> str:
        """All text in it."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def descendants(self, *names: str) -> Iterator[Element]:
        """All elements of some names in it, in order."""
        for each in self.elements:
            if each.name in names:
                yield each
            yield from each.descendants(*names)


@dataclass(frozen=True)
class Document:
    """An XML file.

    Attributes:
        content: The file as UTF-8.
        encoding: What it was in.
        root: The element around all.
    """

    content: bytes
    encoding: str
    root: Element

    def raw(self, start: int, end: int) -> str:
        """A stretch of the file as it stands there."""
        return self.content[start:end].decode()

    def space_before(self, element: Element) -> str:
        """The white space before an element: how lines are indented there."""
        before = self.content[max(element.start - _WIDEST, 0) : element.start]
        return before[len(before.rstrip()) :].decode()


def read_xml(content: bytes, expected: str) -> Document:
    """Reads a file.

    Args:
        content: The file.
        expected: The name of the element around all.

    Raises:
        InputError: It is not well-formed, or has another element around all, or entities.
    """
    declared = DECLARATION.match(content)
    # In UTF-16 the declaration cannot be read before it is known to be that.
    name = declared[1].decode("ascii") if declared and not marked_encoding(content) else None
    text, encoding = decode(content, name)
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    data = text.encode()
    root = _Builder(expected).build(data[len(mark.encode()) :], len(mark.encode()))
    return Document(data, encoding, root)


def escape_xml(text: str) -> str:
    """Writes text as that of an element; what XML cannot have is left out."""
    return _FORBIDDEN.sub("", text).translate(_ESCAPES)


def quote_xml(text: str) -> str:
    """Writes text as the value of an attribute, quotation marks included."""
    return '"' + escape_xml(text).replace('"', "&quot;") + '"'


class _Builder:
    def __init__(self, expected: str) -> None:
        self._expected = expected
        self._top = Element("", {}, 1, 0)
        self._open = [self._top]
        self._data = b""
        self._offset = 0
        # The text is UTF-8 by now, whatever its declaration says.
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._declare_entity
        parser.SkippedEntityHandler = self._skip_entity

    def build(self, data: bytes, offset: int) -> Element:
        self._data, self._offset = data, offset
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise InputError(
                f"line {error.lineno}: expected well-formed XML. Received: {reason}"
            ) from error
        return self._top.elements[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if len(self._open) == 1 and _local(name) != self._expected:
            raise InputError(
                f"line {line}: expected an element {self._expected!r} around all. "
                f"Received: {name!r}"
            )
        if len(self._open) > _DEEPEST:
            raise InputError(
                f"line {line}: expected at most {_DEEPEST} elements in one another. Received: more"
            )
        start = self._parser.CurrentByteIndex
        inner = _tag_end(self._data, start)
        element = Element(_local(name), attributes, line, start, inner)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        element = self._open.pop()
        if self._data[element.inner_start - 2 : element.inner_start] == b"/>":
            element.inner_end = element.end = element.inner_start
        else:
            element.inner_end = self._parser.CurrentByteIndex
            element.end = self._data.index(b">", element.inner_end) + 1
        element.start += self._offset
        element.inner_start += self._offset
        element.inner_end += self._offset
        element.end += self._offset

    def _text(self, text: str) -> None:
        self._open[-1].children.append(text)

    def _declare_entity(self, name: str, *_: object) -> None:
        self._refuse(name)

    def _skip_entity(self, name: str, *_: object) -> None:
        self._refuse(name)

    def _refuse(self, name: str) -> None:
        raise InputError(
            f"line {self._parser.CurrentLineNumber}: expected no entities beside those of XML. "
            f"Received: &{name};"
        )


_TAG: Final = re.compile(rb"""(?:[^>"']|"[^"]*"|'[^']*')*>""")


def _tag_end(data: bytes, start: int) -> int:
    match = _TAG.match(data, start)
    assert match, "a tag of well-formed XML"
    return match.end()


def _local(name: str) -> str:
    return name.rpartition(":")[2]
