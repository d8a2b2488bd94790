from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from training.teacher_forcing import ScheduledSeq2Seq, draw, sample_inputs
from translator.config import ModelConfig
from translator.constants import BOS
from translator.model import Seq2Seq, build

VOCABULARY = 9
NO_DROPOUT = {f"{kind}_dropout": 0.0 for kind in ("embedding", "word", "state", "output")}
SOURCE = np.array([[4, 8, 5, 6, 3], [7, 3, 0, 0, 0], [8, 8, 4, 3, 0]], np.int32)
TARGET = np.array([[2, 5, 8, 7, 4, 6], [2, 4, 0, 0, 0, 0], [2, 6, 4, 5, 0, 0]], np.int32)


@pytest.fixture(scope="module")
def model() -> Seq2Seq:
    """Two layers, no dropout, every weight random."""
    config = ModelConfig(
        VOCABULARY,
        VOCABULARY,
        embedding_size=5,
        encoder_size=3,
        decoder_size=4,
        decoder_layers=2,
        attention_size=6,
        **NO_DROPOUT,
    )
    model = build(config)
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.normal(0.0, 0.7, weight.shape))
    return model


def uniforms(seed: int) -> tuple[Any, Any]:
    """Coins and draws for a batch of the shape of `TARGET`."""
    numbers = np.random.default_rng(seed).random((2, *TARGET.shape)).astype(np.float32)
    return numbers[0], numbers[1]


def sample(
    model: Seq2Seq, target: npt.NDArray[np.int32], ratio: float, seed: int = 0, mode: bool = False
) -> npt.NDArray[np.int32]:
    fed = sample_inputs(model, SOURCE, target, tf.constant(ratio), *uniforms(seed), mode)
    return np.asarray(fed.numpy())


def inputs(target: npt.NDArray[np.int32], ratio: float) -> dict[str, Any]:
    ratios = np.full(len(target), ratio, np.float32)
    return {"source_ids": SOURCE, "target_ids": target, "teacher_forcing": ratios}


