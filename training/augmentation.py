"""More pairs made of those that are there: what real text has and sentence collections lack.

Placeholders stand for what must survive translation (`translator.texts`), joined pairs are
longer than any sentence, and recased ones are headlines, labels and chat. What is made of a corpus
follows from the corpus and a seed alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from training.corpus import Chunk, Pair
from translator.constants import PLACEHOLDERS
from translator.errors import ConfigError

_WORD = re.compile(r"\w+")
_FINAL_MARK = re.compile("[.!?\u2026\u3002\uff01\uff1f]+$")
_VOWELS = frozenset("AEIOUHYÀÁÂÄÅÆÈÉÊËÌÍÎÏÒÓÔÖØÙÚÛÜŒ")
_MOST_REPLACED = 3
_ATTACHED = (
    *("{x} {text}", "{text} {x}", "{x}: {text}"),
    *("{text} ({x})", "({x}) {text}", "{x}, {text}"),
)


@dataclass(frozen=True)
class Augmentation:
    """How many pairs are made, as shares of the pairs that are there.

    Attributes:
        placeholders: Pairs with placeholders for names and numbers that both sides have, or with
            one at an end.
        substituted: Pairs with other names and numbers in the place of those that both sides have.
        joined: Pairs made of two of those that stand near each other.
        recased: Pairs in capitals, in lower case, without their last mark, or exclaimed.

    Raises:
        ConfigError: A share is not in [0, 1].
    """

    placeholders: float = 0.0
    substituted: float = 0.0
    joined: float = 0.0
    recased: float = 0.0

    def __post_init__(self) -> None:
        for name in ("placeholders", "substituted", "joined", "recased"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(
                    f"{name}: expected a share in [0, 1]. Received: {getattr(self, name)!r}"
                )

    def apply(self, chunks: Iterable[Chunk], seed: int) -> Iterator[Chunk]:
        """Yields the chunks with what is made of their pairs behind them."""
        rng = random.Random(seed)  # noqa: S311 - nothing here is a secret
        for chunk in chunks:
            made = [*self._make(list(chunk.pairs), rng)]
            yield chunk._replace(pairs=[*chunk.pairs, *made], made=len(made))

    def _make(self, pairs: list[Pair], rng: random.Random) -> Iterator[Pair]:
        names: list[str] = []
        if self.substituted:
            names = sorted({name for pair in pairs for name in shared_names(*pair)})
        inverted = tuple(any("¡" in pair[side] for pair in pairs) for side in (0, 1))
        for pair in pairs:
            if rng.random() < self.placeholders:
                yield with_placeholders(pair, rng)
            if rng.random() < self.substituted:
                yield from substituted(pair, names, rng)
            if rng.random() < self.joined:
                other = rng.choice(pairs)
                yield f"{pair[0]} {other[0]}", f"{pair[1]} {other[1]}"
            if rng.random() < self.recased:
                yield recased(pair, rng, inverted)


def with_placeholders(pair: Pair, rng: random.Random) -> Pair:
    """The pair with placeholders for words that both sides share, or with one attached.

    Every placeholder stands once on each side.
    """
    symbols = rng.sample(PLACEHOLDERS, _MOST_REPLACED + 1)
    source, target = pair
    shared = shared_words(source, target)
    rng.shuffle(shared)
    replaced = shared[: rng.randint(1, _MOST_REPLACED)]
    for symbol, word in zip(symbols, replaced, strict=False):
        source, target = (
            re.sub(rf"\b{re.escape(word)}\b", symbol, text) for text in (source, target)
        )
    if not replaced or rng.random() < 0.2:
        form = rng.choice(_ATTACHED)
        source, target = (form.format(text=text, x=symbols[-1]) for text in (source, target))
    return source, target


def substituted(pair: Pair, names: Sequence[str], rng: random.Random) -> Iterator[Pair]:
    """The pair with other names and numbers, if both sides share some.

    Words that go by a name or a number stay right: the first letter stays a vowel or none
    ("d'Anna", but "de Tom"), and a number keeps what plural forms depend on (1, 2, 5, 11, 21, ...).
    Only the gender of a name may be another.

    Args:
        pair: Source and target.
        names: What counts as a name, and is drawn from.
        rng: Draws.

    Yields:
        The pair, or nothing.
    """
    source, target = pair
    others: dict[str, str] = {}
    for word in shared_words(source, target):
        fitting = _numbers_like(word) if word.isdecimal() else _names_like(word, names)
        fitting = [other for other in fitting if other not in {*others.values(), word}]
        if fitting:
            others[word] = rng.choice(fitting)
    if others:
        source, target = (
            _WORD.sub(lambda match: others.get(match[0], match[0]), text) for text in pair
        )
        yield source, target


def _names_like(word: str, names: Sequence[str]) -> list[str]:
    if word not in names:
        return []
    return [name for name in names if (name[0] in _VOWELS) == (word[0] in _VOWELS)]


def _numbers_like(word: str) -> list[str]:
    """Numbers of two to four digits, ten at most, with the plural form of this one."""
    if not word.isascii() or not 2 <= len(word) <= 4:
        return []
    step = max(10, 10 ** (len(word) - 1))
    teens = 11 <= int(word) % 100 <= 14
    return [
        str(number)
        for number in range(step + int(word) % step, 10 ** len(word), step)
        if (11 <= number % 100 <= 14) == teens
    ]


def shared_names(source: str, target: str) -> list[str]:
    """Shared words with a capital that no beginning of a sentence gave them, on either side."""
    return [
        word
        for word in shared_words(source, target)
        if word.isalpha() and _is_inside(word, source) and _is_inside(word, target)
    ]


def _is_inside(word: str, text: str) -> bool:
    before = text[: re.search(rf"\b{re.escape(word)}\b", text).start()].rstrip()  # type: ignore[union-attr]
    return before[-1:].isalpha() or before.endswith(",")


def shared_words(source: str, target: str) -> list[str]:
    """Names and numbers that stand exactly once on either side."""
    words, others = _WORD.findall(source), _WORD.findall(target)
    return [
        word
        for word in words
        if (word.isdigit() or (word[0].isupper() and len(word) > 2))
        and words.count(word) == others.count(word) == 1
    ]


def recased(pair: Pair, rng: random.Random, inverted: tuple[bool, ...] = (False, False)) -> Pair:
    """The pair in capitals, in lower case, without the marks at its ends, or exclaimed.

    Args:
        pair: Source and target.
        rng: Draws.
        inverted: Whether an exclamation of either side begins with a mark as well.
    """
    source, target = pair
    kind = rng.randrange(4)
    if kind == 0:
        return source.upper(), target.upper()
    if kind == 1:
        return source.lower(), target.lower()
    if kind == 2 or not (_is_statement(source) and _is_statement(target)):
        return _without_marks(source), _without_marks(target)
    return _exclaimed(source, inverted[0]), _exclaimed(target, inverted[1])


def _is_statement(text: str) -> bool:
    return text.endswith(".") and not text.endswith("..") and "." not in text[:-1]


def _exclaimed(text: str, inverted: bool) -> str:
    return f"{'¡' if inverted else ''}{text[:-1]}!"


def _without_marks(text: str) -> str:
    return _FINAL_MARK.sub("", text).lstrip("¿¡").strip() or text
