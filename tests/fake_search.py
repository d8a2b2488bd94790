"""Searches whose work can be checked by eye, for the texts around them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from translator.constants import PLACEHOLDERS
from translator.texts.sentence import Sentence
from translator.translation import Hypothesis, Translation

END = "</s>"
Order = Callable[[list[str]], list[int]]


def hypothesis(
    text: str, score: float = -1.0, tokens: Sequence[str] = (END,), alignment: object = None
) -> Hypothesis:
    return Hypothesis(
        text=text,
        score=score,
        log_prob=score,
        tokens=tuple(tokens),
        token_log_probs=(score,) * len(tokens),
        alignment=np.ones((1, 1), np.float32) if alignment is None else np.asarray(alignment),
        finished=True,
    )


class FakeSearch:
    """Writes the words of a sentence in capitals, in another order, each aligned to its source.

    Args:
        order: From words to the places of the words that are written.
    """

    def __init__(self, order: Order = lambda words: list(range(len(words)))) -> None:
        self.order = order
        self.calls: list[list[str]] = []

    def __call__(self, sentences: list[Sentence]) -> list[Translation]:
        self.calls.append([sentence.text for sentence in sentences])
        return [self.translate(sentence.text) for sentence in sentences]

    def translate(self, text: str) -> Translation:
        words = text.split()
        places = self.order(words)
        written = [words[place].upper() for place in places]
        alignment = np.zeros((len(written) + 1, len(words) + 1), np.float32)
        alignment[np.arange(len(written)), places] = 1.0
        alignment[-1, -1] = 1.0
        tokens = (*("▁" + word for word in written), END)
        best = hypothesis(" ".join(written), -float(len(words)), tokens, alignment)
        return Translation((*("▁" + word for word in words), END), (best,))


def backwards(words: list[str]) -> list[int]:
    return list(reversed(range(len(words))))


def shuffled(words: list[str]) -> list[int]:
    places = list(range(len(words)))
    random.Random(" ".join(words)).shuffle(places)
    return places


def without_placeholders(words: list[str]) -> list[int]:
    return [n for n, word in enumerate(words) if not set(word) & set(PLACEHOLDERS)]


def doubling_placeholders(words: list[str]) -> list[int]:
    return [
        n for n, word in enumerate(words) for _ in range(1 + bool(set(word) & set(PLACEHOLDERS)))
    ]


class Babbler(FakeSearch):
    """Writes placeholders at random, and says nothing of where anything came from."""

    def translate(self, text: str) -> Translation:
        rng = random.Random(text)
        words = ["ba", "be", "Bi.", "<", "&", *PLACEHOLDERS]
        written = [rng.choice(words) for _ in range(rng.randint(0, 8))]
        best = hypothesis(" ".join(written), -1.0, ("x",), rng.choice([None, np.zeros((3, 4))]))
        return Translation(("y",), (best,))