def scrambled(target: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    other = np.random.default_rng(5).integers(0, VOCABULARY, target.shape, dtype=np.int32)
    other[:, 0] = BOS
    assert (other != target).sum() > target.size // 2
    return other


class TestSampleInputs:
    def test_all_reference(self, model: Seq2Seq) -> None:
        np.testing.assert_array_equal(sample(model, TARGET, 1.0), TARGET)

    def test_no_reference(self, model: Seq2Seq) -> None:
        """BOS aside, what is fed does not depend on the reference."""
        fed = sample(model, TARGET, 0.0)
        assert (fed[:, 0] == BOS).all()
        np.testing.assert_array_equal(sample(model, scrambled(TARGET), 0.0), fed)
        assert (fed != TARGET).any()
        assert not np.array_equal(sample(model, TARGET, 0.0, seed=1), fed)

    @pytest.mark.parametrize("mode", [False, True])
    @pytest.mark.parametrize("ratio", [0.0, 0.3, 0.7])
    def test_coin_by_coin(self, model: Seq2Seq, ratio: float, mode: bool) -> None:
        """Where the coin says so, the model's token after all that was fed before."""
        fed = sample(model, TARGET, ratio, mode=mode)
        coins, draws = uniforms(0)
        logits = model({"source_ids": SOURCE, "target_ids": fed}).numpy().astype(np.float64)
        cumulated = np.cumsum(np.exp(logits), axis=-1) / np.exp(logits).sum(-1, keepdims=True)
        # Drawn, or the likeliest, after each token fed.
        own = logits.argmax(-1) if mode else (cumulated <= draws[..., None]).sum(-1)
        expected = TARGET.copy()
        expected[:, 1:] = np.where(coins[:, 1:] < ratio, TARGET[:, 1:], own[:, :-1])
        np.testing.assert_array_equal(fed, expected)

    def test_share_of_references(self, model: Seq2Seq) -> None:
        """Of tokens that the model never draws, a share of ε is left."""
        model.output_bias.assign(np.eye(VOCABULARY)[0] * 1e4)  # it always draws piece 0
        try:
            rows = 400
            target = np.full((rows, 6), 7, np.int32)
            numbers = np.random.default_rng(0).random((2, rows, 6)).astype(np.float32)
            source = np.tile(SOURCE[:1], (rows, 1))
            fed = sample_inputs(model, source, target, tf.constant(0.25), *numbers).numpy()
        finally:
            model.output_bias.assign(np.zeros(VOCABULARY))
        assert (fed[:, 0] == 7).all()
        assert set(fed[:, 1:].ravel().tolist()) == {0, 7}
        # 2000 coins: the standard deviation of the share is 0.0097.
        assert np.mean(fed[:, 1:] == 7) == pytest.approx(0.25, abs=0.03)

    def test_tokens_follow_the_softmax(self, model: Seq2Seq) -> None:
        """Chi-square of 4000 first tokens; under 26.1 for 8 degrees of freedom, p > 0.001."""
        rows = 4000
        source = np.tile(SOURCE[:1], (rows, 1))
        target = np.full((rows, 2), BOS, np.int32)
        numbers = keras.random.uniform((2, rows, 2), seed=11)
        fed = sample_inputs(model, source, target, tf.constant(0.0), numbers[0], numbers[1]).numpy()
        logits = model({"source_ids": SOURCE[:1], "target_ids": np.array([[BOS]])})
        expected = rows * tf.nn.softmax(logits[0, 0]).numpy()
        assert expected.min() > 5
        observed = np.bincount(fed[:, 1], minlength=VOCABULARY)
        assert ((observed - expected) ** 2 / expected).sum() < 26.1


class TestDraw:
    # Cumulated: 0.1, 0.3, 0.6, 1.
    logits = np.log(np.array([0.1, 0.2, 0.3, 0.4], np.float32))

    @pytest.mark.parametrize(
        ("uniform", "token"),
        [
            *((0.0, 0), (0.09, 0), (0.11, 1), (0.29, 1), (0.31, 2), (0.59, 2), (0.61, 3)),
            (0.999999, 3),
            (float(np.nextafter(np.float32(1), np.float32(0))), 3),
        ],
    )
    def test_by_hand(self, uniform: float, token: int) -> None:
        drawn = draw(tf.constant([self.logits + 5.0]), tf.constant([uniform]))
        assert drawn.numpy().tolist() == [token]

    def test_each_row_has_its_own(self) -> None:
        logits = tf.constant([self.logits, self.logits[::-1]])
        assert draw(logits, tf.constant([0.5, 0.5])).numpy().tolist() == [2, 1]

    def test_never_a_token_without_probability(self) -> None:
        logits = tf.constant([[-1e9, 0.0, -1e9, 0.0, -1e9]])
        drawn = {draw(logits, tf.constant([u])).numpy().item() for u in (0.0, 0.49, 0.51, 0.999999)}
        assert drawn == {1, 3}

    def test_rounding_does_not_lead_past_the_last_token(self) -> None:
        logits = tf.constant(np.random.default_rng(0).normal(size=(64, 999)), tf.float32)
        largest = np.nextafter(np.float32(1), np.float32(0))
        cumulated = tf.cumsum(tf.nn.softmax(logits), axis=-1).numpy()
        assert (cumulated[:, -1] <= largest).any(), "nothing was rounded down"
        assert draw(logits, tf.fill([64], largest)).numpy().max() <= 998

    def test_even_uniforms_give_the_softmax(self) -> None:
        uniform = (np.arange(1000, dtype=np.float32) + 0.5) / 1000
        drawn = draw(tf.constant(np.tile(self.logits, (1000, 1))), tf.constant(uniform)).numpy()
        assert np.bincount(drawn).tolist() == pytest.approx([100, 200, 300, 400], abs=1)


def features_of(scheduled: ScheduledSeq2Seq, given: dict[str, Any], training: bool = True) -> Any:
    """All parts, one below the other."""
    return np.concatenate([part.numpy() for part in scheduled(given, training=training)])


def loss_and_gradients(model: Seq2Seq, parts: int, rows: slice) -> tuple[Any, list[Any]]:
    """What training computes of some rows of the batch, all references fed."""
    scheduled = ScheduledSeq2Seq(model, label_smoothing=0.1, parts=parts)
    given = {name: value[rows] for name, value in inputs(TARGET, 1.0).items()}
    labels = np.pad(TARGET[rows, 1:], ((0, 0), (0, 1)))
    with tf.GradientTape() as tape:
        loss = scheduled.compute_loss(given, labels, scheduled(given, training=True))
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    return loss, [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]


class TestParts:
    @pytest.mark.parametrize("parts", [1, 2, 3, 4])
    def test_are_the_rows_in_order(self, model: Seq2Seq, parts: int) -> None:
        scheduled = ScheduledSeq2Seq(model, parts=parts)
        found = scheduled(inputs(TARGET, 1.0), training=True)
        assert len(found) == parts
        assert {len(part) for part in found} <= {3 // parts, -(-3 // parts)}
        plain = model.features({"source_ids": SOURCE, "target_ids": TARGET})
        np.testing.assert_allclose(np.concatenate(found), plain, atol=1e-6)

    def test_change_neither_loss_nor_gradients(self, model: Seq2Seq) -> None:
        """Though there be more parts than rows, and more tokens in one than in another."""
        for rows in (slice(3), slice(2), slice(1), slice(2, 3)):
            loss, gradients = loss_and_gradients(model, 1, rows)
            assert all(np.abs(gradient).max() > 0 for gradient in gradients)
            for parts in (2, 3):
                same_loss, same_gradients = loss_and_gradients(model, parts, rows)
                np.testing.assert_allclose(same_loss, loss, rtol=1e-6)
                for gradient, same in zip(gradients, same_gradients, strict=True):
                    np.testing.assert_allclose(same, gradient, rtol=1e-4, atol=1e-6)

    def test_draw_each_for_itself(self, model: Seq2Seq) -> None:
        """Three times the same sentence, in three parts."""
        same = {
            "source_ids": np.repeat(SOURCE[:1], 3, axis=0),
            "target_ids": np.repeat(TARGET[:1], 3, axis=0),
            "teacher_forcing": np.zeros(3, np.float32),
        }
        one, two, three = features_of(ScheduledSeq2Seq(model, parts=3), same)
        assert not np.array_equal(one, two)
        assert not np.array_equal(two, three)
        assert not np.array_equal(one, three)


class TestScheduledSeq2Seq:
    def test_ratio_one_is_the_plain_path(self, model: Seq2Seq) -> None:
        plain = model.features({"source_ids": SOURCE, "target_ids": TARGET}, training=True)
        np.testing.assert_array_equal(
            features_of(ScheduledSeq2Seq(model), inputs(TARGET, 1.0)), plain
        )

    def test_ratio_zero_does_not_see_the_reference(self, model: Seq2Seq) -> None:
        one = features_of(ScheduledSeq2Seq(model, seed=3), inputs(TARGET, 0.0))
        other = features_of(ScheduledSeq2Seq(model, seed=3), inputs(scrambled(TARGET), 0.0))
        np.testing.assert_array_equal(one, other)

    def test_outside_of_training_the_reference_is_fed(self, model: Seq2Seq) -> None:
        plain = model.features({"source_ids": SOURCE, "target_ids": TARGET})
        found = features_of(ScheduledSeq2Seq(model), inputs(TARGET, 0.0), training=False)
        np.testing.assert_array_equal(found, plain)

    def test_the_mode_does_not_follow_from_the_seed(self, model: Seq2Seq) -> None:
        one, other = (
            features_of(ScheduledSeq2Seq(model, mode=True, seed=seed), inputs(TARGET, 0.0))
            for seed in (3, 4)
        )
        np.testing.assert_array_equal(one, other)
        plain = model.features({"source_ids": SOURCE, "target_ids": TARGET})
        assert np.abs(one - plain).max() > 0.1

    def test_draws_follow_from_the_seed_and_change_with_each_update(self, model: Seq2Seq) -> None:
        def two_updates(seed: int) -> list[Any]:
            scheduled = ScheduledSeq2Seq(model, seed=seed)
            return [features_of(scheduled, inputs(TARGET, 0.5)) for _ in range(2)]

        (first, second), same, other = two_updates(3), two_updates(3), two_updates(4)
        np.testing.assert_array_equal([first, second], same)
        assert not np.array_equal(first, second)
        assert not np.array_equal(first, other[0])

    def test_adds_no_weights(self, model: Seq2Seq) -> None:
        scheduled = ScheduledSeq2Seq(model)
        assert len(scheduled.trainable_weights) == len(model.trainable_weights)

    def test_learns_to_copy(self) -> None:
        """Through `fit`, as training does; every other token fed is the model's own.

        The last batch is of one sentence, less than there are parts.
        """
        config = ModelConfig(
            8,
            8,
            embedding_size=16,
            encoder_size=16,
            decoder_size=32,
            attention_size=16,
            **NO_DROPOUT,
        )
        scheduled = ScheduledSeq2Seq(build(config), parts=2)
        words = np.random.default_rng(0).integers(4, 8, (64 * 60 + 1, 3), dtype=np.int32)
        labels = np.pad(words, ((0, 0), (0, 1)), constant_values=3)
        x = {
            "source_ids": labels,
            "target_ids": np.pad(words, ((0, 0), (1, 0)), constant_values=BOS),
            "teacher_forcing": np.full(len(words), 0.5, np.float32),
        }
        scheduled.compile(keras.optimizers.Adam(0.02), jit_compile=False)
        scheduled.fit(x, labels, batch_size=64, verbose=0)
        # Without the source, a word of four costs log 4 = 1.39 and EOS nothing: 1.04 on average.
        measured = scheduled.evaluate(x, labels, batch_size=960, verbose=0, return_dict=True)
        assert measured["loss"] < 0.3
