"""Inputs in parts: together they are the input, and each is a file itself."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translator.cluster.parts import read_parts
from translator.errors import InputError
from translator.formats.parquet import Parquet
from translator.formats.txt import Txt
from translator.pipeline.lines import Lines


def _write(folder: Path, **contents: bytes) -> list[str]:
    names = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        names.append(str(folder / name))
    return names


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=3), max_size=9), st.integers(1, 4))
def test_parts_of_one_file_are_the_file(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], size: int
) -> None:
    content = b"x" + b"\n".join(pieces)
    (name,) = _write(tmp_path_factory.mktemp("parts"), a=content)
    parts = list(read_parts([name], Txt(), size))

    assert b"".join(part.content for part in parts) == content
    assert [part.number for part in parts] == list(range(len(parts)))
    assert [part.first for part in parts] == [n * size for n in range(len(parts))]
    assert all(part.content.count(b"\n") <= size for part in parts)
    assert all(part.content.endswith(b"\n") for part in parts[:-1])


def test_files_follow_one_another(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    names = _write(tmp_path, a=mark + b"1\r\n2", b=b"", c=gzip.compress(mark + b"3\n4\n"), d=b"5")

    parts = list(read_parts(names, Lines(), 2))

    assert [part.content for part in parts] == [mark + b"1\r\n2\n", b"3\n4\n", b"5"]
    assert [(part.first, part.place) for part in parts] == [
        (0, f"{names[0]}, line 1"),
        (2, f"{names[2]}, line 1"),
        (4, f"{names[3]}, line 1"),
    ]


def test_no_lines_are_no_parts(tmp_path: Path) -> None:
    assert list(read_parts(_write(tmp_path, a=b""), Txt(), 2)) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\n".encode("utf-16"), "a: expected UTF-8. Received: UTF-16-LE"),
        (gzip.compress(b"a\n" * 9)[:-4], "a: expected complete gzip data"),
        (
            b"\n" + b"a" * ((1 << 24) + 1),
            "line 2: expected at most 16777216 bytes. Received: more",
        ),
    ],
)
def test_what_cannot_be_cut_is_told(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        list(read_parts(_write(tmp_path, a=content), Txt(), 2))


def test_tables(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pa.table({"id": range(5), "text": list("abcde")})
    names = [str(tmp_path / name) for name in ("a.parquet", "b.parquet")]
    for name in names:
        parquet.write_table(table, name)

    parts = list(read_parts(names, Parquet(), 3))

    assert [part.first for part in parts] == [0, 3, 5, 8]
    assert [part.place for part in parts][1:3] == [f"{names[0]}, row 4", f"{names[1]}, row 1"]
    tables = [parquet.read_table(io.BytesIO(part.content)) for part in parts]
    assert pa.concat_tables(tables).equals(pa.concat_tables([table, table]))


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for content in (b"text", b"PAR1" + b"x" * 40 + b"PAR1"):
        with pytest.raises(InputError, match="a: expected a Parquet file"):
            list(read_parts(_write(tmp_path, a=content), Parquet(), 3))
