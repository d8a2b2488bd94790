"""What hypotheses are ranked by: Wu et al. (arXiv 1609.08144, eq. 14)."""

from __future__ import annotations

from typing import Any

import numpy as np

from translator.search.hypotheses import Array

_LEAST_COVERAGE = np.float32(1e-9)


def length_penalty(length: Any, alpha: float) -> Any:
    """lp = ((5 + length) / 6)^α, of a number or of an array, which is float32 then."""
    penalty = ((5.0 + length) / 6.0) ** alpha
    return penalty.astype(np.float32) if isinstance(penalty, np.ndarray) else penalty


def coverage_penalty(coverage: Array, source_mask: Array, beta: float) -> Array:
    """cp = β Σ_i log min(coverage_i, 1) over the real source tokens.

    Args:
        coverage: hypotheses x source_length, attention summed over target tokens.
        source_mask: hypotheses x source_length.
        beta: The weight.

    Returns:
        hypotheses. A source token never looked at counts as looked at by 1e-9.
    """
    logs = np.log(np.clip(coverage, _LEAST_COVERAGE, 1.0))
    penalty: Array = beta * np.where(source_mask, logs, 0.0).sum(axis=-1)
    return penalty
