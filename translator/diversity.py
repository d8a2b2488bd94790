"""Alternatives that differ: maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from translator.translation import Hypothesis


def diverse(hypotheses: Sequence[Hypothesis], count: int, diversity: float) -> list[Hypothesis]:
    """Chooses some hypotheses of a sentence: the best, then others that are good and unlike those.

    The next one has the largest score less `diversity` times its likeness to what is most like it
    among those that were chosen. What was cut comes last, and no text twice.

    Args:
        hypotheses: Best first; at least one.
        count: How many, at most.
        diversity: What a likeness of 1 costs, in units of the score.
    """
    chosen = [hypotheses[0]]
    left = {one.text: one for one in reversed(hypotheses)}  # of a text, the best
    likeness = dict.fromkeys(left, 0.0)

    def value(text: str) -> tuple[bool, float]:
        return left[text].finished, left[text].score - diversity * likeness[text]

    while len(chosen) < count:
        left.pop(chosen[-1].text)
        if not left:
            break
        for text, one in left.items():
            likeness[text] = max(likeness[text], similarity(one, chosen[-1]))
        chosen.append(left[max(left, key=value)])
    return chosen


def similarity(one: Hypothesis, other: Hypothesis) -> float:
    """The share of pieces and pairs of pieces that two hypotheses have in common (Dice), 0 to 1."""
    mine, its = _parts(one), _parts(other)
    return 2 * len(mine & its) / max(1, len(mine) + len(its))


def _parts(hypothesis: Hypothesis) -> set[str | tuple[str, str]]:
    return {*hypothesis.tokens, *pairwise(hypothesis.tokens)}
