"""Columns of texts in Parquet."""

from __future__ import annotations

import io
from typing import Any

import pytest
from filled_files import filled

from translator.errors import InputError
from translator.formats.parquet import Parquet

pa = pytest.importorskip("pyarrow", reason="pyarrow of requirements-ray.txt is not installed")
parquet = pytest.importorskip("pyarrow.parquet")


def _bytes(**columns: Any) -> bytes:
    content = io.BytesIO()
    parquet.write_table(pa.table(columns), content)
    return content.getvalue()


def _translated(form: Parquet, **columns: Any) -> dict[str, list[Any]]:
    table = parquet.read_table(io.BytesIO(filled(form, _bytes(**columns))))
    return dict(table.to_pydict())


def test_a_column_in_its_place() -> None:
    assert _translated(Parquet(), id=[1, 2, 3], text=["a b", None, ""]) == {
        "id": [1, 2, 3],
        "text": ["A B", None, ""],
    }


def test_columns_into_others() -> None:
    form = Parquet("es:en,fr:de")
    found = _translated(form, de=["x", "y"], es=["a", "b"], fr=pa.array(["c", "d"], "large_string"))

    assert found == {"de": ["C", "D"], "es": ["a", "b"], "fr": ["c", "d"], "en": ["A", "B"]}


def test_no_rows() -> None:
    assert _translated(Parquet("a"), a=pa.array([], pa.string())) == {"a": []}


@pytest.mark.parametrize(
    ("fields", "content", "message"),
    [
        ("b", _bytes(a=["x"]), "fields: expected one of 'a'. Received: 'b'"),
        ("a", _bytes(a=[1]), "column 'a': expected texts. Received: values of type int64"),
        ("a", b"no table", "expected a Parquet file"),
        ("a", _bytes(a=["x"])[:-9], "expected a Parquet file"),
        ("a", b"", "expected a Parquet file"),
    ],
    ids=["other column", "no texts", "text", "torn", "empty"],
)
def test_what_cannot_be_used_is_told(fields: str, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        filled(Parquet(fields), content)
