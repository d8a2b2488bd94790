"""Gradients against the textbook.

Backpropagation through time is written out here as one would on a blackboard: NumPy in float64,
one sentence at a time, column by column, from dL/do_t = ŷ_t - y_t backwards. Padding does not
exist in it: a sentence is as long as it is. Keras, in float32 and on a padded batch, has to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from translator.config import Attention, Cell, ModelConfig
from translator.layers.attention import MASKED, make_score
from translator.layers.attentive import (
    Attentive,
    Kernels,
    Source,
    attentive_recur,
    attentive_step,
)
from translator.layers.cells import PointwiseCell, make_cell
from translator.layers.decoder import Decoder
from translator.layers.numerics import linear
from translator.layers.recurrence import Recurrent, recur
from translator.model import Seq2Seq

Array = npt.NDArray[Any]
Named = dict[str, Array]

GATES: dict[Cell, int] = {"lstm": 4, "gru": 3, "tanh": 1}

cells = pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])
truncations = pytest.mark.parametrize("truncate", [0, 2])
normalizations = pytest.mark.parametrize("layer_norm", [False, True])


def sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def one_hot(y: int, size: int) -> Array:
    return np.eye(size)[y]


def forward(cell: Cell, x: Array, r: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """One step: the shares of input and state, state and memory to the new state and memory.

    Only the LSTM has a memory; that of the others is whatever it was.
    """
    if cell == "tanh":
        return np.tanh(x + r), c
    if cell == "gru":
        x_reset, x_update, x_new = np.split(x, 3)
        r_reset, r_update, r_new = np.split(r, 3)
        update = sigmoid(x_update + r_update)
        new = np.tanh(x_new + sigmoid(x_reset + r_reset) * r_new)
        return (1 - update) * new + update * h, c
    i, f, g, o = np.split(x + r, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def backward(
    cell: Cell, x: Array, r: Array, h_before: Array, c_before: Array, dh: Array, dc: Array
) -> tuple[Array, Array, Array, Array]:
    """One step back: gradients for state and memory to those for x, r, and both before.

    The third is the state's own way back, beside the one through r.
    """
    if cell == "tanh":
        dz = dh * (1 - np.tanh(x + r) ** 2)
        return dz, dz, np.zeros_like(dh), dc
    if cell == "gru":
        x_reset, x_update, x_new = np.split(x, 3)
        r_reset, r_update, r_new = np.split(r, 3)
        reset, update = sigmoid(x_reset + r_reset), sigmoid(x_update + r_update)
        new = np.tanh(x_new + reset * r_new)
        dnew = dh * (1 - update) * (1 - new**2)
        dupdate = dh * (h_before - new) * update * (1 - update)
        dreset = dnew * r_new * reset * (1 - reset)
        dx = np.concatenate([dreset, dupdate, dnew])
        return dx, np.concatenate([dreset, dupdate, dnew * reset]), dh * update, dc
    i, f, g, o = np.split(x + r, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    tanh_c = np.tanh(f * c_before + i * g)
    dc = dc + dh * o * (1 - tanh_c**2)
    dz = np.concatenate(
        [
            *(dc * g * i * (1 - i), dc * c_before * f * (1 - f), dc * i * (1 - g**2)),
            dh * tanh_c * o * (1 - o),
        ]
    )
    return dz, dz, np.zeros_like(dh), dc * f


def recurrence_bptt(cell: Cell, truncate: int, w: Named, xs: Array, ys: Array) -> Named:
    """Gradients of the loss of one sentence.

    h_t = cell(xs_t·U + b, h_{t-1}·W);  o_t = h_t·V + b_o;  loss = -Σ_t log softmax(o_t)[ys_t].
    """
    units = len(w["W"])
    h, c, shares = [np.zeros(units)], [np.zeros(units)], []
    for x in xs:
        shares.append((x @ w["U"] + w["b"], h[-1] @ w["W"]))
        h_t, c_t = forward(cell, *shares[-1], h[-1], c[-1])
        h.append(h_t)
        c.append(c_t)
    d = {name: np.zeros_like(value) for name, value in w.items()}
    d["x"] = np.zeros_like(xs)
    dh, dc = np.zeros(units), np.zeros(units)
    for t in reversed(range(len(xs))):
        do = softmax(h[t + 1] @ w["V"] + w["b_o"]) - one_hot(ys[t], len(w["b_o"]))
        d["V"] += np.outer(h[t + 1], do)
        d["b_o"] += do
        dx, dr, dh, dc = backward(cell, *shares[t], h[t], c[t], dh + do @ w["V"].T, dc)
        d["U"] += np.outer(xs[t], dx)
        d["W"] += np.outer(h[t], dr)
        d["b"] += dx
        d["x"][t] = dx @ w["U"].T
        dh = dh + dr @ w["W"].T
        if truncate and t and t % truncate == 0:
            dh, dc = np.zeros(units), np.zeros(units)
    return d


def decoder_bptt(
    cell: Cell, truncate: int, w: Named, memory: Array, final: Array, xs: Array, ys: Array
) -> Named:
    """Gradients of the loss of one sentence, for an attending decoder of one layer.

    The names of `w` are those of the decoder's weights; `V` and `b_o` are the output layer.
    """
    size, width = w["query_kernel"].shape[0], memory.shape[1]
    keys = memory @ w["key_kernel"] + w["key_bias"]
    bridged = np.tanh(final @ w["bridge_kernel"] + w["bridge_bias"])
    h, c = [bridged[:size]], [bridged[size:] if cell == "lstm" else np.zeros(size)]
    shares, alphas, contexts, energies = [], [], [], []
    for x in xs:
        energies.append(np.tanh(h[-1] @ w["query_kernel"] + keys))
        alphas.append(softmax(energies[-1] @ w["v"][:, 0]))
        contexts.append(alphas[-1] @ memory)
        z = x @ w["kernel"] + contexts[-1] @ w["context_kernel"] + w["bias"]
        shares.append((z, h[-1] @ w["recurrent_kernel"]))
        h_t, c_t = forward(cell, *shares[-1], h[-1], c[-1])
        h.append(h_t)
        c.append(c_t)

    d = {name: np.zeros_like(value) for name, value in w.items()}
    d["x"], d["memory"] = np.zeros_like(xs), np.zeros_like(memory)
    dh, dc = np.zeros(size), np.zeros(size)
    for t in reversed(range(len(xs))):
        seen = np.concatenate([h[t + 1], contexts[t], xs[t]])
        features = np.tanh(seen @ w["deep_kernel"] + w["deep_bias"])
        do = softmax(features @ w["V"] + w["b_o"]) - one_hot(ys[t], len(w["b_o"]))
        d["V"] += np.outer(features, do)
        d["b_o"] += do
        ddeep = (do @ w["V"].T) * (1 - features**2)
        d["deep_kernel"] += np.outer(seen, ddeep)
        d["deep_bias"] += ddeep
        dh_out, dcontext, dx = np.split(ddeep @ w["deep_kernel"].T, [size, size + width])

        dz, dr, dh, dc = backward(cell, *shares[t], h[t], c[t], dh + dh_out, dc)
        d["kernel"] += np.outer(xs[t], dz)
        d["bias"] += dz
        d["context_kernel"] += np.outer(contexts[t], dz)
        d["recurrent_kernel"] += np.outer(h[t], dr)
        d["x"][t] = dx + dz @ w["kernel"].T
        dcontext = dcontext + dz @ w["context_kernel"].T

        dalpha = memory @ dcontext
        dscore = alphas[t] * (dalpha - alphas[t] @ dalpha)
        d["v"][:, 0] += energies[t].T @ dscore
        dpre = np.outer(dscore, w["v"][:, 0]) * (1 - energies[t] ** 2)  # source x attention
        d["query_kernel"] += np.outer(h[t], dpre.sum(0))
        d["key_kernel"] += memory.T @ dpre
        d["key_bias"] += dpre.sum(0)
        d["memory"] += np.outer(alphas[t], dcontext) + dpre @ w["key_kernel"].T
        dh = dh + dr @ w["recurrent_kernel"].T + w["query_kernel"] @ dpre.sum(0)
        if truncate and t and t % truncate == 0:
            dh, dc = np.zeros(size), np.zeros(size)
    dbridged = (np.concatenate([dh, dc]) if cell == "lstm" else dh) * (1 - bridged**2)
    d["bridge_kernel"] += np.outer(final, dbridged)
    d["bridge_bias"] += dbridged
    d["final"] = dbridged @ w["bridge_kernel"].T
    return d


def assert_close(found: Any, truth: Array, name: str, tolerance: float = 1e-4) -> None:
    """The largest error is under `tolerance` times the largest entry."""
    found = np.asarray(tf.convert_to_tensor(found))
    assert found.shape == truth.shape, name
    error = np.abs(found - truth).max(initial=0.0)
    largest = np.abs(truth).max(initial=0.0)
    assert error <= tolerance * largest, f"{name}: {error} against {largest}"


def padded(rows: list[Array]) -> Array:
    """batch x longest x ..., zeros after the end of a row."""
    out = np.zeros((len(rows), max(map(len, rows)), *rows[0].shape[1:]), rows[0].dtype)
    for n, row in enumerate(rows):
        out[n, : len(row)] = row
    return out


def loss_of_logits(logits: Any, labels: Array, lengths: list[int]) -> Any:
    """Summed over the real tokens of a batch."""
    real = np.arange(labels.shape[1]) < np.array(lengths)[:, None]
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.reduce_sum(losses * real.astype(np.float32))


lengths_of_batch = pytest.mark.parametrize("lengths", [[6], [5, 1, 3]], ids=str)


@cells
@truncations
@lengths_of_batch
def test_recurrence(cell: Cell, truncate: int, lengths: list[int]) -> None:
    rng = np.random.default_rng(len(lengths))
    units, inputs, vocabulary = 4, 3, 5
    width = GATES[cell] * units
    shapes = {
        "U": (inputs, width),
        "W": (units, width),
        "b": (width,),
        "V": (units, vocabulary),
        "b_o": (vocabulary,),
    }
    w = {name: rng.normal(0.0, 0.8, shape) for name, shape in shapes.items()}
    xs = [rng.normal(size=(n, inputs)) for n in lengths]
    ys = [rng.integers(0, vocabulary, n) for n in lengths]
    sentences = [recurrence_bptt(cell, truncate, w, x, y) for x, y in zip(xs, ys, strict=True)]

    layer = Recurrent(units, ModelConfig(5, 5, cell=cell, truncate_bptt=truncate))
    layer.build((None, None, inputs))
    layer.set_weights([w["U"], w["W"], w["b"]])
    v, b_o = tf.Variable(w["V"], dtype=tf.float32), tf.Variable(w["b_o"], dtype=tf.float32)
    x = tf.constant(padded(xs), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        states = tf.transpose(layer(tf.transpose(x, [1, 0, 2])), [1, 0, 2])
        loss = loss_of_logits(states @ v + b_o, padded(ys), lengths)
    watched = {
        "U": layer.kernel.value,
        "W": layer.recurrent_kernel.value,
        "b": layer.bias.value,
        "V": v,
        "b_o": b_o,
        "x": x,
    }
    found = tape.gradient(loss, watched)
    for name in shapes:
        assert_close(found[name], sum(d[name] for d in sentences), name)
    assert_close(found["x"], padded([d["x"] for d in sentences]), "x")


@cells
@pytest.mark.parametrize(
    ("truncate", "lengths", "source_lengths"),
    [(0, [4], [3]), (0, [5, 1, 3], [2, 4, 1]), (2, [5, 1, 3], [2, 4, 1])],
)
def test_attentive_decoder(
    cell: Cell, truncate: int, lengths: list[int], source_lengths: list[int]
) -> None:
    rng = np.random.default_rng(len(lengths))
    config = ModelConfig(
        source_vocab_size=7,
        target_vocab_size=7,
        embedding_size=3,
        encoder_size=2,
        decoder_size=5,
        attention_size=4,
        cell=cell,
        truncate_bptt=truncate,
    )
    decoder = Decoder(config)
    for weight in decoder.weights:
        weight.assign(rng.normal(0.0, 0.8, weight.shape))
    output = {
        "V": tf.Variable(rng.normal(size=(3, 7)), dtype=tf.float32),
        "b_o": tf.Variable(rng.normal(size=7), dtype=tf.float32),
    }
    named = {**{weight.name: weight.value for weight in decoder.weights}, **output}
    assert len(named) == len(decoder.weights) + 2
    memory = [rng.normal(size=(n, 4)) for n in source_lengths]
    final = rng.normal(size=(len(lengths), 4))
    xs = [rng.normal(size=(n, 3)) for n in lengths]
    ys = [rng.integers(0, 7, n) for n in lengths]
    w = {name: np.float64(value) for name, value in named.items()}
    sentences = [
        decoder_bptt(cell, truncate, w, *sentence)
        for sentence in zip(memory, final, xs, ys, strict=True)
    ]

    source_ids = padded([np.full(n, 4, np.int32) for n in source_lengths])

    @tf.function(autograph=False)
    def gradients(memory: Any, final: Any, x: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            tape.watch([memory, final, x])
            source = decoder.source(memory, source_ids)
            features, _ = decoder(x, decoder.initial_state(final), source)
            logits = features @ output["V"] + output["b_o"]
            loss = loss_of_logits(logits, padded(ys), lengths)
        found: dict[str, Any] = tape.gradient(
            loss, {**named, "memory": memory, "final": final, "x": x}
        )
        return found

    # Whatever stands on padding must not count.
    noise = 9.0 * (source_ids == 0)[..., None]
    inputs = (padded(memory) + noise, final, padded(xs))
    found = gradients(*(tf.constant(value, tf.float32) for value in inputs))
    for name in named:
        assert_close(found[name], sum(d[name] for d in sentences), name)
    for name in ("memory", "x"):
        assert_close(found[name], padded([d[name] for d in sentences]), name)
    assert_close(found["final"], np.stack([d["final"] for d in sentences]), "final")


TIME, BATCH, SOURCE_LENGTH, SIZE, MEMORY_SIZE, ATTENTION_SIZE = 5, 3, 4, 3, 6, 2


def drawn(shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    return {name: tf.constant(rng.normal(size=s), tf.float32) for name, s in shapes.items()}


def gains_shapes(cell: PointwiseCell) -> dict[str, tuple[int, ...]]:
    return {f"gain_{n}": (cell.gates * SIZE,) for n in range(cell.num_gains)}


def states_before(t: int, truncate: int, *states: Any) -> tuple[Any, ...]:
    """The states before step t, as truncated backpropagation sees them."""
    cut = truncate and t and t % truncate == 0
    return tuple(map(tf.stop_gradient, states)) if cut else states


def assert_same(x: dict[str, Any], ways: list[Callable[[], tuple[Any, ...]]]) -> None:
    """Two ways give the same outputs, and the same gradients of a random sum of them for x."""
    results = []
    for way in ways:
        rng = np.random.default_rng(8)
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = way()
            loss = sum(
                tf.reduce_sum(tf.constant(rng.normal(size=y.shape), tf.float32) * y)
                for y in outputs
            )
        gradients = tape.gradient(loss, x, unconnected_gradients="zero")
        results.append(([y.numpy() for y in outputs], {k: g.numpy() for k, g in gradients.items()}))
    (outputs, truth), (same_outputs, found) = results
    for one, other in zip(outputs, same_outputs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    for name in x:
        assert_close(found[name], truth[name], name, tolerance=1e-5)


@truncations
@normalizations
@cells
def test_recur_against_autodiff(cell: Cell, layer_norm: bool, truncate: int) -> None:
    """The written gradient is the one that TensorFlow derives from a plain loop of steps."""
    made = make_cell(cell, layer_norm)
    width = GATES[cell] * SIZE
    state = (BATCH, SIZE)
    shapes = {"x": (TIME, BATCH, width), "kernel": (SIZE, width), "h0": state}
    if cell == "lstm":
        shapes["c0"] = state
    x = drawn({**shapes, **gains_shapes(made)})
    gains = tuple(x[name] for name in gains_shapes(made))
    start = (x["h0"], x.get("c0", x["h0"]))

    def unrolled() -> tuple[Any, ...]:
        h, c, steps = *start, []
        for t in range(TIME):
            h, c = states_before(t, truncate, h, c)
            h, c, _ = made.forward(x["x"][t], linear(h, x["kernel"]), c, gains)
            steps.append(h)
        return (tf.stack(steps),)

    def written() -> tuple[Any, ...]:
        return (recur(made, x["x"], x["kernel"], *start, gains, truncate),)

    assert_same(x, [unrolled, written])


@truncations
@pytest.mark.parametrize("attention", ["additive", "multiplicative", "none"])
@normalizations
@cells
def test_attentive_recur_against_autodiff(
    cell: Cell, layer_norm: bool, attention: Attention, truncate: int
) -> None:
    """The same of the recurrence that attends."""
    kind = Attentive(make_cell(cell, layer_norm), make_score(attention), truncate)
    width = GATES[cell] * SIZE
    size = 0 if attention == "none" else ATTENTION_SIZE
    state = (BATCH, SIZE)
    shapes: dict[str, tuple[int, ...]] = {
        "x": (TIME, BATCH, width),
        "h0": state,
        "memory": (BATCH, SOURCE_LENGTH, MEMORY_SIZE),
        "keys": (BATCH, SOURCE_LENGTH, size),
        "state": (SIZE, width + size),
        "context": (MEMORY_SIZE, width),
        "v": (size if attention == "additive" else 0,),
        **gains_shapes(kind.cell),
    }
    if cell == "lstm":
        shapes["c0"] = state
    x = drawn(shapes)
    masked = np.arange(SOURCE_LENGTH) >= np.array([4, 2, 1])[:, None]
    source = Source(x["memory"], x["keys"], tf.constant(np.where(masked, MASKED, 0.0), tf.float32))
    gains = tuple(x[name] for name in gains_shapes(kind.cell))
    kernels = Kernels(x["state"], x["context"], x["v"], gains)
    start = (x["h0"], x.get("c0", x["h0"]))

    def unrolled() -> tuple[Any, ...]:
        h, c, steps = *(y[:, None] for y in start), []
        for t in range(TIME):
            h, c = states_before(t, truncate, h, c)
            made = attentive_step(kind, x["x"][t][:, None], h, c, source, kernels)
            h, c, context, weights, _ = made
            steps.append((h[:, 0], context[:, 0], weights[:, 0]))
        return tuple(tf.stack(outputs) for outputs in zip(*steps, strict=True))

    def written() -> tuple[Any, ...]:
        return attentive_recur(kind, x["x"], *start, source, kernels)

    assert_same(x, [unrolled, written])


def standardized(x: Array) -> Array:
    """Ba et al., eq. 2 to 4, without the gain."""
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5)


def reference_attention(config: ModelConfig, w: Named, h: Array, keys: Array) -> Array:
    """Attention weights of one step, source_length."""
    query = h @ w["attending/query_kernel"]
    if config.attention == "additive":
        return softmax(np.tanh(query + keys) @ w["attending/v"][:, 0])
    if config.attention == "multiplicative":
        return softmax(keys @ query / np.sqrt(config.attention_size))
    return np.full(len(keys), 1 / len(keys))


def reference_loss(
    config: ModelConfig, w: Named, source: list[int], fed: list[int], labels: list[int]
) -> float:
    """Loss of one sentence for the whole model, read off the papers; forwards only."""

    def step(layer: str, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
        r = h @ w[f"{layer}/recurrent_kernel"]
        if config.layer_norm:
            x = w[f"{layer}/input_gain"] * standardized(x)
            r = w[f"{layer}/recurrent_gain"] * standardized(r)
        return forward(config.cell, x + w[f"{layer}/bias"], r, h, c)

    def run(layer: str, xs: Array, h: Array, c: Array) -> Array:
        states = []
        for x in xs:
            h, c = step(layer, x @ w[f"{layer}/kernel"], h, c)
            states.append(h)
        return np.array(states)

    zeros = np.zeros(config.encoder_size)
    embedded = w["source_embeddings"][source]
    memory = run("encoder/forward", embedded, zeros, zeros)
    final = memory[-1]
    if config.bidirectional:
        behind = run("encoder/backward", embedded[::-1], zeros, zeros)[::-1]
        memory = np.concatenate([memory, behind], axis=1)
        final = np.concatenate([final, behind[0]])
    bridged = np.tanh(final @ w["decoder/bridge_kernel"] + w["decoder/bridge_bias"])
    for n in range(2, config.encoder_layers + 1):
        zeros = np.zeros(memory.shape[1])
        memory = memory + run(f"encoder/layer_{n}", memory, zeros, zeros)

    # A cell with a memory starts from a state and a memory, for each layer; others from a state.
    each = bridged.reshape(config.decoder_layers, -1, config.decoder_size)
    starts = [(states[0], states[-1]) for states in each]
    keys = memory @ w["attending/key_kernel"] + w["attending/key_bias"]
    xs = w["target_embeddings"][fed]
    (h, c), states, contexts = starts[0], [], []
    for x in xs:
        contexts.append(reference_attention(config, w, h, keys) @ memory)
        z = x @ w["attending/kernel"] + contexts[-1] @ w["attending/context_kernel"]
        h, c = step("attending", z, h, c)
        states.append(h)
    below = top = np.array(states)
    for n in range(2, config.decoder_layers + 1):
        below = run(f"decoder/layer_{n}", below, *starts[n - 1])
        top = top + below
    seen = np.concatenate([top, np.array(contexts), xs], axis=1)
    features = np.tanh(seen @ w["decoder/deep_kernel"] + w["decoder/deep_bias"])
    table = w["target_embeddings" if config.tie_output else "output_embeddings"]
    probabilities = softmax(features @ table.T + w["output_bias"])
    return float(-np.log(probabilities[np.arange(len(labels)), labels]).sum())


def named_weights(model: Seq2Seq) -> Iterator[tuple[str, Any]]:
    """The model's weights under the names of `reference_loss`."""
    stacked = {
        id(weight): side
        for side, layers in (
            ("encoder", [*model.encoder.lowest, *model.encoder.upper]),
            ("decoder", model.decoder.upper),
        )
        for layer in layers
        for weight in layer.weights
    }
    for weight in model.weights:
        path = weight.path.removeprefix("seq2seq/")
        side = stacked.get(id(weight))
        yield (f"{side}/{path}" if side else path), weight


