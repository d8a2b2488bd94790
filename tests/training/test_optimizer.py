from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.config import TrainConfig
from training.optimizer import ClippingAdam


def variables(*values: Any) -> list[Any]:
    return [keras.Variable(np.array(value, np.float32)) for value in values]


def applied(optimizer: ClippingAdam, weights: list[Any], *gradients: Any) -> list[Any]:
    """The weights after one update."""
    optimizer.build(weights)
    optimizer.apply([tf.constant(g, tf.float32) for g in gradients])
    return [np.asarray(weight).tolist() for weight in weights]


class TestClipping:
    # The first update of Adam moves each weight by the rate, whatever the size of its gradient,
    # so the clipped gradient itself is read off the first moment: 0.1 times the gradient.
    def first_moments(self, optimizer: ClippingAdam) -> list[list[float]]:
        weights = variables([0.0, 0.0], [0.0])
        applied(optimizer, weights, [3.0, 0.0], [4.0])
        momentum = [v for v in optimizer.variables if "momentum" in v.path]
        return [(10.0 * np.asarray(v)).tolist() for v in momentum]

    def test_by_norm_over_all_weights(self) -> None:
        moments = self.first_moments(ClippingAdam(0.1, clip_norm=1.0))
        np.testing.assert_allclose(moments[0], [0.6, 0.0], atol=1e-6)
        np.testing.assert_allclose(moments[1], [0.8], atol=1e-6)

    def test_a_small_gradient_is_left(self) -> None:
        moments = self.first_moments(ClippingAdam(0.1, clip_norm=6.0))
        np.testing.assert_allclose(moments[0], [3.0, 0.0], atol=1e-6)

    def test_by_value(self) -> None:
        moments = self.first_moments(ClippingAdam(0.1, clip_value=3.5))
        np.testing.assert_allclose(moments[1], [3.5], atol=1e-6)

    @pytest.mark.parametrize("clip_norm", [0.0, 1.0, 100.0])
    def test_tells_the_norm_from_before_clipping(self, clip_norm: float) -> None:
        optimizer = ClippingAdam(0.1, clip_norm=clip_norm)
        applied(optimizer, variables([0.0, 0.0], [0.0]), [3.0, 0.0], [4.0])
        assert float(optimizer.gradient_norm.value) == pytest.approx(5.0)

    def test_rows_of_an_embedding(self) -> None:
        """The gradient of a lookup is sparse on TensorFlow."""
        table = keras.Variable(np.zeros((4, 1), np.float32))
        optimizer = ClippingAdam(0.1, clip_norm=1.0)
        optimizer.build([table])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.gather(table.value, [1, 1, 2]) * [[3.0], [0.0], [4.0]])
        optimizer.apply(tape.gradient(loss, [table.value]))
        assert float(optimizer.gradient_norm.value) == pytest.approx(5.0)
        np.testing.assert_allclose(np.asarray(table)[:, 0], [0.0, -0.1, -0.1, 0.0], atol=1e-4)


def test_the_rate_can_be_scaled() -> None:
    """The first update of Adam is as large as the rate."""
    optimizer = ClippingAdam(0.1)
    weights = variables([1.0])
    optimizer.build(weights)
    optimizer.rate_scale.assign(0.5)
    assert applied(optimizer, weights, [7.0])[0] == pytest.approx([0.95], abs=1e-5)
    assert float(optimizer.learning_rate) == pytest.approx(0.05)


def test_matrices_decay_and_vectors_do_not() -> None:
    # No gradient: only the decay moves weights, by rate times decay of themselves.
    matrix, vector, column = applied(
        ClippingAdam(0.1, weight_decay=0.5),
        variables([[2.0, 2.0], [2.0, 2.0]], [2.0], [[2.0], [2.0]]),
        [[0.0, 0.0], [0.0, 0.0]],
        [0.0],
        [[0.0], [0.0]],
    )
    np.testing.assert_allclose(matrix, np.full((2, 2), 1.9))
    assert vector == [2.0]
    assert column == [[2.0], [2.0]]


def test_accumulated_gradients_are_averaged_before_they_are_clipped() -> None:
    optimizer = ClippingAdam(0.1, clip_norm=1.0, gradient_accumulation_steps=2)
    weights = variables([0.0])
    optimizer.build(weights)
    optimizer.apply([tf.constant([9.0])])
    assert np.asarray(weights[0]).tolist() == [0.0]
    optimizer.apply([tf.constant([-3.0])])
    assert float(optimizer.gradient_norm.value) == pytest.approx(3.0)  # of (9 - 3) / 2
    assert np.asarray(weights[0])[0] == pytest.approx(-0.1, abs=1e-5)


def test_a_schedule_counts_batches_whose_gradients_are_accumulated_too() -> None:
    """As all that is told in updates does: half of the run, half of the rate."""
    config = TrainConfig(accumulate=4, learning_rate=1.0, decay="linear", warmup=0)
    optimizer = ClippingAdam(config.rate(total=41), gradient_accumulation_steps=4)
    weights = variables([0.0])
    optimizer.build(weights)
    for _ in range(20):
        optimizer.apply([tf.constant([1.0])])
    assert float(optimizer.learning_rate) == pytest.approx(0.5)


def test_the_moving_average_soon_forgets_the_initial_weights() -> None:
    """Momentum n / (n + 9) after n updates, until it is the one that was asked for."""
    optimizer = ClippingAdam(0.1, use_ema=True, ema_momentum=0.15)
    weights = variables([5.0])
    optimizer.build(weights)
    expected = 0.0
    for momentum in (0.0, 1 / 10, 0.15, 0.15):
        optimizer.apply([tf.constant([1.0])])
        expected = momentum * expected + (1 - momentum) * float(np.asarray(weights[0])[0])
    optimizer.load_average(weights)
    assert np.asarray(weights[0])[0] == pytest.approx(expected, abs=1e-6)
    assert expected != pytest.approx(4.6, abs=1e-3)  # the last weight itself
