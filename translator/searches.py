"""Searches as graphs: traced once for the models of the same functions, whatever their weights."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakValueDictionary

import tensorflow as tf

from translator.constants import PAD
from translator.remainder import Remainder
from translator.search.alone import Trace, search_alone
from translator.search.beam import beam_search
from translator.search.hypotheses import Hypotheses, Options, Required, Sentences, StepFunction
from translator.search.rules import Vocabulary
from translator.search.sentences import sentences_of
from translator.signatures import SETTINGS_SPEC, Stepwise

Tensor = Any
Given = tuple[list[Mapping[str, Tensor]], list[Remainder], Mapping[str, Tensor]]
"""What a search takes: weights of the models, remainders of their shortlists, and `INPUTS`."""

INPUTS = {
    "source_ids": tf.TensorSpec((None, None), tf.int32),
    "max_repeats": tf.TensorSpec((None, None), tf.int32),
    "beams": tf.TensorSpec((None,), tf.int32),
    "phrases": tf.TensorSpec((None, None, None), tf.int32),
    "spans": tf.TensorSpec((None, None, None), tf.float32),
    "joining": tf.TensorSpec((None,), tf.bool),
    "columns": tf.TensorSpec((None,), tf.int32),
    "members": tf.TensorSpec((None, None), tf.float32),
    **SETTINGS_SPEC,
}

OPTIONAL = frozenset(Options._field_defaults)
"""Settings that a graph without them takes for 0."""


class Searches:
    """The searches with the mean of some models, as graphs.

    Args:
        models: Their encoders and steps; the weights are given to each search.
        never: Ids that are put out only where a phrase asks for them.
    """

    def __init__(self, models: Sequence[Stepwise], never: Sequence[int]) -> None:
        self._models = models
        self._never = never
        self._graphs: dict[tuple[frozenset[str], bool, int], Any] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, models: Sequence[Stepwise], never: Sequence[int]) -> Searches:
        """Those of some models, shared with all in use that have the same functions."""
        key = *((id(model.encode), id(model.step)) for model in models), tuple(never)
        with _FINDING:
            searches = _IN_USE.get(key)
            if searches is None:
                searches = _IN_USE[key] = cls(models, never)
            return searches

    def graph(self, given: Given, alone: int = 0) -> Any:
        """The search as a graph; traced when it is asked for first.

        Args:
            given: What it is to be called with.
            alone: Beams of a search for one sentence; 0 is any search.

        Returns:
            A function of what is given: to a `Trace` for a sentence alone, else to `Hypotheses`.
        """
        weights, remainders, inputs = given
        key = frozenset(inputs), bool(remainders), alone
        with self._lock:
            if key not in self._graphs:
                specs = {name: INPUTS[name] for name in sorted(inputs)}
                if alone:
                    specs["source_ids"] = tf.TensorSpec((1, None), tf.int32)
                learnt = tf.nest.map_structure(tf.TensorSpec.from_tensor, [weights, remainders])
                self._graphs[key] = tf.function(
                    functools.partial(self._search_alone, alone) if alone else self._search,
                    input_signature=[*learnt, specs],
                    autograph=False,
                )
            return self._graphs[key]

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
            *(states, beams, sentences.mask, sentences.max_lengths[0]),
            *(inputs["n_best"], inputs["length_penalty"], inputs.get("coverage_penalty")),
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
        return step, states, sentences, self._vocabulary(inputs, layers[0][1])

    def _vocabulary(self, inputs: Mapping[str, Tensor], bias: Tensor) -> Vocabulary:
        vocabulary = Vocabulary(inputs.get("columns"), self._never, inputs.get("joining"))
        return vocabulary._replace(barred=vocabulary.bar(tf.shape(bias)[0]))


_FINDING = threading.Lock()
_IN_USE: WeakValueDictionary[tuple[Any, ...], Searches] = WeakValueDictionary()


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
    product = tf.cast(product, tf.float32)
    if rest is not None:
        rows = tf.range(batch * beams)
        first = tf.stack([rows, tf.zeros_like(rows)], axis=1)
        # In place, as nobody else holds the product.
        product = tf.tensor_scatter_nd_update(product, first, rest.log_mass(flat))
    return tf.reshape(product, [batch, beams, tf.shape(output)[0]]) + bias[:, None]


def _mean(logits: Sequence[Tensor]) -> Tensor:
    """Logits of the mean of some distributions."""
    if len(logits) == 1:
        return logits[0]
    log_probs = tf.stack([tf.nn.log_softmax(x) for x in logits])
    return tf.reduce_logsumexp(log_probs, axis=0)
