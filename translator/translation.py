"""What a search makes of a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Hypothesis:
    """One translation of a text.

    Attributes:
        text: The translation.
        score: What the search ranks by: length-penalised log-probability.
        log_prob: Log-probability, summed over the tokens.
        tokens: Target pieces, `</s>` included where the translation halted.
        token_log_probs: Log-probability of each.
        alignment: float32, target tokens x source tokens, rows sum to 1.
        finished: Ended by the halt token, not cut at the cap.
    """

    text: str
    score: float
    log_prob: float
    tokens: tuple[str, ...]
    token_log_probs: tuple[float, ...]
    alignment: npt.NDArray[np.float32]
    finished: bool


@dataclass(frozen=True)
class Translation:
    """What became of one text.

    Attributes:
        source_tokens: Source pieces that were read, and `</s>`.
        hypotheses: Best first.
        source_cut: The text was longer than the model reads, and its end was left out.
    """

    source_tokens: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    source_cut: bool = False

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text

    @property
    def truncated(self) -> bool:
        """Whether something may be missing at the end of the best translation."""
        return self.source_cut or not self.hypotheses[0].finished
