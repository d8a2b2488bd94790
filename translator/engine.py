"""The search over models that are taken apart: one model, or an ensemble of one vocabulary."""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from translator.config import SearchConfig
from translator.constants import BOS, EOS, PAD, UNK
from translator.remainder import Remainder, remainder
from translator.search.alone import Trace, read_back_alone, search_alone
from translator.search.beam import beam_search
from translator.search.hypotheses import (
    NEVER,
    Hypotheses,
    Options,
    Required,
    Sentences,
    StepFunction,
)
from translator.search.rules import Vocabulary
from translator.search.sentences import NO_LIMIT, sentences_of
from translator.search.top import BLOCK
from translator.shortlist import Lexicon
from translator.signatures import SETTINGS_SPEC, Stepwise, settings_inputs

Tensor = Any
Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Request:
    """Sentences that are searched together.

    Attributes:
        source_ids: batch x source_length, int32: pieces, then EOS, 0-padded.
        max_repeats: batch, int32, how often in a row the same tokens may stand; None is no limit.
        beams: batch, int32, hypotheses kept at each step; None is what the settings say.
        required: What the translations must hold, as arrays; None where nothing is required.
    """

    source_ids: Array
    max_repeats: Array | None = None
    beams: Array | None = None
    required: Required | None = None


_INPUTS = {
    "source_ids": tf.TensorSpec((None, None), tf.int32),
    "max_repeats": tf.TensorSpec((None,), tf.int32),
    "beams": tf.TensorSpec((None,), tf.int32),
    "phrases": tf.TensorSpec((None, None, None), tf.int32),
    "spans": tf.TensorSpec((None, None, None), tf.float32),
    "columns": tf.TensorSpec((None,), tf.int32),
    "members": tf.TensorSpec((None, None), tf.float32),
    **SETTINGS_SPEC,
}

_OPTIONAL = frozenset(Options._field_defaults)
"""Settings that a graph without them takes for 0."""

_MOST_BEAMS_ALONE = 10
"""The graph for a sentence alone is traced for each number of beams, so only for usual ones."""


