"""Reads HTML, a document or a fragment, as a passage that keeps all that is not text byte for byte.

Python's own parser finds the tags; only their places in the original are taken from it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from html.parser import HTMLParser
from itertools import accumulate, pairwise

from translator.texts.elements import BLOCK, ENDED_BY, INLINE, INLINE_KEPT, KEPT
from translator.texts.elements import VOID as VOID_NAMES
from translator.texts.passage import BREAK, CLOSE, ITEM, OPEN, TAGS, VOID, Builder, Passage
from translator.texts.plain import add_tokens, glued
from translator.texts.protecting import Protect

_SHOWN_ATTRIBUTES = frozenset({"alt", "aria-label", "placeholder", "title"})
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>][^\s>]*))?""")
_XML = re.compile(
    r"""\ufeff?\s*(?:<\?xml\s|(?:<![^<>]*>\s*)*<html\s[^<>]*http://www\.w3\.org/1999/xhtml)""",
    re.IGNORECASE,
)
# Python makes no number of thousands of digits; such a reference is plain text.
_REFERENCE = re.compile(
    r"&(?:#[0-9]{1,99}(?![0-9])|#[xX][0-9a-fA-F]{1,99}(?![0-9a-fA-F])|[a-zA-Z][a-zA-Z0-9]{1,30});?"
)
_WITHIN_SENTENCE = INLINE | INLINE_KEPT


@dataclass(frozen=True)
class Attribute:
    """The value of an attribute that readers see.

    Attributes:
        start: Where the value begins in the document, its quotes included.
        end: Where it ends.
        text_start: Where it begins without them.
        passage: The value without its quotes.
    """

    start: int
    end: int
    text_start: int
    passage: Passage


@dataclass(frozen=True)
class Hypertext:
    """An HTML document.

    Attributes:
        body: All of it.
        attributes: Values within its tags, in order.
    """

    body: Passage
    attributes: list[Attribute]


def read_hypertext(document: str, protect: Protect = ()) -> Hypertext:
    """Reads a document.

    Elements of a sentence, such as `a`, are tags of it. All other elements end a sentence. What is
    code, a comment, or marked `translate="no"` or `class="notranslate"` is kept as it is, and so
    is what a user protects.
    """
    read, shown = _read_tokens(document)
    attributes = [
        attribute for token in shown for attribute in _shown_attributes(document, token, protect)
    ]
    found = Builder()
    _add_found(read, found, protect)
    return Hypertext(glued(found).finish(unpaired=VOID), attributes)


def read_structure(document: str) -> tuple[Builder, list[int]]:
    """Reads a document without looking for what must survive in its text.

    Returns:
        All of it, each tag and each kept element one character, and where in the document the
        values of the attributes stand that readers see.
    """
    read, shown = _read_tokens(document)
    return read, [match.start(2) for token in shown for match in _shown_values(document, token)]


def _read_tokens(document: str) -> tuple[Builder, list[_Token]]:
    """All of a document, and the tags of it that may have attributes that readers see."""
    tokens = _Tokenizer.tokenize(document)
    read = Builder()
    shown: list[_Token] = []
    n = 0
    while n < len(tokens):
        token = tokens[n]
        raw = document[token.start : token.end]
        after = n + 1
        if token.kind == "text":
            _add_text(read, raw)
        elif token.is_kept:
            after = _end_of_kept(tokens, n)
            kept = document[token.start : tokens[after - 1].end]
            read.add(ITEM if token.name in _WITHIN_SENTENCE else BREAK, kept)
        else:
            read.add(token.passage_kind, raw)
            if token.kind in ("start", "void"):
                shown.append(token)
        n = after
    return read, shown


def replace_attributes(document: str, attributes: list[Attribute], values: list[str]) -> str:
    """Writes values in the place of those of the attributes; the structure stays the same."""
    parts: list[str] = []
    cursor = 0
    for attribute, value in zip(attributes, values, strict=True):
        mark = document[attribute.start]
        quote = mark if mark in "\"'" else '"'
        escaped = value.replace(quote, "&quot;" if quote == '"' else "&#39;")
        parts += [document[cursor : attribute.start], quote, escaped, quote]
        cursor = attribute.end
    return "".join([*parts, document[cursor:]])


def escape(text: str) -> str:
    """Writes plain text as the text of a document."""
    return html.escape(text, quote=False)


def _add_text(read: Builder, raw: str) -> None:
    cursor = 0
    for match in _REFERENCE.finditer(raw):
        reference = _reference(match[0])
        if reference:
            read.add_text(raw[cursor : match.start()])
            cursor = match.start() + len(reference)
            # One of a control character stands for nothing, but is kept.
            decoded = html.unescape(reference) or ITEM
            place = len(read.raw)
            read.add_text(decoded)
            read.raw[place:] = [reference, *[""] * (len(decoded) - 1)]
    read.add_text(raw[cursor:])


def _reference(text: str) -> str:
    """What of "&lthola", which reads "<hola", is the reference: the longest that has a meaning."""
    if text.startswith("&#"):
        return text
    references = (text[:end] for end in range(len(text), 2, -1) if text[1:end] in html5)
    return next(references, "")


