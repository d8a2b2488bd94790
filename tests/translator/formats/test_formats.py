"""Names, options, streams, and what is told of files that are not what they should be."""

from __future__ import annotations

import gzip
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from filled_files import filled, segments

from translator.errors import InputError
from translator.formats.markup import unescape
from translator.formats.registry import format_of, formats, named
from translator.formats.segment import Fill, Languages, Segment


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a/b.txt", "txt"),
        ("B.TSV", "tsv"),
        ("x.csv.gz", "csv"),
        ("x.pot", "po"),
        ("x.de.xlf", "xliff"),
        ("x.md", "markdown"),
        ("x.ndjson.GZ", "jsonl"),
    ],
)
def test_the_format_of_a_file(file: str, name: str) -> None:
    assert format_of(file).name == name


@pytest.mark.parametrize("file", ["x", "x.gz", "x.doc", ".txt", "txt", "x.txt.zip"])
def test_a_file_of_no_known_format(file: str) -> None:
    with pytest.raises(InputError, match=r"expected a name that ends in one of \.txt, "):
        format_of(file)


def test_names_of_formats_are_unique() -> None:
    known = [each.name for each in formats()]
    assert len(set(known)) == len(known) == 11
    extensions = [extension for each in formats() for extension in each.extensions]
    assert len(set(extensions)) == len(extensions)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("doc", {}, "Expected one of the formats txt, "),
        (
            "txt",
            {"columns": "1"},
            "Expected options of the format txt: encoding. Received: columns",
        ),
        ("tsv", {"columns": ""}, "columns: expected FROM or FROM:TO"),
        ("tsv", {"columns": "1,2:1"}, "each TO once"),
        ("csv", {"delimiter": "ab"}, "delimiter: expected one character"),
    ],
)
def test_options_that_cannot_be(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        named(name, **options)


def test_options_that_are_none_are_not_given() -> None:
    assert named("tsv", columns=None, header=None) == named("tsv")


@pytest.mark.parametrize(
    ("name", "options", "content", "message"),
    [
        ("txt", {}, b"a\nb\xe9c", "line 2, column 2: expected UTF-8. Received: byte 0xe9"),
        ("txt", {"encoding": "klingon"}, b"a", "expected a known encoding. Received: klingon"),
        ("txt", {"encoding": "hex"}, b"a", "expected a known encoding"),
        ("csv", {}, b'a\n"b\nc\n', 'line 2: expected the second " of a field'),
        ("csv", {}, b'"a"b,c', "line 1: expected ',' or the end of the row"),
        (
            "csv",
            {"columns": "3"},
            b"a,b,c\nd,e\n",
            "line 2: expected at least 3 columns. Received: 2",
        ),
        ("csv", {"columns": "x"}, b"a,b\n", "columns: expected one of 'a', 'b'. Received: 'x'"),
        ("jsonl", {}, b'{"text":"a"}\n[1]', "line 2, column 1: expected a JSON object"),
        ("jsonl", {}, b'{"text":1}', "line 1, field 'text': expected a text, .* Received: 1"),
        ("jsonl", {}, b'{"a":"b"}', "Expected a field 'text' in some record. Received: 1 records"),
        (
            "tmx",
            {},
            b"<tmx><a></tmx>",
            "line 1: expected well-formed XML. Received: mismatched tag",
        ),
        ("tmx", {}, b"<html/>", "expected an element 'tmx' around all. Received: 'html'"),
        ("tmx", {}, b'<!DOCTYPE tmx [<!ENTITY a "b">]><tmx/>', "expected no entities"),
        ("tmx", {}, b"<tmx>&nbsp;</tmx>", "expected well-formed XML. Received: undefined entity"),
        ("tmx", {}, b"<tmx>" + b"<a>" * 300, "expected at most 200 elements in one another"),
        ("tmx", {}, b'<tmx><tu><tuv xml:lang="fr"/></tu></tmx>', "Received: units in fr"),
        ("xliff", {}, b'<xliff version="3"/>', "Expected XLIFF 1.0 to 1.2 or 2.x"),
        ("xliff", {}, b'<xliff version="2.0" srcLang="fr"/>', "expected srcLang=en. Received: fr"),
        ("srt", {}, b"hello\n", "line 1: expected subtitles"),
        ("vtt", {}, b"1\n00:01.000 --> 00:02.000\na", "line 1: expected WEBVTT"),
        ("html", {}, b"<meta charset=klingon>", "expected a known encoding. Received: klingon"),
        ("html", {}, "é".encode("latin-1"), "line 1, column 1: expected UTF-8"),
        ("markdown", {}, b"a\x00b", "line 1: expected text. Received: a NUL character"),
        ("markdown", {"encoding": "utf-16"}, b"a\x00b\x00", "expected a byte order mark in UTF-16"),
    ],
)
def test_a_message_names_the_place(
    name: str, options: dict[str, Any], content: bytes, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        filled(named(name, **options), content)


@pytest.mark.parametrize(
    "content",
    [b"", b"plain", gzip.compress(b"a" * 9_999)[:-5], b"\x1f\x8b\x08"],
    ids=["empty", "plain", "torn", "torn in its header"],
)
def test_damaged_gzip(content: bytes) -> None:
    if not content:
        return
    with pytest.raises(InputError, match="expected complete gzip data"):
        filled(format_of("x.txt.gz"), content)


def test_packed_files_are_packed_the_same_each_time() -> None:
    received = filled(format_of("x.txt.gz"), gzip.compress(b"a b\n"))
    assert gzip.decompress(received) == b"A B\n"
    assert received == filled(format_of("x.txt.gz"), gzip.compress(b"a b\n", mtime=7))


def test_latin_1_if_told_so() -> None:
    kind = named("txt", encoding="latin-1")
    assert filled(kind, "é a\n".encode("latin-1")) == "É A\n".encode("latin-1")


@pytest.mark.parametrize(
    ("name", "line"), [("txt", b"a b\n"), ("tsv", b"a b\tc\n"), ("jsonl", b'{"text":"a"}\n')]
)
def test_lines_are_read_as_they_are_asked_for(name: str, line: bytes) -> None:
    read, written = 0, 0

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            nonlocal read
            read += 1
            return line * 1000

    class Sink(io.RawIOBase):
        def write(self, data: Any) -> int:
            nonlocal written
            written += 1
            return len(data)

    class Stop(Exception):
        pass

    def fill(given: Iterable[Segment]) -> Iterator[Fill]:
        iterator = iter(given)
        for n in range(100):
            chunk = list(itertools.islice(iterator, 50))
            assert written >= 50 * n - 50
            assert read <= (50 * n + 50) // 1000 + 2
            yield from (Fill(segment.text) for segment in chunk)
        raise Stop

    with pytest.raises(Stop):
        named(name).translate(Endless(), Sink(), fill, Languages("en", "de"))  # type: ignore[arg-type]
    assert written == 5_000


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"a" * (1 << 20)

    with pytest.raises(InputError, match="line 1: expected at most 16777216 characters"):
        named("txt").translate(
            Endless(),  # type: ignore[arg-type]
            io.BytesIO(),
            lambda given: (Fill(None) for _ in given),
            Languages("en", "de"),
        )


def test_a_translation_that_would_damage_the_file_is_left_out() -> None:
    def fill(text: str) -> Any:
        return lambda given: (Fill(text) for _ in given)

    assert filled(named("txt"), b"a\nb\n", fill("x\ny")) == b"x y\nx y\n"
    assert filled(named("tsv"), b"a\tb\n", fill("x\ty\n")) == b"x y \tb\n"
    assert filled(named("csv"), b"a,b\n", fill('x,"y')) == b'"x,""y",b\n'
    assert filled(named("jsonl"), b'{"text":"a"}', fill('x"\n')) == b'{"text":"x\\"\\n"}'
    assert filled(named("markdown"), b"a *b* c\n", fill("x")) == b"a *b* c\n"
    assert filled(named("markdown"), b"a b\n", fill("- x")) == b"a b\n"
    assert filled(named("markdown"), b"a b\n", fill("x `y`")) == b"a b\n"
    cue = b"1\n00:00:01,000 --> 00:00:02,000\na\n\n"
    assert filled(named("srt"), cue, fill("x\n\n2\ny")) == cue.replace(b"a", b"x 2 y")
    unit = b'<tmx><tu><tuv xml:lang="en"><seg>a<ph/>b</seg></tuv></tu></tmx>'
    assert filled(named("tmx"), unit, fill("x</seg>")) == unit


def test_a_fill_can_be_checked_beforehand() -> None:
    (segment,) = segments(named("markdown"), b"a *b* c\n")
    assert (segment.text, segment.text_format) == ('a <span id="1">b</span> c', "html")
    assert segment.check(segment.text) == ""
    assert segment.check("a b c") == "a tag is lost, doubled or crossed"


def test_the_translation_that_stands_there_is_told() -> None:
    (segment,) = segments(named("tsv", columns="1:2"), b"a\tb\n")
    assert (segment.place, segment.text, segment.current) == ("line 1, column 1", "a", "b")
    (segment,) = segments(named("po"), b'#, fuzzy\nmsgid "a"\nmsgstr "b"\n')
    assert (segment.place, segment.text, segment.current) == ("entry at line 1", "a", "b")


def test_old_attributes_of_tmx() -> None:
    unit = b'<tmx><tu><tuv lang="EN-GB"><seg>a</seg></tuv></tu></tmx>'
    assert filled(named("tmx"), unit) == unit.replace(
        b"</tu>", b'<tuv xml:lang="de"><seg>A</seg></tuv></tu>'
    )


def test_long_captions_get_two_lines_of_like_length() -> None:
    cue = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"
    long = "one two three four five six seven eight nine ten"
    assert filled(named("srt"), cue.format(long[:23] + "\n" + long[24:]).encode()).decode() == (
        cue.format("ONE TWO THREE FOUR FIVE\nSIX SEVEN EIGHT NINE TEN")
    )
    wide = cue.format(long)
    assert filled(named("srt"), wide.encode()).decode() == cue.format(long.upper())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("use `grep 'a\\|b'` here", "USE `grep 'a\\|b'` HERE"),
        ("a \\| b", "A \\| B"),
        (
            "| a \\| b | c |\n|---|---|\n| d | `e\\|f` |",
            "| A \\| B | C |\n|---|---|\n| D | `e\\|f` |",
        ),
        ("- one\n\ttwo words", "- ONE TWO\n\tWORDS"),
        ("> - one\n>\ttwo words", "> - ONE TWO\n>\tWORDS"),
        (
            "press <kbd>Ctrl</kbd> and <code>do x</code>",
            "PRESS <kbd>Ctrl</kbd> AND <code>do x</code>",
        ),
        ("a <kbd> left open", "A <kbd> LEFT OPEN"),
    ],
)
def test_markdown_that_is_easily_damaged(content: str, expected: str) -> None:
    assert filled(named("markdown"), content.encode()).decode() == expected


