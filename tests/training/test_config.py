import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from training.config import FREE_TO_CHANGE, TrainConfig, changed, read_settings
from training.schedules import Forcing
from translator.config import from_mapping
from translator.errors import ConfigError


class TestRanges:
    @pytest.mark.parametrize(
        "settings",
        [
            {"epochs": 1, "warmup": 0, "patience": 0},
            {"clip_norm": 0.0, "clip_value": 1.0},
            {"learning_rate": 1},
            {"tokenizer": "bpe", "joint_vocab": False, "tie_output": False, "cell": "tanh"},
            {"teacher_forcing": "exponential", "teacher_forcing_k": 0.999},
            {"teacher_forcing": "inverse_sigmoid", "teacher_forcing_k": 500},
            {"precision": "mixed_bfloat16", "select": "loss", "decay": "cosine"},
            {"label_smoothing": 0.0, "state_dropout": 0.0},
            {"decay": "plateau", "plateau": 2, "patience": 3},
            {"decay": "plateau", "plateau": 9, "patience": 0},
            {"seed": 0},
            {"seed": 2**32 - 1},
        ],
        ids=str,
    )
    def test_accepts(self, settings: dict[str, Any]) -> None:
        config = TrainConfig(**settings)
        assert {name: getattr(config, name) for name in settings} == settings

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("vocab_size", 4),
            ("embedding_size", 0),
            ("encoder_layers", 0),
            ("decoder_size", -1),
            ("attention_size", 0),
            ("cell", "elman"),
            ("attention", "dot"),
            ("truncate_bptt", -1),
            ("accumulate", 0),
            ("plateau", 0),
            ("average", 1.0),
            ("weight_decay", -0.1),
            ("teacher_forcing_warmup", 1.0),
            ("teacher_forcing_feed", "argmax"),
            ("word_dropout", 1.0),
            ("state_dropout", -0.1),
            ("max_length", 0),
            ("batch_tokens", 100),  # as many as max_length: the longest pair has EOS, too
            ("epochs", 0),
            ("label_smoothing", 1.0),
            ("label_smoothing", -0.1),
            ("learning_rate", 0.0),
            ("learning_rate", -1.0),
            ("learning_rate", float("nan")),
            ("learning_rate", float("inf")),
            ("decay", "exponential"),
            ("warmup", -1),
            ("clip_norm", -1.0),
            ("clip_value", -1.0),
            ("clip_value", 1.0),  # beside clip_norm
            ("precision", "float64"),
            ("tokenizer", "char"),
            ("select", "ter"),
            ("seed", -1),
            ("seed", 2**32),
            ("log_every", 0),
            ("validate_every", -1),
            ("checkpoint_every", 0),
            ("valid_beam_size", 0),
            ("valid_beam_size", 101),
            ("patience", -1),
        ],
    )
    def test_refuses(self, name: str, value: Any) -> None:
        with pytest.raises(ConfigError, match=rf"{name}: expected .*Received: "):
            TrainConfig(**{name: value})

    @pytest.mark.parametrize(
        "settings",
        [
            {"teacher_forcing": "quadratic"},
            {"teacher_forcing_k": -0.5},
            {"teacher_forcing_slope": -1.0},
            {"teacher_forcing_floor": 1.5},
            {"teacher_forcing": "constant", "teacher_forcing_k": 1.5},
            {"teacher_forcing": "exponential", "teacher_forcing_k": 1.0},
            {"teacher_forcing": "inverse_sigmoid", "teacher_forcing_k": 0.5},
        ],
        ids=str,
    )
    def test_refuses_a_schedule(self, settings: dict[str, Any]) -> None:
        with pytest.raises(ConfigError, match=r"teacher_forcing.*: expected .*Received: "):
            TrainConfig(**settings)

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("epochs", 2.0, "a whole number"),
            ("epochs", "2", "a whole number"),
            ("epochs", True, "a whole number"),
            ("epochs", None, "a whole number"),
            ("joint_vocab", 1, "true or false"),
            ("learning_rate", "fast", "a number"),
            ("learning_rate", False, "a number"),
            ("tokenizer", 1, "a text"),
            ("select", ["chrf"], "a text"),
        ],
    )
    def test_refuses_types(self, name: str, value: Any, expected: str) -> None:
        with pytest.raises(ConfigError) as caught:
            TrainConfig(**{name: value})
        assert str(caught.value) == f"{name}: expected {expected}. Received: {value!r}"


