"""Sentences as the search takes them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from translator.constants import EXTRA_LENGTH, PAD
from translator.graph_search.hypotheses import Sentences, Tensor


def sentences_of(
    given: Any, source_ids: Tensor, beam_size: Tensor, max_length_ratio: Tensor
) -> Sentences:
    """Sentences as the search takes them, with their cap.

    Args:
        given: What the step function knows of them.
        source_ids: batch x source_length.
        beam_size: A scalar.
        max_length_ratio: A scalar; of source tokens, EOS counted.
    """
    mask = source_ids != PAD
    lengths = tf.reduce_sum(tf.cast(mask, tf.float32), axis=1)
    # Without the thousandth, 1.3 times 90 would be 116: float32 has no 1.3.
    max_lengths = tf.cast(max_length_ratio * lengths + 1e-3, tf.int32) + EXTRA_LENGTH
    return Sentences(given, mask, max_lengths, tf.fill([tf.shape(source_ids)[0]], beam_size))
