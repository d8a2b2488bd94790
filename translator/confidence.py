"""How good a translation is likely to be, from what the model did.

A linear estimate of the sentence's chrF from its tokens' probabilities, the attention and the
lengths, in the manner of quality estimation from "glass-box" features (Fomicheva et al., arXiv
2005.10608). Its coefficients are learnt on the valid split when a model is exported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from translator.errors import ModelFolderError
from translator.translation import Translation

FEATURES = (
    "mean_log_prob",
    "mean_prob",
    "least_log_prob",
    "unlikely_tokens",
    "deviation",
    "attention_entropy",
    "attention_peak",
    "coverage",
    "least_coverage",
    "log_length",
    "length_ratio",
    "spelt_source",
    "spelt_target",
)

_UNLIKELY = math.log(0.3)
_TINY = 1e-9

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimator:
    """Coefficients of the estimate.

    Attributes:
        intercept: Of the line.
        slopes: One for each of `FEATURES`.

    Raises:
        ModelFolderError: There are too few or too many slopes.
    """

    intercept: float
    slopes: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.slopes) != len(FEATURES):
            raise ModelFolderError(
                f"confidence: expected {len(FEATURES)} slopes. Received: {len(self.slopes)}"
            )

    @classmethod
    def from_info(cls, info: Mapping[str, Any]) -> Estimator:
        """Reads it from `model.json`; the mean probability of a token where there is none there.

        Raises:
            ModelFolderError: What is there is no estimate.
        """
        stored = info.get("confidence")
        if stored is None:
            return cls(0.0, tuple(float(name == "mean_prob") for name in FEATURES))
        try:
            slopes = stored["slopes"]
            return cls(float(stored["intercept"]), tuple(float(slopes[name]) for name in FEATURES))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFolderError(
                f"confidence: expected an intercept and slopes by name. Received: {stored!r}"
            ) from error

    def to_info(self) -> dict[str, Any]:
        """For `model.json`."""
        return {
            "intercept": self.intercept,
            "slopes": dict(zip(FEATURES, self.slopes, strict=True)),
        }

    def confidence(self, translation: Translation) -> float:
        """The estimate for the best hypothesis of a translation, from 0 to 1; 1 for blank text."""
        if not translation.source_tokens:
            return 1.0
        estimate = self.intercept + float(np.dot(features(translation), self.slopes))
        return min(1.0, max(0.0, estimate))


def features(translation: Translation) -> Array:
    """What the estimate looks at, in the order of `FEATURES`; the translation is not blank."""
    best = translation.hypotheses[0]
    log_probs = np.array(best.token_log_probs)
    attention = np.asarray(best.alignment, np.float64)  # target tokens x source tokens
    coverage = np.minimum(attention[:, :-1].sum(axis=0), 1.0)
    source, target = translation.source_tokens[:-1], best.tokens
    return np.array(
        [
            log_probs.mean(),
            np.exp(log_probs).mean(),
            log_probs.min(),
            (log_probs < _UNLIKELY).mean(),
            log_probs.std(),
            -(attention * np.log(attention + _TINY)).sum(axis=1).mean(),
            attention.max(axis=1).mean(),
            coverage.mean(),
            coverage.min(),
            math.log(len(source) + 1),
            abs(math.log(len(target) / (len(source) + 1))),
            _spelt(source),
            _spelt(target),
        ]
    )


def _spelt(tokens: tuple[str, ...]) -> float:
    """Share of the tokens that do not begin a word: much of it where words are rare."""
    return sum(not token.startswith("▁") for token in tokens) / len(tokens)