def load_config(path: Path | None, settings: Iterable[str] = ()) -> TrainConfig:
    return from_mapping(TrainConfig, read_settings(path, settings))


def test_a_plateau_that_patience_would_not_outlast() -> None:
    with pytest.raises(ConfigError, match="plateau: expected below patience, 3"):
        TrainConfig(decay="plateau", plateau=3, patience=3)


def test_constant_teacher_forcing_is_constant() -> None:
    forcing = TrainConfig(teacher_forcing="constant", teacher_forcing_k=0.5).forcing(100)
    assert {forcing(i) for i in range(100)} == {0.5}


class TestChosenK:
    """In a run of 1,000 updates, with a warm-up of 500."""

    def forcing(self, kind: Any, floor: float = 0.0, **settings: Any) -> Forcing:
        config = TrainConfig(
            teacher_forcing=kind,
            teacher_forcing_warmup=0.5,
            teacher_forcing_floor=floor,
            **settings,
        )
        return config.forcing(1000)

    def test_inverse_sigmoid_has_its_middle_at_half_of_the_schedule(self) -> None:
        forcing = self.forcing("inverse_sigmoid")
        assert (forcing(499), forcing(999)) == (1.0, pytest.approx(0.0, abs=0.02))
        assert forcing(500) > 0.98
        assert forcing(750) == pytest.approx(0.5)

    def test_exponential_ends_at_the_floor(self) -> None:
        forcing = self.forcing("exponential", floor=0.25)
        assert forcing(500) == 1.0
        assert forcing(750) == pytest.approx(0.5)  # √0.25
        assert forcing(999) == pytest.approx(0.25, abs=0.001)
        assert self.forcing("exponential", floor=0.0)(999) == pytest.approx(0.01, abs=0.001)

    def test_linear_and_constant_begin_at_1(self) -> None:
        assert {self.forcing("constant")(i) for i in (0, 500, 999)} == {1.0}
        assert self.forcing("linear", floor=0.5)(750) == pytest.approx(0.75)

    def test_what_is_given_stays(self) -> None:
        assert self.forcing("linear", teacher_forcing_k=0.0)(500) == 0.0
        assert self.forcing("exponential", teacher_forcing_k=0.9)(502) == pytest.approx(0.81)
        assert self.forcing("inverse_sigmoid", teacher_forcing_k=1.0)(500) == 0.5

    @pytest.mark.parametrize("kind", ["constant", "linear", "exponential", "inverse_sigmoid"])
    @pytest.mark.parametrize("total", [1, 2, 10**7])
    @pytest.mark.parametrize("floor", [0.0, 0.75, 1.0])
    def test_any_run_has_one(self, kind: Any, total: int, floor: float) -> None:
        config = TrainConfig(teacher_forcing=kind, teacher_forcing_floor=floor)
        assert 0.0 <= config.forcing(total)(total - 1) <= 1.0