@pytest.mark.parametrize(
    ("fields", "content", "expected"),
    [
        ("a.b", '{"a": {"b": "x", "c": "y"}}', '{"a": {"b": "X", "c": "y"}}'),
        ("a.b.c:a.b.d", '{"a":{"b":{"c":"x"}}}', '{"a":{"b":{"c":"x","d":"X"}}}'),
        ("a.b:a.c", '{"a": {"b": "x"}, "z": 1}', '{"a": {"b": "x", "c": "X"}, "z": 1}'),
        ("a.b.c:a.d", '{"a": {"b": {"c": "x"}}}', '{"a": {"b": {"c": "x"}, "d": "X"}}'),
        ("a.b:c", '{"a": {"b": "x"}}', '{"a": {"b": "x"}, "c": "X"}'),
        ("a.b:c.d", '{"c": {"d": ""}, "a": {"b": "x"}}', '{"c": {"d": "X"}, "a": {"b": "x"}}'),
        ("a.b", '{"a.b": "x", "a": {"b": "y"}}', '{"a.b": "X", "a": {"b": "y"}}'),
        ("a.b", '{"a": 1}\n{"a": {"b": ["x", "y"]}}', '{"a": 1}\n{"a": {"b": ["X", "Y"]}}'),
    ],
)
def test_fields_of_objects(fields: str, content: str, expected: str) -> None:
    assert filled(named("jsonl", fields=fields), content.encode()).decode() == expected


