r"""A file of each format with several hundred texts, and the same file translated to capitals.

Each is written by one function. `t` gives the text "" of a source, or what became of it; texts that
hold more than words are written down as both. So a test that compares the two compares every byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from translator.formats.registry import named
from translator.formats.segment import FileFormat

COUNT = 320
"""Texts that are made by rule, beside those that are written down."""

_NOUNS = ["house", "river", "stone", "window", "letter", "garden", "bridge"]
_VERBS = ["sees", "holds", "breaks", "paints", "remembers"]


class Example(NamedTuple):
    """A file.

    Attributes:
        kind: Its format.
        source: The file.
        expected: The file in capitals.
        segments: How many texts it has.
    """

    kind: FileFormat
    source: bytes
    expected: bytes
    segments: int


class T:
    """Writes texts as they are, or translated, and counts them."""

    def __init__(self, *, done: bool) -> None:
        self.done = done
        self.count = 0

    def __call__(self, text: str, expected: str | None = None) -> str:
        """A text that is translated in its place."""
        self.count += 1
        return (text.upper() if expected is None else expected) if self.done else text

    def new(self, text: str) -> str:
        """What a translation adds."""
        self.count += 1
        return text if self.done else ""


def sentence(n: int) -> str:
    """A sentence, another one for each number."""
    first, verb = _NOUNS[n % 7], _VERBS[n % 5]
    return f"The {first} {verb} one {_NOUNS[(n + n // 7 + 1) % 7]} in room {n} today."


def _example(
    name: str,
    write: Callable[[T], str],
    encoding: str = "utf-8",
    *,
    errors: str = "strict",
    **options: object,
) -> Example:
    source, target = T(done=False), T(done=True)
    content = write(source).encode(encoding, errors)
    return Example(
        named(name, **options), content, write(target).encode(encoding, errors), source.count
    )


def _txt(t: T) -> str:
    lines = [t(sentence(n)) + ("\r\n" if n % 3 else "\n") for n in range(COUNT)]
    hard = [
        t("") + "\n",
        t("  \t ") + "\r\n",
        t("\u2028", "\u2028") + "\n",
        t("Open %s at https://example.com/a?b=1 now", "OPEN %s AT https://example.com/a?b=1 NOW"),
        "\r\n",
        t("\x0cform feed and \x85 next line", "\x0cFORM FEED AND \x85 NEXT LINE") + "\n",
        t("last line without an end"),
    ]
    return "\ufeff" + "".join(lines + hard)


def _csv(t: T) -> str:
    rows = [f"{n},{t(sentence(n))},keep {n}\r\n" for n in range(COUNT)]
    hard = [
        f'7,"{t("a, quoted one")}","keep ""this"", too"\r\n',
        f'8,"{t("two")}\r\n{t("lines")}",\r\n',
        "\r\n",
        f'9,"{t("")}", spaced \r\n',
        f'10,"{t("say")} ""{t("hello")}"" {t("now")}",x\n',
        f"11,{t('last')},",
    ]
    t.count -= 3
    return "\ufeffid,text,note\r\n" + "".join(rows + hard)


def _tsv(t: T) -> str:
    rows = [f"{n}\t{sentence(n)}\told{t.new('')}\n" for n in range(COUNT)]
    if t.done:
        rows = [f"{n}\t{sentence(n)}\t{sentence(n).upper()}\n" for n in range(COUNT)]
    hard = [
        f'x\ta "quoted word\t{t("", chr(65))}'.replace("A", 'A "QUOTED WORD') + "\r\n",
        f"y\tno third column{t.new(chr(9) + 'NO THIRD COLUMN')}\n",
        "\n",
        f'"z\t"last"\t{t("", chr(34) + "LAST" + chr(34))}\textra',
    ]
    return "".join(rows + hard)


def _jsonl(t: T) -> str:
    def line(n: int) -> str:
        return f'{{"id":{n}.50e1, "text": {json.dumps(t(sentence(n)))} ,"meta" : {{"text":"no"}} }}'

    hard = [
        '{"text":"' + t(r"caf\u00e9 \"quoted\"", r"CAF\u00c9 \"QUOTED\"") + '","x":"\\u00e9\\/"}',
        '{"text": "' + t("Größe") + '", "a": [1,  2], "b": null, "big": 123456789012345678901}',
        '{"text": null, "note": "no text"}',
        '{"other": "none"}',
        "",
        '{"text": ["' + t("one") + '", "' + t("two", "TWO") + '"]}',
        r'{"text":"' + t(r"a line\nand %(count)d more", r"A LINE\nAND %(count)d MORE") + '"}',
    ]
    return "\r\n".join([*map(line, range(COUNT)), *hard])


_PO_HEADER = """\
# Catalogue of a test.
msgid ""
msgstr ""
"Project-Id-Version: test 1.0\\n"
"PO-Revision-Date: 2024-01-01 12:00+0000\\n"
"Last-Translator: Jané Doe <jane@example.com>\\n"
"Language-Team: German <de@example.com>\\n"
"Language: de\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset={charset}\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=n != 1;\\n"
"X-Generator: none\\n"

