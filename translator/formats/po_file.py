"""Where the entries of a PO file stand, and what they say.

polib says what they say, and writes what is new; where they stand is read from the lines, so that
lines which do not change stay byte for byte. Both must find the same entries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polib

from translator.errors import InputError
from translator.formats.plurals import Plurals
from translator.formats.po_blocks import Block, find_blocks, no_po

_CHARSET: Final = re.compile(rb'"Content-Type:[^"\n]*charset=([\w.:-]+)', re.IGNORECASE)
_PLACE: Final = re.compile(r"line (\d+)\)(?:: (.*))?")
_TEXT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*\Z')
_WIDTH: Final = 78

# polib divides text at what Unicode calls line breaks; inside of messages they are white space.
_BREAKS: Final = dict.fromkeys(map(ord, "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), " ")


@dataclass(frozen=True)
class Catalogue:
    """A PO file.

    Attributes:
        lines: With what ends them.
        encoding: What it is in.
        entries: Those that are neither the header nor obsolete.
        head: The header, if there is one.
        metadata: Its fields.
    """

    lines: Sequence[str]
    encoding: str
    entries: Sequence[tuple[Block, polib.POEntry]]
    head: Block | None
    metadata: dict[str, str]

    @property
    def plural_forms(self) -> str:
        """What the header says of plural forms."""
        return self.metadata.get("Plural-Forms", "")

    @property
    def line_end(self) -> str:
        """What ends lines."""
        return "\r\n" if self.lines and self.lines[0].endswith("\r\n") else "\n"

    def raw(self, start: int, end: int) -> str:
        """Some lines as they stand there."""
        return "".join(self.lines[start:end])

    def commented(self, block: Block, comments: Sequence[str]) -> str:
        """Writes an entry as it is, with comments added."""
        return self._comments(block, comments, fuzzy=False) + self.raw(block.messages, block.end)

    def filled(
        self,
        block: Block,
        texts: Sequence[str],
        comments: Sequence[str],
        *,
        plural: bool,
        fuzzy: bool,
    ) -> str:
        """Writes an entry with a translation."""
        entry = polib.POEntry(msgid="", msgid_plural="x" if plural else "")
        if plural:
            entry.msgstr_plural = dict(enumerate(texts))
        else:
            entry.msgstr = texts[0]
        lines = entry.__unicode__(wrapwidth=_WIDTH).split("\n")
        first = next(n for n, line in enumerate(lines) if line.startswith("msgstr"))
        written = self.line_end.join(line for line in lines[first:] if line)
        last = self.lines[block.end - 1]
        return (
            self._comments(block, comments, fuzzy=fuzzy)
            + self.raw(block.messages, block.translation)
            + written
            + last[len(last.rstrip("\r\n")) :]
        )

    def _comments(self, block: Block, comments: Sequence[str], *, fuzzy: bool) -> str:
        lines = list(self.lines[block.start : block.messages])
        there = {line[1:].strip() for line in lines if line[:2] in ("# ", "#\t")}
        new = [self._encodable(" ".join(comment.split())) for comment in comments]
        added = [f"# {comment}{self.line_end}" for comment in new if comment not in there]
        # Comments of translators come first, then others, then flags, then earlier messages.
        place = next((n for n, line in enumerate(lines) if re.match("#[.:,|=~]", line)), len(lines))
        lines[place:place] = added
        if fuzzy and not any(_is_fuzzy(line) for line in lines):
            flags = next((n for n, line in enumerate(lines) if line.startswith("#,")), None)
            if flags is not None:
                lines[flags] = f"#, fuzzy, {lines[flags][2:].lstrip()}"
            else:
                place = next((n for n, line in enumerate(lines) if line[:2] == "#|"), len(lines))
                lines.insert(place, f"#, fuzzy{self.line_end}")
        return "".join(lines)

    def _encodable(self, comment: str) -> str:
        return comment.encode(self.encoding, "backslashreplace").decode(self.encoding)

    def header(self, language: str, plurals: Plurals) -> tuple[int, int, str] | None:
        """What of the header is to be filled in: its lines, and what they become."""
        if self.head is None:
            return None
        lines = list(self.lines[self.head.start : self.head.end])
        new = [self._completed(line, language, plurals) for line in lines]
        has_plurals = any(entry.msgid_plural for _, entry in self.entries)
        if has_plurals and not self.plural_forms:
            new[-1] = (
                f"{new[-1].removesuffix(self.line_end)}{self.line_end}"  # the file's last line
            )
            new.append(f'"Plural-Forms: {plurals.header}\\n"{self.line_end}')
        return (self.head.start, self.head.end, "".join(new)) if new != lines else None

    def _completed(self, line: str, language: str, plurals: Plurals) -> str:
        """Fills in a line of the header that is as templates have it."""
        line = line.replace("charset=CHARSET", f"charset={self.encoding.upper()}")
        code = language.replace("-", "_")
        line = re.sub(r'(?<="Language:)\s*(?=\\n"|"\s*$)', f" {code}", line)
        if plurals.is_new:
            usual = re.compile(r'(?<="Plural-Forms:)\s*nplurals\s*=\s*INTEGER.*?(?=\\n")')
            line = usual.sub(f" {plurals.header}", line)
        return line


def charset_of(content: bytes) -> str | None:
    """The charset that the header of a file names; None where it was never filled in."""
    match = _CHARSET.search(content)
    return match[1].decode("ascii") if match and match[1] != b"CHARSET" else None


def read_catalogue(text: str, encoding: str) -> Catalogue:
    """Reads a file.

    Args:
        text: The file, without a byte order mark.
        encoding: What it is in.

    Raises:
        InputError: It is no PO file; the message names the line.
    """
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    read = text.translate(_BREAKS).split("\n")
    blocks = find_blocks(read)
    messages = _parse(read)
    head = next((block for block in blocks if not _said(read, block)), None)
    bodies = [block for block in blocks if block is not head]
    entries = [entry for entry in messages if not entry.obsolete]
    if len(bodies) != len(entries):
        raise InputError(f"Expected {len(bodies)} entries, as lines tell. Received: {len(entries)}")
    for block, entry in zip(bodies, entries, strict=True):
        if _said(read, block) != entry.msgid:
            raise no_po(block.start + 1, repr(entry.msgid[:40]))
    return Catalogue(
        lines, encoding, list(zip(bodies, entries, strict=True)), head, dict(messages.metadata)
    )


def _said(lines: Sequence[str], block: Block) -> str:
    texts = [_TEXT.search(lines[n]) for n in block.msgid]
    return "".join(polib.unescape(text[1]) for text in texts if text)


def _parse(lines: Sequence[str]) -> polib.POFile:
    try:
        # It takes text without any line feed for the name of a file.
        return polib.pofile("\n".join([*lines, ""]), check_for_duplicates=False)
    except OSError as error:
        place = _PLACE.search(str(error))
        number, reason = (int(place[1]), place[2]) if place else (len(lines), str(error))
        raise no_po(number, reason or "something else") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(f"Expected a PO file. Received: {error}") from error


def _is_fuzzy(line: str) -> bool:
    return line.startswith("#,") and "fuzzy" in re.split(r"[,\s]+", line)
