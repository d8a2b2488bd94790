import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from training.losses import TokenCrossEntropy, token_cross_entropy

ROW = np.log(np.array([1 / 8, 1 / 8, 1 / 4, 1 / 2], np.float32))
"""Logits of a vocabulary of four, as log-probabilities; log 1/2 is -0.693147."""
LN2 = math.log(2)


def logits(*batch: list[float]) -> Any:
    """batch x length x 4: `ROW` and a shift, which a softmax does not see."""
    return np.array([[ROW + shift for shift in row] for row in batch], np.float32)


class TestTokens:
    def test_without_smoothing(self) -> None:
        losses = token_cross_entropy(np.array([[3, 2], [1, 3]]), logits([0, 5], [-7, 0]))
        np.testing.assert_allclose(losses, [[LN2, 2 * LN2], [3 * LN2, LN2]], atol=1e-6)

    def test_smoothing_spreads_over_the_vocabulary(self) -> None:
        # The mean of -log p over the vocabulary is (3 + 3 + 2 + 1) / 4 · ln 2 = 2.25 ln 2;
        # a fifth of it, and four fifths of the reference's.
        losses = token_cross_entropy(np.array([[3, 1]]), logits([0, 9]), label_smoothing=0.2)
        np.testing.assert_allclose(losses, [[1.25 * LN2, 2.85 * LN2]], atol=1e-5)

    def test_smoothing_is_the_written_out_distribution(self) -> None:
        rng = np.random.default_rng(0)
        z, ids = rng.normal(0.0, 3.0, (3, 5, 7)), rng.integers(0, 7, (3, 5))
        q = 0.9 * np.eye(7)[ids] + 0.1 / 7
        log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
        losses = token_cross_entropy(ids, tf.constant(z, tf.float32), label_smoothing=0.1)
        np.testing.assert_allclose(losses, -(q * log_p).sum(-1), rtol=1e-5)


class TestMean:
    # Real tokens cost 1, 2 and 3 times ln 2; padding would cost 3 times as much.
    ids = np.array([[3, 2, 1], [0, 0, 0]])
    batch = logits([0, 1, 2], [0, 0, 0])

    def test_divides_by_the_real_tokens(self) -> None:
        assert float(TokenCrossEntropy()(self.ids, self.batch)) == pytest.approx(2 * LN2)

    def test_smoothing(self) -> None:
        # 0.8 · 2 ln 2 + 0.2 · 2.25 ln 2
        assert float(TokenCrossEntropy(0.2)(self.ids, self.batch)) == pytest.approx(2.05 * LN2)

    def test_a_long_sentence_weighs_by_its_tokens(self) -> None:
        ids = np.array([[3, 3, 3], [1, 0, 0]])
        loss = TokenCrossEntropy()(ids, logits([0, 0, 0], [0, 0, 0]))
        assert float(loss) == pytest.approx((3 * 1 + 3) / 4 * LN2)

    def test_more_padding_changes_nothing(self) -> None:
        ids, batch = (
            np.pad(self.ids, ((0, 1), (0, 2))),
            np.pad(self.batch, ((0, 1), (0, 2), (0, 0))),
        )
        for smoothing in (0.0, 0.1):
            loss = TokenCrossEntropy(smoothing)
            assert float(loss(ids, batch)) == pytest.approx(float(loss(self.ids, self.batch)))

    def test_only_padding_costs_nothing(self) -> None:
        assert float(TokenCrossEntropy(0.1)(np.zeros((2, 3), int), np.ones((2, 3, 4)))) == 0.0

    def test_is_finite_where_the_softmax_underflows(self) -> None:
        sure = tf.constant([[[0.0, 0.0, 0.0, 1000.0]]])
        assert float(TokenCrossEntropy()(np.array([[3]]), sure)) == 0.0
        assert float(TokenCrossEntropy()(np.array([[2]]), sure)) == pytest.approx(1000.0)

    @pytest.mark.parametrize("smoothing", [0.0, 0.2])
    def test_gradient_is_the_difference_of_distributions(self, smoothing: float) -> None:
        """(softmax - q) / number of tokens, and nothing on padding."""
        batch = tf.constant(self.batch)
        with tf.GradientTape() as tape:
            tape.watch(batch)
            loss = TokenCrossEntropy(smoothing)(self.ids, batch)
        q = (1 - smoothing) * np.eye(4)[self.ids[0]] + smoothing / 4
        expected = np.zeros((2, 3, 4))
        expected[0] = (np.exp(ROW) - q) / 3
        np.testing.assert_allclose(tape.gradient(loss, batch), expected, atol=1e-6)
