import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from translator.config import Attention, Cell, ModelConfig
from translator.layers.attention import MASKED, attend, make_score, mask_bias
from translator.layers.attentive import AttentiveRecurrent
from translator.layers.cells import GRUCell, LayerNormalized, LSTMCell, TanhCell, make_cell
from translator.layers.encoder import Encoder, reverse_within
from translator.layers.numerics import (
    batched,
    linear,
    linear_gradient,
    standardize,
    standardize_gradient,
    valid_mask,
)
from translator.layers.recurrence import Recurrent, flowing, recur
from translator.layers.scan import scan
from translator.model import Seq2Seq

HALF = math.log(3) / 2
"""tanh of it is 1/2, and tanh of twice as much is 4/5."""

cells = pytest.mark.parametrize("cell", ["lstm", "gru", "tanh"])
normalizations = pytest.mark.parametrize("layer_norm", [False, True])


def floats(values: Any) -> Any:
    return ops.convert_to_tensor(values, dtype="float32")


class TestAttention:
    keys = floats([[[0.0], [HALF], [7.0]]])
    memory = floats([[[4.0, 0.0], [0.0, 4.0], [99.0, 99.0]]])
    bias = floats([[0.0, 0.0, MASKED]])
    v = floats([2.0 * math.log(3)])

    def attend(self, kind: Attention, query: Any, keys: Any = keys, v: Any = v) -> tuple[Any, Any]:
        return attend(make_score(kind), query, keys, self.memory, self.bias, v, dtype="float32")

    def test_additive(self) -> None:
        # Query 0: the scores are 2 ln 3 times 0 and 1/2, so the second weighs three times more.
        # Query HALF: times 1/2 and 4/5, so the second weighs 3^0.6 = 1.933182 times more.
        contexts, weights = self.attend("additive", floats([[[0.0], [HALF]]]))
        np.testing.assert_allclose(
            weights, [[[0.25, 0.75, 0.0], [0.340927, 0.659073, 0.0]]], atol=1e-6
        )
        np.testing.assert_allclose(contexts, [[[1.0, 3.0], [1.363708, 2.636292]]], atol=1e-5)

    def test_multiplicative(self) -> None:
        # The width is 4, so products are halved: scores 0 and ln 3, then 0 and 2 ln 3.
        queries = floats([[[2.0, 0.0, 0.0, 5.0], [0.0, 4 * math.log(3), 0.0, 0.0]]])
        keys = floats([[[0.0, 0.0, 8.0, 0.0], [math.log(3), 1.0, 0.0, 0.0], [9.0] * 4]])
        contexts, weights = self.attend("multiplicative", queries, keys, floats([]))
        np.testing.assert_allclose(weights, [[[0.25, 0.75, 0.0], [0.1, 0.9, 0.0]]], atol=1e-6)
        np.testing.assert_allclose(contexts, [[[1.0, 3.0], [0.4, 3.6]]], atol=1e-5)

    def test_none_is_the_mean_of_the_tokens(self) -> None:
        nothing = np.zeros((1, 3, 0))
        contexts, weights = self.attend("none", floats(nothing), floats(nothing), floats([]))
        np.testing.assert_array_equal(weights, [[[0.5, 0.5, 0.0]] * 3])
        np.testing.assert_array_equal(contexts, [[[2.0, 2.0]] * 3])

    @pytest.mark.parametrize(("kind", "query"), [("additive", 0.0), ("multiplicative", 1e4)])
    def test_padding_weighs_exactly_nothing(self, kind: Attention, query: float) -> None:
        """However high padding would score, and however low every token does."""
        keys = floats([[[-50.0], [-50.0], [50.0]]])
        _, weights = self.attend(kind, floats([[[query]]]), keys, floats([1e4]))
        assert weights.numpy().tolist() == [[[0.5, 0.5, 0.0]]]

    def test_mask_follows_the_ids(self) -> None:
        bias = mask_bias(np.array([[7, 3, 0], [3, 0, 0]]))
        np.testing.assert_array_equal(bias, np.array([[0, 0, -1e9], [0, -1e9, -1e9]], np.float32))

    @pytest.mark.parametrize("kind", ["additive", "multiplicative"])
    def test_keys_are_projected_annotations(self, kind: Attention) -> None:
        config = ModelConfig(9, 9, encoder_size=1, attention_size=2, attention=kind)
        layer = AttentiveRecurrent(3, config)
        layer.build((None, None, 4))
        layer.key_kernel.assign([[1.0, 2.0], [3.0, 4.0]])
        layer.key_bias.assign([10.0, 20.0])
        # (1, 1) · kernel = (4, 6) and (0, 2) · kernel = (6, 8).
        memory = floats([[[1.0, 1.0], [0.0, 2.0]]])
        source = layer.source(memory, np.array([[5, 0]]))
        np.testing.assert_array_equal(source.memory, memory)
        np.testing.assert_allclose(source.keys, [[[14.0, 26.0], [16.0, 28.0]]])
        np.testing.assert_array_equal(source.bias, np.array([[0, -1e9]], np.float32))


