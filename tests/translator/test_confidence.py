"""Features and the estimate by hand; the fit against a line that is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.calibration import fit_confidence
from translator.confidence import FEATURES, Estimator, features
from translator.errors import ModelFolderError
from translator.translation import Hypothesis, Translation


def translation(log_probs: tuple[float, ...], text: str = "ab c") -> Translation:
    """Two source pieces and the end; two target pieces and the end; attention by hand."""
    alignment = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], np.float32)
    best = Hypothesis(
        text, -1.0, sum(log_probs), ("▁ab", "c", "</s>"), log_probs, alignment, finished=True
    )
    return Translation(("▁x", "▁y", "</s>"), (best,))


LOGS = (math.log(0.5), math.log(0.25), 0.0)


def test_features() -> None:
    found = dict(zip(FEATURES, features(translation(LOGS)), strict=True))
    assert found == pytest.approx(
        {
            "mean_log_prob": math.log(0.125) / 3,
            "mean_prob": 1.75 / 3,
            "least_log_prob": math.log(0.25),
            "unlikely_tokens": 1 / 3,
            "deviation": np.std(LOGS),
            "attention_entropy": math.log(2.0) / 3,
            "attention_peak": 2.5 / 3,
            "coverage": 0.75,  # the first piece is looked at 1.5 times, the second 0.5 times
            "least_coverage": 0.5,
            "log_length": math.log(3.0),
            "length_ratio": 0.0,
            "spelt_source": 0.0,
            "spelt_target": 2 / 3,
        },
        abs=1e-6,
    )


def test_estimate() -> None:
    slopes = {"mean_prob": 0.6, "least_coverage": 0.2}
    one = Estimator(0.1, tuple(slopes.get(name, 0.0) for name in FEATURES))
    assert one.confidence(translation(LOGS)) == pytest.approx(0.1 + 0.35 + 0.1, abs=1e-6)
    assert Estimator(2.0, one.slopes).confidence(translation(LOGS)) == 1.0
    assert Estimator(-2.0, one.slopes).confidence(translation(LOGS)) == 0.0
    assert Estimator.from_info({"confidence": one.to_info()}) == one


def test_without_an_estimate_it_is_the_mean_probability() -> None:
    assert Estimator.from_info({}).confidence(translation(LOGS)) == pytest.approx(1.75 / 3)


@pytest.mark.parametrize("stored", [{}, {"intercept": 1}, {"intercept": 1, "slopes": {}}, 3])
def test_damaged(stored: object) -> None:
    with pytest.raises(ModelFolderError, match="confidence: expected an intercept and slopes"):
        Estimator.from_info({"confidence": stored})


def test_fit_finds_what_tells_good_from_bad() -> None:
    """Likely translations are right, unlikely ones are wrong in all their letters."""
    rng = np.random.default_rng(0)
    shares = rng.random(200)
    translations = [
        translation((math.log(0.1 + 0.8 * x),) * 3, "abcdef" if x > 0.5 else "uvwxyz")
        for x in shares
    ]
    fitted = fit_confidence(translations, ["abcdef"] * 200)
    assert fitted is not None
    confidences = np.array([fitted.confidence(one) for one in translations])
    assert confidences[shares > 0.75].min() > 0.7
    assert confidences[shares < 0.25].max() < 0.3
    assert fit_confidence(translations[:20], ["abcdef"] * 20) is None
