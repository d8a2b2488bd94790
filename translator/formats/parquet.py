"""Parquet: columns of texts, for data that several machines read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from translator.errors import InputError
from translator.formats.choice import Choice, choices
from translator.formats.segment import FillAll, Languages, Segment

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Parquet:
    """Tables of columns; those that are not chosen stay as they are.

    It needs the package pyarrow, and stands in no list of formats: the file is held whole, so it
    is for parts of a file.

    Attributes:
        fields: What is translated: "text" in its place, "text:text_de" into a column that may be a
            new one at the end. What is null stays null.
    """

    fields: Sequence[str] | str = "text"
    name: ClassVar[str] = "parquet"
    extensions: ClassVar[tuple[str, ...]] = (".parquet",)

    def __post_init__(self) -> None:
        choices("fields", self.fields)

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            table = parquet.read_table(source)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"expected a Parquet file. Received: {error}") from error
        chosen = choices("fields", self.fields)
        before = {choice: _texts(table, choice) for choice in chosen}
        after: dict[Choice, list[str | None]] = {choice: [] for choice in chosen}
        rows = list(_cells(before, table.num_rows))
        fills = fill(segment for _, segment in rows if segment is not None)
        for choice, segment in rows:
            given = next(fills).text if segment is not None else None
            kept = segment.text if segment is not None else None
            after[choice].append(kept if given is None else given)
        for choice, texts in after.items():
            column = pa.array(texts, pa.string())
            if choice.target in table.column_names:
                index = table.column_names.index(choice.target)
                table = table.set_column(index, choice.target, column)
            else:
                table = table.append_column(choice.target, column)
        parquet.write_table(table, output)


def _texts(table: pa.Table, choice: Choice) -> list[str | None]:
    import pyarrow as pa

    if choice.source not in table.column_names:
        raise InputError(
            f"fields: expected one of {', '.join(map(repr, table.column_names))}. "
            f"Received: {choice.source!r}"
        )
    column = table.column(choice.source)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise InputError(
            f"column {choice.source!r}: expected texts. Received: values of type {column.type}"
        )
    texts: list[str | None] = column.to_pylist()
    return texts


def _cells(
    columns: dict[Choice, list[str | None]], rows: int
) -> Iterator[tuple[Choice, Segment | None]]:
    """Row by row, as they are translated: a null is no segment."""
    for row in range(rows):
        for choice, texts in columns.items():
            text = texts[row]
            place = f"row {row + 1}, column {choice.source!r}"
            yield choice, Segment(text, place) if text is not None else None