@pytest.mark.parametrize(
    "sizes",
    [
        {"encoder_layers": 2, "decoder_layers": 3},
        {"share_embeddings": False, "tie_output": False},
        {"layer_norm": True, "decoder_layers": 2},
        {"cell": "gru", "attention": "multiplicative"},
        {"cell": "gru", "layer_norm": True, "bidirectional": False, "encoder_layers": 3},
        {"cell": "tanh", "attention": "none", "bidirectional": False, "decoder_layers": 2},
        {"cell": "tanh", "attention": "multiplicative", "layer_norm": True, "encoder_layers": 2},
    ],
    ids=str,
)
def test_whole_model(make_model: Callable[..., Seq2Seq], sizes: dict[str, Any]) -> None:
    """Loss and gradients of the model, on a padded batch, against differences in float64."""
    model = make_model(**sizes)
    source = [[4, 9, 5, 3], [6, 3]]
    fed, labels = [[2, 5, 8, 7], [2, 9]], [[5, 8, 7, 3], [9, 3]]
    lengths = [4, 2]
    inputs = {
        name: padded([np.array(row, np.int32) for row in rows])
        for name, rows in {"source_ids": source, "target_ids": fed}.items()
    }
    ys = padded([np.array(row) for row in labels])

    @tf.function(autograph=False)
    def gradients() -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            loss = loss_of_logits(model(inputs), ys, lengths)
        watched = [weight.value for weight in model.weights]
        return loss, tape.gradient(loss, watched, unconnected_gradients="zero")

    loss, found = gradients()
    w = {name: np.asarray(weight).astype(np.float64) for name, weight in named_weights(model)}
    assert len(w) == len(model.weights)
    w.setdefault("source_embeddings", w["target_embeddings"])

    def reference() -> float:
        return sum(
            reference_loss(model.config, w, *sentence)
            for sentence in zip(source, fed, labels, strict=True)
        )

    assert float(loss) == pytest.approx(reference(), rel=1e-5)
    rng = np.random.default_rng(3)
    for (name, _), derived in zip(named_weights(model), found, strict=True):
        gradient = tf.convert_to_tensor(derived).numpy()
        if not gradient.size:
            continue
        tolerance = 1e-4 * float(np.abs(gradient).max()) + 1e-6
        for _ in range(4):
            entry = tuple(rng.integers(0, w[name].shape))
            value, sides = w[name][entry], []
            for step in (-1e-5, 1e-5):
                w[name][entry] = value + step
                sides.append(reference())
            w[name][entry] = value
            slope = (sides[1] - sides[0]) / 2e-5
            assert gradient[entry] == pytest.approx(slope, abs=tolerance), name


@pytest.mark.parametrize(
    "kinds", [{}, {"cell": "gru", "attention": "multiplicative", "layer_norm": True}], ids=str
)
def test_mixed_precision_points_the_same_way(
    make_model: Callable[..., Seq2Seq], kinds: dict[str, Any]
) -> None:
    """Gradients in bfloat16 are float32's but for rounding."""
    inputs = {"source_ids": np.array([[4, 9, 5, 3]]), "target_ids": np.array([[2, 5, 8, 7]])}
    flat = []
    for dtype in ("float32", "mixed_bfloat16"):
        model = make_model(dtype, encoder_layers=2, decoder_layers=2, **kinds)
        with tf.GradientTape() as tape:
            loss = loss_of_logits(model(inputs), np.array([[5, 8, 7, 3]]), [4])
        gradients = tape.gradient(loss, [weight.value for weight in model.weights])
        assert all(gradient.dtype == tf.float32 for gradient in gradients)
        flat.append(np.concatenate([tf.convert_to_tensor(g).numpy().ravel() for g in gradients]))
    cosine = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert cosine > 0.999
