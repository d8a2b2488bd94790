import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from translator.batch import pad
from translator.config import ModelConfig, SearchConfig, from_mapping
from translator.export import export_model
from translator.inference import score, translate
from translator.model import Seq2Seq, build
from translator.saved_model import SavedTranslator
from translator.signatures import search_inputs
from translator.tokenizer import Tokenizer, train_tokenizer

MakeModel = Callable[..., Seq2Seq]

SOURCE = np.array([[4, 9, 5, 6, 3], [7, 3, 0, 0, 0], [8, 8, 4, 3, 0]], np.int32)
FED = np.array([[2, 5, 8, 7], [2, 9, 0, 0], [2, 6, 4, 0]], np.int32)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(["uno dos tres", "one two three"] * 9, 290)


def logits_of(model: Seq2Seq, source_ids: Any = SOURCE, target_ids: Any = FED) -> Any:
    return model({"source_ids": source_ids, "target_ids": target_ids}).numpy()


def decode_step_by_step(model: Seq2Seq, fed: npt.NDArray[np.int32]) -> Any:
    """Logits, batch x beams x target_length x vocabulary, for tokens batch x beams x length."""
    source, state = model.encode(SOURCE)
    state = tf.nest.map_structure(lambda x: tf.repeat(x, fed.shape[1], axis=1), state)
    steps = []
    for t in range(fed.shape[2]):
        logits, state, _ = model.step(fed[:, :, t], state, source, model.decoder.kernels())
        steps.append(logits.numpy())
    return np.stack(steps, axis=2)


def kinds(
    cell: str,
    attention: str,
    layer_norm: bool = False,
    encoder_layers: int = 1,
    decoder_layers: int = 1,
    bidirectional: bool = True,
) -> dict[str, Any]:
    return dict(locals())


COMBINATIONS = [
    kinds("lstm", "additive"),
    kinds("lstm", "multiplicative", True, 2, 1, bidirectional=False),
    kinds("lstm", "none", False, 1, 2, bidirectional=False),
    kinds("lstm", "additive", True, 1, 2),
    kinds("gru", "additive", True, 2, 2, bidirectional=False),
    kinds("gru", "multiplicative", False, 1, 2),
    kinds("gru", "none", True, 1, 1),
    kinds("tanh", "additive", False, 1, 1, bidirectional=False),
    kinds("tanh", "multiplicative", True, 2, 2),
    kinds("tanh", "none", False, 2, 1),
]
"""Each pair of a cell and another choice, and of an attention and another choice, is among them."""


def each(sizes: list[dict[str, Any]]) -> pytest.MarkDecorator:
    """A test for each of these combinations."""
    names = ["-".join(map(str, one.values())) for one in sizes]
    return pytest.mark.parametrize("sizes", sizes, ids=names)


@each(COMBINATIONS)
def test_step_by_step_is_the_teacher_forced_pass(make_model: MakeModel, sizes: Any) -> None:
    """Two beams, each fed a target of its own, against two teacher-forced passes."""
    model = make_model(**sizes)
    other = np.where(FED > 3, 12 - FED, FED)
    stepped = decode_step_by_step(model, np.stack([FED, other], axis=1))
    for beam, fed in enumerate((FED, other)):
        np.testing.assert_allclose(stepped[:, beam], logits_of(model, SOURCE, fed), atol=1e-4)
    assert np.abs(stepped[:, 0] - stepped[:, 1]).max() > 0.1


