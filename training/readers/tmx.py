"""TMX 1.1 to 1.4: translation memories, as XML.

The file is read as a stream, and nothing that it refers to is opened. Entities of its own are
refused: a few lines of them can stand for gigabytes of text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

from training.readers.stream import Item, open_bytes
from translator.errors import CorpusError

_CODES: Final = frozenset({"bpt", "ept", "ph", "it", "ut"})
"""Inline elements that hold the codes of some format, and no text. `hi` holds text."""

_CHUNK: Final = 1 << 16


def read_tmx(path: str, languages: tuple[str, str]) -> Iterator[Item]:
    """Yields a pair, or None, for each unit.

    Raises:
        CorpusError: The file is no well-formed TMX, or none of its units has both languages.
    """
    handler = _Handler(path, languages)
    with open_bytes(path, handler.line) as stream:
        is_final = False
        while not is_final:
            chunk = stream.read(_CHUNK)
            is_final = not chunk
            # A parser may keep some bytes back until it hears that they are the last (Expat 2.6).
            handler.feed(chunk, is_final)
            while handler.items:
                yield handler.items.popleft()
    if handler.units and not handler.pairs:
        raise CorpusError(
            f"{path}: expected units in {languages[0]} and {languages[1]}. "
            f"Received: units in {', '.join(sorted(handler.languages)) or 'no language'}"
        )


class _Handler:
    """Gathers the units of a file from the events of its parser."""

    def __init__(self, path: str, languages: tuple[str, str]) -> None:
        self.items: deque[Item] = deque()
        self.units = self.pairs = 0
        self.languages: set[str] = set()
        self._path = path
        self._wanted = languages
        self._open: list[str] = []  # names of the elements around
        self._texts: dict[str, str] = {}  # of the unit, by language
        self._language = ""
        self._segment: list[str] | None = None
        self._codes = 0  # elements of codes around
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = parser.SkippedEntityHandler = self._refuse_entity

    def line(self) -> int:
        """Where the parser is."""
        return self._parser.CurrentLineNumber

    def feed(self, data: bytes, is_final: bool) -> None:
        """Parses some more bytes."""
        try:
            self._parser.Parse(data, is_final)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise self._error(error.lineno, "well-formed XML", reason) from error
        except (LookupError, ValueError) as error:
            expected = "UTF-8, UTF-16 or an encoding of one byte a character"
            raise self._error(self.line(), expected, str(error)) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != "tmx":
            raise self._error(self.line(), "a TMX file", f"an element {name!r} around all")
        self._open.append(name)
        if name == "tu":
            self._texts.clear()
        elif name == "tuv":
            self._language = attributes.get("xml:lang", attributes.get("lang", "")).lower()
        elif name == "seg":
            self._segment = []
        elif name in _CODES:
            self._codes += 1

    def _end(self, name: str) -> None:
        self._open.pop()
        if name in _CODES:
            self._codes -= 1
        elif name == "seg" and self._segment is not None:
            self._texts.setdefault(self._language, "".join(self._segment))
            self._segment = None
        elif name == "tu":
            self._end_unit()

    def _end_unit(self) -> None:
        self.units += 1
        source, target = (_match(self._texts, language) for language in self._wanted)
        if source is None or target is None:
            self.languages |= self._texts.keys()
            self.items.append(None)
        else:
            self.pairs += 1
            self.items.append((source, target))

    def _characters(self, text: str) -> None:
        if self._segment is not None and not self._codes:
            self._segment.append(text)

    def _refuse_entity(self, name: str, *_: object) -> None:
        raise self._error(self.line(), "no entities beside those of XML", f"&{name};")

    def _error(self, line: int, expected: str, received: str) -> CorpusError:
        return CorpusError(f"{self._path}, line {line}: expected {expected}. Received: {received}")


def _match(texts: dict[str, str], language: str) -> str | None:
    """The text in a language, or else in the first of its variants: `en` finds `en-us`."""
    language = language.lower()
    if language in texts:
        return texts[language]
    variants = (text for code, text in texts.items() if code.startswith(f"{language}-"))
    return next(variants, None)
