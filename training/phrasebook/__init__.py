"""Everyday phrases, written for this project, in all languages of the models that ship.

Collections of sentences hardly say "Hello, how are you?", speak of one Tom, and have little of what
letters, web pages, news, instructions and programs say. `phrases.tsv` has a column for each
language and in each cell one or more ways to say the same; `fillings.tsv` has what stands in place
of `{name}` and `{city}`.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator, Mapping
from importlib import resources

from training.corpus import Pair
from translator.errors import ConfigError

_ALTERNATIVE = " | "
_SLOT = re.compile(r"\{(\w+)\}")
_ELIDED = r"\b([DdJjLlMmNnSsTt]|[Qq]u)e "
"""French drops this e before a vowel: d'Anna, but de Paul."""

_VOWELS = frozenset("AEIOUÉ")
_NUMBERS = [{"": str(number)} for number in range(2, 13)]
_FILLED = 4
"""How often a phrase with a slot is written, for each time that another one is."""

Row = dict[str, str]
"""Language codes to text; the code is empty where the text is the same in all languages."""


def pairs(source: str, target: str, copies: int, seed: int) -> Iterator[Pair]:
    """Pairs of all phrases.

    Args:
        source: Code of the source language.
        target: Code of the target language.
        copies: Pairs of a phrase, four times as many if it has a slot. There are more if the
            source language has more ways to say it: each is paired with the first one of the
            target language.
        seed: Draws the fillings of the slots.

    Raises:
        ConfigError: There are no phrases in a language, or it is the same one twice.
    """
    phrases = _read("phrases.tsv")
    languages = sorted(phrases[0])
    for language in (source, target):
        if language not in languages:
            raise ConfigError(f"expected one of {', '.join(languages)}. Received: {language!r}")
    if source == target:
        raise ConfigError(f"expected two languages. Received: {source!r} twice")
    fillings = _fillings()
    rng = random.Random(seed)  # noqa: S311 - nothing here is a secret
    for phrase in phrases:
        sources = phrase[source].split(_ALTERNATIVE)
        written = phrase[target].split(_ALTERNATIVE)[0]
        slots = _SLOT.findall(written)
        for n in range(max(copies * (_FILLED if slots else 1), len(sources))):
            filling = {slot: rng.choice(fillings[slot]) for slot in slots}
            yield _fill(sources[n % len(sources)], filling, source), _fill(written, filling, target)


def _fill(text: str, filling: Mapping[str, Row], language: str) -> str:
    for slot, row in filling.items():
        word = row.get(language) or row[""]
        if language == "fr" and word[0] in _VOWELS:
            text = re.sub(rf"{_ELIDED}(?={{{slot}}})", r"\1'", text)
        text = text.replace(f"{{{slot}}}", word)
    return text


def _fillings() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {"number": _NUMBERS}
    for row in _read("fillings.tsv"):
        row[""] = row["en"]
        found.setdefault(row["slot"], []).append(row)
    return found


def _read(name: str) -> list[Row]:
    text = (resources.files(__name__) / name).read_text("utf-8")
    return [*csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)]