class TestCells:
    def test_lstm_with_open_gates_half_way(self) -> None:
        # All gates are σ(0) = 1/2 and tanh(0) = 0 comes in: c' = c/2, h = tanh(c')/2.
        shares = floats([[3.0, -1.0, 0.5, 9.0]])
        h, c, _ = LSTMCell().forward(shares, -shares, floats([[2.0]]), ())
        assert c.numpy().item() == pytest.approx(1.0)
        assert h.numpy().item() == pytest.approx(0.380797, abs=1e-6)

    def test_lstm_gates_are_input_forget_new_output(self) -> None:
        # Input open, forget shut, tanh(HALF) = 1/2 comes in, output open.
        x, r = floats([[99.0, 0.0, HALF / 4, 99.0]]), floats([[0.0, -99.0, HALF * 3 / 4, 0.0]])
        h, c, _ = LSTMCell().forward(x, r, floats([[2.0]]), ())
        assert c.numpy().item() == pytest.approx(0.5)
        assert h.numpy().item() == pytest.approx(0.462117, abs=1e-6)

    def test_lstm_forgets_nothing_at_first(self) -> None:
        assert LSTMCell().initial_bias(2).tolist() == [0, 0, 1, 1, 0, 0, 0, 0]

    @pytest.mark.parametrize(
        ("x", "r", "expected"),
        [
            # Both gates are σ(0) = 1/2 and tanh(0) = 0 comes in: half of the state is left.
            ([7.0, -7.0, 0.0], [-7.0, 7.0, 0.0], 1.0),
            # Reset shut, update shut: only the input comes in, and all of it.
            ([-99.0, -99.0, HALF], [0.0, 0.0, 99.0], 0.5),
            # Reset open: the state comes in, too.
            ([99.0, -99.0, HALF], [0.0, 0.0, HALF], 0.8),
            # Reset half open, on the product with the state and on nothing else.
            ([0.0, -99.0, HALF], [0.0, 0.0, 2.0 * HALF], 0.8),
            # Update open: the state stays.
            ([0.0, 0.0, HALF], [99.0, 99.0, 5.0], 2.0),
        ],
    )
    def test_gru(self, x: list[float], r: list[float], expected: float) -> None:
        h, c, _ = GRUCell().forward(floats([x]), floats([r]), floats([[2.0]]), ())
        assert h.numpy().item() == pytest.approx(expected, abs=1e-6)
        np.testing.assert_array_equal(c, h)

    def test_tanh(self) -> None:
        x, r = floats([[HALF, 7.0]]), floats([[HALF, -7.0]])
        h, c, _ = TanhCell().forward(x, r, floats([[5.0, 6.0]]), ())
        np.testing.assert_allclose(h, [[0.8, 0.0]], atol=1e-7)
        np.testing.assert_array_equal(c, h)

    def test_layer_normalized(self) -> None:
        # LN(x) = (-1, 1) and LN(r) = (1, -1). The sums are
        # HALF · -1 + HALF + 2 HALF · 1 = 2 HALF, and 2 HALF · 1 + 0 + HALF · -1 = HALF.
        gains = (floats([HALF, 2 * HALF]), floats([2 * HALF, HALF]), floats([HALF, 0.0]))
        x, r = floats([[400.0, 900.0]]), floats([[-200.0, -800.0]])
        h, _, _ = LayerNormalized(TanhCell()).forward(x, r, floats([[5.0, 6.0]]), gains)
        np.testing.assert_allclose(h, [[0.8, 0.5]], atol=1e-6)

    def test_all_gates_are_normalized_together(self) -> None:
        # LN of (30, 10, 10, 30) is (1, -1, -1, 1): the input comes in by σ(1), and out by σ(1).
        ones, zeros = floats([1.0] * 4), floats([0.0] * 4)
        x, r = floats([[30.0, 10.0, 10.0, 30.0]]), floats([[6.0] * 4])
        h, c, _ = make_cell("lstm", layer_norm=True).forward(
            x, r, floats([[0.0]]), (ones, ones, zeros)
        )
        assert c.numpy().item() == pytest.approx(0.731059 * -0.761594, abs=1e-6)
        assert h.numpy().item() == pytest.approx(0.731059 * math.tanh(-0.556770), abs=1e-6)

    @normalizations
    @cells
    def test_backward_is_the_derivative_of_forward(self, cell: Cell, layer_norm: bool) -> None:
        made, rng = make_cell(cell, layer_norm), np.random.default_rng(0)
        width = made.gates * 2
        x, r = (floats(rng.normal(size=(3, width))) for _ in range(2))
        c, dh, dc = (floats(rng.normal(size=(3, 2))) for _ in range(3))
        gains = tuple(floats(rng.normal(size=width)) for _ in range(made.num_gains))
        with tf.GradientTape() as tape:
            tape.watch([x, r, c, gains])
            h, c_after, saved = made.forward(x, r, c, gains)
            loss = tf.reduce_sum(h * dh + c_after * dc)
        dx, dr, dc_before, dgains = made.backward(dh, dc, saved, c, c_after, gains)
        expected = tape.gradient(loss, [x, r, c, *gains], unconnected_gradients="zero")
        for one, other in zip((dx, dr, dc_before, *dgains), expected, strict=True):
            np.testing.assert_allclose(one, other, atol=2e-6)
        if made.sums_shares:
            np.testing.assert_array_equal(dx, dr)


