"""PO and POT: plural forms, placeholders, headers, encodings."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import polib
import pytest
from filled_files import filled, filling, segments

from translator.errors import InputError
from translator.formats.placeholders import find_difference
from translator.formats.plurals import Plurals
from translator.formats.po import Po
from translator.formats.segment import Fill, Languages, Segment


def catalogue(header: str = "", entries: str = "", charset: str = "UTF-8") -> bytes:
    head = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset={charset}\\n"\n{header}\n'
    return (head + entries).encode(charset.replace("CHARSET", "utf-8"))


PLURAL = 'msgid "one file"\nmsgid_plural "%d files"\nmsgstr[0] ""\nmsgstr[1] ""\n'


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("de", ["ONE FILE", "%d FILES"]),
        ("ja", ["%d FILES"]),
        # 21 takes the form of 1, and "one file" does not name the number.
        ("ru", ["%d FILES", "%d FILES", "%d FILES"]),
        ("sl", ["%d FILES", "%d FILES", "%d FILES", "%d FILES"]),
        # So does 0 in Brazilian Portuguese.
        ("pt-BR", ["%d FILES", "%d FILES"]),
        ("xx", ["ONE FILE", "%d FILES"]),
    ],
)
def test_plural_forms_of_a_language(language: str, forms: list[str]) -> None:
    output = io.BytesIO()
    Po().translate(
        io.BytesIO(catalogue(entries=PLURAL)), output, filling(), Languages("en", language)
    )
    received = polib.pofile(output.getvalue().decode())
    assert list(received[0].msgstr_plural.values()) == forms
    assert f"nplurals={len(forms)};" in received.metadata["Plural-Forms"]


def test_the_header_tells_of_plural_forms() -> None:
    header = (
        '"Plural-Forms: nplurals=3; plural=n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 &&"\n'
        '" (n%100<10 || n%100>=20) ? 1 : 2;\\n"\n'
    )
    entry = 'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] ""\nmsgstr[1] ""\nmsgstr[2] ""\n'
    content = catalogue(header, entry)
    assert [s.place for s in segments(Po(), content)] == [
        "entry at line 7, singular",
        "entry at line 7, plural",
    ]
    (received,) = polib.pofile(filled(Po(), content).decode())
    assert received.msgstr_plural == {0: "%d FILE", 1: "%d FILES", 2: "%d FILES"}


@pytest.mark.parametrize(
    "header",
    [
        "nplurals=2; plural=n%0;",
        "nplurals=2; plural=__import__('os');",
        "nplurals=99999999; plural=0;",
        "nplurals=1; plural=n;",
        "nplurals=2; plural=" + "(" * 500 + "n" + ")" * 500 + ";",
        "nonsense",
    ],
)
def test_plural_forms_that_make_no_sense(header: str) -> None:
    with pytest.raises(InputError, match="Plural-Forms: expected"):
        Plurals.of(header, "de")


def test_a_template_becomes_a_catalogue(tmp_path: Path) -> None:
    content = (
        b'# SOME TITLE.\n#, fuzzy\nmsgid ""\nmsgstr ""\n"Project-Id-Version: p\\n"\n'
        b'"Language: \\n"\n"MIME-Version: 1.0\\n"\n'
        b'"Content-Type: text/plain; charset=CHARSET\\n"\n'
        b'"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\\n"\n\n' + PLURAL.encode()
    )
    received = filled(Po(), content)
    assert received == content.replace(b"Language: ", b"Language: de").replace(
        b"CHARSET", b"UTF-8"
    ).replace(b"nplurals=INTEGER; plural=EXPRESSION;", b"nplurals=2; plural=(n != 1);").replace(
        b'msgid "one', b'# Machine translation\n#, fuzzy\nmsgid "one'
    ).replace(b'[0] ""', b'[0] "ONE FILE"').replace(b'[1] ""', b'[1] "%d FILES"')
    if shutil.which("msgfmt"):
        (tmp_path / "x.po").write_bytes(received)
        subprocess.run(["msgfmt", "-c", "-o", "/dev/null", tmp_path / "x.po"], check=True)


def test_only_doubtful_entries_are_marked_if_so_wanted() -> None:
    content = catalogue(entries='msgid "a b"\nmsgstr ""\n')
    assert b"fuzzy" not in filled(Po(fuzzy=False), content)
    assert b"#, fuzzy\n" in filled(Po(fuzzy=False), content, filling(doubtful=True))
    assert b"# why\n#, fuzzy\n" in filled(Po(), content, filling(comment=" why\n"))


def losing(segments: Iterable[Segment]) -> Iterator[Fill]:
    for segment in segments:
        yield Fill(segment.text.replace("%s", "").replace("{name}", "{}").upper())


@pytest.mark.parametrize(
    ("entry", "comment"),
    [
        ('#, c-format\nmsgid "a %s"\nmsgstr ""\n', "the placeholder %1$s is missing"),
        (
            '#, python-brace-format\nmsgid "a {name}"\nmsgstr ""\n',
            "the placeholder {name} is missing",
        ),
    ],
)
def test_an_entry_whose_placeholders_are_lost_stays_untranslated(entry: str, comment: str) -> None:
    content = catalogue(entries=entry)
    received = filled(Po(), content, losing)
    assert received == content.replace(b"\n#, ", f"\n# {comment}\n#, ".encode())
    assert filled(Po(), received, losing) == received


@pytest.mark.parametrize(
    ("flag", "source", "target", "difference"),
    [
        ("c-format", "%s of %d", "%2$d von %1$s", ""),
        ("c-format", "%s of %d", "%d von %s", "the placeholder %1$s is missing"),
        ("c-format", "%5.2f%%", "%5.2f %%", ""),
        ("c-format", "%*d", "%d", "the placeholder %1$* is missing"),
        ("c-format", "no", "%s", "the placeholder %1$s is not in the source"),
        ("python-format", "%(a)s %(b)d", "%(b)d %(a)s", ""),
        ("python-format", "%(a)s", "%(A)s", "the placeholder %(a)s is missing"),
        ("python-brace-format", "{a} {b.c}", "{b.c} {a}", ""),
        ("python-brace-format", "{a}", "{a", "a brace is unbalanced"),
        ("no-c-format", "100 %s", "x", ""),
    ],
)
def test_placeholders(flag: str, source: str, target: str, difference: str) -> None:
    assert find_difference(source, target, [flag]) == difference


def test_an_encoding_without_a_letter_leaves_the_entry() -> None:
    content = catalogue(entries='msgid "stra\xdfe"\nmsgstr ""\n', charset="ISO-8859-1")

    def fill(given: Iterable[Segment]) -> Iterator[Fill]:
        return (Fill("улица") for _ in given)

    received = filled(Po(), content, fill)
    assert b"is not in ISO8859-1" in received
    assert polib.pofile(received.decode("latin-1")).percent_translated() == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_byte_order_mark_stays_first(encoding: str) -> None:
    """An entry that gets comments may be the first of the file."""
    text = filled(Po(), '\ufeffmsgid "a"\nmsgstr ""\n'.encode(encoding)).decode(encoding)
    assert text.startswith("\ufeff# Machine translation\n")
    assert text.count("\ufeff") == 1
    assert 'msgstr "A"' in text


def test_a_header_at_the_end_of_a_file_without_a_last_line_feed() -> None:
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"'
    received = polib.pofile(filled(Po(), (PLURAL + "\n" + header).encode()).decode())
    assert list(received[0].msgstr_plural.values()) == ["ONE FILE", "%d FILES"]
    assert received.metadata["Plural-Forms"].startswith("nplurals=2;")


def test_shift_jis() -> None:
    content = catalogue(entries='#. \u8868\nmsgid "a b"\nmsgstr ""\n', charset="Shift_JIS")
    assert filled(Po(), content) == content.replace(b'""\n\xff', b"").replace(
        b'#. \x95\\\nmsgid "a b"\nmsgstr ""',
        b'# Machine translation\n#. \x95\\\n#, fuzzy\nmsgid "a b"\nmsgstr "A B"',
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'msgid "a"\nmsgstr "b\n', "line 2: expected a PO file"),
        (b'msgid "a"\n', "line 2: expected a PO file. Received: the end of the file"),
        (b'msgid "a"\n# c\nmsgstr ""\n', "line 2: expected a PO file. Received: a comment"),
        (b'msgstr "a"\nmsgstr "b"\n"c" x\n', "line 3: expected a PO file"),
        (b"hello\n", "line 1: expected a PO file"),
        (b"\xe9\n", "line 1, column 1: expected UTF-8. Received: byte 0xe9"),
        (catalogue(charset="utf-8").replace(b"utf-8", b"klingon"), "a known encoding"),
        (b'msgid "a\x00"\nmsgstr ""\n', "line 1: expected text. Received: a NUL"),
    ],
)
def test_what_is_no_catalogue(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        filled(Po(), content)


def test_what_a_person_has_translated_of_an_entry_stays() -> None:
    entry = PLURAL.replace('msgstr[0] ""', 'msgstr[0] "eine Datei"')
    (received,) = polib.pofile(filled(Po(), catalogue(entries=entry)).decode())
    assert received.msgstr_plural == {0: "eine Datei", 1: "%d FILES"}
    assert received.fuzzy
