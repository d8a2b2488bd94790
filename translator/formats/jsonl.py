"""JSON Lines: fields of records, one record a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar, Final, NamedTuple

from translator.errors import InputError
from translator.formats.choice import Choice, choices
from translator.formats.encoding import BYTE_ORDER_MARK, Line, read_lines
from translator.formats.filling import Part, fill_parts, kept
from translator.formats.segment import Fill, FillAll, Languages, Segment

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_ESCAPED: Final = re.compile(r"\\u(?!00[0-7])")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Jsonl:
    """Each line is an object; of one that is not chosen, and of all else, every byte stays.

    Attributes:
        fields: What is translated: "text" in its place, "text:text_de" into a field that may be a
            new one after it; "a.text" is the field of an object. Records may lack fields, but no
            field may be lacking in all.
        encoding: What the file is in where no byte order mark tells; None is UTF-8.
        partial: It is a part of a file, in which fields may be lacking in all records.
    """

    fields: Sequence[str] | str = "text"
    encoding: str | None = None
    partial: bool = False
    name: ClassVar[str] = "jsonl"
    extensions: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson")

    def __post_init__(self) -> None:
        choices("fields", self.fields)

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        encoding, lines = read_lines(source, self.encoding)
        parts = self._parts(lines)
        fill_parts(parts, fill, lambda text: output.write(text.encode(encoding)), encoding)

    def _parts(self, lines: Iterator[Line]) -> Iterator[Part]:
        chosen = choices("fields", self.fields)
        missing = {choice.source for choice in chosen}
        records = 0
        for line in lines:
            text = line.text
            if line.number == 1 and text.startswith(BYTE_ORDER_MARK):
                yield kept(BYTE_ORDER_MARK)
                text = text.removeprefix(BYTE_ORDER_MARK)
            if not text or text.isspace():
                yield kept(text + line.end)
                continue
            records += 1
            members = _members(text, line.number, chosen)
            missing -= members.keys()
            yield _part(line._replace(text=text), members, chosen)
        if records and missing and not self.partial:
            raise InputError(
                f"Expected a field {', '.join(map(repr, sorted(missing)))} in some record. "
                f"Received: {records} records without"
            )


class _Member(NamedTuple):
    """A field: its value, where that stands, and the path of the object that it is in.

    The path is a prefix of names: "" for the record itself, "a." for the object in its field "a".
    """

    value: Any
    start: int
    end: int
    path: str


def _members(text: str, number: int, chosen: Sequence[Choice]) -> dict[str, _Member]:
    """Finds where the values of a record stand, and those of chosen objects in it, by their paths.

    Of two with the same name the last one counts; "a.b" is first of all a name with a dot in it.
    """
    try:
        members, end = _read_object(text, 0, "", [path for choice in chosen for path in choice])
        if end < len(text):
            raise json.JSONDecodeError("expected the end of the line", text, end)
    except json.JSONDecodeError as error:
        raise InputError(
            f"line {number}, column {error.colno}: expected a JSON object. Received: {error.msg}"
        ) from error
    # Numbers of thousands of digits, and brackets nested by the thousand.
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {number}: expected a JSON object. Received: {error}") from error
    return members


def _read_object(
    text: str, cursor: int, path: str, wanted: Sequence[str]
) -> tuple[dict[str, _Member], int]:
    decoder = json.JSONDecoder()
    own: dict[str, _Member] = {}
    cursor = _after(text, cursor, "{")
    while not text.startswith("}", cursor):
        if own:
            cursor = _after(text, cursor, ",")
        name, end = decoder.raw_decode(text, _after(text, cursor, ""))
        if not isinstance(name, str):
            raise json.JSONDecodeError("expected a name", text, cursor)
        start = _after(text, end, ":")
        value, end = decoder.raw_decode(text, start)
        own[path + name] = _Member(value, start, end, path)
        cursor = _after(text, end, "")
    members: dict[str, _Member] = {}
    for name, member in own.items():
        if isinstance(member.value, dict) and any(each.startswith(f"{name}.") for each in wanted):
            members |= _read_object(text, member.start, f"{name}.", wanted)[0]
    return members | own, _after(text, cursor, "}")


def _after(text: str, cursor: int, mark: str) -> int:
    """The place after white space, a mark, and more white space."""
    match = _SPACE.match(text, cursor)
    cursor = match.end() if match else cursor
    if not text.startswith(mark, cursor):
        raise json.JSONDecodeError(f"expected {mark!r}", text, cursor)
    match = _SPACE.match(text, cursor + len(mark))
    return match.end() if match else cursor


def _part(line: Line, members: dict[str, _Member], chosen: Sequence[Choice]) -> Part:
    segments: list[Segment] = []
    taken: list[tuple[Choice, int]] = []
    for choice in chosen:
        member = members.get(choice.source)
        if member is None or member.value is None:
            continue
        place = f"line {line.number}, field {choice.source!r}"
        texts = _texts(member.value, place)
        current = members.get(choice.target) if choice.target != choice.source else None
        if choice.target not in members:
            _place_of_new(members, choice, place)
        for text in texts:
            known = current.value if current and isinstance(current.value, str) else None
            segments.append(Segment(text, place, current=known))
        taken.append((choice, len(texts)))

    def write(fills: Sequence[Fill]) -> str:
        changes: list[tuple[int, int, str]] = []
        done = 0
        for choice, count in taken:
            own = fills[done : done + count]
            done += count
            if any(fill.text is not None for fill in own):
                changes.append(_change(line.text, members, choice, own))
        text = line.text
        for start, end, value in sorted(changes, reverse=True):
            text = text[:start] + value + text[end:]
        return text + line.end

    return Part(segments, write)


def _texts(value: Any, place: str) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    for text in texts:
        if not isinstance(text, str) or _SURROGATE.search(text):
            received = json.dumps(text)[:40]
            raise InputError(f"{place}: expected a text, or a list of such. Received: {received}")
    return texts


def _change(
    text: str, members: dict[str, _Member], choice: Choice, fills: Sequence[Fill]
) -> tuple[int, int, str]:
    """What stands where in place of what, once a field is filled."""
    source, target = members[choice.source], members.get(choice.target)
    raw = text[source.start : source.end]
    texts = _texts(source.value, "")
    filled = [
        before if fill.text is None else fill.text
        for before, fill in zip(texts, fills, strict=True)
    ]
    value = filled if isinstance(source.value, list) else filled[0]
    ascii_only = raw.isascii() and _ESCAPED.search(raw) is not None
    written = json.dumps(value, ensure_ascii=ascii_only)
    if target is not None:
        return target.start, target.end, written
    place, own_name = _place_of_new(members, choice, "")
    is_alone = sum(each.path == source.path for each in members.values()) == 1
    name = json.dumps(own_name, ensure_ascii=ascii_only)
    colon = ": " if text[source.start - 1] == " " else ":"
    comma = ", " if re.search(r"[,{] ", text) or (is_alone and colon == ": ") else ","
    return place, place, f"{comma}{name}{colon}{written}"


def _place_of_new(members: dict[str, _Member], choice: Choice, place: str) -> tuple[int, str]:
    """Where a new field goes, after its source or an object that holds that; and its own name."""
    member = members[choice.source]
    nested = bool(member.path)
    while not choice.target.startswith(member.path):
        member = members[member.path[:-1]]
    name = choice.target.removeprefix(member.path)
    if nested and "." in name:
        raise InputError(
            f"{place}: expected a new field beside it, or beside what it is in. "
            f"Received: {choice.target!r}"
        )
    return member.end, name
