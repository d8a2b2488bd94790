"""The batch command on files, with a translator that writes words in capitals, last one first."""

from __future__ import annotations

import errno
import gzip
import json
import os
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import polib
import pytest
from click.testing import CliRunner, Result
from upper_case import UpperCase

from translator.__main__ import main
from translator.errors import InputError
from translator.model_folder import FORMAT_VERSION, content_checksum
from translator.pipeline.journal import Journal
from translator.translator import Translator


@pytest.fixture
def translator(monkeypatch: pytest.MonkeyPatch) -> UpperCase:
    """From Spanish to the language that the model folder's name ends in."""
    stand_in = UpperCase()

    def load(*paths: str, shortlist: bool) -> UpperCase:
        stand_in.info = {"source_language": "es", "target_language": Path(paths[0]).name[-2:]}
        return stand_in

    monkeypatch.setattr(Translator, "load", load)
    return stand_in


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a model folder beside it, and the working directory."""
    _write_model(tmp_path / "es-en", "es", "en")
    files = tmp_path / "files"
    files.mkdir()
    monkeypatch.chdir(files)
    return files


def _write_model(folder: Path, source: str, target: str) -> None:
    info = {
        "format_version": FORMAT_VERSION,
        "source_language": source,
        "target_language": target,
    }
    assets = folder / "1" / "assets"
    assets.mkdir(parents=True)
    content = {**info, "checksum": content_checksum(info)}
    (assets / "model.json").write_text(json.dumps(content))


def _run(*arguments: str, model: str = "../es-en") -> Result:
    models = [] if "--into" in arguments else ["--model", model]
    return CliRunner().invoke(main, [*models, *arguments], catch_exceptions=False)


def _write_memory(*pairs: tuple[str, str]) -> None:
    units = "".join(
        f'<tu><tuv xml:lang="es-MX"><seg>{source}</seg></tuv>'
        f'<tuv xml:lang="EN"><seg>{target}</seg></tuv></tu>'
        for source, target in pairs
    )
    Path("memory.tmx").write_text(f'<tmx version="1.4"><header/><body>{units}</body></tmx>')


# Formats


def test_a_file_is_what_its_name_says(translator: UpperCase, folder: Path) -> None:
    Path("a.po").write_text('msgid "uno dos"\nmsgstr ""\n\nmsgid "tres"\nmsgstr "three"\n')
    result = _run("a.po", "--output", "b.po")

    assert result.exit_code == 0
    first, second = polib.pofile("b.po")
    assert (first.msgstr, first.fuzzy) == ("DOS UNO", True)
    assert (second.msgstr, second.fuzzy) == ("three", False)


def test_a_format_may_be_named(translator: UpperCase, folder: Path) -> None:
    Path("table").write_text("1\tuno dos\n2\ttres\n")
    result = _run("table", "--format", "tsv", "--columns", "2")

    assert result.stdout == "1\tDOS UNO\n2\tTRES\n"


def test_fields_of_json_lines(translator: UpperCase, folder: Path) -> None:
    Path("a.jsonl").write_text('{"id": "uno", "text": "uno dos"}\n')

    assert _run("a.jsonl", "--fields", "text:en").stdout == (
        '{"id": "uno", "text": "uno dos", "en": "DOS UNO"}\n'
    )


def test_what_has_no_known_name_is_plain_lines(translator: UpperCase, folder: Path) -> None:
    Path("corpus.es").write_text("uno\ndos")

    assert _run("corpus.es").stdout == "UNO\nDOS\n"


def test_gzip_in_and_out(translator: UpperCase, folder: Path) -> None:
    Path("a.jsonl.gz").write_bytes(gzip.compress(b'{"text": "uno dos"}\n'))
    for _ in range(2):
        assert _run("a.jsonl.gz", "--output", "b.jsonl.gz").exit_code == 0
        packed = Path("b.jsonl.gz").read_bytes()
        assert gzip.decompress(packed) == b'{"text": "DOS UNO"}\n'
        assert packed[4:8] == bytes(4)  # no time of writing

    assert _run("a.jsonl.gz", "--output", "c.jsonl").exit_code == 0
    assert Path("c.jsonl").read_bytes() == b'{"text": "DOS UNO"}\n'


def test_what_only_lines_have_is_refused_elsewhere(translator: UpperCase, folder: Path) -> None:
    Path("a.po").write_text('msgid "uno"\nmsgstr ""\n')

    for option in ("--scores", "--confidence", "--alignments", "--n-best=1", "--html"):
        result = _run("a.po", option)
        assert result.exit_code == 2
        assert "expected plain lines" in result.stderr
        assert "Received: a.po" in result.stderr


def test_errors_name_the_file_and_the_place(translator: UpperCase, folder: Path) -> None:
    Path("a.jsonl").write_text('{"text": "uno"}\n{"text": \n')
    result = _run("a.jsonl", "--output", "b.jsonl")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: a.jsonl: line 2")
    assert not Path("b.jsonl").exists()


# Several files, several languages


def test_a_folder_takes_an_output_for_each_file(translator: UpperCase, folder: Path) -> None:
    Path("a.txt").write_text("uno\n")
    Path("b.tsv").write_text("dos\n")
    result = _run("a.txt", "b.tsv", "--output", "out/")

    assert result.exit_code == 0
    assert Path("out/a.txt").read_text() == "UNO\n"
    assert Path("out/b.tsv").read_text() == "DOS\n"
    assert sorted(os.listdir("out")) == ["a.txt", "b.tsv"]


@pytest.mark.parametrize("name", ["a.json", "a.PDF", "a.docx", "a.zip", "a.json.gz"])
def test_what_has_no_lines_is_refused_unless_it_is_said_to_be_text(
    name: str, translator: UpperCase, folder: Path
) -> None:
    Path(name).write_bytes(gzip.compress(b"uno\n") if name.endswith(".gz") else b"uno\n")
    result = _run(name, "--output", "b.txt")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {name}: expected lines, or a name that ends in .csv")
    assert not Path("b.txt").exists()
    if not name.endswith(".gz"):
        assert _run(name, "--output", "b.txt", "--format", "txt").exit_code == 0
        assert Path("b.txt").read_text() == "UNO\n"


@pytest.mark.parametrize("output", ["film.vtt", "film.txt", "film.tsv.gz"])
def test_an_output_is_not_named_as_another_format(
    output: str, translator: UpperCase, folder: Path
) -> None:
    Path("film.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nuno\n")
    result = _run("film.srt", "--output", output)
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: --output: expected the name of a file of srt, as film.srt is one. "
        f"Received: {output}\n"
    )
    assert _run("film.srt", "--output", "film.SRT.new").exit_code == 0


def test_each_language_has_its_outputs(translator: UpperCase, folder: Path) -> None:
    _write_model(folder.parent / "es-fr", "es", "fr")
    Path("a.txt").write_text("uno\n")
    languages = ("--into", "../es-en", "--into", "../es-fr")

    assert _run("a.txt", *languages, "--output", "{stem}.{target}.txt").exit_code == 0
    assert Path("a.en.txt").read_text() == Path("a.fr.txt").read_text() == "UNO\n"
    assert _run("a.txt", *languages, "--output", "out/").exit_code == 0
    assert Path("out/fr/a.txt").exists()
    result = _run("a.txt", *languages)
    assert result.exit_code == 2
    assert "expected an --output with {target} in it" in result.stderr


def test_languages_have_one_source(translator: UpperCase, folder: Path) -> None:
    _write_model(folder.parent / "fr-en", "fr", "en")
    Path("a.txt").write_text("uno\n")
    result = _run("a.txt", "--into", "../es-en", "--into", "../fr-en", "--output", "{target}")

    assert result.stderr == (
        "Error: --into: expected models of one source language. Received: es, fr\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.po", "b.txt", "--output", "c"), "expected a folder, or a pattern with {name} in it"),
        (("a.po", "x/a.po", "--output", "out/"), "expected a file for each FILE and language"),
        (("b", "a.b", "--output", "a.{name}"), "read for another output. Received: a.b"),
        (("a.po", "--columns", "2"), "Received: columns"),
        (("b", "--columns", "2"), "b: expected --format"),
        (("b", "--encoding", "windows-1252"), "b: expected --format"),
        (("a.po", "--encoding", "windows-1252"), "Received: encoding"),
        (
            ("b.txt", "--encoding", "windows-0"),
            "expected a known encoding. Received: wind",
        ),
        (("b.txt", "--encoding", ""), "--encoding: expected a known encoding"),
        (("b.txt", "--encoding", "utf-16"), "expected a byte order mark in UTF-16"),
        (("b.txt", "--encoding", "latin-1", "--scores"), "expected UTF-8"),
        (("b.txt", "--encoding", "latin-1", "--engine", "ray"), "expected UTF-8"),
        (("b.txt", "b.txt", "--encoding", "latin-1", "--output", "c"), "an output for each FILE"),
        (("--resume", "--output", "c"), "--resume: expected FILEs"),
        (("a.po", "--resume"), "--resume: expected FILEs"),
        (("b.txt", "--scores", "--memory", "memory.tmx"), "Expected --memory and"),
        (("a.po", "--into", "../es-en", "--model", "../es-en"), "Received: both"),
        (("b.txt", "--protect", "("), "expected a regular expression. Received: '('"),
        (("b.txt", "--protect", "a*"), "which matches the empty string"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: tuple[str, ...], message: str, translator: UpperCase, folder: Path
) -> None:
    Path("x").mkdir()
    for name in ("a.po", "x/a.po"):
        Path(name).write_text('msgid "uno"\nmsgstr ""\n')
    for name in ("b.txt", "b", "a.b"):
        Path(name).write_text("uno\n")
    _write_memory(("a", "b"))
    before = sorted(os.listdir())
    result = _run(*arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert sorted({*os.listdir()} - {"out"}) == before


# What becomes of a segment


def test_a_text_is_translated_once(translator: UpperCase, folder: Path) -> None:
    Path("a.txt").write_text("uno\ndos\nuno\nuno\ntres\n")

    assert _run("a.txt", "--chunk-size", "2").stdout == "UNO\nDOS\nUNO\nUNO\nTRES\n"
    assert translator.sentences == [["uno", "dos"], ["tres"]]


def test_a_text_is_translated_once_in_all_files(translator: UpperCase, folder: Path) -> None:
    Path("a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nuno\n")
    Path("b.jsonl").write_text('{"text": "uno"}\n{"text": "dos"}\n')

    _run("a.srt", "b.jsonl", "--output", "out/")
    assert [json.loads(line) for line in Path("out/b.jsonl").read_text().splitlines()] == [
        {"text": "UNO"},
        {"text": "DOS"},
    ]
    assert [*chain(*translator.sentences)].count("uno") == 1


def test_only_the_last_texts_are_kept(
    translator: UpperCase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("translator.pipeline.translating._MOST_KEPT", 2)
    monkeypatch.setattr("translator.pipeline.translating._LONGEST_KEPT", 5)
    Path("a.txt").write_text("uno\ndos\nuno\ntres\ndos\nsiglos\nsiglos\n")

    _run("a.txt", "--chunk-size", "1")
    assert [*chain(*translator.sentences)] == ["uno", "dos", "tres", "dos", "siglos", "siglos"]


def test_a_text_that_comes_again_has_the_number_of_its_line(
    translator: UpperCase, folder: Path
) -> None:
    Path("a.txt").write_text("uno\nuno\nuno\n")

    out = _run("a.txt", "--n-best", "1", "--chunk-size", "2").stdout
    assert [line.split(" ||| ")[0] for line in out.splitlines()] == ["0", "1", "2"]


def test_what_has_failed_is_told_each_time(translator: UpperCase, folder: Path) -> None:
    def surrogate(texts: list[Any], *args: Any, **settings: Any) -> list[Any]:
        raise InputError("expected text. Received: something else")

    translator.translate = surrogate  # type: ignore[assignment]
    Path("a.txt").write_text("uno\nuno\n")

    result = _run("a.txt", "--chunk-size", "1")
    assert result.exit_code == 1
    assert "line 1: left as it was" in result.stderr
    assert "line 2: left as it was" in result.stderr


def test_a_memory_comes_before_the_model(translator: UpperCase, folder: Path) -> None:
    _write_memory(
        ("borra %d ficheros ya", "delete %d files now"),
        ("uno dos", "one two"),
        ("uno dos", "a pair"),
    )
    texts = ["uno dos", "borra %d ficheros, ya", "borra %s ficheros, ya", "tres"]
    Path("a.po").write_text("".join(f'msgid "{text}"\nmsgstr ""\n\n' for text in texts))
    result = _run("a.po", "--output", "b.po", "--memory", "memory.tmx", "--stats", "s.json")

    assert result.exit_code == 0
    same, alike, other_item, new = polib.pofile("b.po")
    assert same.msgstr == "one two"
    assert alike.msgstr == "delete %d files now"
    assert alike.tcomment == "Memory, 98 % alike: borra %d ficheros ya"
    assert other_item.msgstr == "YA FICHEROS, %s BORRA"
    assert new.msgstr == "TRES"
    told = json.loads(Path("s.json").read_text())
    assert (told["model"], told["memory"], told["fuzzy"]) == (2, 1, 1)
    assert "1 from memory, 1 like one in memory" in result.stderr


def test_a_memory_may_take_the_same_text_only(translator: UpperCase, folder: Path) -> None:
    _write_memory(("uno dos tres", "one two three"), ("tres &lt; uno", "three &lt; one"))
    Path("a.txt").write_text(" uno dos tres\nuno dos tres.\ntres < uno\n")
    memory = ("--memory", "memory.tmx", "--memory-threshold")

    assert _run("a.txt", *memory, "1").stdout == " one two three\nTRES. DOS UNO\nthree < one\n"
    assert _run("a.txt", *memory, "0.9").stdout == " one two three\none two three\nthree < one\n"


def test_a_memory_that_is_none(translator: UpperCase, folder: Path) -> None:
    Path("memory.tmx").write_text("<tmx><body><tu>")
    Path("a.txt").write_text("uno\n")
    result = _run("a.txt", "--memory", "memory.tmx")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: memory.tmx: expected TMX. Received: ")


# The confidence of the stand-in is 1 for one word and a half for two.
@pytest.mark.parametrize(
    ("below", "expected"), [("leave", "uno dos\n"), ("copy", "uno dos\n"), ("mark", "DOS UNO\n")]
)
def test_a_translation_below_the_threshold(
    below: str, expected: str, translator: UpperCase, folder: Path
) -> None:
    Path("a.txt").write_text("uno dos\ntres\n")
    Path("a.po").write_text('msgid "uno dos"\nmsgstr ""\n\nmsgid "tres"\nmsgstr ""\n')
    threshold = ("--confidence-threshold", "0.6", "--below", below)
    result = _run("a.txt", *threshold)

    assert result.exit_code == 0
    assert result.stdout == expected + "TRES\n"
    assert "1 below the threshold" in result.stderr
    assert _run("a.po", *threshold, "--output", "b.po").exit_code == 0
    low, high = polib.pofile("b.po")
    assert low.msgstr == {"leave": "", "copy": "uno dos", "mark": "DOS UNO"}[below]
    assert high.msgstr == "TRES"
    comment = "# Machine translation, confidence 0.50\n"
    assert (comment in Path("b.po").read_text()) == (below == "mark")


def test_what_a_user_protects_survives(translator: UpperCase, folder: Path) -> None:
    Path("a.txt").write_text("uno acme dos acme tres\n<b>acme uno</b> acmes\n")

    assert _run("a.txt", "--protect", r"\bacme\b").stdout == (
        "TRES acme DOS acme UNO\nACMES <b>UNO acme</b>\n"
    )


def test_what_cannot_be_translated_is_told_and_kept(translator: UpperCase, folder: Path) -> None:
    Path("a.jsonl").write_text("".join(f'{{"text": "{n}"}}\n' for n in ("uno", "malo", "tres")))
    translate = translator.translate

    def fails(texts: Any, *args: Any, **kwargs: Any) -> Any:
        if any(text.text == "malo" for text in texts):
            raise InputError("expected another text")
        return translate(texts, *args, **kwargs)

    translator.translate = fails  # type: ignore[method-assign]
    result = _run("a.jsonl", "--output", "b.jsonl", "--quiet", "--stats", "s.json")

    assert result.exit_code == 1
    assert result.stderr == (
        "a.jsonl, line 2, field 'text': left as it was: expected another text\n"
    )
    lines = Path("b.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["UNO", "malo", "TRES"]
    assert json.loads(Path("s.json").read_text())["problems"] == 1


def test_a_translation_that_would_damage_the_file_is_told(
    translator: UpperCase, folder: Path
) -> None:
    Path("a.po").write_text('#, python-format\nmsgid "uno %(a)s"\nmsgstr ""\n')
    made = Translator.translate_texts

    def broken(self: Translator, *args: Any, **kwargs: Any) -> Any:
        texts = made(self, *args, **kwargs)
        return [replace(text, candidates=("UNO %(b)s",)) for text in texts]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Translator, "translate_texts", broken)
        result = _run("a.po", "--output", "b.po", "--quiet")

    assert result.exit_code == 1
    assert result.stderr.startswith("a.po, ")
    assert "lost in translation: %(a)s" in result.stderr
    assert polib.pofile("b.po")[0].msgstr == ""


def test_statistics(translator: UpperCase, folder: Path) -> None:
    Path("a.txt").write_text("uno dos\n\ncut\nuno dos\n")
    result = _run("a.txt", "--output", "b.txt", "--stats", "stats.json")

    assert result.exit_code == 0
    told = json.loads(Path("stats.json").read_text())
    (file,) = told.pop("files")
    assert (file["inputs"], file["output"]) == (["a.txt"], "b.txt")
    assert told.pop("seconds") >= 0
    confidence = told.pop("confidence")
    assert told == {
        "segments": 4,
        "words": 5,
        "blank": 1,
        "repeated": 1,
        "model": 4,
        "memory": 0,
        "fuzzy": 0,
        "problems": 0,
        "truncated": 1,
        "below_threshold": 0,
        "doubtful": 1,
    }
    assert confidence["mean"] == 0.6667  # a half twice, and 1 for one word; a blank line has none
    assert {key: n for key, n in confidence["from"].items() if n} == {"0.5": 2, "0.9": 1}


@pytest.mark.parametrize("engine", ["local", "ray"])
@pytest.mark.parametrize(
    ("stats", "message"),
    [
        ("c.out", "--stats: expected a file that is neither read nor written otherwise"),
        ("../files/a.txt", "Received: ../files/a.txt"),
        ("link", "Received: link"),
        ("c.out.journal", "Received: c.out.journal"),
        ("no/such.json", "no: no such folder"),
        ("locked/s.json", "locked: cannot be written to"),
    ],
)
def test_where_statistics_cannot_be_is_told_before_the_model_loads(
    stats: str,
    message: str,
    engine: str,
    translator: UpperCase,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("a.txt").write_text("uno\n")
    Path("link").symlink_to("a.txt")
    Path("locked").mkdir()
    access = os.access  # root may write anywhere
    monkeypatch.setattr(
        os, "access", lambda path, mode: "locked" not in str(path) and access(path, mode)
    )
    monkeypatch.setattr(Translator, "load", lambda *paths, **_: pytest.fail("a model is loaded"))
    result = _run("a.txt", "--output", "c.out", "--stats", stats, "--engine", engine)

    assert result.exit_code == 2
    assert message in result.stderr
    assert sorted(os.listdir()) == ["a.txt", "link", "locked"]


def test_statistics_may_go_to_a_folder_of_outputs_or_a_device(
    translator: UpperCase, folder: Path
) -> None:
    Path("a.txt").write_text("uno\n")
    assert _run("a.txt", "--output", "out/", "--stats", "out/s.json").exit_code == 0
    assert json.loads(Path("out/s.json").read_text())["segments"] == 1
    assert _run("a.txt", "--output", "out/", "--stats", "/dev/null").exit_code == 0


# A run that ends before its time


def _stop_at(translator: UpperCase, word: str) -> None:
    translate = translator.translate

    def stops(texts: Any, *args: Any, **kwargs: Any) -> Any:
        if any(text.text == word for text in texts):
            raise KeyboardInterrupt
        return translate(texts, *args, **kwargs)

    translator.translate = stops  # type: ignore[method-assign]


def _go_on(translator: UpperCase) -> None:
    del translator.translate  # type: ignore[method-assign]
    translator.calls.clear()


@pytest.mark.parametrize(
    ("name", "content", "options", "written"),
    [
        ("a.txt", "año\r\n", ("--encoding", "windows-1252"), "AÑO\r\n"),
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,000\naño\n",
            ("--encoding", "windows-1252"),
            "1\n00:00:01,000 --> 00:00:02,000\nAÑO\n",
        ),
        ("a.csv", "a,b,c^año\n", ("--columns", "2", "--delimiter", "^"), "a,b,c^AÑO\n"),
    ],
)
def test_what_a_file_does_not_tell_of_itself(
    name: str,
    content: str,
    options: tuple[str, ...],
    written: str,
    translator: UpperCase,
    folder: Path,
) -> None:
    encoding = "windows-1252" if "--encoding" in options else "utf-8"
    Path(name).write_bytes(content.encode(encoding))
    result = _run(name, "--output", "b", *options)
    assert result.exit_code == 0, result.stderr
    assert Path("b").read_bytes() == written.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "windows-1252"])
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.md", "a.html"])
def test_a_byte_order_mark_tells_more_than_the_option(
    encoding: str, name: str, translator: UpperCase, folder: Path
) -> None:
    mark = "\ufeff"
    Path(name).write_bytes(f"{mark}año\naño\n".encode("utf-16-le"))
    result = _run(name, "--output", "b", "--encoding", encoding)
    assert result.exit_code == 0, result.stderr
    written = Path("b").read_bytes().decode("utf-16-le")
    assert written.startswith(f"{mark}AÑO")
    assert written.count(mark) == 1


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.md", "a.jsonl", "a.srt"])
def test_a_letter_that_the_encoding_lacks_is_not_put_there(
    name: str, translator: UpperCase, folder: Path
) -> None:
    """The capital of ÿ is not in Latin-1."""
    written = {
        "a.jsonl": '{{"text": "{}"}}\n{{"text": "{}"}}\n',
        "a.srt": "1\n00:00:01,000 --> 00:00:02,000\n{}.\n\n2\n00:00:03,000 --> 00:00:04,000\n{}\n",
    }.get(name, "{}\n\n{}\n")
    Path(name).write_bytes(written.format("ÿ", "año").encode("latin-1"))
    result = _run(name, "--output", "b", "--encoding", "latin-1")
    assert result.exit_code == 1
    assert "'Ÿ' is not in ISO8859-1" in result.stderr
    assert Path("b").read_bytes().decode("latin-1") == written.format("ÿ", "AÑO")


@pytest.mark.parametrize(
    ("name", "content", "written"),
    [
        ("a.md", "uno &mdash; dos\n", "DOS &mdash; UNO\n"),
        ("a.jsonl", '{"text": "\\u0444 \\u00ff"}\n', '{"text": "\\u0178 \\u0424"}\n'),
    ],
)
def test_a_letter_that_is_written_in_other_words_is_put_there(
    name: str, content: str, written: str, translator: UpperCase, folder: Path
) -> None:
    Path(name).write_text(content, "ascii")
    result = _run(name, "--output", "b", "--encoding", "latin-1")
    assert result.exit_code == 0, result.stderr
    assert Path("b").read_text("latin-1") == written


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv", "es\nuno\n", ("--columns", "es:英語")),
        ("a.jsonl", '{"text": "año"}\n', ("--fields", "text:英語")),
    ],
)
def test_a_name_that_the_encoding_lacks(
    name: str, content: str, options: tuple[str, ...], translator: UpperCase, folder: Path
) -> None:
    Path(name).write_text(content, "latin-1")
    result = _run(name, "--output", "b", "--encoding", "latin-1", *options)
    assert "Traceback" not in result.stderr
    assert "'英'" in result.stderr
    assert result.exit_code in (1, 2)
    assert not Path("b").exists() or "英" not in Path("b").read_text("latin-1")


def test_a_run_goes_on_where_it_was_stopped(translator: UpperCase, folder: Path) -> None:
    Path("a.txt").write_text("uno\ndos\ntres\n")
    arguments = ("a.txt", "--output", "b.txt", "--chunk-size", "1")
    _stop_at(translator, "tres")

    assert _run(*arguments).exit_code == 130
    assert sorted(os.listdir()) == ["a.txt", "b.txt.journal"]
    _go_on(translator)
    result = _run(*arguments)
    assert result.exit_code == 2
    assert "b.txt.journal: an unfinished run has left it. Expected --resume" in result.stderr
    result = _run(*arguments, "--resume")
    assert result.exit_code == 0
    assert result.stderr.startswith("3 segments, 0 truncated")
    assert Path("b.txt").read_text() == "UNO\nDOS\nTRES\n"
    assert translator.sentences == [["tres"]]
    assert sorted(os.listdir()) == ["a.txt", "b.txt"]


def test_a_run_that_is_not_over_is_left_alone(translator: UpperCase, folder: Path) -> None:
    Path("a.txt").write_text("uno\ndos\n")
    journal = Journal("b.txt", {}, resume=False)
    journal.put([], [])
    unfinished = Path(".b.txt.0123abcd.tmp")
    unfinished.touch()
    before = journal.path.read_bytes()
    result = _run("a.txt", "--output", "b.txt", "--resume")
    assert result.exit_code == 2
    assert "b.txt.journal: another run is writing this output" in result.stderr
    assert journal.path.read_bytes() == before
    assert unfinished.exists()
    journal.close()


@pytest.mark.parametrize("torn", [0, 1, 40])
def test_a_torn_line_of_the_journal_is_dropped(
    torn: int, translator: UpperCase, folder: Path
) -> None:
    Path("a.txt").write_text("uno\ndos\ntres\n")
    arguments = ("a.txt", "--output", "b.txt", "--chunk-size", "1")
    _stop_at(translator, "tres")
    _run(*arguments)
    journal = Path("b.txt.journal").read_bytes()
    Path("b.txt.journal").write_bytes(journal[: len(journal) - torn])
    _go_on(translator)

    assert _run(*arguments, "--resume").exit_code == 0
    assert Path("b.txt").read_text() == "UNO\nDOS\nTRES\n"
    assert translator.sentences == [["dos"], ["tres"]][-2 if torn else -1 :]


def test_an_input_that_has_changed_is_translated_from_there_on(
    translator: UpperCase, folder: Path
) -> None:
    Path("a.txt").write_text("uno\ndos\ntres\n")
    arguments = ("a.txt", "--output", "b.txt", "--chunk-size", "1")
    _stop_at(translator, "tres")
    _run(*arguments)
    Path("a.txt").write_text("uno\ncinco\ntres\n")
    _go_on(translator)

    assert _run(*arguments, "--resume").exit_code == 0
    assert Path("b.txt").read_text() == "UNO\nCINCO\nTRES\n"
    assert translator.sentences == [["cinco"], ["tres"]]


def test_a_run_with_other_options_does_not_go_on(translator: UpperCase, folder: Path) -> None:
    Path("a.txt").write_text("uno\ntres\n")
    arguments = ("a.txt", "--output", "b.txt", "--chunk-size", "1")
    _stop_at(translator, "tres")
    _run(*arguments)
    journal = Path("b.txt.journal").read_bytes()
    result = _run(*arguments, "--resume", "--beam-size", "2", "--protect", "x")

    assert result.exit_code == 2
    assert result.stderr.endswith("Received: other protect, search\n")
    assert Path("b.txt.journal").read_bytes() == journal


def test_outputs_that_are_complete_are_not_made_again(translator: UpperCase, folder: Path) -> None:
    for name in ("uno", "dos", "tres"):
        Path(f"{name}.txt").write_text(f"{name}\n{name} x\n")
    arguments = ("uno.txt", "dos.txt", "tres.txt", "--output", "out/", "--stats", "s.json")
    _stop_at(translator, "tres")
    assert _run(*arguments).exit_code == 130
    assert sorted(os.listdir("out")) == [
        *("dos.txt", "dos.txt.journal", "uno.txt", "uno.txt.journal")
    ]
    Path("out/dos.txt").unlink()  # a person may do that
    _go_on(translator)

    assert _run(*arguments, "--resume").exit_code == 0
    assert translator.sentences == [["dos", "dos x"], ["tres", "tres x"]]
    assert json.loads(Path("s.json").read_text())["segments"] == 6
    assert sorted(os.listdir("out")) == ["dos.txt", "tres.txt", "uno.txt"]
    assert Path("out/dos.txt").read_text() == "DOS\nX DOS\n"


def test_an_output_is_made_again_if_its_input_has_changed(
    translator: UpperCase, folder: Path
) -> None:
    for name in ("uno", "dos"):
        Path(f"{name}.txt").write_text(f"{name}\n")
    arguments = ("uno.txt", "dos.txt", "--output", "out/")
    _stop_at(translator, "dos")
    assert _run(*arguments).exit_code == 130
    Path("uno.txt").write_text("once\n")
    _go_on(translator)

    assert _run(*arguments, "--resume").exit_code == 0
    assert Path("out/uno.txt").read_text() == "ONCE\n"
    assert translator.sentences == [["once"], ["dos"]]
    assert sorted(os.listdir("out")) == ["dos.txt", "uno.txt"]


def test_a_translation_in_place_is_no_input_that_has_changed(
    translator: UpperCase, folder: Path
) -> None:
    for name in ("uno", "dos"):
        Path(f"{name}.txt").write_text(f"{name} x\n")
    arguments = ("uno.txt", "dos.txt", "--output", ".", "--stats", "../s.json")
    _stop_at(translator, "dos x")
    assert _run(*arguments).exit_code == 130
    assert Path("uno.txt").read_text() == "X UNO\n"
    _go_on(translator)

    assert _run(*arguments, "--resume").exit_code == 0
    assert translator.sentences == [["dos x"]]
    assert (Path("uno.txt").read_text(), Path("dos.txt").read_text()) == ("X UNO\n", "X DOS\n")
    assert json.loads(Path("../s.json").read_text())["segments"] == 2
    assert sorted(os.listdir()) == ["dos.txt", "uno.txt"]


def test_a_source_that_was_put_back_is_translated_in_place_again(
    translator: UpperCase, folder: Path
) -> None:
    for name in ("uno", "dos"):
        Path(f"{name}.txt").write_text(f"{name} x\n")
    arguments = ("uno.txt", "dos.txt", "--output", ".")
    _stop_at(translator, "dos x")
    assert _run(*arguments).exit_code == 130
    Path("uno.txt").write_text("uno x\n")
    _go_on(translator)

    assert _run(*arguments, "--resume").exit_code == 0
    assert Path("uno.txt").read_text() == "X UNO\n"


def test_an_output_that_cannot_take_its_place_loses_no_work(
    translator: UpperCase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.txt").write_text("uno\ndos\n")
    arguments = ("a.txt", "--output", "b.txt", "--chunk-size", "1")

    def refuse(path: Path, target: Path) -> Path:
        raise PermissionError(errno.EPERM, "not permitted", str(target))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refuse)
        assert _run(*arguments).exit_code == 2
    assert sorted(os.listdir()) == ["a.txt", "b.txt.journal"]
    translator.calls.clear()

    assert _run(*arguments, "--resume").exit_code == 0
    assert Path("b.txt").read_text() == "UNO\nDOS\n"
    assert translator.sentences == []
    assert sorted(os.listdir()) == ["a.txt", "b.txt"]


def test_a_run_that_has_done_nothing_leaves_nothing(translator: UpperCase, folder: Path) -> None:
    Path("a.csv").write_text("es\nuno\n")
    arguments = ("a.csv", "--output", "b.csv")
    result = _run(*arguments, "--columns", "ES:en")
    assert (result.exit_code, sorted(os.listdir())) == (2, ["a.csv"])
    assert _run(*arguments, "--columns", "es:en").exit_code == 0
    assert Path("b.csv").read_text() == "es,en\nuno,UNO\n"


def test_what_there_is_to_go_on_with_survives_an_error(translator: UpperCase, folder: Path) -> None:
    Path("a.txt").write_text("uno\ndos\n")
    arguments = ("a.txt", "--output", "b.txt", "--chunk-size", "1")
    _stop_at(translator, "dos")
    _run(*arguments)
    journal = Path("b.txt.journal").read_bytes()
    Path("a.txt").write_bytes(b"\xff\n")
    _go_on(translator)

    assert _run(*arguments, "--resume").exit_code == 2
    assert Path("b.txt.journal").read_bytes() == journal


def test_a_memory_tells_small_numbers_apart(translator: UpperCase, folder: Path) -> None:
    _write_memory(("tengo 5 perros en casa", "I have 5 dogs at home"))
    Path("a.txt").write_text("tengo 7 perros en casa\ntengo 5 perros, en casa\n")

    result = _run("a.txt", "--memory", "memory.tmx")
    assert result.stdout == "CASA EN PERROS 7 TENGO\nI have 5 dogs at home\n"


def test_a_memory_leaves_a_line_one_line(translator: UpperCase, folder: Path) -> None:
    _write_memory(("uno dos", "one\n        two"))
    Path("a.txt").write_text("uno dos\ntres\n")

    assert _run("a.txt", "--memory", "memory.tmx").stdout == "one two\nTRES\n"


def test_a_tag_whose_attribute_is_translated_is_not_lost(
    translator: UpperCase, folder: Path
) -> None:
    Path("a.html").write_text('<p>uno <a href="#" title="dos tres">[1]</a> cuatro</p>')

    result = _run("a.html")
    assert result.exit_code == 0
    assert result.stdout == '<p>CUATRO <a href="#" title="TRES DOS">[1]</a> UNO</p>'
