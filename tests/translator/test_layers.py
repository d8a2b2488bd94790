import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from translator.config import Cell, ModelConfig
from translator.layers.attention import MASKED, BahdanauAttention, attend
from translator.layers.cells import LSTMCell, TanhCell, make_cell
from translator.layers.encoder import Encoder, reverse_within
from translator.layers.numerics import batched, linear, linear_gradient, valid_mask
from translator.layers.recurrence import Recurrent, recur
from translator.layers.scan import scan
from translator.model import Seq2Seq

HALF = math.log(3) / 2
"""tanh of it is 1/2, and tanh of twice as much is 4/5."""


def floats(values: Any) -> Any:
    return ops.convert_to_tensor(values, dtype="float32")


class TestAttention:
    keys = floats([[[0.0], [HALF], [7.0]]])
    memory = floats([[[4.0, 0.0], [0.0, 4.0], [99.0, 99.0]]])
    bias = floats([[0.0, 0.0, MASKED]])
    v = floats([2.0 * math.log(3)])

    def test_weights_and_contexts(self) -> None:
        # Query 0: the scores are 2 ln 3 times 0 and 1/2, so the second weighs three times more.
        # Query HALF: times 1/2 and 4/5, so the second weighs 3^0.6 = 1.933182 times more.
        queries = floats([[[0.0], [HALF]]])
        contexts, weights = attend(
            queries, self.keys, self.memory, self.bias, self.v, dtype="float32"
        )
        np.testing.assert_allclose(
            weights, [[[0.25, 0.75, 0.0], [0.340927, 0.659073, 0.0]]], atol=1e-6
        )
        np.testing.assert_allclose(contexts, [[[1.0, 3.0], [1.363708, 2.636292]]], atol=1e-5)

    def test_padding_weighs_exactly_nothing(self) -> None:
        """However high padding would score, and however low every token does."""
        keys = floats([[[-50.0], [-50.0], [50.0]]])
        v = floats([1e4])
        _, weights = attend(floats([[[0.0]]]), keys, self.memory, self.bias, v, dtype="float32")
        assert weights.numpy().tolist() == [[[0.5, 0.5, 0.0]]]

    def test_mask_follows_the_ids(self) -> None:
        bias = BahdanauAttention.mask_bias(np.array([[7, 3, 0], [3, 0, 0]]))
        np.testing.assert_array_equal(bias, np.array([[0, 0, -1e9], [0, -1e9, -1e9]], np.float32))

    def test_keys_are_projected_annotations(self) -> None:
        layer = BahdanauAttention(2, query_size=3, memory_size=2)
        layer.key_kernel.assign([[1.0, 2.0], [3.0, 4.0]])
        layer.bias.assign([10.0, 20.0])
        # (1, 1) · kernel = (4, 6) and (0, 2) · kernel = (6, 8).
        np.testing.assert_allclose(
            layer.keys(floats([[[1.0, 1.0], [0.0, 2.0]]])), [[[14.0, 26.0], [16.0, 28.0]]]
        )


class TestCells:
    def test_lstm_with_open_gates_half_way(self) -> None:
        # All gates are σ(0) = 1/2 and tanh(0) = 0 comes in: c' = c/2, h = tanh(c')/2.
        h, c, activations = LSTMCell().forward(floats([[0.0] * 4]), floats([[2.0]]))
        assert c.numpy().item() == pytest.approx(1.0)
        assert h.numpy().item() == pytest.approx(0.380797, abs=1e-6)
        np.testing.assert_allclose(activations, [[0.5, 0.5, 0.0, 0.5]])

    def test_lstm_gates_are_input_forget_new_output(self) -> None:
        # Input open, forget shut, tanh(HALF) = 1/2 comes in, output open.
        z = floats([[99.0, -99.0, HALF, 99.0]])
        h, c, _ = LSTMCell().forward(z, floats([[2.0]]))
        assert c.numpy().item() == pytest.approx(0.5)
        assert h.numpy().item() == pytest.approx(0.462117, abs=1e-6)

    def test_lstm_forgets_nothing_at_first(self) -> None:
        assert LSTMCell().initial_bias(2).tolist() == [0, 0, 1, 1, 0, 0, 0, 0]

    def test_tanh(self) -> None:
        h, c, _ = TanhCell().forward(floats([[HALF, 0.0]]), floats([[5.0, 6.0]]))
        np.testing.assert_allclose(h, [[0.5, 0.0]], atol=1e-7)
        np.testing.assert_array_equal(c, [[5.0, 6.0]])

    @pytest.mark.parametrize("cell", ["lstm", "tanh"])
    def test_backward_is_the_derivative_of_forward(self, cell: Cell) -> None:
        made, rng = make_cell(cell), np.random.default_rng(0)
        z, c = floats(rng.normal(size=(3, made.gates * 2))), floats(rng.normal(size=(3, 2)))
        dh, dc = floats(rng.normal(size=(3, 2))), floats(rng.normal(size=(3, 2)))
        with tf.GradientTape() as tape:
            tape.watch([z, c])
            h, c_after, activations = made.forward(z, c)
            loss = tf.reduce_sum(h * dh + c_after * dc)
        dz, dc_before = made.backward(dh, dc, activations, c, c_after)
        expected = tape.gradient(loss, [z, c])
        np.testing.assert_allclose(dz, expected[0], atol=1e-6)
        np.testing.assert_allclose(dc_before, expected[1], atol=1e-6)


