"""Texts with codes in them: tags, placeholders and marks of any format, written as HTML's."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

_ENDLESS: Final = re.compile(r"(&#(?:\d{100,}|[xX][0-9a-fA-F]{100,}))")
_CODE: Final = re.compile(r'<span id="(\d+)">|(</span>)|<(?:code|br) id="(\d+)">(?:</code>)?')


def unescape(text: str) -> str:
    """As `html.unescape`, but references of hundreds of digits, which Python refuses, stay."""
    parts = _ENDLESS.split(text)
    return "".join(part if n % 2 else html.unescape(part) for n, part in enumerate(parts))


@dataclass(frozen=True)
class Code:
    """What stands in a text and is not text.

    Attributes:
        kind: Whether it begins a stretch, ends one, stands for itself, or ends a sentence.
        raw: How it is written.
        name: What beginning and end of a stretch have in common.
    """

    kind: Literal["open", "close", "item", "break"]
    raw: str
    name: str = ""


@dataclass(frozen=True)
class Marked:
    """A text with codes.

    Attributes:
        pieces: Its stretches of text, as a reader sees them, and its codes. What stands around all
            words is none of them.
        before: What stands before all words.
        after: What stands after them.
    """

    pieces: Sequence[str | Code]
    before: Sequence[str | Code] = ()
    after: Sequence[str | Code] = ()

    @classmethod
    def of(cls, pieces: Iterable[str | Code]) -> Marked:
        """Makes one of all pieces; white space and codes at its ends are not translated."""
        inner = _joined(pieces)
        partners = _partners(inner)

        def stays(n: int) -> bool:
            piece = inner[n]
            return not piece.strip() if isinstance(piece, str) else n not in partners

        first, last = 0, len(inner) - 1
        while first <= last:
            if stays(first):
                first += 1
            elif stays(last):
                last -= 1
            elif partners.get(first) == last:
                first, last = first + 1, last - 1
            else:
                break
        before, core, after = inner[:first], inner[first : last + 1], inner[last + 1 :]
        if core and isinstance(core[0], str):
            text = core[0].lstrip()
            before.append(core[0][: len(core[0]) - len(text)])
            core[0] = text
        if core and isinstance(core[-1], str):
            text = core[-1].rstrip()
            after.insert(0, core[-1][len(text) :])
            core[-1] = text
        return cls(core, before, after)

    @cached_property
    def text_format(self) -> Literal["text", "html"]:
        """What `text` is."""
        return "html" if any(isinstance(piece, Code) for piece in self.pieces) else "text"

    @cached_property
    def text(self) -> str:
        """The text for whoever translates it.

        A code that begins or ends a stretch is a tag of HTML, which is put around what the words
        within have become. One without its other half, and any other, is an item that is kept.
        """
        if self.text_format == "text":
            return "".join(str(piece) for piece in self.pieces)
        return "".join(
            html.escape(piece, quote=False) if isinstance(piece, str) else self._tag(n, piece)
            for n, piece in enumerate(self.pieces)
        )

    def _tag(self, n: int, code: Code) -> str:
        if code.kind == "break":
            return f'<br id="{n}">'
        if n not in self._partners:
            return f'<code id="{n}"></code>'
        return f'<span id="{n}">' if code.kind == "open" else "</span>"

    @cached_property
    def _partners(self) -> dict[int, int]:
        return _partners(self.pieces)

    def check(self, text: str) -> str:
        """Tells what is wrong with a translation of `text`; "" if every code is there once."""
        if self.text_format == "text" or self._read(text) is not None:
            return ""
        return "a tag is lost, doubled or crossed"

    def filled(self, text: str) -> list[str | Code]:
        """Gives the pieces of a translation of `text` that `check` accepts, ends included."""
        pieces = [text] if self.text_format == "text" else self._read(text)
        assert pieces is not None, "a translation that was checked"
        return [*self.before, *pieces, *self.after]

    def written(self, text: str, escape: Callable[[str], str]) -> str:
        """Writes a translation of `text` that `check` accepts.

        Args:
            text: The translation.
            escape: Writes a stretch of text as the format wants it.
        """
        return "".join(
            piece.raw if isinstance(piece, Code) else escape(piece) for piece in self.filled(text)
        )

    def _read(self, text: str) -> list[str | Code] | None:
        pieces: list[str | Code] = []
        found: list[int] = []
        waiting: list[int] = []
        cursor = 0
        for match in _CODE.finditer(text):
            pieces.append(unescape(text[cursor : match.start()]))
            cursor = match.end()
            if match[2]:
                if not waiting:
                    return None
                n = self._partners[waiting.pop()]
            else:
                n = int(match[1] or match[3])
            code = self.pieces[n] if n < len(self.pieces) else ""
            if not isinstance(code, Code) or bool(match[1]) != (
                n in self._partners and code.kind == "open"
            ):
                return None
            if match[1]:
                waiting.append(n)
            found.append(n)
            pieces.append(code)
        pieces.append(unescape(text[cursor:]))
        codes = [n for n, piece in enumerate(self.pieces) if isinstance(piece, Code)]
        return pieces if sorted(found) == codes and not waiting else None


def _joined(pieces: Iterable[str | Code]) -> list[str | Code]:
    """Makes one of stretches of text that touch; empty ones are left out."""
    joined: list[str | Code] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece:
            joined.append(piece)
    return joined


def _partners(pieces: Sequence[str | Code]) -> dict[int, int]:
    """The other half of each code that has one; stretches do not cross."""
    partners: dict[int, int] = {}
    waiting: list[tuple[str, int]] = []
    opened: Counter[str] = Counter()
    for n, code in enumerate(pieces):
        if not isinstance(code, Code):
            continue
        if code.kind == "open":
            waiting.append((code.name, n))
            opened[code.name] += 1
        elif code.kind == "close" and opened[code.name]:
            # Whatever was opened since is never closed.
            while True:
                name, start = waiting.pop()
                opened[name] -= 1
                if name == code.name:
                    break
            partners[n] = start
            partners[start] = n
    return partners
