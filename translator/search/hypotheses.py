"""What a search is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Nest = Any
"""An array, or a dict or tuple of nests."""

StepFunction = Callable[[Array, Nest, Nest], tuple[Array, Nest, Array]]
"""One step of a model.

From previous tokens (batch x beams, int32), states (nest of batch x beams x ...) and what it knows
of the sentences (nest of batch x ...) to logits (batch x beams x columns, float32, which the search
may overwrite), new states, and attention weights (batch x beams x source_length). The sentences of
a batch get fewer as the search goes on, and so do their beams; while they do not, what it knows of
them is the same object. Of what it returns, nothing is read after the next step.
"""

NEVER = np.float32("-inf")

LOWEST = np.finfo(np.float32).min
"""The least that is more than `NEVER`."""


class Required(NamedTuple):
    """Phrases that translations must hold.

    Attributes:
        phrases: batch x phrases x phrase_length, int32, 0-padded; one of no token asks for nothing.
        spans: batch x phrases x source_length, float32, 1 on the source tokens that a phrase is to
            translate.
    """

    phrases: Array
    spans: Array


class Sentences(NamedTuple):
    """The sentences of a batch.

    Attributes:
        given: What the step function knows of them; a nest of arrays of batch x ....
        mask: batch x source_length, bool, True on tokens.
        max_lengths: batch, int32, most tokens of a hypothesis, EOS counted; at least 1.
        max_repeats: batch x LONGEST_REPEATED, int32: how often in a row a sequence of 1, 2, ...
            tokens may stand.
        beams: batch, int32: hypotheses kept at each step.
        required: What the translations must hold; or nothing, where nothing is required.
    """

    given: Nest
    mask: Array
    max_lengths: Array
    max_repeats: Array
    beams: Array
    required: tuple[Required, ...] = ()


class Options(NamedTuple):
    """Settings of a search; `SearchConfig` explains them. None is 0."""

    n_best: int
    length_penalty: float
    coverage_penalty: float | None = None
    min_length: int | None = None
    no_repeat_ngram_size: int | None = None


class Hypotheses(NamedTuple):
    """Best first; a place that no hypothesis filled has score -inf, length 0 and padding only.

    Halted hypotheses come before those that were cut at the cap.

    Attributes:
        output_ids: batch x n_best x length, int32, EOS included, 0-padded.
        lengths: batch x n_best, int32, EOS counted.
        scores: batch x n_best, float32, s(Y).
        log_probs: batch x n_best x length, float32, log P of each token, 0 on padding.
        alignments: batch x n_best x length x source_length, float32, 0 on padding.
        finished: batch x n_best, bool: ended by EOS, not cut.
    """

    output_ids: Array
    lengths: Array
    scores: Array
    log_probs: Array
    alignments: Array
    finished: Array


def mapped(function: Callable[[Array], Array], nest: Nest) -> Nest:
    """The nest with a function applied to each of its arrays; None stays None."""
    if isinstance(nest, np.ndarray):
        return function(nest)
    if nest is None:
        return None
    if isinstance(nest, dict):
        return {name: mapped(function, part) for name, part in nest.items()}
    parts = [mapped(function, part) for part in nest]
    return type(nest)(*parts) if hasattr(nest, "_fields") else type(nest)(parts)


def ranks_within(groups: Array) -> Array:
    """The number of each among those of its group, which stand side by side in order."""
    ranks: Array = np.arange(len(groups)) - groups.searchsorted(groups)
    return ranks
