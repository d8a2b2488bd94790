"""What passes between a file format and whoever translates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, Protocol


@dataclass(frozen=True)
class Languages:
    """What a file is translated between.

    Attributes:
        source: Code of the language that its texts are in.
        target: Code of the one that they are translated to.
    """

    source: str
    target: str


def _accept(_: str) -> str:
    return ""


@dataclass(frozen=True)
class Segment:
    """A text of a file that is to be translated. It may be blank: a format of lines gives all.

    Attributes:
        text: The text.
        place: Where it stands, for messages: "line 12", "entry at line 40, plural 1".
        text_format: What it is.
        sentence_split: Whether it may hold several sentences.
        current: The translation that stands there now, if the format has one.
        check: Tells what is wrong with a text that shall be put there, "" if nothing is. A format
            puts nothing where a check complains; whoever translates can ask first, and report it
            or take another translation.
    """

    text: str
    place: str
    text_format: Literal["text", "html"] = "text"
    sentence_split: bool = True
    current: str | None = None
    check: Callable[[str], str] = field(default=_accept, repr=False, compare=False)


@dataclass(frozen=True)
class Fill:
    """What is put in a segment's place.

    Attributes:
        text: The translation. None: nothing is put there; the source stays, or the entry stays
            untranslated.
        doubtful: The format marks it, if it can (PO: fuzzy; XLIFF: needs-review-translation).
        comment: The format adds it, if it can.
    """

    text: str | None
    doubtful: bool = False
    comment: str = ""


FillAll = Callable[[Iterable[Segment]], Iterator[Fill]]
"""Consumes segments lazily, in chunks, and yields one Fill for each, in order."""


class FileFormat(Protocol):
    """A kind of file."""

    @property
    def name(self) -> str:
        """What it is called, such as "po"."""

    @property
    def extensions(self) -> tuple[str, ...]:
        """How its files' names end, such as (".po", ".pot")."""

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        """Writes a file with its segments filled.

        Formats of lines hold as much as `fill` asks for ahead; others read the whole file first.

        Args:
            source: The file. It need not be seekable.
            output: Where to write it. What was written before an error is of no use.
            fill: Translates.
            languages: What the file is translated between.

        Raises:
            InputError: The file is not what it should be; the message names the place.
        """
