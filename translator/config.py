"""Sizes of a model and settings of a search: frozen, checked when made, saved with the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args

from translator.constants import NUM_SPECIAL
from translator.errors import ConfigError

Cell = Literal["lstm", "tanh"]

_Config = TypeVar("_Config")


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Sizes of a Seq2Seq model.

    Attributes:
        source_vocab_size: Number of source pieces, the special tokens included.
        target_vocab_size: Number of target pieces, the special tokens included.
        embedding_size: Width of the embeddings, and of the layer before the softmax.
        encoder_size: Width of one direction of the encoder.
        encoder_layers: Encoder layers; the first is bidirectional, the others are not.
        decoder_size: Width of the decoder.
        decoder_layers: Decoder layers; the first attends, the others stand on top of it.
        attention_size: Width of the attention's hidden layer.
        cell: The recurrence, `lstm` or `tanh` (the textbook's plain one).
        dropout: Share of units dropped from embeddings, from the encoder's outputs, between
            stacked layers and before the softmax; never on a recurrent connection.
        share_embeddings: One embedding table for source and target (needs a joint vocabulary).
        tie_output: The output layer uses the target embeddings (Press & Wolf, arXiv 1608.05859).

    Raises:
        ConfigError: A size is not positive, a share is not in [0, 1), or tables of different
            vocabularies are to be shared.
    """

    source_vocab_size: int
    target_vocab_size: int
    embedding_size: int = 256
    encoder_size: int = 256
    encoder_layers: int = 1
    decoder_size: int = 512
    decoder_layers: int = 1
    attention_size: int = 256
    cell: Cell = "lstm"
    dropout: float = 0.2
    share_embeddings: bool = True
    tie_output: bool = True

    def __post_init__(self) -> None:
        for name in ("source_vocab_size", "target_vocab_size"):
            _require(self, name, getattr(self, name) > NUM_SPECIAL, f"more than {NUM_SPECIAL}")
        for name in (
            "embedding_size",
            "encoder_size",
            "encoder_layers",
            "decoder_size",
            "decoder_layers",
            "attention_size",
        ):
            _require(self, name, getattr(self, name) >= 1, "at least 1")
        _require(self, "cell", self.cell in get_args(Cell), f"one of {', '.join(get_args(Cell))}")
        _require(self, "dropout", 0.0 <= self.dropout < 1.0, "in [0, 1)")
        if self.share_embeddings and self.source_vocab_size != self.target_vocab_size:
            raise ConfigError(
                "share_embeddings expected one joint vocabulary. Received: "
                f"{self.source_vocab_size} source and {self.target_vocab_size} target pieces"
            )


@dataclasses.dataclass(frozen=True)
class SearchConfig:
    """Settings of the beam search; greedy search is beam_size 1.

    Attributes:
        beam_size: Hypotheses kept at each step, for each sentence.
        n_best: Hypotheses returned for each sentence, at most beam_size.
        length_penalty: The exponent alpha of Wu et al. (arXiv 1609.08144, eq. 14); 0 is none.
        coverage_penalty: The factor beta of the same equation; 0 is none.
        min_length: Least target tokens before the halt token is allowed, EOS not counted.
        max_length_ratio: A target is cut at this multiple of the source's length, plus 10 tokens.
        no_repeat_ngram_size: An n-gram of this size may stand once only; 0 is no such rule.

    Raises:
        ConfigError: A setting is out of its range.
    """

    beam_size: int = 5
    n_best: int = 1
    length_penalty: float = 1.0
    coverage_penalty: float = 0.0
    min_length: int = 0
    max_length_ratio: float = 2.0
    no_repeat_ngram_size: int = 0

    def __post_init__(self) -> None:
        _require(self, "beam_size", 1 <= self.beam_size <= 100, "from 1 to 100")
        _require(self, "n_best", 1 <= self.n_best <= self.beam_size, "from 1 to beam_size")
        _require(self, "length_penalty", 0.0 <= self.length_penalty <= 10.0, "from 0 to 10")
        _require(self, "coverage_penalty", 0.0 <= self.coverage_penalty <= 10.0, "from 0 to 10")
        _require(self, "min_length", 0 <= self.min_length <= 1000, "from 0 to 1000")
        _require(self, "max_length_ratio", 0.0 < self.max_length_ratio <= 10.0, "above 0, to 10")
        _require(self, "no_repeat_ngram_size", 0 <= self.no_repeat_ngram_size <= 10, "from 0 to 10")


def from_mapping(kind: type[_Config], values: Mapping[str, Any]) -> _Config:
    """Makes a frozen config of `kind` from a mapping, as read from JSON or TOML.

    Raises:
        ConfigError: A key is unknown, missing, or its value has the wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise ConfigError(
            f"{kind.__name__}: expected keys among {', '.join(fields)}. "
            f"Received: {', '.join(unknown)}"
        )
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(f"{kind.__name__}: {error}") from error


def _require(config: object, name: str, holds: bool, expected: str) -> None:
    if not holds:
        raise ConfigError(f"{name}: expected {expected}. Received: {getattr(config, name)!r}")
