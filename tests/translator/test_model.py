import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from translator.config import ModelConfig
from translator.model import Seq2Seq, build

MakeModel = Callable[..., Seq2Seq]

SOURCE = np.array([[4, 9, 5, 6, 3], [7, 3, 0, 0, 0], [8, 8, 4, 3, 0]], np.int32)
FED = np.array([[2, 5, 8, 7], [2, 9, 0, 0], [2, 6, 4, 0]], np.int32)


def logits_of(model: Seq2Seq, source_ids: Any = SOURCE, target_ids: Any = FED) -> Any:
    return model({"source_ids": source_ids, "target_ids": target_ids}).numpy()


def decode_step_by_step(model: Seq2Seq, fed: npt.NDArray[np.int32]) -> Any:
    """Logits, batch x beams x target_length x vocabulary, for tokens batch x beams x length."""
    source, state = model.encode(SOURCE)
    state = tf.nest.map_structure(lambda x: tf.repeat(x, fed.shape[1], axis=1), state)
    steps = []
    for t in range(fed.shape[2]):
        logits, state, _ = model.step(fed[:, :, t], state, source)
        steps.append(logits.numpy())
    return np.stack(steps, axis=2)


@pytest.mark.parametrize("decoder_layers", [1, 2])
@pytest.mark.parametrize("encoder_layers", [1, 2])
@pytest.mark.parametrize("cell", ["lstm", "tanh"])
def test_step_by_step_is_the_teacher_forced_pass(
    make_model: MakeModel, cell: str, encoder_layers: int, decoder_layers: int
) -> None:
    """Two beams, each fed a target of its own, against two teacher-forced passes."""
    model = make_model(cell=cell, encoder_layers=encoder_layers, decoder_layers=decoder_layers)
    other = np.where(FED > 3, 12 - FED, FED)
    stepped = decode_step_by_step(model, np.stack([FED, other], axis=1))
    for beam, fed in enumerate((FED, other)):
        np.testing.assert_allclose(stepped[:, beam], logits_of(model, SOURCE, fed), atol=1e-4)
    assert np.abs(stepped[:, 0] - stepped[:, 1]).max() > 0.1


class TestPadding:
    sizes = pytest.mark.parametrize(
        "sizes", [{}, {"encoder_layers": 2, "decoder_layers": 2}, {"cell": "tanh"}], ids=str
    )

    @sizes
    def test_more_of_it_changes_nothing(self, make_model: MakeModel, sizes: Any) -> None:
        model = make_model(**sizes)
        longer = np.pad(SOURCE, ((0, 0), (0, 4)))
        np.testing.assert_allclose(logits_of(model, longer), logits_of(model), atol=1e-6)

    @sizes
    def test_sentence_alone(self, make_model: MakeModel, sizes: Any) -> None:
        model = make_model(**sizes)
        together = logits_of(model)
        for n in range(len(SOURCE)):
            alone = logits_of(model, SOURCE[n, SOURCE[n] > 0][None], FED[n, FED[n] > 0][None])
            np.testing.assert_allclose(alone[0], together[n, : alone.shape[1]], atol=2e-6)

    def test_later_tokens_change_nothing_before(self, make_model: MakeModel) -> None:
        model = make_model(decoder_layers=2)
        changed = FED.copy()
        changed[:, 2:] = 9
        before, after = logits_of(model), logits_of(model, target_ids=changed)
        np.testing.assert_array_equal(before[:, :2], after[:, :2])
        assert np.abs(before[:, 2] - after[:, 2]).max(axis=-1).min() > 1e-3


