"""A model compiled for LiteRT, its weights as int8: what searches run.

A step for one sentence is small: TensorFlow takes longer to start its operations than to compute
them, and reading the weights from memory takes most of the rest. LiteRT (TensorFlow Lite) starts an
operation in a microsecond, and its kernels (XNNPACK) multiply weights of int8: each output unit has
a scale of its own, and each row of what is multiplied with them is rounded to int8 on the way
(dynamic-range quantization; Jacob et al., arXiv 1712.05877).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from translator.batch import Ids
from translator.layers.attentive import Source
from translator.layers.decoder import State
from translator.layers.recurrence import Recurrent
from translator.model import Seq2Seq, embed
from translator.quiet import silence
from translator.remainder import remainder

Tensor = Any
Named = Mapping[str, Tensor]


def lite_functions(model: Seq2Seq, listed: Ids | None = None) -> dict[str, bytes]:
    """The functions of a model that searches need, as LiteRT models.

    All numbers but ids are float32; sizes that are not the model's may be any.

    - `read_0`, ..., one step of each layer of the encoder: from `x_0` (batch, ids; above the lowest
      layer batch x memory_size) and the state `h_0` and `c_0`, batch x units, to the next one. The
      lowest layer has `x_1`, `h_1` and `c_1` for the backward direction.
    - `begin`: from `source_ids` (batch x source_length), `states` (batch x source_length x
      memory_size) and `final` (batch x memory_size) to `source_0`, ..., batch x ..., what steps
      know of the sentences, and `state_0`, ..., batch x 1 x ..., the state before BOS.
    - `step`: from `tokens` (batch x beams), these, and `others` (ids of target pieces) to the next
      state and `attention` (batch x beams x source_length); and for each hypothesis, batch after
      batch, `logits` (x listed), `other_logits` (1 x batch · beams x others), and `rest`, what is
      not listed has of the probability (`remainder`).

    Args:
        model: The model, its dtype float32.
        listed: Target pieces whose logits a step always gives; all by default.
    """
    encoder = model.encoder
    layers = [encoder.lowest, *([layer] for layer in encoder.upper)]
    parts = {f"read_{n}": _reading(model, level, n == 0) for n, level in enumerate(layers)}
    return {**parts, "begin": _beginning(model), "step": _stepping(model, listed)}


def _reading(model: Seq2Seq, layers: list[Recurrent], lowest: bool) -> bytes:
    """One step of a layer of the encoder, in each of its directions."""
    kernels = [layer.kernels() for layer in layers]

    def read(**given: Tensor) -> Named:
        made = {}
        for n, (layer, weights) in enumerate(zip(layers, kernels, strict=True)):
            x, h, c = (given[f"{name}_{n}"] for name in "xhc")
            x = embed(model.source_embeddings, x) if lowest else _copied(x)
            made[f"h_{n}"], made[f"c_{n}"] = layer.step(x, _copied(h), _copied(c), weights)
        return made

    size = layers[0].units
    x = tf.TensorSpec([None], tf.int32) if lowest else tf.TensorSpec([None, size])
    state = tf.TensorSpec([None, size])
    given = {"x": x, "h": state, "c": state}
    numbers = range(len(layers))
    return _converted(model, read, {f"{name}_{n}": x for n in numbers for name, x in given.items()})


def _beginning(model: Seq2Seq) -> bytes:
    decoder, kernels = model.decoder, model.decoder.projecting_kernels()

    def begin(source_ids: Tensor, states: Tensor, final: Tensor) -> Named:
        source = decoder.projected(decoder.source(_copied(states), source_ids), kernels)
        state = decoder.initial_state(_copied(final))
        made = {**_flat("source", source), **_flat("state", state)}
        return {name: x for name, x in made.items() if 0 not in x.shape}

    size = model.config.memory_size
    return _converted(
        model,
        begin,
        {
            "source_ids": tf.TensorSpec([None, None], tf.int32),
            "states": tf.TensorSpec([None, None, size]),
            "final": tf.TensorSpec([None, size]),
        },
    )


def _stepping(model: Seq2Seq, listed: Ids | None) -> bytes:
    config, decoder, kernels = model.config, model.decoder, model.decoder.projecting_kernels()
    output, output_bias = (np.asarray(x) for x in (model.output_embeddings, model.output_bias))
    listed = np.arange(len(output), dtype=np.int32) if listed is None else listed
    kernel = tf.constant(np.ascontiguousarray(output[listed].T))
    rest = remainder(output, output_bias, listed)

    def step(tokens: Tensor, others: Tensor, **given: Tensor) -> Named:
        memory, bias = given["source_0"], given["source_2"]
        # Without attention there are no keys, but a score looks at how many there are.
        source = Source(memory, given.get("source_1", memory), bias)
        state = [_copied(given[f"state_{n}"]) for n in range(decoder.num_states)]
        hs, cs = tuple(state[: config.decoder_layers]), tuple(state[config.decoder_layers :])
        embedded = embed(model.target_embeddings, tokens)
        features, after, attention = decoder.step(embedded, State(hs, cs), source, kernels)
        features = tf.reshape(features, [-1, config.embedding_size])
        rows = embed(model.output_embeddings, others)
        squared = (tf.matmul(features, rest.square) + rest.linear) * features
        return {
            **_flat("state", after),
            "attention": attention,
            "logits": tf.matmul(features, kernel) + output_bias[listed],
            "other_logits": tf.matmul(features[None], rows[None], transpose_b=True)
            + tf.gather(output_bias, others),
            "rest": tf.reduce_sum(squared, axis=-1) + rest.constant,
        }

    width = config.embedding_size + decoder.attending.cell.gates * config.decoder_size
    given = {"source_0": tf.TensorSpec([None, None, width])}
    if decoder.attending.attention_size:
        given["source_1"] = tf.TensorSpec([None, None, decoder.attending.attention_size])
    given["source_2"] = tf.TensorSpec([None, None])
    given |= {
        f"state_{n}": tf.TensorSpec([None, None, config.decoder_size])
        for n in range(decoder.num_states)
    }
    given["tokens"] = tf.TensorSpec([None, None], tf.int32)
    given["others"] = tf.TensorSpec([None], tf.int32)
    return _converted(model, step, given)


def _copied(x: Tensor) -> Tensor:
    """An input, in memory of its own.

    Where LiteRT 2.3 reshapes an input in place, some interpreters of a model compute something else
    from their second step on: one in 20, of a toy with GRU cells. What is no input, they reshape as
    they should.
    """
    return tf.maximum(x, x.dtype.min)


def _flat(name: str, nest: Any) -> dict[str, Tensor]:
    return {f"{name}_{n}": x for n, x in enumerate(tf.nest.flatten(nest))}


def _converted(
    model: Seq2Seq, function: Callable[..., Named], given: Mapping[str, tf.TensorSpec]
) -> bytes:
    specs = {name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in given.items()}
    # As constants: a function that reads variables is converted without the names of its outputs.
    weights = [(weight, tf.constant(np.asarray(weight))) for weight in model.weights]

    def with_constants(**given: Tensor) -> Named:
        with keras.StatelessScope(weights):
            return function(**given)

    graph = tf.function(with_constants, autograph=False).get_concrete_function(**specs)
    with silence():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], tf.Module())
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        content: bytes = converter.convert()
    return content
