"""Hostile files of each format, and what must hold for any of them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from translator.errors import InputError
from translator.formats.compression import Gzipped
from translator.formats.registry import named
from translator.formats.segment import FileFormat, Fill, FillAll, Languages, Segment

_TEXTS = ["a word", "two  words.", "Ünï", "\u2028", "\x85", "\x0c", "\x00", "😀", "%s {0}", "&amp;"]
_ENDS = ["\n", "\r\n", "\r", "\n\n", " ", "\t", "\ufeff"]

_FRAGMENTS: dict[str, list[str]] = {
    "txt": [],
    "csv": [",", ";", '"', '""', '"a, b"', '"a\nb"', "'", "|"],
    "tsv": ["\t", '"', "\t\t"],
    "jsonl": [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        '"text"',
        '"',
        "\\",
        '{"text":"a"}',
        '{"text": "\\ud83d"}',
        '{"text":["a","b"]}',
        "1e999",
        "9" * 5000,
        "null",
        "\\u0000",
        '{"text":"a","text":"b"}',
        "[" * 3000,
    ],
    "po": [
        'msgid "a"\n',
        'msgstr ""\n',
        'msgstr[0] ""\n',
        'msgstr[1] "b"\n',
        'msgid_plural "as"\n',
        'msgctxt "c"\n',
        '"more\\n"\n',
        "#, fuzzy\n",
        "#, c-format\n",
        "#~ ",
        "#| ",
        "# c\n",
        "#\n",
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=',
        'UTF-8\\n"\n',
        'shift_jis\\n"\n',
        '"Plural-Forms: nplurals=2; plural=n>1;\\n"\n',
        '"Plural-Forms: nplurals=',
        "INTEGER;",
        '9; plural=n%0;\\n"\n',
        "\\x41",
        "\\q",
        '\\"',
        '"',
        "domain",
        'msgid "%d"\n',
    ],
    "tmx": [
        "<tmx>",
        "</tmx>",
        "<body>",
        "</body>",
        "<tu>",
        "</tu>",
        '<tuv xml:lang="en">',
        "</tuv>",
        '<tuv lang="de"/>',
        "<seg>",
        "</seg>",
        "<seg/>",
        '<bpt i="1"/>',
        '<ept i="1"/>',
        "<hi>",
        "</hi>",
        "<!-- x -->",
        "<![CDATA[x<y]]>",
        "&lt;",
        "&#0;",
        "&#x10FFFF;",
        "&x;",
        "<?pi?>",
        "<!DOCTYPE tmx>",
        '<!DOCTYPE tmx [<!ENTITY x "y">]>',
        '<?xml version="1.0"?>',
        '<?xml version="1.0" encoding="utf-16"?>',
        '<a b=">"/>',
        "<a b='\"'>",
        "<tu\n\n",
    ],
    "xliff": [
        '<xliff version="1.2">',
        '<xliff version="2.0" srcLang="en">',
        "</xliff>",
        "<file>",
        '<file source-language="en">',
        "</file>",
        '<trans-unit id="1">',
        "</trans-unit>",
        "<unit>",
        "</unit>",
        "<segment>",
        '<segment state="final">',
        "</segment>",
        "<source>",
        "</source>",
        "<source/>",
        "<target>",
        "</target>",
        "<target/>",
        '<g id="1">',
        "</g>",
        '<x id="1"/>',
        '<sc id="1"/>',
        '<ec startRef="1"/>',
        "<notes>",
        "</notes>",
        "<notes/>",
        "<seg-source>",
        "</seg-source>",
        "<alt-trans>",
        "</alt-trans>",
        "<ignorable/>",
        "&amp;",
        '<pc id="1">',
    ],
    "srt": [
        "1\n",
        "00:00:01,000 --> 00:00:02,000\n",
        "00:00:01,000 --> ",
        "- a\n",
        "<i>",
        "</i>",
        "<i",
        "{\\an8}",
        "{",
        "}",
        "♪",
        "-->",
    ],
    "vtt": [
        "WEBVTT\n",
        "WEBVTT",
        "00:01.000 --> 00:02.000\n",
        "NOTE\n",
        "STYLE\n",
        "<v Bob>",
        "<c>",
        "</c>",
        "<",
        ">",
        "&",
        "-->",
        "id\n",
    ],
    "html": [
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<a href='x'>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<!",
        "<?",
        "<script>",
        "</script>",
        "<pre>",
        "<img alt='a'>",
        "<",
        ">",
        "&",
        "&#",
        "&#xD800;",
        "</",
        "<div title=",
        '"',
        "<br/>",
        "<svg>",
        "<title>",
        "<textarea>",
        "<meta charset=utf-7>",
        "<p translate=no>",
        "<![if x]>",
        "<!DOCTYPE",
    ],
    "markdown": [
        "# ",
        "> ",
        "- ",
        "1. ",
        "```\n",
        "~~~",
        "`",
        "``",
        "*",
        "**",
        "_",
        "~~",
        "[",
        "](",
        ")",
        "]",
        "![",
        "[^1]",
        "[a]: b\n",
        "<b>",
        "</b>",
        "<div>\n",
        "|",
        "|-|\n",
        "| a | b |\n|--|--|\n",
        "\\",
        "\\|",
        "&copy;",
        "---\n",
        "===\n",
        "    ",
        "\t",
        "  \n",
        "<!--",
        "-->",
        "<http://a.b>",
        "+++\n",
    ],
}
KINDS: dict[str, list[FileFormat]] = {
    "txt": [named("txt"), named("txt", encoding="shift_jis")],
    "csv": [
        named("csv", delimiter=","),
        named("csv", columns="a:b", delimiter=","),
        named("csv", columns="1:3", header=True, delimiter=";"),
    ],
    "tsv": [named("tsv"), named("tsv", columns="1:2")],
    "jsonl": [named("jsonl"), named("jsonl", fields="text:new")],
    **{name: [named(name)] for name in ("po", "tmx", "xliff", "srt", "vtt", "html", "markdown")},
    "gzip": [Gzipped(named("txt"))],
}

_FRAMES: dict[str, list[tuple[str, str]]] = {
    "jsonl": [('{"text":"a b"}\n', "\n"), ('{"x":', ', "text":"a"}')],
    "po": [
        ('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n', "\n"),
        ('#, c-format\nmsgid "a %d"\nmsgid_plural "b %d"\nmsgstr[0] ""\nmsgstr[1] ""\n', ""),
    ],
    "srt": [("1\n00:00:01,000 --> 00:00:02,000\n", "\n")],
    "vtt": [("WEBVTT\n\n00:01.000 --> 00:02.000\n", "\n")],
}
"""What makes sense of fragments that stand within."""

_ELEMENTS = {
    "tmx": ("tmx", ["body", "tu", "tuv", "seg", "bpt", "ept", "hi", "ph", "sub", "note"]),
    "xliff": (
        "xliff",
        [
            "file",
            "body",
            "group",
            "trans-unit",
            "unit",
            "segment",
            "ignorable",
            "source",
            "notes",
            "target",
            "seg-source",
            "alt-trans",
            "g",
            "x",
            "mrk",
            "pc",
            "sc",
            "ec",
            "originalData",
        ],
    ),
}
_ATTRIBUTES = [
    "",
    ' xml:lang="en"',
    " xml:lang='de'",
    ' version="1.2"',
    ' version="2.0" srcLang="en"',
    ' source-language="en"',
    ' translate="no"',
    ' state="new"',
    ' i="1"',
    ' id="1"',
    ' startRef="1"',
    ' approved="yes"',
    ' a=">/>"',
    " a='\"'",
]

_WRITTEN = [
    "",
    " ",
    "A\nB",
    '"',
    "\\",
    "<",
    "&",
    "*x*",
    "# x",
    "|",
    "%d",
    "</span>",
    "</b>",
    "\x0b",
]


def hostile_files(name: str) -> SearchStrategy[bytes]:
    """Makes files of pieces that the format means something by, and of any bytes."""
    if name == "gzip":
        packed = st.binary(max_size=30).map(lambda rest: b"\x1f\x8b\x08\x00" + rest)
        return st.one_of(packed, st.binary(max_size=50))
    pieces = st.sampled_from([*_FRAGMENTS[name] * 4, *_TEXTS, *_ENDS])
    texts = st.lists(st.one_of(pieces, pieces, pieces, st.text(max_size=3)), max_size=60).map(
        "".join
    )
    if name in _FRAMES:
        framed = st.builds(
            lambda frame, text: text.join(frame), st.sampled_from(_FRAMES[name]), texts
        )
        texts = st.one_of(texts, framed, framed)
    if name in _ELEMENTS:
        texts = st.one_of(texts, *[_trees(*_ELEMENTS[name])] * 4)
    encoded = st.builds(
        lambda text, encoding, mark: (mark + text).encode(encoding, "replace"),
        texts,
        st.sampled_from(["utf-8"] * 5 + ["utf-16-le", "latin-1"]),
        st.sampled_from(["", "", "\ufeff"]),
    )
    broken = st.builds(
        lambda content, place, junk: (
            content[: place % (len(content) + 1)] + junk + content[place % (len(content) + 1) :]
        ),
        encoded,
        st.integers(0, 10_000),
        st.binary(max_size=4),
    )
    return st.one_of(encoded, encoded, broken, st.binary(max_size=50))


def _trees(root: str, names: list[str]) -> SearchStrategy[str]:
    """Makes well-formed XML, with elements where they belong and where they do not."""
    attributes = st.sampled_from(_ATTRIBUTES)
    leaves = st.sampled_from(["", "a word", " ", "&lt;", "<!-- c -->", "<![CDATA[x<y]]>", "\n"])
    inner = st.recursive(
        leaves,
        lambda children: st.builds(
            lambda name, given, content: f"<{name}{given}>{''.join(content)}</{name}>",
            st.sampled_from(names),
            attributes,
            st.lists(children, max_size=4),
        ),
        max_leaves=30,
    )
    usual = st.sampled_from(_USUAL[root])
    contents = st.lists(st.one_of(usual, inner), max_size=8).map("".join)
    return st.builds(
        lambda given, content: f"<{root}{given}>{content}</{root}>", attributes, contents
    )


_USUAL = {
    "tmx": [
        '<tu><tuv xml:lang="en"><seg>a <hi>b</hi></seg></tuv></tu>',
        '<tu><tuv xml:lang="en"><seg>a</seg></tuv><tuv xml:lang="de"><seg/></tuv></tu>',
    ],
    "xliff": [
        '<file source-language="en"><trans-unit id="1"><source>a</source></trans-unit></file>',
        "<unit><segment><source>a <sc id='1'/>b<ec startRef='1'/></source></segment></unit>",
        "<unit><notes/><segment><source>a</source><target/></segment></unit>",
    ],
}


def check(name: str, content: bytes) -> None:
    """Reads a file and fills it in several ways; nothing but an InputError may come of it.

    What is not filled stays byte for byte, and what is filled can be read again.
    """
    for kind in KINDS[name]:
        try:
            same = _filled(kind, content, _leave)
        except InputError as error:
            assert str(error).strip()  # noqa: PT017 - whether there is one is the question
            continue
        if name not in ("po", "xliff", "csv", "gzip"):
            assert same == content
        for fill in (_capitals, _nonsense):
            try:
                again = _filled(kind, content, fill)
            except InputError:
                continue
            if fill is _capitals or name != "html":
                _filled(kind, again, _leave)


def _filled(kind: FileFormat, content: bytes, fill: FillAll) -> bytes:
    output = io.BytesIO()
    kind.translate(io.BytesIO(content), output, fill, Languages("en", "de"))
    return output.getvalue()


def _leave(segments: Iterable[Segment]) -> Iterator[Fill]:
    return (Fill(None, comment="not  translated\n") for _ in segments)


def _capitals(segments: Iterable[Segment]) -> Iterator[Fill]:
    for segment in segments:
        text = segment.text if segment.text_format == "html" else segment.text.upper()
        yield Fill(text, doubtful=True, comment='a -- <comment> & "more"')


def _nonsense(segments: Iterable[Segment]) -> Iterator[Fill]:
    for n, segment in enumerate(segments):
        yield Fill(_WRITTEN[(n + len(segment.text)) % len(_WRITTEN)])
