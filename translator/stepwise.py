"""A model taken apart for searches that are driven from outside: weights, encoder, one step.

The three functions take and give flat dictionaries of tensors, so that they can be signatures of a
model folder. What their entries mean is nobody's business but theirs: weights go from the first
into both others, sources and states from the encoder into the steps, states from step to step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf

from translator.inference import Weights, encode, prepare, step
from translator.model import Seq2Seq
from translator.signatures import Stepwise

Tensor = Any
Nest = Any


def stepwise(model: Seq2Seq, stored: Iterable[Any] = ()) -> Stepwise:
    """The functions of a model, as graphs.

    Args:
        model: The model; its dtype policy is that of the products.
        stored: Variables to read the weights from, in the order of the model's; the model's own
            where none are given.
    """
    variables = list(stored) or model.weights
    templates: dict[str, Nest] = {}

    def flat(name: str, nest: Nest) -> dict[str, Tensor]:
        templates[name] = nest
        leaves = enumerate(tf.nest.flatten(nest))
        return {f"{name}_{n:02d}": x for n, x in leaves if x is not None}

    def packed(name: str, given: Mapping[str, Tensor]) -> Nest:
        numbers = range(len(tf.nest.flatten(templates[name])))
        leaves = [given.get(f"{name}_{n:02d}") for n in numbers]
        return tf.nest.pack_sequence_as(templates[name], leaves)

    def opaque(given: Mapping[str, Tensor]) -> Weights:
        encoding, kernels, embeddings = packed("weights", given)
        return Weights(encoding, kernels, embeddings, None, None)

    def weights_graph() -> dict[str, Tensor]:
        values = [tf.cast(variable, tf.float32) for variable in variables]
        with keras.StatelessScope(list(zip(model.weights, values, strict=True))):
            *rest, output, bias = prepare(model)
        return {**flat("weights", tuple(rest)), "output": output, "output_bias": bias}

    def encode_graph(**given: Tensor) -> dict[str, Tensor]:
        source, state = encode(model, opaque(given), given["source_ids"])
        return {**flat("source", source), **flat("state", state)}

    def step_graph(**given: Tensor) -> dict[str, Tensor]:
        source, state = packed("source", given), packed("state", given)
        features, state, attention = step(model, opaque(given), given["tokens"], state, source)
        return {"features": features, "attention": attention, **flat("state", state)}

    weights = _graph(weights_graph, {})
    inputs = {key: x for key, x in weights.structured_outputs.items() if key.startswith("weights_")}
    ids = tf.TensorSpec((None, None), tf.int32)
    encoder = _graph(encode_graph, {**inputs, "source_ids": ids})
    carried = {
        key: tf.TensorSpec([None, None, *x.shape[2:]], x.dtype)
        for key, x in encoder.structured_outputs.items()
    }
    return Stepwise(weights, encoder, _graph(step_graph, {**inputs, **carried, "tokens": ids}))


def _graph(function: Any, inputs: Mapping[str, Any]) -> Any:
    specs = {key: tf.TensorSpec(x.shape, x.dtype, name=key) for key, x in inputs.items()}
    return tf.function(function, autograph=False).get_concrete_function(**specs)