class TestLoad:
    def test_defaults(self) -> None:
        assert load_config(None) == TrainConfig()

    def test_settings_win_over_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "run.toml"
        path.write_text('epochs = 3\nstate_dropout = 0.5\ntokenizer = "bpe"\njoint_vocab = false\n')

        config = load_config(path, ["state_dropout=0.25", "seed = 7", "state_dropout=0.125"])
        assert config == TrainConfig(
            epochs=3, state_dropout=0.125, tokenizer="bpe", joint_vocab=False, seed=7
        )

    @pytest.mark.parametrize(
        ("setting", "name", "value"),
        [
            ("epochs=4", "epochs", 4),
            ("learning_rate=2e-3", "learning_rate", 0.002),
            ("learning_rate=1", "learning_rate", 1),
            ("joint_vocab=false", "joint_vocab", False),
            ("tokenizer=bpe", "tokenizer", "bpe"),
            ('tokenizer="bpe"', "tokenizer", "bpe"),
        ],
    )
    def test_values(self, setting: str, name: str, value: object) -> None:
        assert getattr(load_config(None, [setting]), name) == value

    @pytest.mark.parametrize(
        ("setting", "told"),
        [
            ("epochs", "'epochs'"),
            ("", "''"),
            ("epoch=3", "Received: epoch. Did you mean epochs?"),
            ("Learning-Rate=3", "Received: Learning-Rate. Did you mean learning_rate?"),
            ("=3", "expected keys among"),
            ("epochs=", "epochs: expected a whole number. Received: ''"),
            ("epochs=three", "epochs: expected a whole number. Received: 'three'"),
            ("epochs=3.5", "epochs: expected a whole number. Received: 3.5"),
            ("joint_vocab=yes", "joint_vocab: expected true or false. Received: 'yes'"),
            ("state_dropout=null", "state_dropout: expected a number. Received: None"),
        ],
    )
    def test_refuses_a_setting(self, setting: str, told: str) -> None:
        with pytest.raises(ConfigError) as caught:
            load_config(None, [setting])
        assert told in str(caught.value)

    @pytest.mark.parametrize(
        "content",
        [b"epochs = ", b"epochs = 1\nepochs = 2\n", b"tokenizer = 'se\xf1or'\n", b"\x00"],
    )
    def test_a_file_that_is_no_toml_is_named(self, content: bytes, tmp_path: Path) -> None:
        path = tmp_path / "run.toml"
        path.write_bytes(content)

        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert str(caught.value).startswith(f"{path}: expected a TOML file. Received: ")

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("[training]\nepochs = 3\n", "training"),
            ("epoch = 3\n", "epoch"),
            ("epochs = '3'\n", "epochs: expected a whole number. Received: '3'"),
            ("epochs = 2026-01-01\n", "epochs: expected a whole number."),
        ],
    )
    def test_what_a_file_says_is_checked(self, content: str, told: str, tmp_path: Path) -> None:
        path = tmp_path / "run.toml"
        path.write_text(content)

        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert told in str(caught.value)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"missing\.toml"):
            load_config(tmp_path / "missing.toml")


class TestChanged:
    then = dataclasses.asdict(TrainConfig())

    def test_nothing(self) -> None:
        assert changed(self.then, TrainConfig()) == []

    def test_names_then_and_now(self) -> None:
        now = TrainConfig(state_dropout=0.25, seed=9)
        assert changed(self.then, now) == [
            "state_dropout: 0.3 then, 0.25 now",
            "seed: 1 then, 9 now",
        ]

    def test_what_may_change(self) -> None:
        now = TrainConfig(
            deterministic=True,
            epochs=99,
            hours=2.0,
            patience=0,
            log_every=1,
            validate_every=2,
            checkpoint_every=3,
        )
        differing = dataclasses.asdict(now).items() - self.then.items()
        assert {name for name, _ in differing} == FREE_TO_CHANGE
        assert changed(self.then, now) == []


def test_sizes_of_the_model_are_the_run_s() -> None:
    config = TrainConfig(embedding_size=8, decoder_layers=2, joint_vocab=False, tie_output=False)
    model = config.model(source_vocab_size=30, target_vocab_size=40)

    assert (model.source_vocab_size, model.target_vocab_size) == (30, 40)
    assert (model.embedding_size, model.decoder_layers) == (8, 2)
    assert (model.share_embeddings, model.tie_output) == (False, False)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_chosen_precision_is_taken(precision: Any) -> None:
    assert TrainConfig(precision=precision).dtype() == precision


def test_automatic_precision_is_one_of_the_two() -> None:
    assert TrainConfig(precision="auto").dtype() in ("float32", "mixed_bfloat16")
