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
        joined: Pairs made of two neighbours.
        recased: Pairs in capitals, in lower case, or without their last mark.

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
            yield chunk._replace(pairs=[*chunk.pairs, *self._make(list(chunk.pairs), rng)])

    def _make(self, pairs: list[Pair], rng: random.Random) -> Iterator[Pair]:
        names = sorted({word for pair in pairs for word in shared_words(*pair) if word.isalpha()})
        for pair in pairs:
            if rng.random() < self.placeholders:
                yield with_placeholders(pair, rng)
            if rng.random() < self.substituted:
                yield from substituted(pair, names, rng)
            if rng.random() < self.joined:
                other = rng.choice(pairs)
                yield f"{pair[0]} {other[0]}", f"{pair[1]} {other[1]}"
            if rng.random() < self.recased:
                yield recased(pair, rng)


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

    Args:
        pair: Source and target.
        names: To draw from. Numbers are drawn from those of as many digits; never 1, which asks
            for other words beside it, and 1 stays.
        rng: Draws.
    """
    source, target = pair
    others = {
        word: _number_like(word, rng) if word.isdigit() else rng.choice(names)
        for word in shared_words(source, target)
        if word != "1" and (word.isdigit() or word.isalpha())
    }
    if others:
        source, target = (
            _WORD.sub(lambda match: others.get(match[0], match[0]), text) for text in pair
        )
        yield source, target


def _number_like(digits: str, rng: random.Random) -> str:
    least = 2 if len(digits) == 1 else 10 ** (len(digits) - 1)
    return str(rng.randrange(least, 10 ** len(digits)))


def shared_words(source: str, target: str) -> list[str]:
    """Names and numbers that stand exactly once on either side."""
    words, others = _WORD.findall(source), _WORD.findall(target)
    return [
        word
        for word in words
        if (word.isdigit() or (word[0].isupper() and len(word) > 2))
        and words.count(word) == others.count(word) == 1
    ]


def recased(pair: Pair, rng: random.Random) -> Pair:
    """The pair in capitals, in lower case, or without the marks at its ends."""
    source, target = pair
    kind = rng.randrange(3)
    if kind == 0:
        return source.upper(), target.upper()
    if kind == 1:
        return source.lower(), target.lower()
    return _without_marks(source), _without_marks(target)


def _without_marks(text: str) -> str:
    return _FINAL_MARK.sub("", text).lstrip("¿¡") or text