class TestWeights:
    # 10 pieces, embeddings 5, encoder 3, decoder 4, attention 6; four gates.
    EMBEDDINGS = 10 * 5
    ENCODER = 2 * (5 + 3 + 1) * 12
    DECODER = (5 + 2 * 3 + 4 + 1) * 16
    BRIDGE = (2 * 3 + 1) * (2 * 4)
    ATTENTION = 4 * 6 + 6 * 6 + 6 + 6
    DEEP = (4 + 2 * 3 + 5 + 1) * 5
    BIAS = 10

    @pytest.mark.parametrize(
        ("sizes", "more"),
        [
            ({}, 0),
            ({"share_embeddings": False}, EMBEDDINGS),
            ({"tie_output": False}, EMBEDDINGS),
            ({"share_embeddings": False, "tie_output": False}, 2 * EMBEDDINGS),
            ({"share_embeddings": False, "source_vocab_size": 12}, 12 * 5),
            ({"encoder_layers": 2}, (6 + 6 + 1) * 24),
            ({"decoder_layers": 3}, 2 * ((4 + 4 + 1) * 16 + BRIDGE)),
        ],
        ids=str,
    )
    def test_count(self, make_model: MakeModel, sizes: Any, more: int) -> None:
        parts = (self.EMBEDDINGS, self.ENCODER, self.DECODER, self.BRIDGE, self.ATTENTION)
        expected = sum(parts) + self.DEEP + self.BIAS + more
        model = make_model(**sizes)
        assert model.count_params() == expected
        assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == expected

    def test_shared_table_serves_both_sides_and_the_output(self, make_model: MakeModel) -> None:
        for sizes, unread in (
            ({}, False),
            ({"share_embeddings": False, "tie_output": False}, True),
        ):
            model = make_model(**sizes)
            before = logits_of(model)
            # Piece 1 is neither in the source nor fed, so only a tied output layer reads its row.
            table = np.asarray(model.target_embeddings) + (np.arange(10) == 1)[:, None]
            model.target_embeddings.assign(table)
            after = logits_of(model)
            assert np.array_equal(before[..., 1], after[..., 1]) == unread
            np.testing.assert_array_equal(np.delete(before, 1, -1), np.delete(after, 1, -1))

    def test_saved_and_loaded_by_value(self, make_model: MakeModel, tmp_path: Path) -> None:
        sizes = {"encoder_layers": 2, "decoder_layers": 2, "tie_output": False}
        model, other = make_model(seed=1, **sizes), make_model(seed=2, **sizes)
        expected = logits_of(model)
        assert np.abs(logits_of(other) - expected).max() > 0.1
        model.save_weights(tmp_path / "model.weights.h5")
        other.load_weights(tmp_path / "model.weights.h5")
        for one, same in zip(model.weights, other.weights, strict=True):
            np.testing.assert_array_equal(np.asarray(one), np.asarray(same))
        np.testing.assert_array_equal(logits_of(other), expected)

    def test_follow_from_the_seed(self) -> None:
        config = ModelConfig(8, 8, 4, 3, 1, 5, 1, 2)
        one, same, other = (build(config, seed=seed) for seed in (3, 3, 4))
        for a, b in zip(one.weights, same.weights, strict=True):
            np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
        assert not np.array_equal(one.target_embeddings, other.target_embeddings)


def test_bfloat16_is_float32_but_for_rounding(make_model: MakeModel) -> None:
    sizes = {"encoder_layers": 2, "decoder_layers": 2}
    model, mixed = make_model(**sizes), make_model("mixed_bfloat16", **sizes)
    assert {w.dtype for w in mixed.weights} == {"float32"}
    exact, rounded = logits_of(model), logits_of(mixed)
    assert rounded.dtype == np.float32
    error = np.abs(exact - rounded).max()
    assert 0.0 < error < 0.05 * exact.std()


def test_dropout_is_for_training(make_model: MakeModel) -> None:
    model = make_model(dropout=0.5)
    inputs = {"source_ids": SOURCE, "target_ids": FED}
    np.testing.assert_array_equal(model(inputs), model(inputs))
    np.testing.assert_allclose(logits_of(model), logits_of(make_model()), atol=1e-6)
    one, other = model(inputs, training=True), model(inputs, training=True)
    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize("tie_output", [True, False])
def test_first_loss_is_about_the_log_of_the_vocabulary(tie_output: bool) -> None:
    """A model that knows nothing gives every piece about the same probability."""
    vocabulary = 8000
    model = build(ModelConfig(vocabulary, vocabulary, tie_output=tie_output))
    ids = np.random.default_rng(0).integers(4, vocabulary, (3, 8, 13))
    logits = logits_of(model, ids[0], ids[1])
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(ids[2], logits).numpy().mean()
    assert loss == pytest.approx(math.log(vocabulary), rel=0.05)
