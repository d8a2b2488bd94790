"""The one form of a text that training, translation and scoring see, and its sentences."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from sentencex import segment

from translator.errors import InputError

# Category Cc less what `str.isspace` calls white space, and the byte order mark.
_REMOVED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff]+")
# What `sentencex` takes for an abbreviation, and is a word more often; a digit follows, or is
# before it in "5 de mar.", where it is one.
_NO_ABBREVIATION = {
    "es": re.compile(r"(?<!\d )(?<!\d de )\b(?:[Mm]ar|[Nn]o)\.\s+(?=[¿¡«\"“(]*[A-ZÁÉÍÓÚÑ])"),
    "it": re.compile(r"(?<!\d )\b[Mm]ar\.\s+(?=[«\"“(]*[A-ZÀÈÉÌÒÙ])"),
}
_SURROGATE = re.compile("[\ud800-\udfff]")


def normalize(text: str) -> str:
    """Brings `text` into the form that the models are trained on.

    Control characters and byte order marks are removed, the rest is put into Unicode's composed
    form (NFC), and every run of white space, also of tabs, no-break spaces and line separators,
    becomes one space; none is left at the ends. Normalizing twice changes nothing more.

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
    # Removing comes first, so that what it joins is still composed and folded.
    composed = unicodedata.normalize("NFC", _REMOVED.sub("", text))
    return " ".join(composed.split())


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
        for part in _segment(line, language):
            rest = part.lstrip()
            sentence = rest.rstrip()
            before, after = part[: len(part) - len(rest)], rest[len(sentence) :]
            if before:
                pieces.append(("", before))
            if sentence:
                pieces.append((sentence, after))
    return pieces


def _segment(line: str, language: str) -> Iterator[str]:
    falsely_joined = _NO_ABBREVIATION.get(language)
    for part in segment(language, line):
        cursor = 0
        for match in falsely_joined.finditer(part) if falsely_joined else ():
            yield part[cursor : match.end()]
            cursor = match.end()
        if cursor < len(part):
            yield part[cursor:]
