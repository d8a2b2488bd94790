"""Where the entries of a PO file stand, by its lines alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from translator.errors import InputError

_LINE: Final = re.compile(r'#.*|(?:(msg(?:ctxt|id_plural|id|str))(\[\d{1,2}\])?\s*)?".*"|')


@dataclass
class Block:
    """The lines of an entry, counted from 0: comments, then messages.

    Attributes:
        start: Its first line.
        messages: The first line that is no comment.
        translation: The first line of its translation.
        end: The line after it.
        msgid: Lines of its msgid.
    """

    start: int
    messages: int = -1
    translation: int = -1
    end: int = -1
    msgid: list[int] = field(default_factory=list)


def find_blocks(lines: Sequence[str]) -> list[Block]:
    """Finds the entries that are not obsolete; the header is one of them.

    Args:
        lines: Of the file, as Unicode's line breaks other than of the file are white space.

    Raises:
        InputError: A line is none of a PO file, or an entry has no translation, not even "".
    """
    scanner = _Scanner()
    for n, line in enumerate(lines):
        scanner.take(n, line)
    scanner.finish(len(lines))
    return scanner.blocks


def no_po(line: int, received: str) -> InputError:
    """Makes the error for a line, counted from 1."""
    return InputError(f"line {line}: expected a PO file. Received: {received}")


class _Scanner:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._block: Block | None = None
        self._keyword = ""

    def take(self, n: int, line: str) -> None:
        text = line.strip()
        match = _LINE.fullmatch(text)
        # polib reads on where a quotation mark is missing.
        if match is None:
            raise no_po(n + 1, repr(line[:40]))
        if not text or text.startswith("#~"):
            # White space within an entry means nothing.
            if self._keyword in ("", "msgstr"):
                self._close()
        elif text.startswith("#"):
            self._comment(n)
        else:
            self._message(n, match[1])

    def finish(self, n: int) -> None:
        if self._keyword not in ("", "msgstr"):
            raise no_po(n, "the end of the file within an entry")

    def _close(self) -> None:
        self._block, self._keyword = None, ""

    def _comment(self, n: int) -> None:
        if self._keyword == "msgstr":
            self._close()
        if self._keyword:
            raise no_po(n + 1, "a comment within an entry")
        self._block = self._block or Block(n)

    def _message(self, n: int, keyword: str | None) -> None:
        if keyword in ("msgctxt", "msgid") and self._keyword == "msgstr":
            self._close()
        block = self._block = self._block or Block(n)
        if not self._keyword:
            block.messages = n
        self._keyword = keyword or self._keyword
        if not self._keyword:
            raise no_po(n + 1, "a text without a keyword")
        if self._keyword == "msgid":
            block.msgid.append(n)
        elif self._keyword == "msgstr":
            if block.translation < 0:
                block.translation = n
                self.blocks.append(block)
            block.end = n + 1