class TestRecurrent:
    def test_by_hand(self) -> None:
        # h_1 = tanh(HALF) = 1/2; h_2 = tanh(0 + 1/2 · 2 HALF) = 1/2; h_3 = tanh(HALF + HALF) = 4/5.
        x = floats([[[HALF]], [[0.0]], [[HALF]]])
        zero = floats([[0.0]])
        states = recur(TanhCell(), x, floats([[2.0 * HALF]]), zero, zero)
        np.testing.assert_allclose(states[:, 0, 0], [0.5, 0.5, 0.8], atol=1e-6)

    @pytest.mark.parametrize(
        ("truncate", "dx", "dh0"),
        [(0, [8, 4, 2, 1], 16), (1, [0, 0, 0, 1], 0), (2, [0, 0, 2, 1], 0), (3, [0, 0, 0, 1], 0)],
    )
    def test_truncation_by_hand(self, truncate: int, dx: list[int], dh0: int) -> None:
        """Near 0 tanh does nothing, so the last state is 1, 2, 4, 8 times the inputs before."""
        x, start = floats(np.zeros((4, 1, 1))), floats([[0.0]])
        with tf.GradientTape() as tape:
            tape.watch([x, start])
            states = recur(TanhCell(), x, floats([[2.0]]), start, start, truncate=truncate)
            last = tf.reduce_sum(states[-1])
        found = tape.gradient(last, [x, start])
        assert [found[0].numpy().ravel().tolist(), found[1].numpy().item()] == [dx, dh0]

    @pytest.mark.parametrize(
        ("truncate", "flows"),
        [(0, [1, 1, 1, 1, 1]), (1, [1, 0, 0, 0, 0]), (2, [1, 1, 0, 1, 0]), (9, [1, 1, 1, 1, 1])],
    )
    def test_flowing(self, truncate: int, flows: list[int]) -> None:
        assert flowing(5, truncate).numpy().tolist() == flows

    @normalizations
    @cells
    def test_step_by_step(self, cell: Cell, layer_norm: bool) -> None:
        rng = np.random.default_rng(0)
        layer = Recurrent(3, ModelConfig(9, 9, cell=cell, layer_norm=layer_norm))
        layer.build((None, None, 2))
        for weight in layer.weights:
            weight.assign(rng.normal(size=weight.shape))
        x = floats(rng.normal(size=(4, 5, 2)))
        h = h0 = floats(rng.normal(size=(5, 3)))
        c = c0 = floats(rng.normal(size=(5, 3))) if cell == "lstm" else h0
        states = layer(x, h0, c0)
        for t in range(4):
            h, c = layer.step(x[t], h, c, layer.kernels())
            np.testing.assert_allclose(states[t], h, atol=1e-6)

    def test_starts_from_zeros(self) -> None:
        layer = Recurrent(3, ModelConfig(9, 9))
        x = floats(np.ones((2, 1, 2)))
        zeros = floats(np.zeros((1, 3)))
        np.testing.assert_array_equal(layer(x), layer(x, zeros, zeros))

    @normalizations
    def test_bias_starts_with_an_open_forget_gate(self, layer_norm: bool) -> None:
        layer = Recurrent(1, ModelConfig(9, 9, layer_norm=layer_norm))
        layer.build((None, None, 2))
        assert np.asarray(layer.bias).tolist() == [0, 1, 0, 0]

    def test_gains_start_with_one(self) -> None:
        layer = Recurrent(1, ModelConfig(9, 9, layer_norm=True))
        layer.build((None, None, 2))
        x_gain, r_gain, shift = layer.gains()
        assert x_gain.numpy().tolist() == r_gain.numpy().tolist() == [1, 1, 1, 1]
        np.testing.assert_array_equal(shift, layer.bias)


