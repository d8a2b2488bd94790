"""Sentences as the search takes them."""

from __future__ import annotations

import numpy as np

from translator.constants import EXTRA_LENGTH, PAD
from translator.search.hypotheses import Array, Nest, Sentences
from translator.search.rules import LONGEST_REPEATED

NO_LIMIT = 2**20
"""Of repetitions: more than any hypothesis has tokens."""


def sentences_of(
    given: Nest, source_ids: Array, beam_size: int, max_length_ratio: float
) -> Sentences:
    """Sentences as the search takes them, with their cap.

    Args:
        given: What the step function knows of them.
        source_ids: batch x source_length.
        beam_size: Hypotheses kept at each step.
        max_length_ratio: Of source tokens, EOS counted.
    """
    mask = source_ids != PAD
    lengths = mask.sum(axis=1, dtype=np.float32)
    # Without the thousandth, 1.3 times 90 would be 116: float32 has no 1.3.
    most = np.float32(max_length_ratio) * lengths + np.float32(1e-3)
    max_lengths = most.astype(np.int32) + np.int32(EXTRA_LENGTH)
    batch = len(source_ids)
    max_repeats = np.full((batch, LONGEST_REPEATED), NO_LIMIT, np.int32)
    return Sentences(given, mask, max_lengths, max_repeats, np.full(batch, beam_size, np.int32))