class Engine:
    """Searches with the mean of the probabilities that its models give.

    Args:
        models: At least one; all of one target vocabulary.
        lexicon: Restricts the output layer to the pieces that a sentence may want; what the others
            have of the probability is estimated. None is all pieces.
        only_required: Ids that are put out only where a phrase asks for them.
        joining: target vocabulary, bool: pieces that go on with the word before them.
    """

    def __init__(
        self,
        models: Sequence[Stepwise],
        lexicon: Lexicon | None = None,
        only_required: Sequence[int] = (),
        joining: Array | None = None,
    ) -> None:
        self._models = models
        self._lexicon = lexicon
        self._never = (PAD, UNK, BOS, *only_required)
        self._joining = None if joining is None else tf.constant(joining, tf.bool)
        self._weights: list[Mapping[str, Tensor]] = []
        self._graphs: dict[tuple[frozenset[str], int], Any] = {}
        self._lock = threading.Lock()
        self.refresh()

    def refresh(self) -> None:
        """Reads the weights of the models anew."""
        self._weights = [model.weights() for model in self._models]
        self._remainders: list[Remainder] = []
        if self._lexicon is not None:
            everywhere = tf.constant([EOS, *self._lexicon.common], tf.int32)
            self._remainders = [
                remainder(given["output"], given["output_bias"], everywhere)
                for given in self._weights
            ]

    def search(self, request: Request, search: SearchConfig) -> dict[str, Array]:
        """Searches for the best translations.

        Returns:
            The fields of `search.hypotheses.Hypotheses`, by name.
        """
        batch = len(request.source_ids)
        inputs = {
            "source_ids": request.source_ids,
            "max_repeats": np.full(batch, NO_LIMIT, np.int32)
            if request.max_repeats is None
            else request.max_repeats,
            "beams": np.full(batch, search.beam_size, np.int32)
            if request.beams is None
            else request.beams,
        }
        if request.required is not None:
            inputs |= request.required._asdict()
        if self._lexicon is not None:
            inputs |= self._columns(request)
        tensors = {name: tf.constant(x, _INPUTS[name].dtype) for name, x in inputs.items()}
        tensors |= {
            name: tensor
            for name, tensor in settings_inputs(search).items()
            if name not in _OPTIONAL or getattr(search, name)
        }
        given = self._weights, self._remainders, tensors
        beams = int(inputs["beams"].max(initial=search.n_best))
        optional = _OPTIONAL & tensors.keys() or request.required is not None
        if batch == 1 and not optional and beams <= _MOST_BEAMS_ALONE:
            trace = Trace(*(x.numpy() for x in self._graph(tensors, beams)(*given)))
            limit = int(inputs["max_repeats"][0])
            found = read_back_alone(trace, inputs.get("columns"), search.n_best, limit)
            if found is not None:
                return found._asdict()
        outputs = self._graph(tensors)(*given)
        return {name: tensor.numpy() for name, tensor in outputs._asdict().items()}

    def _graph(self, inputs: Collection[str], alone: int = 0) -> Any:
        """The search as a graph; traced when it is asked for first.

        Args:
            inputs: What it is given.
            alone: Beams of a search for one sentence; 0 is any search.
        """
        key = frozenset(inputs), alone
        with self._lock:
            if key not in self._graphs:
                specs = {name: _INPUTS[name] for name in sorted(inputs)}
                given = tf.nest.map_structure(
                    tf.TensorSpec.from_tensor, [self._weights, self._remainders]
                )
                search = functools.partial(self._search_alone, alone) if alone else self._search
                if alone:
                    specs["source_ids"] = tf.TensorSpec((1, None), tf.int32)
                self._graphs[key] = tf.function(
                    search, input_signature=[*given, specs], autograph=False
                )
            return self._graphs[key]

    def _columns(self, request: Request) -> dict[str, Array]:
        """The target pieces that the sentences may want, and 0 or -inf for each sentence."""
        assert self._lexicon is not None
        ids, members = self._lexicon.shortlist(request.source_ids)
        if request.required is not None:
            ids, members = _widen(ids, members, request.required.phrases)
        # The last column stands for nothing, as often as makes whole blocks.
        lacking = -len(ids) % BLOCK
        ids = np.pad(ids, (0, lacking), mode="edge")
        members = np.pad(members, ((0, 0), (0, lacking)))
        return {"columns": ids, "members": np.where(members, np.float32(0), np.float32(NEVER))}

    def _search(
        self,
        weights: list[Mapping[str, Tensor]],
        remainders: list[Remainder],
        inputs: Mapping[str, Tensor],
    ) -> Hypotheses:
        options = Options(**{name: inputs[name] for name in Options._fields if name in inputs})
        step, states, sentences, vocabulary = self._parts(weights, remainders, inputs)
        return beam_search(step, states, sentences, options, vocabulary)

    def _search_alone(
        self,
        beams: int,
        weights: list[Mapping[str, Tensor]],
        remainders: list[Remainder],
        inputs: Mapping[str, Tensor],
    ) -> Trace:
        step, states, sentences, vocabulary = self._parts(weights, remainders, inputs)
        return search_alone(
            lambda tokens, states: step(tokens, states, sentences.given),
            *(states, beams, sentences.max_lengths[0]),
            *(inputs["n_best"], inputs["length_penalty"]),
            *(vocabulary.barred, vocabulary.ids),
        )

    def _parts(
        self,
        weights: list[Mapping[str, Tensor]],
        remainders: list[Remainder],
        inputs: Mapping[str, Tensor],
    ) -> tuple[StepFunction, Any, Sentences, Vocabulary]:
        """What searches are made of: the models' step, state, sentences, what columns stand for."""
        columns, source_ids = inputs.get("columns"), inputs["source_ids"]
        opaque = [_starting("weights_", given) for given in weights]
        layers = [_output_layer(given, columns) for given in weights]
        rests: list[Remainder | None] = [*remainders] or [None] * len(weights)
        encoded = [
            model.encode(source_ids=source_ids, **given)
            for model, given in zip(self._models, opaque, strict=True)
        ]

        def step(tokens: Tensor, states: Any, given: Any) -> tuple[Tensor, Any, Tensor]:
            sources, biases = given
            made = [
                model.step(tokens=tokens, **of_model, **source, **state)
                for model, of_model, source, state in zip(
                    self._models, opaque, sources, states, strict=True
                )
            ]
            logits = [
                _logits(one["features"], tokens, output, bias, rest)
                for one, (output, _), bias, rest in zip(made, layers, biases, rests, strict=True)
            ]
            attention = sum(one["attention"] for one in made) / len(made)
            return _mean(logits), [_starting("state_", one) for one in made], attention

        members = inputs.get("members", tf.zeros_like(source_ids[:, :1], tf.float32))
        biases = [bias + members for _, bias in layers]  # batch x columns
        sentences = sentences_of(
            ([_starting("source_", one) for one in encoded], biases),
            source_ids,
            inputs["beam_size"],
            inputs["max_length_ratio"],
        )._replace(max_repeats=inputs["max_repeats"], beams=inputs["beams"])
        if "phrases" in inputs:
            tokens = tf.reduce_sum(tf.cast(inputs["phrases"] != PAD, tf.int32), axis=[1, 2])
            sentences = sentences._replace(
                max_lengths=sentences.max_lengths + tokens,
                required=(Required(inputs["phrases"], inputs["spans"]),),
            )
        states = [_starting("state_", one) for one in encoded]
        return step, states, sentences, self._vocabulary(columns, layers[0][1])

    def _vocabulary(self, columns: Tensor | None, bias: Tensor) -> Vocabulary:
        vocabulary = Vocabulary(columns, self._never, self._joining)
        return vocabulary._replace(barred=vocabulary.bar(tf.shape(bias)[0]))


