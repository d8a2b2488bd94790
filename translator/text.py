"""The one form of a text that training, translation and scoring see, and its sentences."""

from __future__ import annotations

import re
import unicodedata

import regex

from translator.errors import InputError
from translator.segmenting import segment_line

REMOVED = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060"
    "\u2066-\u2069\ufeff"
)
"""Characters that no model reads, for a class of a pattern.

Category Cc less what `str.isspace` calls white space, and what says how a text is shown: soft
hyphens, zero-width spaces, marks of direction, the byte order mark. Those that join letters or
emoji, or keep letters apart (U+200C and U+200D), belong to the words.
"""

_REMOVED = re.compile(f"[{REMOVED}]+")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
_FULL_WIDTH_SCRIPT = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Hangul}]", regex.VERSION1
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def normalize(text: str) -> str:
    """Brings `text` into the form that the models are trained on.

    What `narrow` and `compose` do is done, and every run of white space, also of tabs, no-break
    spaces and line separators, becomes one space; none is left at the ends. Normalizing twice
    changes nothing more.

    Args:
        text: Any text.

    Returns:
        The normalized text; blank text becomes "".

    Raises:
        InputError: `text` holds a lone surrogate, which no encoding can write.
    """
    surrogate = _SURROGATE.search(text)
    if surrogate:
        raise InputError(
            "Expected text without lone surrogates. "
            f"Received: U+{ord(surrogate[0]):04X} at position {surrogate.start()}, counted from 0"
        )
    return " ".join(compose(narrow(text)).split())


def narrow(text: str) -> str:
    """Writes full-width letters, digits and marks as those of ASCII, one for one.

    Where a script stands that is written in their width they belong to it, and stay.
    """
    if not _FULL_WIDTH.search(text) or _FULL_WIDTH_SCRIPT.search(text):
        return text
    return _FULL_WIDTH.sub(_compatible, text)


def compose(text: str) -> str:
    """Removes invisible characters, spells ligatures, and composes the rest (Unicode's NFC)."""
    # Removing and spelling come first, so that what they join is still composed.
    return unicodedata.normalize("NFC", _LIGATURE.sub(_compatible, _REMOVED.sub("", text)))


def split_sentences(text: str, language: str) -> list[tuple[str, str]]:
    """Splits a text into sentences, so that each can be translated on its own and put back.

    A line break always ends a sentence. What ends one within a line is decided by the rules and
    abbreviations of the language; a language without any gets those of English.

    Args:
        text: Any text.
        language: Code of its language, such as `es`.

    Returns:
        Pairs of a sentence, without white space around it, and the white space after it. Joined,
        they are the text. A sentence is empty where white space follows white space.
    """
    pieces: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        for part in segment_line(line, language):
            rest = part.lstrip()
            sentence = rest.rstrip()
            before, after = part[: len(part) - len(rest)], rest[len(sentence) :]
            if before:
                pieces.append(("", before))
            if sentence:
                pieces.append((sentence, after))
    return pieces


def _compatible(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])
