"""What the signatures of a model folder take. Needs no Keras, so that serving needs none."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from translator.config import SearchConfig

Tensor = Any


def _ids(name: str) -> tf.TensorSpec:
    return tf.TensorSpec((None, None), tf.int32, name)


TRANSLATE_SPEC = {
    "source_ids": _ids("source_ids"),
    **{
        name: tf.TensorSpec((), tf.int32, name)
        for name in ("beam_size", "n_best", "min_length", "no_repeat_ngram_size")
    },
    **{
        name: tf.TensorSpec((), tf.float32, name)
        for name in ("length_penalty", "coverage_penalty", "max_length_ratio")
    },
}
SCORE_SPEC = {name: _ids(name) for name in ("source_ids", "target_ids")}


def search_inputs(source_ids: Any, search: SearchConfig) -> dict[str, Tensor]:
    """What `translate` takes, for an array of ids and the settings of a search."""
    inputs = {"source_ids": tf.constant(source_ids, tf.int32)}
    for name, spec in TRANSLATE_SPEC.items():
        if name != "source_ids":
            inputs[name] = tf.constant(getattr(search, name), spec.dtype)
    return inputs
