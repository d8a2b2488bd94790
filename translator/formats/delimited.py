"""CSV and TSV: columns of segments."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, ClassVar, Final

from translator.errors import InputError
from translator.formats.choice import Choice, choices
from translator.formats.encoding import BYTE_ORDER_MARK, LONGEST_LINE, Line, read_lines
from translator.formats.filling import Part, fill_parts, kept
from translator.formats.segment import Fill, FillAll, Languages, Segment
from translator.formats.txt import one_line
from translator.wording import plural

_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True)
class Csv:
    """Rows as RFC 4180 has them, with any delimiter; fields that are not chosen stay byte for byte.

    Attributes:
        columns: What is translated: numbers from 1, or names if the first row has them. "2" is
            translated in its place; the translation of "2:3" goes to column 3, which may be a new
            one at the end.
        header: Whether the first row is one of names, and stays; columns given by name imply it.
        delimiter: What stands between fields; None is that of `,;|` and tab which stands most
            often in the first row.
        encoding: What the file is in where no byte order mark tells; None is UTF-8.
    """

    columns: Sequence[str | int] | str = "1"
    header: bool = False
    delimiter: str | None = None
    encoding: str | None = None
    name: ClassVar[str] = "csv"
    extensions: ClassVar[tuple[str, ...]] = (".csv",)
    quoted: ClassVar[bool] = True

    def __post_init__(self) -> None:
        choices("columns", self.columns)
        if self.delimiter is not None and not re.fullmatch(r'[^"\r\n]', self.delimiter):
            raise InputError(f"delimiter: expected one character. Received: {self.delimiter!r}")

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        encoding, lines = read_lines(source, self.encoding)
        parts = self._parts(lines)
        fill_parts(parts, fill, lambda text: output.write(text.encode(encoding)), encoding)

    def _parts(self, lines: Iterator[Line]) -> Iterator[Part]:
        first = next(lines, None)
        if first is None:
            return
        if first.text.startswith(BYTE_ORDER_MARK):
            yield kept(BYTE_ORDER_MARK)
            first = first._replace(text=first.text.removeprefix(BYTE_ORDER_MARK))
        dialect = _Dialect(self.delimiter or _likeliest(first.text), self.quoted)
        chosen = choices("columns", self.columns)
        names: list[str] = []
        width = 0
        rows = dialect.rows(first, lines)
        if self.header or not all(column.isdecimal() for choice in chosen for column in choice):
            row = next(rows)
            fields = dialect.fields(row)
            names = [dialect.value(field) for field in fields]
            for choice in chosen:
                _index(choice.source, names)
            added = [choice.target for choice in chosen if _is_added(choice, names)]
            fields += [dialect.field(name) for name in added]
            yield kept(dialect.delimiter.join(fields) + row.end)
            names += added
            width = len(names) if added else 0
        places = [(_index(choice.source, names), _index(choice.target, names)) for choice in chosen]
        for row in rows:
            yield _part(row, dialect, places, width)


@dataclass(frozen=True)
class Tsv(Csv):
    """Rows of fields with tabs between them; quotation marks are text.

    Attributes:
        columns: As those of `Csv`.
        header: As that of `Csv`.
        delimiter: A tab.
        encoding: As that of `Csv`.
    """

    delimiter: str | None = "\t"
    name: ClassVar[str] = "tsv"
    extensions: ClassVar[tuple[str, ...]] = (".tsv", ".tab")
    quoted: ClassVar[bool] = False


@dataclass(frozen=True)
class _Dialect:
    """How rows are written. Fields are as they stand there, quotation marks included."""

    delimiter: str
    quoted: bool

    @cached_property
    def _field(self) -> re.Pattern[str]:
        delimiter = re.escape(self.delimiter)
        quoted = rf'"[^"]*(?:""[^"]*)*"(?={delimiter}|\Z)'
        return re.compile(rf'{quoted}|(?!")[^{delimiter}]*')

    @cached_property
    def _quoted_fields(self) -> re.Pattern[str]:
        delimiter = re.escape(self.delimiter)
        return re.compile(rf'(?:\A|(?<={delimiter}))"[^"]*(?:""[^"]*)*("?)')

    def rows(self, first: Line, lines: Iterator[Line]) -> Iterator[Line]:
        """Joins lines within whose quoted fields others end."""
        line: Line | None = first
        while line is not None:
            row, is_open, size = [line], self._is_left_open(line.text), 0
            while is_open:
                line = next(lines, None)
                if line is None:
                    raise InputError(f'line {row[0].number}: expected the second " of a field')
                row.append(line)
                is_open = self._is_left_open('"' + line.text)
                size += len(line.text)
                if size > LONGEST_LINE:
                    raise InputError(
                        f"line {row[0].number}: expected a row of at most {LONGEST_LINE} characters"
                    )
            text = "".join(each.text + each.end for each in row[:-1]) + row[-1].text
            yield Line(row[0].number, text, row[-1].end)
            line = next(lines, None)

    def _is_left_open(self, text: str) -> bool:
        if not self.quoted or '"' not in text:
            return False
        return any(not match[1] for match in self._quoted_fields.finditer(text))

    def fields(self, row: Line) -> list[str]:
        """Splits a row."""
        if not self.quoted or '"' not in row.text:
            return row.text.split(self.delimiter)
        fields: list[str] = []
        cursor = 0
        while cursor <= len(row.text):
            match = self._field.match(row.text, cursor)
            if match is None:
                raise InputError(
                    f"line {row.number}: expected {self.delimiter!r} or the end of the row after "
                    f"a quoted field. Received: {row.text[cursor : cursor + 40]!r}"
                )
            fields.append(match[0])
            cursor = match.end() + 1
        return fields

    def value(self, field: str) -> str:
        """Gives what a field says."""
        if not self.quoted or not field.startswith('"'):
            return field
        try:
            return next(csv.reader(field.splitlines(keepends=True), delimiter=self.delimiter))[0]
        except csv.Error as error:
            raise InputError(f"expected a field of a CSV file. Received: {error}") from error

    def field(self, value: str, *, quoted: bool = False) -> str:
        """Writes a field, quoted if it was or must be."""
        if not self.quoted:
            return one_line(value.replace(self.delimiter, " "))
        if quoted or re.search(rf'["\r\n{re.escape(self.delimiter)}]', value):
            return '"' + value.replace('"', '""') + '"'
        return value


def _likeliest(row: str) -> str:
    return max(_DELIMITERS, key=re.sub('"[^"]*"', "", row).count)


def _is_added(choice: Choice, names: Sequence[str]) -> bool:
    return not choice.target.isdecimal() and choice.target not in names


def _index(column: str, names: Sequence[str]) -> int:
    if column in names:
        return names.index(column)
    if column.isdecimal() and int(column) > 0:
        return int(column) - 1
    expected = f"one of {', '.join(map(repr, names))}" if names else "a number from 1 on"
    raise InputError(f"columns: expected {expected}. Received: {column!r}")


def _part(row: Line, dialect: _Dialect, places: Sequence[tuple[int, int]], width: int) -> Part:
    """A row, of at least so many fields once it is written."""
    if not row.text or row.text.isspace():
        return kept(row.text + row.end)
    fields = dialect.fields(row)
    wanted = max(source for source, _ in places) + 1
    if len(fields) < wanted:
        raise InputError(
            f"line {row.number}: expected at least {wanted} {plural('column', wanted)}. "
            f"Received: {len(fields)}"
        )
    segments = [
        Segment(
            dialect.value(fields[source]),
            f"line {row.number}, column {source + 1}",
            current=dialect.value(fields[target]) if source != target < len(fields) else None,
        )
        for source, target in places
    ]

    def write(fills: Sequence[Fill]) -> str:
        written = list(fields)
        for (source, target), segment, fill in zip(places, segments, fills, strict=True):
            if fill.text is None or (fill.text == segment.text and source == target):
                continue
            written += [""] * (target + 1 - len(written))
            like = written[target] or fields[source]
            written[target] = dialect.field(fill.text, quoted=like.startswith('"'))
        written += [""] * (width - len(written))
        return dialect.delimiter.join(written) + row.end

    return Part(segments, write)
