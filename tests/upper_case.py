"""Translators without a model, for tests in which texts and files matter and the model does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from translator.config import SearchConfig
from translator.texts.sentence import Sentence, Translate
from translator.translation import Hypothesis, Translation
from translator.translator import Translator


class UpperCase(Translator):
    """Writes sentences in capitals, where the lines matter and the model does not."""

    info: Mapping[str, Any] = {}
    identity = ("upper case",)

    def __init__(self) -> None:
        self.info = {"source_language": "es", "target_language": "en"}
        self.calls: list[list[Sentence]] = []
        self.searches: list[SearchConfig] = []
        self.sizes: list[tuple[int, int]] = []
        self.loaded: tuple[tuple[str, ...], bool] = ((), False)

    @property
    def sentences(self) -> list[list[str]]:
        return [[sentence.text for sentence in call] for call in self.calls]

    def translate(  # type: ignore[override]
        self, texts: list[Sentence], search: SearchConfig, *, batch_size: int, workers: int
    ) -> list[Translation]:
        self.calls.append(texts)
        self.searches.append(search)
        self.sizes.append((batch_size, workers))
        return [upper_case(sentence.text, search.n_best) for sentence in texts]

    def confidence(self, translation: Translation) -> float:
        """The fewer words, the better: 1 for one, a half for two."""
        return 1 / (len(translation.source_tokens) - 1)

    def mended(self, translate: Translate) -> Translate:
        return translate

    def fits(self, text: str) -> bool:
        return True


def upper_case(text: str, n_best: int) -> Translation:
    """The last word first, and so on, each of which looks at what it came from."""
    words = [f"▁{word}" for word in text.split()]
    target = (*(word.upper() for word in reversed(words)), "</s>")
    alignment = np.zeros((len(target), len(target)), np.float32)
    alignment[np.arange(len(target)), [*reversed(range(len(words))), len(words)]] = 1.0
    hypotheses = [
        Hypothesis(
            text=" ".join(target[:-1]).replace("▁", "") + "!" * rank,
            score=-0.25 - rank,
            log_prob=-0.5 - rank,
            tokens=target,
            token_log_probs=(-0.5,) * len(target),
            alignment=alignment,
            finished="cut" not in text,
        )
        for rank in range(n_best)
    ]
    return Translation(source_tokens=(*words, "</s>"), hypotheses=tuple(hypotheses))
