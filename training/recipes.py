"""Settings that suit a corpus of a given size.

Small corpora want small vocabularies, small batches and much dropout (Sennrich & Zhang,
arXiv 1905.11901); large ones want larger layers, and the time for regularisation better spent on
reading more. Where pairs are few a GRU learns in fewer updates than an LSTM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.config import TrainConfig
from translator.config import from_mapping
from translator.wording import plural

Settings = Mapping[str, Any]
"""Names of `TrainConfig` to values."""

_RECIPES: tuple[tuple[int, Settings], ...] = (
    (
        20_000,
        {
            "vocab_size": 2000,
            "embedding_size": 256,
            "encoder_size": 192,
            "decoder_size": 384,
            "attention_size": 192,
            "batch_tokens": 1000,
            "embedding_dropout": 0.4,
            "state_dropout": 0.5,
            "output_dropout": 0.5,
            "word_dropout": 0.1,
            "epochs": 40,
            "warmup": 300,
        },
    ),
    (
        80_000,
        {
            "cell": "gru",
            "batch_tokens": 1600,
            "embedding_dropout": 0.4,
            "state_dropout": 0.4,
            "output_dropout": 0.4,
            "epochs": 20,
            "warmup": 500,
            "learning_rate": 0.003,
            "average": 0.998,
        },
    ),
    (300_000, {}),
    (
        2**63,
        {
            "vocab_size": 16000,
            "encoder_size": 384,
            "decoder_size": 768,
            "attention_size": 384,
            "batch_tokens": 4096,
            "embedding_dropout": 0.1,
            "state_dropout": 0.2,
            "output_dropout": 0.2,
            "epochs": 6,
            "warmup": 1000,
            "learning_rate": 0.001,
        },
    ),
)
"""By the largest number of pairs that a recipe is for; the defaults of `TrainConfig` are one."""


def recipe(pairs: int) -> Settings:
    """What a corpus of so many pairs wants otherwise than `TrainConfig` has it."""
    return next(settings for most, settings in _RECIPES if pairs <= most)


def choose_config(given: Settings, pairs: int) -> tuple[TrainConfig, str]:
    """Settings for a corpus of so many pairs; those that are given win.

    The rate of a recipe is for its cell: with another one, it is the default.

    Returns:
        The settings, and a line that says what followed from the size of the corpus.

    Raises:
        ConfigError: Settings do not fit.
    """
    wanted = recipe(pairs)
    cell = wanted.get("cell", TrainConfig.cell)
    own = {*given, *(["learning_rate"] if given.get("cell", cell) != cell else [])}
    chosen = {name: value for name, value in wanted.items() if name not in own}
    shown = ", ".join(f"{name}={value}" for name, value in chosen.items()) or "the defaults"
    told = f"settings for {pairs} {plural('pair', pairs)}: {shown}"
    return from_mapping(TrainConfig, {**chosen, **given}), told