def _add_found(read: Builder, found: Builder, protect: Protect) -> None:
    """Finds items in what stands between tags; "<b>" in text that was escaped is one of them."""
    start = 0
    for n, character in enumerate([*read.text, BREAK]):
        if character in TAGS or character in (BREAK, ITEM):
            if start < n:
                add_tokens(read, start, n, found, tags=False, protect=protect)
            if n < len(read.text):
                found.add(character, read.raw[n])
            start = n + 1


def _shown_attributes(document: str, token: _Token, protect: Protect) -> Iterator[Attribute]:
    for match in _shown_values(document, token):
        value = match[2]
        quoted = value[0] in "\"'"
        read, found = Builder(), Builder()
        _add_text(read, value[1:-1] if quoted else value)
        _add_found(read, found, protect)
        start, end = match.span(2)
        yield Attribute(start, end, start + quoted, glued(found).finish(unpaired=ITEM))


def _shown_values(document: str, token: _Token) -> Iterator[re.Match[str]]:
    name_end = token.start + 1 + len(token.name)
    for match in _ATTRIBUTE.finditer(document, name_end, token.end):
        if match[1].lower() in _SHOWN_ATTRIBUTES and match[2]:
            yield match


def _end_of_kept(tokens: list[_Token], n: int) -> int:
    """The token after an element, with its end tag or what else ends it."""
    first = tokens[n]
    if first.kind != "start":
        return n + 1
    opened = [first.name]
    for m in range(n + 1, len(tokens)):
        token = tokens[m]
        # Nothing within a sentence ends a block.
        if token.name in _WITHIN_SENTENCE and first.name not in _WITHIN_SENTENCE:
            continue
        if token.kind == "end" and token.name not in opened and first.name in ENDED_BY:
            return m
        _follow(opened, token)
        if not opened:
            return m + 1 if token.kind == "end" else m
    return len(tokens)


def _follow(opened: list[str], token: _Token) -> None:
    """Takes what a tag ends off the elements that are open, and adds what it begins."""
    if token.kind == "end" and token.name in opened:
        while opened.pop() != token.name:
            pass
    elif token.kind in ("start", "void"):
        while opened and token.name in ENDED_BY.get(opened[-1], ()):
            opened.pop()
        if opened and token.kind == "start":
            opened.append(token.name)


@dataclass
class _Token:
    """`kind` is text, start, end, void (a tag without an end tag), comment, or other."""

    kind: str
    start: int
    end: int = 0
    name: str = ""
    is_kept: bool = False

    @property
    def passage_kind(self) -> str:
        if self.kind == "comment":
            return VOID
        if self.name not in INLINE:
            return BREAK
        return {"start": OPEN, "end": CLOSE}.get(self.kind, VOID)


class _Tokenizer(HTMLParser):
    """Notes where each token begins; it ends where the next one begins."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=False)
        self._is_xml = _XML.match(document) is not None
        self.tokens: list[_Token] = [_Token("text", 0)]
        lines = document.split("\n")
        self._line_starts = [0, *accumulate(len(line) + 1 for line in lines)]

    @classmethod
    def tokenize(cls, document: str) -> list[_Token]:
        parser = cls(document)
        # No tag ends after the last ">", and to look for that from each "<" takes long.
        last = document.rfind(">") + 1
        # Nor does a reference tell where one stands; the parser would decode it.
        parser.feed(document[:last].replace("&", "+"))
        parser.close()
        tokens = [*parser.tokens, _Token("text", last)]
        for token, following in pairwise(tokens):
            token.end = following.start
        tokens[-1].end = len(document)
        return [token for token in tokens if token.start < token.end]

    def _note(self, kind: str, name: str = "", *, is_kept: bool = False) -> None:
        line, column = self.getpos()
        start = self._line_starts[line - 1] + column
        self.tokens.append(_Token(kind, start, name=name, is_kept=is_kept))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_kept = (
            tag in KEPT
            or given.get("translate", "").lower() == "no"
            or "notranslate" in given.get("class", "").split()
        )
        self._note("void" if tag in VOID_NAMES else "start", tag, is_kept=is_kept)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        # In HTML, elsewhere than on an element that it does not know, the slash means nothing.
        if self._is_xml or tag not in INLINE | BLOCK | KEPT or tag == "svg":
            self.tokens[-1].kind = "void"

    def handle_endtag(self, tag: str) -> None:
        self._note("end", tag)

    def handle_data(self, data: str) -> None:
        self._note("text")

    def handle_comment(self, data: str) -> None:
        self._note("comment")

    def handle_decl(self, decl: str) -> None:
        self._note("other")

    def unknown_decl(self, data: str) -> None:
        self._note("other")

    def handle_pi(self, data: str) -> None:
        self._note("other")

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        if self.rawdata.startswith("<![CDATA[", i):
            return super().parse_marked_section(i, report)
        # The parser takes one that it does not know for a defect of the program.
        self._note("other")
        return self.parse_bogus_comment(i, report=False)