class TestRecurrent:
    def test_by_hand(self) -> None:
        # h_1 = tanh(HALF) = 1/2; h_2 = tanh(0 + 1/2 · 2 HALF) = 1/2; h_3 = tanh(HALF + HALF) = 4/5.
        z = floats([[[HALF]], [[0.0]], [[HALF]]])
        zero = floats([[0.0]])
        states = recur(TanhCell(), z, floats([[2.0 * HALF]]), zero, zero)
        np.testing.assert_allclose(states[:, 0, 0], [0.5, 0.5, 0.8], atol=1e-6)

    @pytest.mark.parametrize("cell", ["lstm", "tanh"])
    def test_step_by_step(self, cell: Cell) -> None:
        rng = np.random.default_rng(0)
        layer = Recurrent(3, cell)
        layer.build((None, None, 2))
        x = floats(rng.normal(size=(4, 5, 2)))
        h = h0 = floats(rng.normal(size=(5, 3)))
        c = c0 = floats(rng.normal(size=(5, 3)))
        states = layer(x, h0, c0)
        for t in range(4):
            h, c = layer.step(x[t], h, c)
            np.testing.assert_allclose(states[t], h, atol=1e-6)

    def test_starts_from_zeros(self) -> None:
        layer = Recurrent(3)
        x = floats(np.ones((2, 1, 2)))
        zeros = floats(np.zeros((1, 3)))
        np.testing.assert_array_equal(layer(x), layer(x, zeros, zeros))

    def test_bias_starts_with_an_open_forget_gate(self) -> None:
        layer = Recurrent(1)
        layer.build((None, None, 2))
        assert np.asarray(layer.bias).tolist() == [0, 1, 0, 0]


class TestEncoder:
    config = ModelConfig(9, 9, embedding_size=2, encoder_size=3, encoder_layers=2, dropout=0.5)
    embedded = floats(np.random.default_rng(0).normal(size=(2, 4, 2)))
    ids = np.array([[5, 6, 7, 3], [5, 3, 0, 0]])

    def test_shapes(self) -> None:
        memory, final = Encoder(self.config)(self.embedded, self.ids)
        assert memory.shape == (2, 4, 6)
        assert final.shape == (2, 6)

    def test_final_states_are_those_of_the_ends(self) -> None:
        """Forwards that of the last real token, backwards that of the first."""
        config = ModelConfig(9, 9, embedding_size=2, encoder_size=3, encoder_layers=1)
        memory, final = Encoder(config)(self.embedded, self.ids)
        for n, last in enumerate([3, 1]):
            np.testing.assert_array_equal(final[n, :3], memory[n, last, :3])
            np.testing.assert_array_equal(final[n, 3:], memory[n, 0, 3:])

    def test_padding_reaches_no_token(self) -> None:
        encoder = Encoder(self.config)
        memory, final = encoder(self.embedded, self.ids)
        noise = floats(np.where(self.ids == 0, 100.0, 0.0))[..., None]
        noisy_memory, noisy_final = encoder(self.embedded + noise, self.ids)
        np.testing.assert_array_equal(memory[1, :2], noisy_memory[1, :2])
        np.testing.assert_array_equal(memory[0], noisy_memory[0])
        np.testing.assert_array_equal(final, noisy_final)

    def test_dropout_is_for_training(self) -> None:
        encoder = Encoder(self.config)
        memory, _ = encoder(self.embedded, self.ids)
        again, _ = encoder(self.embedded, self.ids)
        trained, _ = encoder(self.embedded, self.ids, training=True)
        np.testing.assert_array_equal(memory, again)
        assert np.all(np.asarray(memory) != 0.0)
        assert 0.2 < np.mean(np.asarray(trained) == 0.0) < 0.8

    def test_reverse_within(self) -> None:
        x = floats([[[1.0], [4.0], [7.0]], [[2.0], [5.0], [8.0]], [[3.0], [6.0], [9.0]]])
        reversed_x = reverse_within(x, ops.convert_to_tensor([3, 2, 0]))
        assert reversed_x[:, :, 0].numpy().tolist() == [[3, 5, 7], [2, 4, 8], [1, 6, 9]]

    def test_reverse_within_sends_the_gradient_back(self) -> None:
        x = floats(np.zeros((3, 1, 1)))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = reverse_within(x, ops.convert_to_tensor([2]))
            loss = tf.reduce_sum(y * floats([[[10.0]], [[20.0]], [[30.0]]]))
        assert tape.gradient(loss, x).numpy().ravel().tolist() == [20, 10, 30]