def test_a_field_of_another_object_must_be_there() -> None:
    with pytest.raises(InputError, match=r"line 1, field 'a.b': expected a new field beside it"):
        filled(named("jsonl", fields="a.b:c.d"), b'{"a": {"b": "x"}}')


def test_a_part_of_a_file_may_lack_fields() -> None:
    assert filled(named("jsonl", partial=True), b'{"a":"b"}') == b'{"a":"b"}'


def test_rows_have_as_many_fields_as_their_header() -> None:
    def first_only(given: Iterable[Segment]) -> Iterator[Fill]:
        for segment in given:
            yield Fill("T" if segment.text == "a" else None)

    kind = named("csv", columns="es:en")
    assert filled(kind, b"id,es\n1,a\n2,b\n", first_only) == b"id,es,en\n1,a,T\n2,b,\n"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("<meta charset=iso-8859-1>", "cp1252"),
        ("<meta charset=us-ascii>", "cp1252"),
        ("<meta charset=shift_jis>", "cp932"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>', "cp1252"),
        ('<?xml version="1.0" encoding="UTF-16LE"?>', "utf-16-le"),
    ],
)
def test_a_page_is_read_as_browsers_do(head: str, encoding: str) -> None:
    character = "\u2460" if encoding == "cp932" else "\u201c"
    content = f"{head}<p>a {character}b{character}</p>"
    if encoding == "utf-16-le":  # what it says of itself can be read, so it is not that
        with pytest.raises(InputError):
            filled(named("html"), content.encode())
        return
    expected = content.replace(">a ", ">A ").replace(f"b{character}", f"B{character}")
    assert filled(named("html"), content.encode(encoding)) == expected.encode(encoding)


