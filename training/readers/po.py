"""PO files of gettext, where each message stands beside its translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import polib

from training.readers.stream import Item, open_bytes
from translator.errors import CorpusError

_CHARSET: Final = re.compile(rb'"Content-Type:[^"\n]*charset=([\w.-]+)', re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?=$|[-_@])")
_LINE: Final = re.compile(r'\s*(#.*|(msg[a-z_]+(\[\d+\])?\s*)?".*")?\s*')
_PLACE: Final = re.compile(r"line (\d+)\)(?:: (.*))?")

# polib divides text at what Unicode calls line breaks; inside of messages they are white space.
_BREAKS: Final = dict.fromkeys(map(ord, "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), " ")


def read_po(path: str, languages: tuple[str, str]) -> Iterator[Item]:
    """Yields a pair for each message, two where it has a plural; None where it is not translated.

    Of a plural, the singular is paired with the first form of the translation and the plural with
    the last. Fuzzy and obsolete messages are not translated. The messages are in the source
    language, unless the header tells that the translations are.

    Raises:
        CorpusError: The file is no PO file, or its header names a third language.
    """
    with open_bytes(path, lambda: 0) as stream:
        content = stream.read()
    messages = _parse(path, _decode(path, content))
    swapped = _is_swapped(path, messages.metadata.get("Language", ""), languages)
    for message in messages:
        for item in _pairs(message):
            yield item[::-1] if item and swapped else item


def _pairs(message: polib.POEntry) -> Iterator[tuple[str, str] | None]:
    if message.obsolete or message.fuzzy:
        yield None
    elif message.msgid_plural:
        forms = [message.msgstr_plural[n] for n in sorted(message.msgstr_plural)]
        translations = (forms[0], forms[-1]) if forms else ("", "")
        for text, translation in zip(
            (message.msgid, message.msgid_plural), translations, strict=True
        ):
            yield (text, translation) if translation else None
    else:
        yield (message.msgid, message.msgstr) if message.msgstr else None


def _decode(path: str, content: bytes) -> str:
    charset = _CHARSET.search(content)
    # A header that was never filled in says CHARSET.
    name = charset[1].decode("ascii") if charset and charset[1] != b"CHARSET" else "utf-8"
    try:
        return content.decode(name).removeprefix("\ufeff")
    except LookupError as error:
        raise CorpusError(f"{path}: expected a known charset. Received: {name}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{path}, line {line}: expected {name}. Received: byte 0x{content[error.start]:02x}"
        ) from error


def _parse(path: str, text: str) -> polib.POFile:
    lines = text.translate(_BREAKS).split("\n")
    for number, line in enumerate(lines, start=1):
        # polib reads on where a quotation mark is missing.
        if not _LINE.fullmatch(line):
            raise _no_po(path, number, repr(line[:40]))
    try:
        # It takes text without any line feed for the name of a file.
        return polib.pofile("\n".join([*lines, ""]))
    except OSError as error:
        place = _PLACE.search(str(error))
        number, reason = (int(place[1]), place[2]) if place else (len(lines), str(error))
        raise _no_po(path, number, reason or repr(lines[number - 1][:40])) from error


def _no_po(path: str, line: int, received: str) -> CorpusError:
    return CorpusError(f"{path}, line {line}: expected a PO file. Received: {received}")


def _is_swapped(path: str, header: str, languages: tuple[str, str]) -> bool:
    """Whether the translations are in the source language."""
    language = _LANGUAGE.match(header)
    if not language:
        return False
    source, target = (re.split("[-_@]", code)[0].lower() for code in languages)
    received = language[0].lower()
    if received not in (source, target):
        raise CorpusError(
            f"{path}: expected translations into {languages[1]} or {languages[0]}. "
            f"Received: Language: {header}"
        )
    return received == source and received != target
