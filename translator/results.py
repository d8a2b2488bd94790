"""What a search found, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from translator.tokenizer import Tokenizer
from translator.translation import Hypothesis, Translation

Outputs = Mapping[str, npt.NDArray[Any]]
"""The fields of `search.hypotheses.Hypotheses`, by name."""


def result(
    outputs: Outputs,
    n: int,
    source_ids: Sequence[int],
    source: Tokenizer,
    target: Tokenizer,
    *,
    cut: bool,
) -> Translation:
    """Makes the translation of one sentence of a batch.

    Args:
        outputs: What was found for the batch.
        n: The sentence's place in it.
        source_ids: What was read of it.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side.
        cut: Whether there was more to read.
    """
    places = range(outputs["lengths"].shape[1])
    found = [k for k in places if outputs["lengths"][n, k] > 0]
    hypotheses = (_hypothesis(outputs, n, k, len(source_ids), target) for k in found)
    return Translation(source.pieces(source_ids), tuple(hypotheses), source_cut=cut)


def _hypothesis(
    outputs: Outputs, n: int, k: int, source_length: int, target: Tokenizer
) -> Hypothesis:
    length = int(outputs["lengths"][n, k])
    ids = outputs["output_ids"][n, k, :length].tolist()
    log_probs = outputs["log_probs"][n, k, :length].tolist()
    return Hypothesis(
        text=target.decode(ids),
        score=float(outputs["scores"][n, k]),
        log_prob=float(sum(log_probs)),
        tokens=target.pieces(ids),
        token_log_probs=tuple(log_probs),
        # Not a view, with which whoever keeps the hypothesis would keep the whole batch.
        alignment=outputs["alignments"][n, k, :length, :source_length].copy(),
        finished=bool(outputs["finished"][n, k]),
    )
