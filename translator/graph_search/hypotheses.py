"""What a search in a graph is given; it returns tensors as `search.hypotheses.Hypotheses`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Tensor = Any
Nest = Any

StepFunction = Callable[[Tensor, Nest, Nest], tuple[Tensor, Nest, Tensor]]
"""One step of a model.

From previous tokens (batch x beams), states (nest of batch x beams x ...) and what it knows of the
sentences (nest of batch x ...) to logits (batch x beams x columns), new states, and attention
weights (batch x beams x source_length). The sentences of a batch get fewer as the search goes on,
and so do their beams.
"""

NEVER = float("-inf")


class Sentences(NamedTuple):
    """The sentences of a batch.

    Attributes:
        given: What the step function knows of them; a nest of tensors of batch x ....
        mask: batch x source_length, bool, True on tokens.
        max_lengths: batch, int32, most tokens of a hypothesis, EOS counted; at least 1.
        beams: batch, int32: hypotheses kept at each step.
    """

    given: Nest
    mask: Tensor
    max_lengths: Tensor
    beams: Tensor


class Options(NamedTuple):
    """Settings of a search as scalar tensors; `SearchConfig` explains them."""

    n_best: Tensor
    length_penalty: Tensor
    coverage_penalty: Tensor
    min_length: Tensor
    no_repeat_ngram_size: Tensor
