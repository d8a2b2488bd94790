import dataclasses
import json
from typing import Any

import pytest

from translator.config import ModelConfig, SearchConfig, from_mapping
from translator.errors import ConfigError

SIZES = {"source_vocab_size": 10, "target_vocab_size": 10}


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "outside"),
    [
        ("beam_size", 1, 100, (0, -1, 101)),
        ("n_best", 1, 5, (0, -1, 6)),
        ("length_penalty", 0.0, 10.0, (-0.1, 10.1, float("nan"), float("inf"))),
        ("coverage_penalty", 0.0, 10.0, (-0.1, 10.1, float("nan"), float("inf"))),
        ("diversity", 0.0, 10.0, (-0.1, 10.1, float("nan"))),
        ("min_length", 0, 1000, (-1, 1001)),
        ("max_length_ratio", 0.01, 10.0, (0.0, -1.0, 10.1, float("nan"), float("inf"))),
        ("no_repeat_ngram_size", 0, 10, (-1, 11)),
    ],
)
def test_ranges_of_the_search(
    name: str, lowest: float, highest: float, outside: tuple[float, ...]
) -> None:
    for value in (lowest, highest):
        assert getattr(SearchConfig(**{name: value}), name) == value
    for value in outside:
        with pytest.raises(ConfigError) as caught:
            SearchConfig(**{name: value})
        assert str(caught.value).startswith(f"{name}: expected ")
        assert str(caught.value).endswith(f"Received: {value!r}")


def test_n_best_goes_up_to_the_beam() -> None:
    assert SearchConfig(beam_size=7, n_best=7).n_best == 7
    with pytest.raises(ConfigError, match="n_best: expected from 1 to beam_size"):
        SearchConfig(beam_size=7, n_best=8)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source_vocab_size", 4),
        ("target_vocab_size", 4),
        ("embedding_size", 0),
        ("encoder_size", 0),
        ("encoder_layers", 0),
        ("decoder_size", 0),
        ("decoder_layers", -1),
        ("attention_size", 0),
        ("cell", "rnn"),
        ("attention", "dot"),
        ("truncate_bptt", -1),
        *(
            (f"{kind}_dropout", share)
            for kind in ("embedding", "word", "state", "output")
            for share in (1.0, -0.1, float("nan"))
        ),
    ],
)
def test_sizes_of_a_model_out_of_range(name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        ModelConfig(**{**SIZES, name: value})
    assert str(caught.value).startswith(f"{name}: expected ")
    assert str(caught.value).endswith(f"Received: {value!r}")


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("cell", "lstm, gru, tanh"), ("attention", "additive, multiplicative, none")],
)
def test_kinds_to_choose_from_are_named(name: str, kinds: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: expected one of {kinds}[.]"):
        ModelConfig(**{**SIZES, name: "None"})
    for kind in kinds.split(", "):
        assert getattr(ModelConfig(**{**SIZES, name: kind}), name) == kind


def test_an_annotation_is_as_wide_as_all_directions() -> None:
    assert ModelConfig(**SIZES, encoder_size=7).memory_size == 14
    assert ModelConfig(**SIZES, encoder_size=7, bidirectional=False).memory_size == 7


def test_least_sizes_of_a_model() -> None:
    ModelConfig(
        source_vocab_size=5,
        target_vocab_size=5,
        embedding_size=1,
        encoder_size=1,
        decoder_size=1,
        attention_size=1,
        cell="tanh",
        truncate_bptt=0,
        embedding_dropout=0.0,
        word_dropout=0.0,
        state_dropout=0.0,
        output_dropout=0.0,
    )


def test_one_table_needs_one_vocabulary() -> None:
    with pytest.raises(ConfigError, match="10 source and 11 target"):
        ModelConfig(source_vocab_size=10, target_vocab_size=11)
    ModelConfig(source_vocab_size=10, target_vocab_size=11, share_embeddings=False)


@pytest.mark.parametrize(
    "config",
    [
        SearchConfig(beam_size=3, length_penalty=0.5),
        ModelConfig(**SIZES, cell="gru", attention="none", layer_norm=True, bidirectional=False),
    ],
)
def test_a_config_comes_back_from_json(config: Any) -> None:
    stored = json.loads(json.dumps(dataclasses.asdict(config)))
    assert from_mapping(type(config), stored) == config


def test_unknown_keys_are_named() -> None:
    with pytest.raises(ConfigError, match=r"beam_size, n_best.*Received: beam, width"):
        from_mapping(SearchConfig, {"width": 1, "beam": 2})


def test_missing_keys_are_named() -> None:
    with pytest.raises(ConfigError, match="target_vocab_size"):
        from_mapping(ModelConfig, {"source_vocab_size": 10})


@pytest.mark.parametrize("value", ["5", None, [5]])
def test_a_wrong_type_is_an_error_of_configuration(value: Any) -> None:
    with pytest.raises(ConfigError):
        from_mapping(SearchConfig, {"beam_size": value})