class TestPadding:
    @each(COMBINATIONS)
    def test_more_of_it_changes_nothing(self, make_model: MakeModel, sizes: Any) -> None:
        model = make_model(**sizes)
        longer = np.pad(SOURCE, ((0, 0), (0, 4)))
        np.testing.assert_allclose(logits_of(model, longer), logits_of(model), atol=1e-6)

    @each(COMBINATIONS)
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
            # Gains for each pre-activation of what comes in, and of the state.
            ({"layer_norm": True}, 2 * (2 * 12 + 16)),
            # Three gates, and no memory to start from.
            ({"cell": "gru"}, -(ENCODER + DECODER) // 4 - BRIDGE // 2),
            ({"cell": "tanh"}, -3 * (ENCODER + DECODER) // 4 - BRIDGE // 2),
            ({"attention": "multiplicative"}, -6),
            ({"attention": "none"}, -ATTENTION),
            # What reads annotations or their ends: decoder, bridge, keys, deep output.
            ({"bidirectional": False}, -ENCODER // 2 - 3 * (16 + 8 + 6 + 5)),
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
        config = ModelConfig(
            8, 8, embedding_size=4, encoder_size=3, decoder_size=5, attention_size=2
        )
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


class TestDropout:
    @pytest.mark.parametrize("name", ["embedding", "word", "state", "output"])
    def test_is_for_training(self, make_model: MakeModel, name: str) -> None:
        model = make_model(**{f"{name}_dropout": 0.5})
        inputs = {"source_ids": SOURCE, "target_ids": FED}
        np.testing.assert_array_equal(model(inputs), model(inputs))
        np.testing.assert_allclose(logits_of(model), logits_of(make_model()), atol=1e-6)
        one, other = model(inputs, training=True), model(inputs, training=True)
        assert np.abs(one - other).max() > 0.1

    @pytest.mark.parametrize(
        ("dropout", "layers", "drops"),
        [("state", 1, False), ("state", 2, True), ("output", 1, True)],
    )
    def test_in_the_decoder(
        self, make_model: MakeModel, dropout: str, layers: int, drops: bool
    ) -> None:
        """Between its layers, and before the softmax; never on the way from step to step."""
        model = make_model(decoder_layers=layers, **{f"{dropout}_dropout": 0.5})
        source, state = model.encode(SOURCE)
        embedded = tf.ones((3, 4, 5))
        still, weights = model.decoder(embedded, state, source)
        trained, same_weights = model.decoder(embedded, state, source, training=True)
        np.testing.assert_array_equal(weights, same_weights)
        assert (np.abs(still - trained).max() > 0.01) == drops
        assert np.any(np.asarray(trained) == 0.0) == (dropout == "output")

    def test_none_leaves_training_as_it_is(self, make_model: MakeModel) -> None:
        model = make_model(encoder_layers=2, decoder_layers=2)
        trained = model({"source_ids": SOURCE, "target_ids": FED}, training=True)
        np.testing.assert_array_equal(trained, logits_of(model))

    @staticmethod
    def shares_read(
        model: Seq2Seq, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """What encoder and decoder read in training, as multiples of the embeddings."""
        read: list[Any] = []

        def spy(call: Any) -> Any:
            def spied(embedded: Any, *arguments: Any, **options: Any) -> Any:
                read.append(embedded.numpy())
                return call(embedded, *arguments, **options)

            return spied

        for part in (model.encoder, model.decoder):
            monkeypatch.setattr(part, "call", spy(part.call))
        ids = np.random.default_rng(0).integers(4, 10, (2, 60, 30))
        model({"source_ids": ids[0], "target_ids": ids[1]}, training=True)
        table = np.asarray(model.target_embeddings)
        source, target = (x / table[rows] for x, rows in zip(read, ids, strict=True))
        return source, target

    def test_of_words_drops_whole_tokens(
        self, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A fifth of the tokens, each for itself; the others make up for them."""
        model = make_model(word_dropout=0.2)
        for shares in self.shares_read(model, monkeypatch):
            kept = shares[..., 0] != 0.0
            expected = np.where(kept, 1.25, 0.0)[..., None] * np.ones(5)
            np.testing.assert_allclose(shares, expected, rtol=1e-5)
            # 1800 tokens: the standard deviation of the share is 0.0094.
            assert np.mean(kept) == pytest.approx(0.8, abs=0.04)
            assert 0.0 < kept.mean(axis=0).std() < 0.2
            assert 0.0 < kept.mean(axis=1).std() < 0.2

    def test_of_embeddings_drops_units(
        self, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = make_model(embedding_dropout=0.2)
        for shares in self.shares_read(model, monkeypatch):
            kept = shares != 0.0
            np.testing.assert_allclose(shares, np.where(kept, 1.25, 0.0), rtol=1e-5)
            assert np.mean(kept) == pytest.approx(0.8, abs=0.03)
            # All five of a token's units, or none of them: as chance has it.
            assert np.mean(kept.all(axis=-1)) == pytest.approx(0.8**5, abs=0.06)
            assert np.mean(kept.any(axis=-1)) == pytest.approx(1 - 0.2**5, abs=0.01)


@each([COMBINATIONS[n] for n in (2, 4, 8)])
def test_each_kind_goes_into_a_model_folder(
    make_model: MakeModel, tokenizer: Tokenizer, tmp_path: Path, sizes: Any
) -> None:
    """What the folder translates and scores is what the model does while it is alive."""
    model = make_model(source_vocab_size=tokenizer.size, target_vocab_size=tokenizer.size, **sizes)
    folder = tmp_path / "xx-yy"
    export_model(
        model, tokenizer, tokenizer, folder, {"source_language": "xx", "target_language": "yy"}
    )
    saved = SavedTranslator.load(folder)
    assert from_mapping(ModelConfig, saved.info["sizes"]) == model.config

    source = pad([tokenizer.encode(text) for text in ("uno dos tres", "three", "two one one uno")])
    search = search_inputs(source, SearchConfig(beam_size=3, n_best=2))
    expected, found = translate(model, **search), saved.translate(**search)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-4, err_msg=name)
    assert len(np.unique(found["output_ids"])) > 2
    pairs = {"source_ids": tf.constant(source), "target_ids": found["output_ids"][:, 0]}
    scores = saved.score(**pairs)["log_probs"]
    np.testing.assert_allclose(scores, score(model, **pairs)["log_probs"], atol=1e-4)
    np.testing.assert_allclose(scores, found["log_probs"][:, 0], atol=1e-4)


@pytest.mark.parametrize("tie_output", [True, False])
def test_first_loss_is_about_the_log_of_the_vocabulary(tie_output: bool) -> None:
    """A model that knows nothing gives every piece about the same probability."""
    vocabulary = 8000
    model = build(ModelConfig(vocabulary, vocabulary, tie_output=tie_output))
    ids = np.random.default_rng(0).integers(4, vocabulary, (3, 8, 13))
    logits = logits_of(model, ids[0], ids[1])
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(ids[2], logits).numpy().mean()
    assert loss == pytest.approx(math.log(vocabulary), rel=0.05)
