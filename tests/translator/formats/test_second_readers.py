"""What is written is read by other libraries as what it is."""

from __future__ import annotations

import copy
import csv
import io
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import polib
import pysubs2
import pytest
import webvtt
from fake_search import FakeSearch, backwards
from filled_files import filled, filling
from format_examples import COUNT, Example, examples
from lxml import etree
from markdown_it import MarkdownIt
from translate.storage.base import TranslationStore
from translate.storage.tmx import tmxfile
from translate.storage.xliff import xlifffile
from translate.storage.xliff2 import Xliff2File

EXAMPLES = examples()

needs_msgfmt = pytest.mark.skipif(
    shutil.which("msgfmt") is None, reason="msgfmt of gettext is not installed"
)


def turned(name: str) -> tuple[Example, bytes]:
    """A file whose translations have their words backwards."""
    example = EXAMPLES[name]
    return example, filled(example.kind, example.source, filling(FakeSearch(backwards)))


def test_csv() -> None:
    example, received = turned("csv")
    before, after = (
        list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        for content in (example.source, received)
    )
    assert [[row[0], *row[2:]] for row in before if row] == [
        [row[0], *row[2:]] for row in after if row
    ]
    assert after[0] == ["id", "text", "note"]
    assert after[1][1].startswith("TODAY")
    assert before[-5][1] == "two\r\nlines"
    assert after[-5][1] == "TWO\r\nLINES"


def test_jsonl() -> None:
    example, received = turned("jsonl")
    for before, after in zip(example.source.splitlines(), received.splitlines(), strict=True):
        if before:
            old, new = json.loads(before), json.loads(after)
            assert list(old) == list(new)
            assert old.pop("text", None) != new.pop("text", "") or "text" not in old
            assert old == new


