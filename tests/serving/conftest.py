"""A translator whose work can be checked by eye, and an application around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from flask.testing import FlaskClient

from serving.app import create_app
from serving.registry import Registry
from serving.settings import Settings
from translator.config import SearchConfig, from_mapping
from translator.texts.sentence import Sentence, Translate
from translator.translation import Hypothesis, Translation

END = "</s>"


class WordReverser:
    """Writes the words of a line backwards; the alternative of rank k has k marks at its end.

    Every word costs 1, every mark another 1. A line that holds the word `endless` is cut short.
    A word of n letters has a probability of 1/n, a line of n words a confidence of 1/n. All else
    is as in the real one: what is no word, the glossary, the settings that a model brings along.
    """

    own_settings: ClassVar = {"length_penalty": 0.75, "coverage_penalty": 0.25}

    def __init__(self, source: str = "es", target: str = "en", version: int = 1) -> None:
        self.source_language = source
        self.target_language = target
        self.version = version
        self.info = {"source_language": source, "target_language": target}
        self.words: frozenset[str] = frozenset()
        self.calls: list[tuple[list[str], SearchConfig]] = []

    @property
    def source_words(self) -> frozenset[str]:
        return self.words

    def search_config(self, **settings: float | None) -> SearchConfig:
        given = {name: value for name, value in settings.items() if value is not None}
        return from_mapping(SearchConfig, {**self.own_settings, **given})

    def confidence(self, translation: Translation) -> float:
        return 1 / len(translation.source_tokens[:-1])

    def mended(self, translate: Translate) -> Translate:
        return translate

    def fits(self, text: str) -> bool:
        return True

    def translate(self, sentences: Sequence[Sentence], search: SearchConfig) -> list[Translation]:
        self.calls.append(([sentence.text for sentence in sentences], search))
        return [self._translate(sentence, search) for sentence in sentences]

    def _translate(self, sentence: Sentence, search: SearchConfig) -> Translation:
        text = sentence.text
        for term in reversed(sentence.terms):
            text = text[: term.start] + term.target + text[term.stop :]
        words = text.split()
        tokens = (*("▁" + word for word in reversed(words)), END)
        # Each word comes from its mirror image, the end from the end.
        alignment = np.zeros((len(tokens), len(tokens)), np.float32)
        alignment[np.arange(len(tokens)), [*reversed(range(len(words))), len(words)]] = 1.0
        hypotheses = tuple(
            Hypothesis(
                text=" ".join(reversed(words)) + "!" * rank,
                score=-float(len(words) + rank),
                log_prob=-float(len(words) + rank),
                tokens=tokens,
                token_log_probs=(*(-math.log(len(word)) for word in reversed(words)), 0.0),
                alignment=alignment,
                finished="endless" not in words,
            )
            for rank in range(search.n_best)
        )
        source = ("▁" + word for word in sentence.text.split())
        return Translation(source_tokens=(*source, END), hypotheses=hypotheses)


@pytest.fixture(scope="session")
def make_engine() -> Callable[..., WordReverser]:
    return WordReverser


@pytest.fixture
def engine() -> WordReverser:
    return WordReverser("es", "en")


@pytest.fixture
def settings() -> Settings:
    return Settings(char_limit=20_000, batch_limit=50)


@pytest.fixture
def client(settings: Settings, engine: WordReverser) -> FlaskClient:
    """Serves es-en by `engine`, and en-pt-BR, so that pt-BR is only a target."""
    registry = Registry([engine, WordReverser("en", "pt-BR")])
    return create_app(settings, registry).test_client()


@pytest.fixture
def empty_client(settings: Settings) -> FlaskClient:
    return create_app(settings, Registry([])).test_client()


@pytest.fixture(scope="session")
def model_folder(toy_model_folder: Path) -> Path:
    """A folder of real models: `xx-yy/1`."""
    return toy_model_folder