"""

_PO_HARD = """\
# a translator's comment
{mark}#. extracted: café
#: src/a.c:12 src/b.c:7
#, {fuzzy_}c-format
msgctxt "menu|file"
msgid "Open %s in %d \\"windows\\"\\n"
msgstr "{open}"

{mark}#: src/c.c:1
{fuzzy}#| msgid "an old one"
msgid ""
"A first line\\n"
"and a second one with a tab\\there\\n"
msgstr {lines}

{mark}#, {fuzzy_}python-format
msgid "%(count)d file in %(folder)s"
msgid_plural "%(count)d files in %(folder)s"
msgstr[0] "{one}"
msgstr[1] "{many}"

{mark}#, fuzzy, python-brace-format
#| msgid "Hello"
msgctxt "greeting"
msgid "Hello {{name}}!"
msgstr "{hello}"

#, python-format
msgid "%d done"
msgstr "%d fertig"

msgid "Stays as it is"
msgstr   "Bleibt  wie   es ist"
# no empty line before this one
{mark}{fuzzy}msgid "next"
msgstr "{next}"

#, fuzzy
#~ msgid "obsolete"
#~ msgstr "veraltet"

#~| msgid "older"
#~ msgid "obsolete two"
#~ msgstr ""
"""


def _po(t: T, charset: str = "UTF-8") -> str:
    mark = "# Machine translation\n" if t.done else ""
    fuzzy = "#, fuzzy\n" if t.done else ""

    def entry(n: int) -> str:
        done = sentence(n).upper() if t.done else ""
        t.new("")
        return f'{mark}#: src/{n}.c:{n}\n{fuzzy}msgid "{sentence(n)}"\nmsgstr "{done}"\n\n'

    two_lines = '""\n"A FIRST LINE\\n"\n"AND A SECOND ONE WITH A TAB\\tHERE\\n"'
    hard = _PO_HARD.format(
        mark=mark,
        fuzzy=fuzzy,
        fuzzy_="fuzzy, " if t.done else "",
        open=t.new('OPEN %s IN %d \\"WINDOWS\\"\\n'),
        lines=t.new(two_lines) or '""',
        one=t.new("%(count)d FILE IN %(folder)s"),
        many=t.new("%(count)d FILES IN %(folder)s"),
        hello=t("Hallo {name}", "HELLO {name}!"),
        next=t.new("NEXT"),
    )
    return _PO_HEADER.format(charset=charset) + "".join(map(entry, range(COUNT))) + hard


def _tmx(t: T) -> str:
    def unit(n: int) -> str:
        new = f'\n      <tuv xml:lang="de"><seg>{sentence(n).upper()}</seg></tuv>'
        return (
            f'    <tu tuid="{n}" >\n      <tuv xml:lang="EN-us"><seg>{sentence(n)}</seg></tuv>'
            f"{t.new(new)}\n    </tu>\n"
        )

    codes = (
        'Press <bpt i="1" x="1">&lt;b></bpt>the red button<ept i="1">&lt;/b></ept> twice'
        ' <ph x="2">{0}</ph> &amp; <hi type="q">wait</hi> now.'
    )
    hard = [
        (
            '    <tu><note>café — &#8364;</note>\n\t<tuv xml:lang="en">\n\t  <prop type="p"/>\n'
            f"\t  <seg>{codes}</seg>\n\t</tuv>"
        ),
        t.new(
            '\n\t<tuv xml:lang="de">\n\t  <seg>PRESS <bpt i="1" x="1">&lt;b></bpt>THE RED BUTTON'
            '<ept i="1">&lt;/b></ept> TWICE <ph x="2">{0}</ph> &amp; <hi type="q">WAIT</hi> NOW.'
            "</seg>\n\t</tuv>"
        ),
        "\n</tu>\n",
        '<tu><tuv xml:lang="en"><seg>done</seg></tuv><tuv xml:lang="de"><seg>do</seg></tuv></tu>',
        (
            '<tu><tuv xml:lang="en"><seg>empty</seg></tuv>'
            f'<tuv xml:lang="de" creationid="x">{t("<seg/>", "<seg>EMPTY</seg>")}</tuv></tu>'
        ),
        '<tu><tuv xml:lang="fr"><seg>autre</seg></tuv></tu>',
    ]
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\r\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\r\n'
        "<!-- a <comment> -->\n<tmx version='1.4'>\n  <header creationtool=\"t\" "
        'creationtoolversion="1" segtype="sentence" o-tmf="x" adminlang="en" srclang="en" '
        'datatype="plaintext"/>\n  <body>\n'
        + "".join(map(unit, range(COUNT)))
        + "".join(hard)
        + "\n  </body>\n</tmx>\n"
    )


def _xliff_1(t: T) -> str:
    state = ' state="translated" state-qualifier="leveraged-mt"'

    def unit(n: int) -> str:
        new = f"\n        <target{state}>{sentence(n).upper()}</target>"
        return (
            f'      <trans-unit id="{n}">\n        <source>{sentence(n)}</source>{t.new(new)}\n'
            f"        <note>keep {n}</note>\n      </trans-unit>\n"
        )

    hard = [
        (
            '<trans-unit id="a"><source xml:space="preserve">Hi <g id="1" ctype="bold">you '
            '<x id="2"/></g> &amp; <ph id="3">&lt;br/></ph> all</source>'
        ),
        t.new(
            f'<target{state}>HI <g id="1" ctype="bold">YOU <x id="2"/></g> &amp; '
            '<ph id="3">&lt;br/></ph> ALL</target>'
        ),
        "<alt-trans><source>no</source><target/></alt-trans></trans-unit>\n",
        '<trans-unit id="b" translate="no"><source>not this</source></trans-unit>\n',
        '<group translate="no"><trans-unit id="c"><source>nor this</source></trans-unit></group>\n',
        (
            '<trans-unit id="d"><source>done</source><target state="final">fertig</target>'
            "</trans-unit>\n"
        ),
        '<trans-unit id="e" approved="yes"><source>approved</source><target/></trans-unit>\n',
        '<trans-unit id="f"><source>again</source>'
        + t('<target state="new">x</target>', f"<target{state}>AGAIN</target>")
        + "</trans-unit>\n",
        (
            '<trans-unit id="g"><source>two parts</source><seg-source><mrk mtype="seg" mid="1">two'
            '</mrk> <mrk mtype="seg" mid="2">parts</mrk></seg-source>'
        ),
        t.new(
            f'<target{state}><mrk mtype="seg" mid="1">TWO</mrk> <mrk mtype="seg" mid="2">PARTS'
            "</mrk></target>"
        ),
        "</trans-unit>\n",
    ]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<xliff version="1.2" '
        'xmlns="urn:oasis:names:tc:xliff:document:1.2">\n  <file original="a.c" '
        "source-language='en' target-language='de' datatype=\"plaintext\">\n    <header/>\n"
        "    <body><!-- keep -->\n" + "".join(map(unit, range(COUNT))) + "".join(hard)
    ) + "    </body>\n  </file>\n</xliff>\n"


def _xliff_2(t: T) -> str:
    state = ' state="translated"'

    def unit(n: int) -> str:
        added = state if t.done else ""
        new = f"\n      <x:target>{sentence(n).upper()}</x:target>"
        return (
            f'   <x:unit id="u{n}">\n    <x:segment id="s"{added}>\n      '
            f"<x:source>{sentence(n)}</x:source>{t.new(new)}\n    </x:segment>\n   </x:unit>\n"
        )

    added = state if t.done else ""
    hard = [
        (
            '<x:unit id="a"><x:notes><x:note>café</x:note></x:notes><x:originalData>'
            '<x:data id="d">&lt;b></x:data></x:originalData>'
        ),
        (
            f'<x:segment{added}><x:source>Hi <x:pc id="1" dataRefStart="d">you</x:pc> there'
            '<x:ph id="2"/> now</x:source>'
        ),
        t.new(
            '<x:target>HI <x:pc id="1" dataRefStart="d">YOU</x:pc> THERE<x:ph id="2"/> NOW'
            "</x:target>"
        ),
        (
            "</x:segment><x:ignorable><x:source> </x:source></x:ignorable>"
            '<x:segment state="final"><x:source>done</x:source><x:target>ja</x:target></x:segment>'
            "</x:unit>\n"
        ),
        '<x:unit id="b" translate="no"><x:segment><x:source>no</x:source></x:segment></x:unit>\n',
    ]
    return (
        "\ufeff<?xml version='1.0' encoding='UTF-16'?>\r\n<x:xliff version=\"2.1\" "
        'xmlns:x="urn:oasis:names:tc:xliff:document:2.0" srcLang="en-US" trgLang="de">\r\n'
        '  <x:file id="f">\r\n' + "".join(map(unit, range(COUNT))) + "".join(hard)
    ) + "  </x:file>\r\n</x:xliff>\r\n"


def _time(n: int, mark: str) -> str:
    return f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}{mark}000"


def _srt(t: T) -> str:
    def cue(n: int) -> str:
        return (
            f"{n + 1}\r\n{_time(2 * n, ',')} --> {_time(2 * n + 1, ',')}\r\n"
            f"{t(sentence(n)[:40].strip())}\r\n\r\n"
        )

    hard = [
        "900\r\n01:00:00,000 --> 01:00:02,500  X1:40 X2:600\r\n{\\an8}<i>"
        + t(
            "When the long night came we did\r\nnot know the way home</i>",
            "WHEN THE LONG NIGHT CAME WE\r\nDID NOT KNOW THE WAY HOME</i>",
        )
        + "\r\n\r\n",
        "901\r\n01:00:03,000 --> 01:00:04,000\r\n- "
        + t("Who is <b>there</b> now?", "WHO IS <b>THERE</b> NOW?")
        + "\r\n- "
        + t("Only me.")
        + "\r\n\r\n\r\n",
        '902\r\n01:00:05,000 --> 01:00:06,000\r\n<font color="#fff">'
        + t("1984")
        + "</font>\r\n\r\n",
        "903\r\n01:00:07,000 --> 01:00:08,000\r\n\r\n",
        "904\r\n01:00:09,000 --> 01:00:10,000\r\n<i>",
        t(_SRT_HARD, _SRT_HARD_DONE),
        "\r\n\r\n906\r\n01:00:13,000 --> 01:00:14,000\r\n" + t("The end"),
    ]
    return "\ufeff" + "".join(map(cue, range(COUNT))) + "".join(hard)


_SRT_HARD = (
    "The man who came\r\nyesterday</i>\r\n\r\n905\r\n01:00:11,000 --> 01:00:12,000\r\n"
    "{\\an8}is not my brother."
)
_SRT_HARD_DONE = (
    "THE MAN WHO CAME YESTERDAY</i>\r\n\r\n905\r\n01:00:11,000 --> 01:00:12,000\r\n"
    "{\\an8}IS NOT MY BROTHER."
)


def _vtt(t: T) -> str:
    def cue(n: int) -> str:
        return (
            f"{_time(2 * n, '.')} --> {_time(2 * n + 1, '.')} align:start\n"
            f"{t(sentence(n)[:40].strip())}\n\n"
        )

    hard = [
        "chapter-1\n01:00:00.000 --> 01:00:02.500 line:0 position:20%\n<v Bob>",
        t(
            "Tom &amp; <c.yellow>the mouse</c> ran <01:00:01.000>home",
            "TOM &amp; <c.yellow>THE MOUSE</c> RAN <01:00:01.000>HOME",
        ),
        "\n\nNOTE\na comment, not text\n\n01:00:03.000 --> 01:00:04.000\n",
        t("1 &lt; 2 is true", "1 &lt; 2 IS TRUE"),
        "\n\n",
        t(_VTT_HARD, _VTT_HARD.upper().replace("&AMP;", "&amp;").replace("LINE", "line")),
    ]
    return (
        "WEBVTT - title\nKind: captions\n\nSTYLE\n::cue(c) { color: red }\n\nREGION\nid:r\n\n"
        + "".join(map(cue, range(COUNT)))
        + "".join(hard)
    )


_VTT_HARD = (
    "01:00:05.000 --> 01:00:06.000\nTom &amp; the cat\n\n"
    "02\n01:00:07.000 --> 01:00:08.000 line:0\nare here."
)


def _html(t: T) -> str:
    rows = "".join(
        f'<li class="n{n}">{t(sentence(n))}</li>\n' if n % 2 else f"<p>{t(sentence(n))}\n"
        for n in range(COUNT)
    )
    return (
        '<!DOCTYPE html>\r\n<html lang="en"><head><meta charset="windows-1252">'
        f"<title>{t('My café')}</title>\r\n<style>p > a {{ color: red }}</style>"
        '<script>if (a < b) { say("no </p>") }</script></head><body>\n'
        f"{rows}<!-- a <b>comment</b> -->\n"
        f"<p>{t('Press <b>the red</b> button', 'PRESS <b>THE RED</b> BUTTON')}</p>"
        f"<p>{t(_HTML_HARD, _HTML_HARD_DONE)}<br>"
        f"{t('a new line &euro; &#8364;', 'A NEW LINE € €')}</p>"
        '<div translate="no"><p>not this</p></div><pre>\n  nor  this\n</pre>\n'
        f'<input placeholder="{t("type here")}" value="x"><hr/>'
        f"<table><tr><td>{t('cell one')}<td>{t('cell two')}</table>{t('tail')}"
        "</body></html>"
    )


_HTML_HARD = (
    'A &amp; B: <a href="/x?a=1&amp;b=2" title="a hint">the link</a> is <code>kept = 1</code>.'
)
_HTML_HARD_DONE = (
    'A &amp; B: <a href="/x?a=1&amp;b=2" title="A HINT">THE LINK</a> IS <code>kept = 1</code>.'
)


def _markdown(t: T) -> str:
    items = "".join(
        f"- {t(sentence(n))}\n" if n % 2 else f"\n{t(sentence(n))}\n\n" for n in range(COUNT)
    )
    return (
        "\ufeff---\ntitle: not this\n---\n\n"
        f"# {t('A *title* with `code`', 'A *TITLE* WITH `code`')} #\n\n{items}\n"
        f"{t(_MARKDOWN_HARD, _MARKDOWN_HARD_DONE)}\n\n"
        f"> {t('a quotation')}\n>\n> 1. {t('and a list')}\n>    - [x] {t('a task')}\n\n"
        f"| {t('one head')} | {t('two')} |\n|:--|--:|\n"
        f"| {t('a ' + chr(92) + '| bar', 'A ' + chr(92) + '| BAR')} | **{t('strong')}** |\n\n"
        "```python\nkept = 'here'\n```\n\n    and here\n\n"
        f'<div align="center">\n<b>{t("html")}</b>\n</div>\n\n'
        f"{t('Underlined')}\n==========\n\n[r]: https://example.com/r 'title'\n\n"
        f"[^1]: {t('A footnote.')}"
    )


_MARKDOWN_HARD = (
    "It is **very *much* nested** and [a link](https://example.com/x 'hint') and\n"
    "![picture](a.png), a [reference][r] here, a note[^1], <kbd>Ctrl</kbd> or 5 \\* 3 &copy;  \n"
    "the snake_case `code *kept*` ~~is gone~~ <https://example.com/>."
)
_MARKDOWN_HARD_DONE = (
    "IT IS **VERY *MUCH* NESTED** AND [A LINK](https://example.com/x 'hint') AND\n"
    "![picture](a.png), A [REFERENCE][r] HERE, A NOTE[^1], <kbd>Ctrl</kbd> OR 5 \\* 3 &copy;  \n"
    "THE snake_case `code *kept*` ~~IS GONE~~ <https://example.com/>."
)


def examples() -> dict[str, Example]:
    """Makes all files."""
    return {
        "txt": _example("txt", _txt),
        "txt, UTF-16": _example("txt", _txt, "utf-16-be"),
        "csv": _example("csv", _csv, columns="text"),
        "tsv": _example("tsv", _tsv, columns="2:3"),
        "jsonl": _example("jsonl", _jsonl),
        "po": _example("po", _po),
        "po, Latin 1, CRLF": _example(
            "po", lambda t: _po(t, "ISO-8859-1").replace("\n", "\r\n"), "latin-1"
        ),
        "tmx": _example("tmx", _tmx, "latin-1", errors="xmlcharrefreplace"),
        "xliff 1.2": _example("xliff", _xliff_1),
        "xliff 2.1": _example("xliff", _xliff_2, "utf-16-le"),
        "srt": _example("srt", _srt),
        "srt, UTF-16": _example("srt", _srt, "utf-16-le"),
        "vtt": _example("vtt", _vtt),
        "html": _example("html", _html, "cp1252"),
        "markdown": _example("markdown", _markdown),
        "markdown, CRLF": _example("markdown", lambda t: _markdown(t).replace("\n", "\r\n")),
    }
