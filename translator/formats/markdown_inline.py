"""The content of a paragraph of Markdown as a text with codes.

markdown-it-py says what stands there, but not where: its rules are watched while they work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from translator.formats.markup import Code, Marked
from translator.formats.txt import one_line
from translator.texts.elements import KEPT

Rule = Callable[[StateInline, bool], bool]

_SPAN: Final = "span"
_DELIMITERS: Final = ("emphasis", "strikethrough")
_ITEMS: Final = ("newline", "backticks", "image", "autolink", "html_inline")
# Marks that CommonMark takes for text: footnotes, alerts, tasks.
_MARK: Final = re.compile(r"(\[\^[^\]\s]+\]:?|\[![A-Za-z]+\]|^\[[ xX]\](?=\s))")
_TAG_NAME: Final = re.compile(r"</?([a-zA-Z][\w-]*)")


@dataclass(frozen=True)
class Inline:
    """The content of a paragraph.

    Attributes:
        marked: Its text, with codes.
        spelled: How characters are written there that would mean something else.
    """

    marked: Marked
    spelled: dict[str, str]

    def words(self, text: str) -> list[str]:
        """Writes a translation that was checked, as words between which lines may end."""
        spelling = str.maketrans(self.spelled)
        words = [""]
        for piece in self.marked.filled(text):
            if isinstance(piece, Code):
                words[-1] += piece.raw
                continue
            first, *rest = one_line(piece).translate(spelling).split(" ")
            words[-1] += first
            words += rest
        return words


def read_inline(content: str, environment: dict[str, Any]) -> Inline:
    """Reads the content of a paragraph.

    Args:
        content: Without the marks of the blocks around it.
        environment: What parsing the document has found: the targets of links.
    """
    tokens: list[Token] = []
    _watched().inline.parse(content, _watched(), environment, tokens)
    spelled: dict[str, str] = {}
    pieces: list[str | Code] = []
    cursor = 0
    for start, end, token in _with_kept(_spans(tokens, content), content):
        pieces += _texts(content[cursor:start])
        cursor = end
        raw = content[start:end]
        if token.type == "softbreak":
            pieces.append(" ")
        elif token.type == "text_special":
            # One that is no escape after all stands for itself.
            if token.content != raw:
                spelled[token.content] = raw
            pieces.append(token.content)
        elif token.type == "text":
            pieces.append(raw)
        else:
            pieces.append(_code(token, raw))
    pieces += _texts(content[cursor:])
    return Inline(Marked.of(pieces), {c: raw for c, raw in spelled.items() if len(c) == 1})


def shape(content: str, environment: dict[str, Any]) -> list[str]:
    """What Markdown takes a content for: its blocks and inline elements, in any order."""
    tokens = _plain().parse(content, {"references": dict(environment.get("references", {}))})
    children = [child for token in tokens for child in token.children or []]
    return [token.type for token in tokens] + sorted(
        child.type + child.content * (child.type in ("code_inline", "html_inline"))
        for child in children
        if child.type not in ("text", "softbreak", "text_special")
    )


@cache
def block_parser() -> MarkdownIt:
    """Finds blocks, and leaves what is in them."""
    parser = _plain_parser()
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


@cache
def _plain() -> MarkdownIt:
    return _plain_parser()


def _plain_parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


@cache
def _watched() -> MarkdownIt:
    """Notes the span of each token; neighbours stay apart."""
    parser = _plain_parser()
    parser.inline.ruler2.disable("fragments_join")
    for rule in parser.inline.ruler.__rules__:
        if rule.name not in ("text", "linkify"):
            rule.fn = _watch(rule.name, rule.fn)
    parser.inline.ruler.__compile__()
    return parser


def _watch(name: str, rule: Rule) -> Rule:
    def watched(state: StateInline, silent: bool) -> bool:
        start, count, pending = state.pos, len(state.tokens), state.pending
        label_end = -1
        if name == "link" and not silent and state.src[start] == "[":
            label_end = state.md.helpers.parseLinkLabel(state, start, True)
        if not rule(state, silent):
            return False
        # Text that was pending becomes a token when the first one of another kind comes.
        flushed = bool(pending) and len(state.tokens) > count and state.tokens[count].type == "text"
        new = state.tokens[count + flushed :]
        if not silent and new:
            _note(name, new, start, state.pos, label_end)
        return True

    return watched


def _note(name: str, new: Sequence[Token], start: int, end: int, label_end: int) -> None:
    if name in _DELIMITERS:
        for token in new:
            token.meta[_SPAN] = (start, start + len(token.content))
            start += len(token.content)
    elif name == "link":
        new[0].meta[_SPAN] = (start, start + 1)
        new[-1].meta[_SPAN] = (label_end, end)
    else:
        new[-1].meta[_SPAN] = (start, end)


def _spans(tokens: Sequence[Token], content: str) -> Iterator[tuple[int, int, Token]]:
    """Where tokens other than plain text begin and end; both halves of `**` are one."""
    noted = [token for token in tokens if _SPAN in token.meta]
    for n, token in enumerate(noted):
        start, end = token.meta[_SPAN]
        if token.type == "text" and not token.content:
            continue
        before = noted[n - 1] if n else None
        after = noted[n + 1] if n + 1 < len(noted) else None
        if token.type == "strong_open" and before is not None and _is_half(before):
            start -= 1
        elif token.type == "strong_close" and after is not None and _is_half(after):
            end += 1
        elif token.type == "hardbreak":
            while start and content[start - 1] == " ":
                start -= 1
        yield start, end, token


def _with_kept(
    spans: Iterator[tuple[int, int, Token]], content: str
) -> Iterator[tuple[int, int, Token]]:
    """The spans, with those of an element of HTML that is not translated as one."""
    left = list(spans)
    while left:
        start, end, token = left.pop(0)
        name = _tag_name(token, content[start:end])
        if name in KEPT:
            last = next(
                (
                    n
                    for n, (first, stop, other) in enumerate(left)
                    if _tag_name(other, content[first:stop]) == f"/{name}"
                ),
                None,
            )
            if last is not None:
                end = left[last][1]
                del left[: last + 1]
                token = Token("kept", "", 0)
        yield start, end, token


def _tag_name(token: Token, raw: str) -> str:
    """Of a tag of HTML, with the slash of an end tag before it; else nothing."""
    name = _TAG_NAME.match(raw) if token.type == "html_inline" else None
    if name is None or raw.endswith("/>"):
        return ""
    return f"/{name[1]}".lower() if raw.startswith("</") else name[1].lower()


def _is_half(token: Token) -> bool:
    return token.type == "text" and not token.content


def _code(token: Token, raw: str) -> Code:
    if name := _tag_name(token, raw):
        return Code("close" if raw.startswith("</") else "open", raw, name.removeprefix("/"))
    if token.type == "link_close" and token.info == "auto":
        return Code("item", raw)
    if token.nesting:
        kind = token.type.rpartition("_")[0]
        return Code("open" if token.nesting > 0 else "close", raw, kind)
    return Code("break" if token.type == "hardbreak" else "item", raw)


def _texts(text: str) -> Iterator[str | Code]:
    for n, piece in enumerate(_MARK.split(text)):
        yield Code("item", piece) if n % 2 else piece