class TestEncoder:
    config = ModelConfig(
        9, 9, embedding_size=2, encoder_size=3, encoder_layers=2, state_dropout=0.5
    )
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

    def test_of_one_direction(self) -> None:
        """Half as wide, and a token's annotation knows of no token after it."""
        config = dataclasses.replace(self.config, bidirectional=False, encoder_layers=1)
        encoder = Encoder(config)
        memory, final = encoder(self.embedded, self.ids)
        assert memory.shape == (2, 4, 3)
        np.testing.assert_array_equal(final, [memory[0, 3], memory[1, 1]])

        for layers in (1, 2):
            encoder = Encoder(dataclasses.replace(config, encoder_layers=layers))
            later = floats([0.0, 0.0, 1.0, 1.0])[None, :, None]
            before, _ = encoder(self.embedded, self.ids)
            after, _ = encoder(self.embedded + later, self.ids)
            np.testing.assert_array_equal(before[0, :2], after[0, :2])
            assert np.abs(before[0, 2:] - after[0, 2:]).max(axis=-1).min() > 1e-3

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

    def test_standardize(self) -> None:
        # Means 4 and 1; deviations 1 and 2; a row without spread comes out as zeros.
        x = floats([[[3.0, 5.0, 3.0, 5.0], [-1.0, -1.0, 3.0, 3.0]], [[7.0] * 4, [0.0] * 4]])
        expected = [[[-1, 1, -1, 1], [-1, -1, 1, 1]], [[0, 0, 0, 0], [0, 0, 0, 0]]]
        np.testing.assert_allclose(standardize(x), expected, atol=1e-5)

    def test_standardize_gradient(self) -> None:
        # With x̂ = (1, 1, -1, -1) and u = (1, 0, 0, 0) both means are 1/4: u - 1/4 - x̂/4, by σ.
        x = floats([[1.0, 1.0, -1.0, -1.0], [9.0, 9.0, 5.0, 5.0]])
        found = standardize_gradient(x, floats([[1.0, 0.0, 0.0, 0.0]] * 2))
        np.testing.assert_allclose(found, [[0.5, -0.5, 0, 0], [0.25, -0.25, 0, 0]], atol=1e-5)

    def test_standardize_gradient_is_the_derivative(self) -> None:
        rng = np.random.default_rng(0)
        x, upstream = (floats(rng.normal(size=(3, 2, 5))) for _ in range(2))
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(standardize(x) * upstream)
        expected = tape.gradient(loss, x)
        np.testing.assert_allclose(standardize_gradient(x, upstream), expected, atol=1e-5)

    def test_valid_mask(self) -> None:
        assert valid_mask(np.array([[4, 3, 0]])).numpy().tolist() == [[True, True, False]]


@pytest.mark.parametrize(
    "sizes",
    [{}, {"decoder_layers": 2}, {"attention": "multiplicative"}, {"attention": "none"}],
    ids=str,
)
def test_decoder_looks_at_tokens_only(
    make_model: Callable[..., Seq2Seq], sizes: dict[str, Any]
) -> None:
    model = make_model(**sizes)
    source_ids = np.array([[5, 6, 7, 3], [5, 3, 0, 0]])
    source, state = model.encode(source_ids)
    embedded = floats(np.random.default_rng(0).normal(size=(2, 3, 5)))
    _, weights = model.decoder(embedded, state, source)
    assert (weights.numpy()[1, :, 2:] == 0.0).all()
    assert (weights.numpy()[0] > 0.0).all()
    np.testing.assert_allclose(weights.numpy().sum(-1), np.ones((2, 3)), atol=1e-6)