def test_bytes_that_browsers_do_not_know_are_read_as_declared() -> None:
    content = b"<meta charset=iso-8859-1><p>a \x81</p>"
    assert filled(named("html"), content) == content.replace(b">a", b">A")


@pytest.mark.parametrize(
    "start",
    [
        '<?xml version="1.0"?><html>',
        '<!DOCTYPE html>\n<html lang="en" xmlns="http://www.w3.org/1999/xhtml">',
    ],
)
def test_an_element_of_xhtml_may_end_with_its_start(start: str) -> None:
    content = f'{start}<head><script src="a.js"/></head><body><p>a b</p></body></html>'
    expected = content.replace("a b", "A B")
    assert filled(format_of("c.xhtml"), content.encode()).decode() == expected


@pytest.mark.parametrize(
    ("unit", "mark"),
    [
        ('<xliff version="1.2"><file source-language="en"><body><trans-unit id="1">{}', "mtype"),
        ('<xliff version="2.0" srcLang="en"><file id="f"><unit id="1"><segment>{}', "translate"),
    ],
)
def test_what_xliff_protects_stays(unit: str, mark: str) -> None:
    value = {"mtype": "protected", "translate": "no"}[mark]
    source = f'<source>a <mrk id="1" {mark}="{value}">b c</mrk> d</source>'
    closing = "".join(f"</{name}>" for name in reversed(re.findall(r"<([\w-]+)", unit)))
    received = filled(named("xliff"), (unit.format(source) + closing).encode()).decode()
    assert f'>A <mrk id="1" {mark}="{value}">b c</mrk> D</target>' in received


def test_references_of_too_many_digits_stay() -> None:
    endless = f"&#{'9' * 5000};"
    assert unescape(f"&lt;{endless}&amp;&#65;") == f"<{endless}&A"
    assert unescape(f"&#x{'f' * 5000};") == f"&#x{'f' * 5000};"
