"""A translator whose work can be checked by eye, and an application around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from serving.app import create_app
from serving.registry import Registry
from serving.settings import Settings
from translator.config import SearchConfig
from translator.translator import Hypothesis, Translation

END = "</s>"


class WordReverser:
    """Writes the words of a line backwards; the alternative of rank k has k marks at its end.

    Every word costs 1, every mark another 1. A line that holds the word `endless` is cut short.
    """

    def __init__(self, source: str = "es", target: str = "en") -> None:
        self.source_language = source
        self.target_language = target
        self.calls: list[tuple[list[str], SearchConfig]] = []

    def translate(self, texts: Sequence[str], search: SearchConfig) -> list[Translation]:
        self.calls.append((list(texts), search))
        return [self._translate(text.split(), search) for text in texts]

    def _translate(self, words: list[str], search: SearchConfig) -> Translation:
        tokens = (*reversed(words), END)
        # Each word comes from its mirror image, the end from the end.
        alignment = np.zeros((len(tokens), len(tokens)), np.float32)
        alignment[np.arange(len(tokens)), [*reversed(range(len(words))), len(words)]] = 1.0
        hypotheses = tuple(
            Hypothesis(
                text=" ".join(reversed(words)) + "!" * rank,
                score=-float(len(words) + rank),
                log_prob=-float(len(words) + rank),
                tokens=tokens,
                token_log_probs=(-1.0,) * len(tokens),
                alignment=alignment,
                finished="endless" not in words,
            )
            for rank in range(search.n_best)
        )
        return Translation(source_tokens=(*words, END), hypotheses=hypotheses)


@pytest.fixture
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
