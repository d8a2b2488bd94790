"""Tiny models whose every weight is random, biases included, so that none can be left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from translator.model import Seq2Seq

SIZES: dict[str, Any] = {
    "source_vocab_size": 10,
    "target_vocab_size": 10,
    "embedding_size": 5,
    "encoder_size": 3,
    "decoder_size": 4,
    "attention_size": 6,
    "embedding_dropout": 0.0,
    "state_dropout": 0.0,
    "output_dropout": 0.0,
}


@pytest.fixture(scope="session")
def make_model() -> Callable[..., Seq2Seq]:
    """From sizes that differ from the tiny ones, a dtype and a seed to a model.

    Making a model takes a second, so one is made for each set of arguments; whoever asks for it
    again gets it with its first weights.
    """
    made: dict[tuple[Any, ...], Seq2Seq] = {}

    def make(dtype: str = "float32", seed: int = 1, **sizes: Any) -> Seq2Seq:
        from translator.config import ModelConfig
        from translator.model import build

        key = (dtype, seed, *sorted(sizes.items()))
        if key not in made:
            made[key] = build(ModelConfig(**{**SIZES, **sizes}), dtype)
        rng = np.random.default_rng(seed)
        for weight in made[key].weights:
            weight.assign(rng.normal(0.0, 0.7, weight.shape))
        return made[key]

    return make
