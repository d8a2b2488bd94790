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

from translator.config import Cell, ModelConfig
from translator.layers.attention import MASKED
from translator.layers.attentive import Kernels, Source, attentive_recur, attentive_step
from translator.layers.cells import make_cell
from translator.layers.decoder import Decoder
from translator.layers.recurrence import Recurrent
from translator.model import Seq2Seq

Array = npt.NDArray[Any]
Named = dict[str, Array]

cells = pytest.mark.parametrize("cell", ["tanh", "lstm"])


def sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def one_hot(y: int, size: int) -> Array:
    return np.eye(size)[y]


def forward(cell: Cell, z: Array, c: Array) -> tuple[Array, Array]:
    """One step: pre-activations and memory to state and memory."""
    if cell == "tanh":
        return np.tanh(z), c
    i, f, g, o = np.split(z, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def backward(
    cell: Cell, z: Array, c_before: Array, c: Array, dh: Array, dc: Array
) -> tuple[Array, Array]:
    """One step back: gradients for state and memory to those for z and the memory before."""
    if cell == "tanh":
        return dh * (1 - np.tanh(z) ** 2), dc
    i, f, g, o = np.split(z, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)
    dz = [dc * g * i * (1 - i), dc * c_before * f * (1 - f), dc * i * (1 - g**2)]
    return np.concatenate([*dz, dh * np.tanh(c) * o * (1 - o)]), dc * f


def recurrence_bptt(cell: Cell, w: Named, xs: Array, ys: Array) -> Named:
    """Gradients of the loss of one sentence.

    z_t = xs_t·U + h_{t-1}·W + b;  o_t = h_t·V + b_o;  loss = -Σ_t log softmax(o_t)[ys_t].
    """
    units = len(w["W"])
    h, c, z = [np.zeros(units)], [np.zeros(units)], []
    for x in xs:
        z.append(x @ w["U"] + h[-1] @ w["W"] + w["b"])
        h_t, c_t = forward(cell, z[-1], c[-1])
        h.append(h_t)
        c.append(c_t)
    d = {name: np.zeros_like(value) for name, value in w.items()}
    d["x"] = np.zeros_like(xs)
    dh, dc = np.zeros(units), np.zeros(units)
    for t in reversed(range(len(xs))):
        do = softmax(h[t + 1] @ w["V"] + w["b_o"]) - one_hot(ys[t], len(w["b_o"]))
        d["V"] += np.outer(h[t + 1], do)
        d["b_o"] += do
        dz, dc = backward(cell, z[t], c[t], c[t + 1], dh + do @ w["V"].T, dc)
        d["U"] += np.outer(xs[t], dz)
        d["W"] += np.outer(h[t], dz)
        d["b"] += dz
        d["x"][t] = dz @ w["U"].T
        dh = dz @ w["W"].T
    return d


def decoder_bptt(cell: Cell, w: Named, memory: Array, final: Array, xs: Array, ys: Array) -> Named:
    """Gradients of the loss of one sentence, for an attending decoder of one layer.

    The names of `w` are those of the decoder's weights; `V` and `b_o` are the output layer.
    """
    size, width = w["query_kernel"].shape[0], memory.shape[1]
    keys = memory @ w["key_kernel"] + w["attention_bias"]
    bridged = np.tanh(final @ w["bridge_kernel"] + w["bridge_bias"])
    h, c = [bridged[:size]], [bridged[size:]]
    zs, alphas, contexts, energies = [], [], [], []
    for x in xs:
        energies.append(np.tanh(h[-1] @ w["query_kernel"] + keys))
        alphas.append(softmax(energies[-1] @ w["v"][:, 0]))
        contexts.append(alphas[-1] @ memory)
        read = np.concatenate([contexts[-1], h[-1]])
        zs.append(x @ w["kernel"] + read @ w["recurrent_kernel"] + w["bias"])
        h_t, c_t = forward(cell, zs[-1], c[-1])
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

        dz, dc = backward(cell, zs[t], c[t], c[t + 1], dh + dh_out, dc)
        d["kernel"] += np.outer(xs[t], dz)
        d["bias"] += dz
        d["recurrent_kernel"] += np.outer(np.concatenate([contexts[t], h[t]]), dz)
        d["x"][t] = dx + dz @ w["kernel"].T
        dcontext_in, dh = np.split(dz @ w["recurrent_kernel"].T, [width])
        dcontext = dcontext + dcontext_in

        dalpha = memory @ dcontext
        dscore = alphas[t] * (dalpha - alphas[t] @ dalpha)
        d["v"][:, 0] += energies[t].T @ dscore
        dpre = np.outer(dscore, w["v"][:, 0]) * (1 - energies[t] ** 2)  # source x attention
        d["query_kernel"] += np.outer(h[t], dpre.sum(0))
        d["key_kernel"] += memory.T @ dpre
        d["attention_bias"] += dpre.sum(0)
        d["memory"] += np.outer(alphas[t], dcontext) + dpre @ w["key_kernel"].T
        dh = dh + w["query_kernel"] @ dpre.sum(0)
    dbridged = np.concatenate([dh, dc]) * (1 - bridged**2)
    d["bridge_kernel"] += np.outer(final, dbridged)
    d["bridge_bias"] += dbridged
    d["final"] = dbridged @ w["bridge_kernel"].T
    return d


def assert_close(found: Any, truth: Array, name: str, tolerance: float = 1e-4) -> None:
    """The largest error is under `tolerance` times the largest entry."""
    found = np.asarray(tf.convert_to_tensor(found))
    assert found.shape == truth.shape, name
    error = np.abs(found - truth).max()
    largest = np.abs(truth).max()
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
@lengths_of_batch
def test_recurrence(cell: Cell, lengths: list[int]) -> None:
    rng = np.random.default_rng(len(lengths))
    units, inputs, vocabulary = 4, 3, 5
    width = make_cell(cell).gates * units
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
    sentences = [recurrence_bptt(cell, w, x, y) for x, y in zip(xs, ys, strict=True)]

    layer = Recurrent(units, cell)
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
@pytest.mark.parametrize(("lengths", "source_lengths"), [([4], [3]), ([5, 1, 3], [2, 4, 1])])
def test_attentive_decoder(cell: Cell, lengths: list[int], source_lengths: list[int]) -> None:
    rng = np.random.default_rng(len(lengths))
    config = ModelConfig(
        source_vocab_size=7,
        target_vocab_size=7,
        embedding_size=3,
        encoder_size=2,
        decoder_size=5,
        attention_size=4,
        cell=cell,
        dropout=0.0,
    )
    decoder = Decoder(config)
    for weight in decoder.weights:
        weight.assign(rng.normal(0.0, 0.8, weight.shape))
    output = {
        "V": tf.Variable(rng.normal(size=(3, 7)), dtype=tf.float32),
        "b_o": tf.Variable(rng.normal(size=7), dtype=tf.float32),
    }
    attention = decoder.attention
    named = {
        "query_kernel": attention.query_kernel.value,
        "key_kernel": attention.key_kernel.value,
        "attention_bias": attention.bias.value,
        "v": attention.v.value,
        **{w.name: w.value for w in decoder.weights if not w.path.startswith("attention/")},
        **output,
    }
    assert len(named) == len(decoder.weights) + 2
    memory = [rng.normal(size=(n, 4)) for n in source_lengths]
    final = rng.normal(size=(len(lengths), 4))
    xs = [rng.normal(size=(n, 3)) for n in lengths]
    ys = [rng.integers(0, 7, n) for n in lengths]
    w = {name: np.float64(value) for name, value in named.items()}
    sentences = [
        decoder_bptt(cell, w, *sentence) for sentence in zip(memory, final, xs, ys, strict=True)
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


@cells
def test_attentive_recur_against_autodiff(cell: Cell) -> None:
    """The written gradient is the one that TensorFlow derives from a plain loop of steps."""
    rng = np.random.default_rng(7)
    time, batch, source_length, size, memory_size, attention_size = 5, 3, 4, 3, 6, 2
    made = make_cell(cell)
    width = made.gates * size
    shapes = {
        "z": (time, batch, width),
        "h0": (batch, size),
        "c0": (batch, size),
        "memory": (batch, source_length, memory_size),
        "keys": (batch, source_length, attention_size),
        "query": (size, attention_size),
        "v": (attention_size,),
        "recurrent": (memory_size + size, width),
    }
    x = {k: tf.constant(rng.normal(size=s), tf.float32) for k, s in shapes.items()}
    masked = np.arange(source_length) >= np.array([4, 2, 1])[:, None]
    bias = tf.constant(np.where(masked, MASKED, 0.0), tf.float32)

    def unrolled(source: Source, kernels: Kernels) -> tuple[Any, ...]:
        h, c, steps = x["h0"][:, None], x["c0"][:, None], []
        for t in range(time):
            h, c, context, weights, _ = attentive_step(
                made, x["z"][t][:, None], h, c, source, kernels
            )
            steps.append((h[:, 0], context[:, 0], weights[:, 0]))
        return tuple(tf.stack(outputs) for outputs in zip(*steps, strict=True))

    def written(source: Source, kernels: Kernels) -> tuple[Any, ...]:
        return attentive_recur(made, x["z"], x["h0"], x["c0"], source, kernels)

    upstream = [rng.normal(size=(time, batch, n)) for n in (size, memory_size, source_length)]
    results = []
    for outputs_of in (unrolled, written):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = outputs_of(
                Source(x["memory"], x["keys"], bias), Kernels(x["query"], x["v"], x["recurrent"])
            )
            loss = sum(
                tf.reduce_sum(tf.cast(u, tf.float32) * y)
                for u, y in zip(upstream, outputs, strict=True)
            )
        gradients = tape.gradient(loss, x, unconnected_gradients="zero")
        results.append(([y.numpy() for y in outputs], {k: g.numpy() for k, g in gradients.items()}))
    (outputs, truth), (same_outputs, found) = results
    for one, other in zip(outputs, same_outputs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    for name in shapes:
        assert_close(found[name], truth[name], name, tolerance=1e-5)


def reference_loss(
    config: ModelConfig, w: Named, source: list[int], fed: list[int], labels: list[int]
) -> float:
    """Loss of one sentence for the whole model, read off the papers; forwards only."""

    def run(layer: str, xs: Array, h: Array, c: Array) -> Array:
        states = []
        for x in xs:
            z = x @ w[f"{layer}/kernel"] + h @ w[f"{layer}/recurrent_kernel"] + w[f"{layer}/bias"]
            h, c = forward(config.cell, z, c)
            states.append(h)
        return np.array(states)

    zeros = np.zeros(config.encoder_size)
    embedded = w["source_embeddings"][source]
    ahead = run("encoder/forward", embedded, zeros, zeros)
    behind = run("encoder/backward", embedded[::-1], zeros, zeros)[::-1]
    memory = np.concatenate([ahead, behind], axis=1)
    bridged = np.concatenate([ahead[-1], behind[0]]) @ w["decoder/bridge_kernel"]
    starts = np.split(np.tanh(bridged + w["decoder/bridge_bias"]), 2 * config.decoder_layers)
    for n in range(2, config.encoder_layers + 1):
        zeros = np.zeros(2 * config.encoder_size)
        memory = memory + run(f"encoder/layer_{n}", memory, zeros, zeros)

    keys = memory @ w["attention/key_kernel"] + w["attention/bias"]
    xs = w["target_embeddings"][fed]
    (h, c), states, contexts = starts[:2], [], []
    for x in xs:
        energy = np.tanh(h @ w["attention/query_kernel"] + keys)
        contexts.append(softmax(energy @ w["attention/v"][:, 0]) @ memory)
        read = np.concatenate([contexts[-1], h])
        z = x @ w["decoder/kernel"] + read @ w["decoder/recurrent_kernel"] + w["decoder/bias"]
        h, c = forward(config.cell, z, c)
        states.append(h)
    below = top = np.array(states)
    for n in range(2, config.decoder_layers + 1):
        below = run(f"decoder/layer_{n}", below, *starts[2 * n - 2 : 2 * n])
        top = top + below
    seen = np.concatenate([top, np.array(contexts), xs], axis=1)
    features = np.tanh(seen @ w["decoder/deep_kernel"] + w["decoder/deep_bias"])
    table = w["target_embeddings" if config.tie_output else "output_embeddings"]
    probabilities = softmax(features @ table.T + w["output_bias"])
    return float(-np.log(probabilities[np.arange(len(labels)), labels]).sum())


def named_weights(model: Seq2Seq) -> Iterator[tuple[str, Any]]:
    """The model's weights under the names of `reference_loss`."""
    encoder, decoder = model.encoder, model.decoder
    stacked = {
        id(weight): side
        for side, layers in (
            ("encoder", [encoder.forward, encoder.backward, *encoder.upper]),
            ("decoder", decoder.upper),
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
        {"cell": "tanh"},
        {"encoder_layers": 2, "decoder_layers": 3},
        {"share_embeddings": False, "tie_output": False},
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


def test_mixed_precision_points_the_same_way(make_model: Callable[..., Seq2Seq]) -> None:
    """Gradients in bfloat16 are float32's but for rounding."""
    inputs = {"source_ids": np.array([[4, 9, 5, 3]]), "target_ids": np.array([[2, 5, 8, 7]])}
    flat = []
    for dtype in ("float32", "mixed_bfloat16"):
        model = make_model(dtype, encoder_layers=2, decoder_layers=2)
        with tf.GradientTape() as tape:
            loss = loss_of_logits(model(inputs), np.array([[5, 8, 7, 3]]), [4])
        gradients = tape.gradient(loss, [weight.value for weight in model.weights])
        assert all(gradient.dtype == tf.float32 for gradient in gradients)
        flat.append(np.concatenate([tf.convert_to_tensor(g).numpy().ravel() for g in gradients]))
    cosine = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert cosine > 0.999