def _widen(ids: Array, members: Array, phrases: Array) -> tuple[Array, Array]:
    """A shortlist with the tokens of each sentence's phrases."""
    everyone = np.union1d(ids, phrases)
    wider = np.zeros((len(members), len(everyone)), np.bool_)
    wider[:, np.searchsorted(everyone, ids)] = members
    rows = np.arange(len(members))[:, None, None]
    wider[rows, np.searchsorted(everyone, phrases)] = True
    return everyone.astype(np.int32), wider


def _starting(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: x for name, x in tensors.items() if name.startswith(prefix)}


def _output_layer(weights: Mapping[str, Tensor], columns: Tensor | None) -> tuple[Tensor, Tensor]:
    """Weights (columns x embedding_size) and biases (columns) of the pieces that are wanted."""
    output, bias = weights["output"], weights["output_bias"]
    if columns is None:
        return output, bias
    bias = tf.where(columns == PAD, 0.0, tf.gather(bias, columns))
    return tf.gather(output, columns), bias


def _logits(
    features: Tensor, tokens: Tensor, output: Tensor, bias: Tensor, rest: Remainder | None
) -> Tensor:
    """The output layer; batch x beams x columns, float32.

    Args:
        features: batch x beams x embedding_size.
        tokens: batch x beams.
        output: columns x embedding_size.
        bias: batch x columns.
        rest: What the first column stands for: all pieces that have none.
    """
    known = tokens.shape.is_fully_defined()
    batch, beams = tokens.shape if known else tf.unstack(tf.shape(tokens))
    flat = tf.reshape(features, [batch * beams, output.shape[1]])
    product = tf.matmul(tf.cast(flat, output.dtype), output, transpose_b=True)
    if rest is not None:
        mass = tf.cast(rest.log_mass(flat)[:, None], output.dtype)
        product = tf.concat([mass, product[:, 1:]], axis=1)
    product = tf.cast(product, tf.float32)
    return tf.reshape(product, [batch, beams, tf.shape(output)[0]]) + bias[:, None]


def _mean(logits: Sequence[Tensor]) -> Tensor:
    """Logits of the mean of some distributions."""
    if len(logits) == 1:
        return logits[0]
    log_probs = tf.stack([tf.nn.log_softmax(x) for x in logits])
    return tf.reduce_logsumexp(log_probs, axis=0)
