"""Sizes of a model and settings of a search: frozen, checked when made, saved with the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args

from translator.constants import NUM_SPECIAL
from translator.errors import ConfigError
from translator.wording import did_you_mean

Cell = Literal["lstm", "gru", "tanh"]
Attention = Literal["additive", "multiplicative", "none"]

_Config = TypeVar("_Config")


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Sizes of a Seq2Seq model.

    Attributes:
        source_vocab_size: Number of source pieces, including the special tokens.
        target_vocab_size: Number of target pieces, including the special tokens.
        embedding_size: Width of the embeddings and of the layer before the softmax.
        encoder_size: Width of the encoder in each direction.
        encoder_layers: Number of encoder layers; those above the first read forwards only, and add
            their output to their input.
        bidirectional: Whether the first encoder layer also reads backwards.
        decoder_size: Width of the decoder.
        decoder_layers: Number of decoder layers; the first attends, the others are stacked on top
            and add to its output.
        attention: How each step attends to the source: `additive` (Bahdanau et al., arXiv
            1409.0473), `multiplicative` (Luong et al., arXiv 1508.04025, scaled), or `none` (every
            step sees the same mean of the annotations).
        attention_size: Width of the queries and keys.
        cell: Recurrent cell: `lstm`, `gru` or `tanh` (the plain textbook one).
        layer_norm: Whether to use layer normalisation in the recurrence (Ba et al., arXiv
            1607.06450).
        truncate_bptt: In training, backpropagate through time only within chunks of this many
            steps; 0 means all the way.
        embedding_dropout: Share of units dropped from the embedded tokens.
        word_dropout: Share of tokens whose whole embedding is dropped (after Gal & Ghahramani,
            arXiv 1512.05287; each position independently).
        state_dropout: Share of units dropped from the encoder's outputs and between stacked
            layers; never on a recurrent connection.
        output_dropout: Share of units dropped before the softmax.
        share_embeddings: Whether source and target share one embedding table (needs a joint
            vocabulary).
        tie_output: Whether the output layer uses the target embeddings (Press & Wolf, arXiv
            1608.05859).

    Raises:
        ConfigError: A size is not positive, a share is not in [0, 1), or tables of different
            vocabularies are to be shared.
    """

    source_vocab_size: int
    target_vocab_size: int
    embedding_size: int = 256
    encoder_size: int = 256
    encoder_layers: int = 1
    bidirectional: bool = True
    decoder_size: int = 512
    decoder_layers: int = 1
    attention: Attention = "additive"
    attention_size: int = 256
    cell: Cell = "lstm"
    layer_norm: bool = False
    truncate_bptt: int = 0
    embedding_dropout: float = 0.2
    word_dropout: float = 0.0
    state_dropout: float = 0.2
    output_dropout: float = 0.2
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
        for name, kinds in (("cell", get_args(Cell)), ("attention", get_args(Attention))):
            _require(self, name, getattr(self, name) in kinds, f"one of {', '.join(kinds)}")
        _require(self, "truncate_bptt", self.truncate_bptt >= 0, "at least 0")
        for name in ("embedding_dropout", "word_dropout", "state_dropout", "output_dropout"):
            _require(self, name, 0.0 <= getattr(self, name) < 1.0, "in [0, 1)")
        if self.share_embeddings and self.source_vocab_size != self.target_vocab_size:
            raise ConfigError(
                "share_embeddings expected one joint vocabulary. Received: "
                f"{self.source_vocab_size} source and {self.target_vocab_size} target pieces"
            )

    @property
    def memory_size(self) -> int:
        """Width of an annotation: of what the encoder puts out for a source token."""
        return self.encoder_size * (2 if self.bidirectional else 1)


@dataclasses.dataclass(frozen=True)
class SearchConfig:
    """Settings of the beam search; greedy search is beam_size 1.

    Attributes:
        beam_size: Hypotheses kept at each step, for each sentence.
        n_best: Hypotheses returned for each sentence, at most beam_size.
        diversity: Of the beam, those n_best are returned that differ most for their scores; see
            `diversity.diverse`. 0 is the best ones.
        length_penalty: The exponent alpha of Wu et al. (arXiv 1609.08144, eq. 14); 0 disables it.
        coverage_penalty: The factor beta of the same equation; 0 disables it.
        min_length: Minimum number of target tokens, not counting EOS.
        max_length_ratio: A target is cut at this multiple of the source length, plus 10 tokens.
        no_repeat_ngram_size: An n-gram of this size may occur only once; 0 disables this rule.
        max_repeats: How many times in a row the same tokens may occur, or as often as more than
            half as many do in the source, if that is more; 0 disables this rule.

    Raises:
        ConfigError: A setting is out of its range.
    """

    beam_size: int = 5
    n_best: int = 1
    diversity: float = 0.0
    length_penalty: float = 1.0
    coverage_penalty: float = 0.0
    min_length: int = 0
    max_length_ratio: float = 2.0
    no_repeat_ngram_size: int = 0
    max_repeats: int = 3

    def __post_init__(self) -> None:
        _require(self, "beam_size", 1 <= self.beam_size <= 100, "from 1 to 100")
        _require(self, "n_best", 1 <= self.n_best <= self.beam_size, "from 1 to beam_size")
        _require(self, "diversity", 0.0 <= self.diversity <= 10.0, "from 0 to 10")
        _require(self, "length_penalty", 0.0 <= self.length_penalty <= 10.0, "from 0 to 10")
        _require(self, "coverage_penalty", 0.0 <= self.coverage_penalty <= 10.0, "from 0 to 10")
        _require(self, "min_length", 0 <= self.min_length <= 1000, "from 0 to 1000")
        _require(self, "max_length_ratio", 0.0 < self.max_length_ratio <= 10.0, "above 0, to 10")
        _require(self, "no_repeat_ngram_size", 0 <= self.no_repeat_ngram_size <= 10, "from 0 to 10")
        _require(self, "max_repeats", 0 <= self.max_repeats <= 100, "from 0 to 100")


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
            f"Received: {', '.join(unknown)}{did_you_mean(unknown, fields)}"
        )
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(f"{kind.__name__}: {error}") from error


def _require(config: object, name: str, holds: bool, expected: str) -> None:
    if not holds:
        raise ConfigError(f"{name}: expected {expected}. Received: {getattr(config, name)!r}")
