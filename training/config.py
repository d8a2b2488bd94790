"""Settings of a training run: frozen, read from TOML and `--set key=value`, kept with the run."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from training.augmentation import Augmentation
from training.schedules import (
    Forcing,
    ForcingKind,
    LearningRate,
    RateKind,
    choose_k,
    make_forcing,
)
from translator.config import Attention, Cell, ModelConfig
from translator.errors import ConfigError
from translator.hardware import has_bfloat16
from translator.tokenizer import Algorithm

Precision = Literal["auto", "float32", "mixed_bfloat16"]
Selection = Literal["chrf", "bleu", "loss"]
Feed = Literal["sample", "mode"]

_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}

FREE_TO_CHANGE = frozenset(
    {
        "deterministic",
        "epochs",
        "hours",
        "patience",
        "log_every",
        "validate_every",
        "checkpoint_every",
    }
)
"""What a run may go on with another value of. More epochs stretch the decay from there on."""

CHOSEN_K = -1.0
"""A `teacher_forcing_k` to be chosen; 0 is taken: it feeds no reference at all."""


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Settings of a training run.

    Attributes:
        vocab_size: Number of pieces in each vocabulary.
        tokenizer: Algorithm that learns the pieces, `unigram` or `bpe`.
        subword_sampling: Split each sentence into different pieces each time (Kudo, arXiv
            1804.10959; Provilkov et al., arXiv 1910.13267): the smoothing α of a unigram
            vocabulary, 0.2 to 0.5; the dropout rate of a BPE vocabulary, about 0.1. 0 disables it.
        placeholders: Extra pairs with placeholders, as a share of the original pairs; they
            teach the model to preserve what must survive translation.
        substituted: Extra pairs with other names and numbers, as a share of the pairs that have
            the same ones on both sides.
        joined: Extra pairs made by joining two nearby pairs, as a share of the original
            pairs.
        recased: Extra pairs in capitals, in lower case, without punctuation at the ends, or with
            an exclamation mark, as a share of the original pairs.
        word_pairs: Whether to add pairs of single words that translate each other, learnt from
            the corpus.
        joint_vocab: Whether both languages share one vocabulary and one embedding table.
        embedding_size: See ModelConfig, as for all settings down to `tie_output`.
        encoder_size: See ModelConfig.
        encoder_layers: See ModelConfig.
        bidirectional: See ModelConfig.
        decoder_size: See ModelConfig.
        decoder_layers: See ModelConfig.
        attention: See ModelConfig.
        attention_size: See ModelConfig.
        cell: See ModelConfig.
        layer_norm: See ModelConfig.
        truncate_bptt: See ModelConfig.
        embedding_dropout: See ModelConfig.
        word_dropout: See ModelConfig.
        state_dropout: See ModelConfig.
        output_dropout: See ModelConfig.
        tie_output: See ModelConfig.
        max_length: Maximum number of pieces on either side; longer pairs are dropped.
        batch_tokens: Maximum number of tokens in a batch, on its longer side, including padding.
        accumulate: Number of batches whose gradients are averaged for one change of the weights.
        epochs: Number of passes over the corpus.
        hours: Limits the epochs to those that fit into so many hours on this machine, at least one;
            the schedules end with the last of them. 0 means no limit.
        label_smoothing: Share of the target distribution that is spread over the vocabulary.
        learning_rate: The learning rate after the warm-up.
        decay: How the learning rate falls: `constant`, `linear`, `cosine`, `inverse_sqrt`, or
            `plateau` (halved when validations stop improving).
        plateau: Number of validations without a better checkpoint before the `plateau` decay
            halves the learning rate.
        warmup: Number of updates of linear warm-up; at most a tenth of the run.
        weight_decay: Share of the weights, times the learning rate, that decays with each update
            (AdamW); biases and gains do not decay.
        average: Momentum of an exponential moving average of the weights, which is what is
            validated and exported; 0 disables it.
        clip_norm: Gradients are scaled down to at most this global norm; 0 disables it.
        clip_value: Each gradient entry is clipped to this magnitude; 0 disables it.
        teacher_forcing: Schedule of ε, the probability of feeding the reference token: `constant`,
            `linear`, `exponential`, `inverse_sigmoid`.
        teacher_forcing_warmup: Share of the run before the schedule begins; until then ε is 1. Not
            for `constant`.
        teacher_forcing_k: Parameter k of the schedule. -1 chooses it: 1 for `constant` and
            `linear`; else from the number of updates of the schedule, so that `exponential` reaches
            the floor at their end, and `inverse_sigmoid` falls to 1/2 at half of them.
        teacher_forcing_slope: Slope per update, for `linear` only; 0 chooses the slope that
            reaches the floor with the last update.
        teacher_forcing_floor: Minimum ε. Not for `constant`.
        teacher_forcing_feed: What is fed in place of the reference: a token drawn from the model's
            softmax (`sample`, as published), or the most likely one (`mode`).
        precision: `auto` means bfloat16 matrix products where the processor supports them, float32
            elsewhere.
        seed: Random seed for everything that is drawn: the initial weights, the extra pairs, the
            order of batches, dropout, teacher forcing.
        deterministic: Whether TensorFlow's operations add in a fixed order, whichever threads are
            free: the same command, interrupted and resumed or not, then gives the same weights bit
            for bit.
        log_every: Number of updates between log lines.
        validate_every: Number of updates between validations; 0 means one epoch, or 1000 if that
            is less.
        checkpoint_every: Number of updates between checkpoints.
        valid_beam_size: Beam size for decoding at each validation.
        select: Metric that chooses the best checkpoint: `chrf`, `bleu` or `loss`. chrF does not
            depend on where a language puts its spaces. None of the warm-up is chosen, unless a
            model is continued.
        patience: Number of validations without a better checkpoint, or a lower loss, before the run
            ends; 0 means never.
    """

    vocab_size: int = 8000
    tokenizer: Algorithm = "unigram"
    subword_sampling: float = 0.0
    placeholders: float = 0.1
    substituted: float = 0.0
    joined: float = 0.1
    recased: float = 0.05
    word_pairs: bool = False
    joint_vocab: bool = True
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
    embedding_dropout: float = 0.3
    word_dropout: float = 0.0
    state_dropout: float = 0.3
    output_dropout: float = 0.3
    tie_output: bool = True
    max_length: int = 100
    batch_tokens: int = 2048
    accumulate: int = 1
    epochs: int = 12
    hours: float = 0.0
    label_smoothing: float = 0.1
    learning_rate: float = 0.0015
    decay: RateKind = "linear"
    plateau: int = 2
    warmup: int = 500
    weight_decay: float = 0.0
    average: float = 0.0
    clip_norm: float = 1.0
    clip_value: float = 0.0
    teacher_forcing: ForcingKind = "linear"
    teacher_forcing_warmup: float = 0.67
    teacher_forcing_k: float = CHOSEN_K
    teacher_forcing_slope: float = 0.0
    teacher_forcing_floor: float = 0.75
    teacher_forcing_feed: Feed = "sample"
    precision: Precision = "auto"
    seed: int = 1
    deterministic: bool = False
    log_every: int = 50
    validate_every: int = 0
    checkpoint_every: int = 500
    valid_beam_size: int = 1
    select: Selection = "chrf"
    patience: int = 8

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, default = getattr(self, field.name), field.default
            number = isinstance(value, int) and not isinstance(value, bool)
            fits = type(value) is type(default) or (isinstance(default, float) and number)
            if not fits or (isinstance(value, float) and not math.isfinite(value)):
                expected = _KINDS[type(default)]
                raise ConfigError(f"{field.name}: expected {expected}. Received: {value!r}")
        at_least_one = ("max_length", "accumulate", "epochs", "plateau", "log_every")
        for name in (*at_least_one, "checkpoint_every"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        self._require("tokenizer", self.tokenizer in get_args(Algorithm), "unigram or bpe")
        self._require("precision", self.precision in get_args(Precision), str(get_args(Precision)))
        self._require("select", self.select in get_args(Selection), "chrf, bleu or loss")
        fed = get_args(Feed)
        self._require("teacher_forcing_feed", self.teacher_forcing_feed in fed, "sample or mode")
        for name in ("label_smoothing", "weight_decay", "average", "teacher_forcing_warmup"):
            self._require(name, 0.0 <= getattr(self, name) < 1.0, "in [0, 1)")
        self._require("subword_sampling", 0.0 <= self.subword_sampling <= 1.0, "in [0, 1]")
        self._require("batch_tokens", self.batch_tokens > self.max_length, "above max_length")
        for name in ("clip_norm", "clip_value", "hours", "patience", "warmup", "validate_every"):
            self._require(name, getattr(self, name) >= 0, "at least 0")
        self._require("clip_value", not (self.clip_norm and self.clip_value), "0 beside clip_norm")
        halves_too_late = self.decay == "plateau" and 0 < self.patience <= self.plateau
        self._require("plateau", not halves_too_late, f"below patience, {self.patience}")
        self._require("seed", 0 <= self.seed < 2**32, "from 0 to 4294967295")
        self._require("valid_beam_size", 1 <= self.valid_beam_size <= 100, "from 1 to 100")
        self.augmentation()
        self.forcing(total=1)
        self.rate(total=1)
        self.model(source_vocab_size=self.vocab_size, target_vocab_size=self.vocab_size)

    def augmentation(self) -> Augmentation:
        """What is made of the pairs that are there."""
        return Augmentation(self.placeholders, self.substituted, self.joined, self.recased)

    def forcing(self, total: int) -> Forcing:
        """The schedule of the teacher-forcing ratio in a run of `total` updates."""
        k, floor = self.teacher_forcing_k, self.teacher_forcing_floor
        start = int(self.teacher_forcing_warmup * total)
        updates = max(1, total - start)
        if k == CHOSEN_K:
            k = choose_k(self.teacher_forcing, updates, floor)
        if self.teacher_forcing == "constant":
            return make_forcing("constant", k)
        slope = self.teacher_forcing_slope or max(0.0, k - floor) / updates
        return make_forcing(self.teacher_forcing, k, slope, floor, start)

    def rate(self, total: int) -> LearningRate:
        """The learning-rate schedule of a run of `total` updates."""
        return LearningRate(self.learning_rate, self.decay, min(self.warmup, total // 10), total)

    def model(self, source_vocab_size: int, target_vocab_size: int) -> ModelConfig:
        """The sizes of the model, for vocabularies as they were learnt."""
        shared = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(ModelConfig)
            if hasattr(self, field.name)
        }
        return ModelConfig(
            source_vocab_size=source_vocab_size,
            target_vocab_size=target_vocab_size,
            share_embeddings=self.joint_vocab,
            **shared,
        )

    def dtype(self) -> Literal["float32", "mixed_bfloat16"]:
        """The Keras dtype policy of the run."""
        if self.precision != "auto":
            return self.precision
        return "mixed_bfloat16" if has_bfloat16() else "float32"

    def _require(self, name: str, holds: bool, expected: str) -> None:
        if not holds:
            raise ConfigError(f"{name}: expected {expected}. Received: {getattr(self, name)!r}")


def read_settings(path: Path | None, settings: Iterable[str] = ()) -> dict[str, Any]:
    """The settings that were given, in a TOML file or as `key=value`; the latter win.

    Raises:
        ConfigError: The file is no TOML, or a setting is no `key=value`.
    """
    values: dict[str, Any] = {}
    if path is not None:
        values |= _read_toml(path)
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set: expected key=value. Received: {setting!r}")
        values[key.strip()] = _parse(text.strip())
    return values


def changed(old: Mapping[str, Any], new: TrainConfig) -> list[str]:
    """Settings that differ from those of a run begun before, and may not."""
    now = dataclasses.asdict(new)
    return [
        f"{key}: {old.get(key)!r} then, {value!r} now"
        for key, value in now.items()
        if key not in FREE_TO_CHANGE and old.get(key) != value
    ]


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: expected a TOML file. Received: {error}") from error
    return values


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    try:
        return float(text)  # .5, which is no JSON
    except ValueError:
        return text
