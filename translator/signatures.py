"""What the signatures of a model folder take. Needs no Keras."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import tensorflow as tf

from translator.config import SearchConfig

Tensor = Any


class Stepwise(NamedTuple):
    """A model taken apart, for searches that are driven from outside; `translator.stepwise`.

    Attributes:
        weights: From nothing to the weights, cast as steps want them: `weights_00`, ..., and
            `output` (target pieces x embedding_size) and `output_bias` of the output layer.
        encode: From `weights_...` and `source_ids` (batch x source_length) to `source_00`, ...,
            batch x ..., and `state_00`, ..., batch x 1 x ....
        step: From all of these, and `tokens` (batch x beams), to new states, `features` (batch x
            beams x embedding_size) and `attention` (batch x beams x source_length).
    """

    weights: Any
    encode: Any
    step: Any


Precision = Literal["float32", "bfloat16"]
"""Of the products; a model folder has the functions of `Stepwise` for both."""


def _ids(name: str) -> tf.TensorSpec:
    return tf.TensorSpec((None, None), tf.int32, name)


SETTINGS_SPEC = {
    **{
        name: tf.TensorSpec((), tf.int32, name)
        for name in ("beam_size", "n_best", "min_length", "no_repeat_ngram_size")
    },
    **{
        name: tf.TensorSpec((), tf.float32, name)
        for name in ("length_penalty", "coverage_penalty", "max_length_ratio")
    },
}
TRANSLATE_SPEC = {"source_ids": _ids("source_ids"), **SETTINGS_SPEC}
SCORE_SPEC = {name: _ids(name) for name in ("source_ids", "target_ids")}


def search_inputs(source_ids: Any, search: SearchConfig) -> dict[str, Tensor]:
    """What `translate` takes, for an array of ids and the settings of a search."""
    return {"source_ids": tf.constant(source_ids, tf.int32), **settings_inputs(search)}


def settings_inputs(search: SearchConfig) -> dict[str, Tensor]:
    """The settings of a search as scalars."""
    return {
        name: tf.constant(getattr(search, name), spec.dtype) for name, spec in SETTINGS_SPEC.items()
    }


def step_signature(function: str, precision: Precision) -> str:
    """Name of the signature of one of the functions of `Stepwise`."""
    return f"{function}_{precision}"


SIGNATURES = (
    *("serving_default", "score"),
    *(step_signature(f, p) for p in get_args(Precision) for f in Stepwise._fields),
)
"""All that a model folder has."""