@needs_msgfmt
@pytest.mark.parametrize("name", ["po", "po, Latin 1, CRLF"])
def test_msgfmt_accepts_the_catalogue(name: str, tmp_path: Path) -> None:
    for content in (EXAMPLES[name].expected, turned(name)[1]):
        path = tmp_path / "x.po"
        path.write_bytes(content)
        done = subprocess.run(
            ["msgfmt", "--check", "--use-fuzzy", "-o", "/dev/null", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_polib_finds_the_same_entries() -> None:
    example, received = turned("po")
    before, after = (polib.pofile(content.decode()) for content in (example.source, received))
    assert before.metadata == after.metadata
    assert len(after) == len(before) > COUNT
    for old, new in zip(before, after, strict=True):
        assert (old.msgid, old.msgctxt, old.occurrences, old.comment, old.obsolete) == (
            new.msgid,
            new.msgctxt,
            new.occurrences,
            new.comment,
            new.obsolete,
        )
        if old.translated() or old.obsolete:
            assert str(old) == str(new)
        else:
            assert new.fuzzy
            assert "Machine translation" in new.tcomment
            assert new.msgstr or all(new.msgstr_plural.values())


_TMX_14 = """
<!ELEMENT tmx (header, body)> <!ATTLIST tmx version CDATA #REQUIRED>
<!ELEMENT header (note|prop|ude)*>
<!ATTLIST header creationtool CDATA #REQUIRED creationtoolversion CDATA #REQUIRED
  segtype (block|paragraph|sentence|phrase) #REQUIRED o-tmf CDATA #REQUIRED
  adminlang CDATA #REQUIRED srclang CDATA #REQUIRED datatype CDATA #REQUIRED>
<!ELEMENT body (tu*)>
<!ELEMENT note (#PCDATA)> <!ATTLIST note xml:lang CDATA #IMPLIED>
<!ELEMENT prop (#PCDATA)> <!ATTLIST prop type CDATA #REQUIRED xml:lang CDATA #IMPLIED>
<!ELEMENT ude EMPTY>
<!ELEMENT tu ((note|prop)*, tuv+)> <!ATTLIST tu tuid CDATA #IMPLIED>
<!ELEMENT tuv ((note|prop)*, seg)>
<!ATTLIST tuv xml:lang CDATA #REQUIRED creationid CDATA #IMPLIED>
<!ELEMENT seg (#PCDATA|bpt|ept|ph|it|hi|ut)*>
<!ELEMENT bpt (#PCDATA|sub)*> <!ATTLIST bpt i CDATA #REQUIRED x CDATA #IMPLIED type CDATA #IMPLIED>
<!ELEMENT ept (#PCDATA|sub)*> <!ATTLIST ept i CDATA #REQUIRED>
<!ELEMENT ph (#PCDATA|sub)*> <!ATTLIST ph x CDATA #IMPLIED type CDATA #IMPLIED>
<!ELEMENT it (#PCDATA|sub)*> <!ELEMENT ut (#PCDATA|sub)*> <!ELEMENT sub (#PCDATA)*>
<!ELEMENT hi (#PCDATA|bpt|ept|ph|it|hi|ut)*> <!ATTLIST hi x CDATA #IMPLIED type CDATA #IMPLIED>
"""


def _parsed(content: bytes) -> etree._Element:
    return etree.fromstring(content, etree.XMLParser(load_dtd=False, no_network=True))


def test_tmx_is_valid_by_its_dtd() -> None:
    example = EXAMPLES["tmx"]
    for fill in (filling(FakeSearch(backwards)), filling(doubtful=True, comment="look <here>")):
        root = _parsed(filled(example.kind, example.source, fill))
        dtd = etree.DTD(io.StringIO(_TMX_14))
        assert dtd.validate(root), dtd.error_log
        texts = root.xpath("//tuv[@xml:lang='de']/seg")
        assert len(texts) == example.segments + 1
        assert all(len(text) or text.text for text in texts)


@pytest.mark.parametrize("name", ["xliff 1.2", "xliff 2.1"])
def test_xliff_is_the_same_but_for_its_targets(name: str) -> None:
    example = EXAMPLES[name]
    for fill in (filling(FakeSearch(backwards)), filling(doubtful=True, comment="look <here>")):
        received = _parsed(filled(example.kind, example.source, fill))
        assert _without_targets(received) == _without_targets(_parsed(example.source))
        targets = received.xpath("//*[local-name()='target']")
        done = [target for target in targets if len(target) or target.text]
        assert len(done) == example.segments + 1


@pytest.mark.parametrize(
    ("name", "reader"), [("tmx", tmxfile), ("xliff 1.2", xlifffile), ("xliff 2.1", Xliff2File)]
)
def test_translate_toolkit_reads_each_unit(name: str, reader: type[TranslationStore]) -> None:
    example, received = turned(name)
    units = reader.parsestring(received).units
    pairs = [(str(unit.source), str(unit.target)) for unit in units if unit.target]

    assert len(pairs) == example.segments + 1  # one was translated before
    simple = [(source, target) for source, target in pairs if source.endswith("today.")]
    assert len(simple) == COUNT
    assert all(target.split() == source.upper().split()[::-1] for source, target in simple)


def _without_targets(root: etree._Element) -> bytes:
    root = copy.deepcopy(root)
    for element in root.xpath(
        "//*[local-name()='target' or text()='look <here>'] | //*[local-name()='notes']"
    ):
        before = element.getprevious()
        if before is not None:
            before.tail = element.tail
        element.getparent().remove(element)
    for element in root.xpath("//*[@state!='final']"):
        del element.attrib["state"]
    for element in root.xpath("//text()/.."):
        element.tail = (element.tail or "").strip() or None
        element.text = (element.text or "").strip() or None
    return etree.tostring(root, method="c14n")


def test_srt() -> None:
    example, received = turned("srt")
    before, after = (
        pysubs2.SSAFile.from_string(content.decode("utf-8-sig"), format_="srt")
        for content in (example.source, received)
    )
    assert [(line.start, line.end) for line in before] == [(line.start, line.end) for line in after]
    assert len(after) == COUNT + 7
    assert all(line.plaintext.strip().count("\n") <= 1 for line in after)
    assert max(len(part) for line in after for part in line.plaintext.split("\n")) <= 42


def test_vtt(tmp_path: Path) -> None:
    example, received = turned("vtt")
    before, after = (
        list(webvtt.from_string(content.decode())) for content in (example.source, received)
    )
    assert [(c.start, c.end, c.identifier, c.voice) for c in before] == [
        (c.start, c.end, c.identifier, c.voice) for c in after
    ]
    assert len(after) == COUNT + 4
    assert after[0].text.startswith("TODAY 0 ROOM")


class _Tags(HTMLParser):
    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [a for a in attrs if a[0] not in ("title", "placeholder")]))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.found.append(data)


def test_html() -> None:
    example, received = turned("html")
    before, after = (_Tags(content.decode("cp1252")) for content in (example.source, received))
    assert sorted(map(str, before.found)) == sorted(map(str, after.found))
    blocks = [tag for tag in map(str, after.found) if "'b'" not in tag and "'a'" not in tag]
    assert blocks[:8] == list(map(str, before.found))[:8]


def test_markdown() -> None:
    example, received = turned("markdown")
    before, after = (
        [
            (token.type, token.content if token.type in ("fence", "code_block") else "")
            for token in MarkdownIt("commonmark").enable("table").parse(content.decode("utf-8-sig"))
        ]
        for content in (example.source, received)
    )
    assert before == after
    assert len(after) > 3 * COUNT