class TestScan:
    @staticmethod
    def running_sum(reverse: bool) -> tuple[Any, Any]:
        def step(carry: Any, inputs: Any) -> Any:
            total = carry[0] + inputs[0]
            return (total,), (total, -inputs[0])

        (last,), outputs = scan(
            step, (floats([0.0]),), (floats([[1.0], [2.0], [4.0]]),), outputs=2, reverse=reverse
        )
        return last.numpy().tolist(), [y.numpy().ravel().tolist() for y in outputs]

    def test_forwards(self) -> None:
        assert self.running_sum(reverse=False) == ([7], [[1, 3, 7], [-1, -2, -4]])

    def test_backwards_keeps_the_order_of_the_inputs(self) -> None:
        assert self.running_sum(reverse=True) == ([7], [[7, 6, 4], [-1, -2, -4]])


class TestNumerics:
    def test_linear(self) -> None:
        x, kernel = floats([[[1.0, 2.0]], [[0.0, -1.0]]]), floats([[3.0, 5.0], [7.0, 11.0]])
        assert linear(x, kernel).numpy().tolist() == [[[17, 27]], [[-7, -11]]]

    def test_linear_gradient(self) -> None:
        x, upstream = floats([[[1.0, 2.0]], [[3.0, 4.0]]]), floats([[[10.0]], [[1.0]]])
        assert linear_gradient(x, upstream, "float32").numpy().tolist() == [[13], [24]]

    def test_products_in_bfloat16_come_out_in_float32(self) -> None:
        # 1 + 2^-9 is 1 in bfloat16, and exact in float32.
        x, kernel = floats([[1.0 + 2.0**-9]]), ops.cast(floats([[1.0]]), "bfloat16")
        for product in (linear(x, kernel), batched(x[None], floats([[[1.0]]]), "bfloat16")):
            assert product.dtype == "float32"
            assert product.numpy().item() == 1.0
        assert linear(x, floats([[1.0]])).numpy().item() > 1.0

    def test_valid_mask(self) -> None:
        assert valid_mask(np.array([[4, 3, 0]])).numpy().tolist() == [[True, True, False]]


@pytest.mark.parametrize("decoder_layers", [1, 2])
def test_decoder_looks_at_tokens_only(
    make_model: Callable[..., Seq2Seq], decoder_layers: int
) -> None:
    model = make_model(decoder_layers=decoder_layers)
    source_ids = np.array([[5, 6, 7, 3], [5, 3, 0, 0]])
    source, state = model.encode(source_ids)
    embedded = floats(np.random.default_rng(0).normal(size=(2, 3, 5)))
    _, weights = model.decoder(embedded, state, source)
    assert (weights.numpy()[1, :, 2:] == 0.0).all()
    assert (weights.numpy()[0] > 0.0).all()
    np.testing.assert_allclose(weights.numpy().sum(-1), np.ones((2, 3)), atol=1e-6)
