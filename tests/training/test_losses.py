"""Losses of a model whose output layer is known, so that its logits are, too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from training.losses import smoothed_cross_entropy, token_cross_entropy
from training.teacher_forcing import ScheduledSeq2Seq
from translator.config import ModelConfig
from translator.model import Seq2Seq, build

Array = npt.NDArray[Any]

PIECES, SIZE = 5, 3
ROW = np.log(np.array([1 / 8, 1 / 8, 1 / 4, 1 / 4, 1 / 4], np.float32))
"""Logits of the vocabulary, as log-probabilities; log 1/4 is -2 ln 2."""
LN2 = math.log(2)


@pytest.fixture(scope="module")
def tiny() -> dict[bool, Seq2Seq]:
    """Models with the output layer tied to the target embeddings, and with one of its own."""
    return {
        tied: build(
            ModelConfig(
                source_vocab_size=PIECES,
                target_vocab_size=PIECES,
                embedding_size=SIZE,
                encoder_size=2,
                decoder_size=2,
                attention_size=2,
                tie_output=tied,
            )
        )
        for tied in (True, False)
    }


@pytest.fixture
def model(tiny: dict[bool, Seq2Seq]) -> Seq2Seq:
    """Features do nothing: its logits are `ROW` everywhere."""
    tiny[True].output_embeddings.assign(np.zeros((PIECES, SIZE)))
    tiny[True].output_bias.assign(ROW)
    return tiny[True]


def loss_of(model: Seq2Seq, ids: Any, label_smoothing: float = 0.0, parts: int = 1) -> float:
    """Of a batch, as training computes it, with features that are noise."""
    features = np.random.default_rng(0).normal(size=(*np.shape(ids), SIZE)).astype(np.float32)
    scheduled = ScheduledSeq2Seq(model, label_smoothing, parts=parts)
    return float(scheduled.compute_loss(y=np.asarray(ids), y_pred=split(features, parts)))


def split(rows: Array, parts: int) -> list[Any]:
    cuts = [len(rows) * n // parts for n in range(1, parts)]
    return [tf.constant(part) for part in np.split(rows, cuts)]


class TestTokens:
    def test_from_logits(self) -> None:
        """A shift of all logits of a token changes nothing."""
        logits = np.array([[ROW, ROW + 5], [ROW - 7, ROW]])
        losses = token_cross_entropy(np.array([[2, 1], [0, 3]]), logits)
        np.testing.assert_allclose(losses, [[2 * LN2, 3 * LN2], [3 * LN2, 2 * LN2]], atol=1e-6)

    def test_is_finite_where_the_softmax_underflows(self) -> None:
        sure = np.array([[[0.0, 0.0, 0.0, 0.0, 1000.0]]], np.float32)
        assert token_cross_entropy(np.array([[4]]), sure).numpy().item() == 0.0
        assert token_cross_entropy(np.array([[2]]), sure).numpy().item() == pytest.approx(1000.0)


class TestSmoothing:
    def test_spreads_over_the_vocabulary(self, model: Seq2Seq) -> None:
        # The mean of -log p over the vocabulary is (3 + 3 + 2 + 2 + 2) / 5 · ln 2 = 2.4 ln 2;
        # a quarter of it, and three quarters of the reference's.
        ids = np.array([[3, 1]])
        losses, plain = smoothed_cross_entropy(model, tf.ones((1, 2, SIZE)), ids, 0.25)
        np.testing.assert_allclose(losses, [[2.1 * LN2, 2.85 * LN2]], atol=1e-5)
        np.testing.assert_allclose(plain, [[2 * LN2, 3 * LN2]], atol=1e-5)

    @pytest.mark.parametrize("tied", [True, False])
    @pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
    def test_is_the_written_out_distribution(
        self, tiny: dict[bool, Seq2Seq], tied: bool, smoothing: float
    ) -> None:
        """-Σ q log p with q = (1 - s)·onehot + s/V, and its gradients, in float64."""
        rng = np.random.default_rng(0)
        rows, kernel, bias = (
            rng.normal(0.0, 1.5, shape) for shape in ((2, 4, SIZE), (PIECES, SIZE), (PIECES,))
        )
        ids, upstream = rng.integers(0, PIECES, (2, 4)), rng.normal(size=(2, 4))
        model = tiny[tied]
        model.output_embeddings.assign(kernel)
        model.output_bias.assign(bias)
        features = tf.constant(rows, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(features)
            losses, _ = smoothed_cross_entropy(model, features, ids, smoothing)
            loss = tf.reduce_sum(losses * tf.constant(upstream, tf.float32))
        weights = (model.output_embeddings.value, model.output_bias.value)
        found = [tf.convert_to_tensor(g) for g in tape.gradient(loss, [features, *weights])]

        z = rows @ kernel.T + bias
        p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
        q = (1 - smoothing) * np.eye(PIECES)[ids] + smoothing / PIECES
        np.testing.assert_allclose(losses, -(q * np.log(p)).sum(-1), rtol=1e-5, atol=1e-6)
        dz = (p - q) * upstream[..., None]
        expected = (dz @ kernel, np.einsum("btv,bte->ve", dz, rows), dz.sum((0, 1)))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


class TestMean:
    # Real tokens cost 2, 2 and 3 times ln 2; padding would cost 3 times as much.
    ids = np.array([[3, 2, 1], [0, 0, 0]])

    def test_divides_by_the_real_tokens(self, model: Seq2Seq) -> None:
        assert loss_of(model, self.ids) == pytest.approx(7 / 3 * LN2)

    def test_smoothing(self, model: Seq2Seq) -> None:
        # 0.75 · 7/3 ln 2 + 0.25 · 2.4 ln 2
        assert loss_of(model, self.ids, label_smoothing=0.25) == pytest.approx(2.35 * LN2)

    @pytest.mark.parametrize("parts", [1, 2])
    def test_what_is_logged_is_not_smoothed(self, model: Seq2Seq, parts: int) -> None:
        scheduled = ScheduledSeq2Seq(model, label_smoothing=0.25, parts=parts)
        features = split(np.ones((2, 3, SIZE), np.float32), parts)
        for ids, expected in ((self.ids, 7 / 3 * LN2), (self.ids[::-1] * 0 + 3, 2 * LN2)):
            scheduled.plain_loss.reset_state()
            scheduled.compute_loss(y=ids, y_pred=features)
            assert float(scheduled.plain_loss.result()) == pytest.approx(expected)

    @pytest.mark.parametrize("parts", [1, 2])
    def test_a_long_sentence_weighs_by_its_tokens(self, model: Seq2Seq, parts: int) -> None:
        """Whatever the parts: the sum of all tokens is divided by the number of all."""
        ids = np.array([[3, 3, 3], [1, 0, 0]])
        assert loss_of(model, ids, parts=parts) == pytest.approx((3 * 2 + 3) / 4 * LN2)

    @pytest.mark.parametrize("smoothing", [0.0, 0.1])
    def test_more_padding_changes_nothing(self, model: Seq2Seq, smoothing: float) -> None:
        longer = np.pad(self.ids, ((0, 1), (0, 2)))
        expected = loss_of(model, self.ids, smoothing)
        assert loss_of(model, longer, smoothing) == pytest.approx(expected)

    def test_only_padding_costs_nothing(self, model: Seq2Seq) -> None:
        assert loss_of(model, np.zeros((2, 3), int), label_smoothing=0.1) == 0.0

    @pytest.mark.parametrize("smoothing", [0.0, 0.2])
    def test_gradient_is_that_of_the_real_tokens(self, model: Seq2Seq, smoothing: float) -> None:
        """For the bias, (softmax - q) / number of tokens; for the features, none on padding."""
        model.output_embeddings.assign(np.random.default_rng(1).normal(size=(PIECES, SIZE)))
        features = tf.zeros((2, 3, SIZE))
        scheduled = ScheduledSeq2Seq(model, smoothing)
        with tf.GradientTape() as tape:
            tape.watch(features)
            loss = scheduled.compute_loss(y=self.ids, y_pred=[features])
        found, bias = tape.gradient(loss, [features, model.output_bias.value])
        q = (1 - smoothing) * np.eye(PIECES)[self.ids[0]] + smoothing / PIECES
        dz = (np.exp(ROW) - q) / 3
        np.testing.assert_allclose(tf.convert_to_tensor(bias), dz.sum(0), atol=1e-6)
        expected = dz @ np.asarray(model.output_embeddings)
        np.testing.assert_allclose(found[0], expected, atol=1e-6)
        np.testing.assert_array_equal(found[1], np.zeros((3, SIZE)))
