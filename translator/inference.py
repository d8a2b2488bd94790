"""The two functions of a model folder, over a model that is alive: `translate` and `score`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from translator.constants import BOS, EXTRA_LENGTH, PAD
from translator.layers.attentive import Source
from translator.layers.decoder import State
from translator.model import Seq2Seq
from translator.search import Options, beam_search
from translator.signatures import SCORE_SPEC, TRANSLATE_SPEC

Tensor = Any
Function = Callable[..., dict[str, Tensor]]


def translate(
    model: Seq2Seq,
    source_ids: Tensor,
    beam_size: Tensor,
    n_best: Tensor,
    min_length: Tensor,
    no_repeat_ngram_size: Tensor,
    length_penalty: Tensor,
    coverage_penalty: Tensor,
    max_length_ratio: Tensor,
) -> dict[str, Tensor]:
    """Searches for the best translations; `SearchConfig` explains the settings.

    Args:
        model: The model.
        source_ids: batch x source_length, int32: pieces, then EOS, 0-padded.
        beam_size: int32.
        n_best: int32.
        min_length: int32.
        no_repeat_ngram_size: int32.
        length_penalty: float32.
        coverage_penalty: float32.
        max_length_ratio: float32; of source tokens, EOS counted.

    Returns:
        The fields of `search.Hypotheses`, by name.
    """
    mask = source_ids != PAD
    lengths = tf.reduce_sum(tf.cast(mask, tf.float32), axis=1)
    # Without the thousandth, 1.3 times 90 would be 116: float32 has no 1.3.
    max_lengths = tf.cast(max_length_ratio * lengths + 1e-3, tf.int32) + EXTRA_LENGTH
    tf.debugging.assert_less_equal(n_best, beam_size, "n_best: expected at most beam_size")
    source, start = model.encode(source_ids)
    options = Options(
        beam_size, n_best, length_penalty, coverage_penalty, min_length, no_repeat_ngram_size
    )
    return beam_search(_step(model, source), start, mask, max_lengths, options)._asdict()


def score(model: Seq2Seq, source_ids: Tensor, target_ids: Tensor) -> dict[str, Tensor]:
    """Log-probability of each token of given translations.

    Args:
        model: The model.
        source_ids: batch x source_length, int32: pieces, then EOS, 0-padded.
        target_ids: batch x target_length, the same.

    Returns:
        `log_probs`: batch x target_length, float32, natural logarithm, 0 on padding.
    """
    fed = tf.concat([tf.fill([tf.shape(target_ids)[0], 1], BOS), target_ids[:, :-1]], axis=1)
    log_probs = tf.nn.log_softmax(model({"source_ids": source_ids, "target_ids": fed}))
    chosen = tf.gather(log_probs, target_ids, axis=2, batch_dims=2)
    return {"log_probs": tf.where(target_ids == PAD, 0.0, chosen)}


def compiled(model: Seq2Seq) -> tuple[Function, Function]:
    """`translate` and `score` of a model as graphs; they follow its weights as these change."""

    @tf.function(input_signature=[TRANSLATE_SPEC], autograph=False)
    def translate_graph(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return translate(model, **inputs)

    @tf.function(input_signature=[SCORE_SPEC], autograph=False)
    def score_graph(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return score(model, **inputs)

    return (lambda **inputs: translate_graph(inputs)), (lambda **inputs: score_graph(inputs))


def _step(model: Seq2Seq, source: Source) -> Any:
    def step(tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        logits, state, attention = model.step(tokens, state, source)
        return logits, state, attention

    return step
