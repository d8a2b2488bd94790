import dataclasses

import pytest

from training.config import TrainConfig
from training.recipes import choose_config, recipe
from translator.errors import ConfigError

SIZES = (1, 10_000, 20_000, 20_001, 30_000, 80_000, 150_000, 300_000, 500_000, 10**7)


@pytest.mark.parametrize("pairs", SIZES)
def test_every_size_has_settings_that_fit(pairs: int) -> None:
    config, line = choose_config({}, pairs)
    changed = {
        name: value
        for name, value in dataclasses.asdict(config).items()
        if value != getattr(TrainConfig(), name)
    }
    assert changed == {k: v for k, v in recipe(pairs).items() if v != getattr(TrainConfig(), k)}
    assert str(pairs) in line
    assert all(f"{name}={value}" in line for name, value in recipe(pairs).items())


def test_what_grows_with_the_corpus() -> None:
    configs = [choose_config({}, pairs)[0] for pairs in SIZES]
    for name in ("vocab_size", "batch_tokens", "encoder_size", "decoder_size"):
        values = [getattr(config, name) for config in configs]
        assert values == sorted(values), name
    for name in ("state_dropout", "output_dropout", "epochs"):
        values = [getattr(config, name) for config in configs]
        assert values == sorted(values, reverse=True), name


def test_what_is_given_wins_and_is_not_told_as_chosen() -> None:
    config, line = choose_config({"vocab_size": 777, "cell": "gru"}, 10_000)
    assert (config.vocab_size, config.cell) == (777, "gru")
    assert config.epochs == recipe(10_000)["epochs"]
    assert "vocab_size" not in line


def test_what_is_given_is_checked() -> None:
    with pytest.raises(ConfigError, match="epoch"):
        choose_config({"epoch": 3}, 10_000)
    with pytest.raises(ConfigError, match="vocab_size"):
        choose_config({"vocab_size": "many"}, 10_000)


def test_the_rate_of_a_recipe_is_for_its_cell() -> None:
    rate = recipe(30_000)["learning_rate"]
    assert recipe(30_000)["cell"] == "gru"
    assert choose_config({"cell": "gru"}, 30_000)[0].learning_rate == rate
    assert choose_config({"cell": "lstm"}, 30_000)[0].learning_rate == TrainConfig().learning_rate
    given = {"cell": "lstm", "learning_rate": 0.007}
    assert choose_config(given, 30_000)[0].learning_rate == 0.007
    # Of more pairs, the default cell has a rate of its own.
    rate = recipe(500_000)["learning_rate"]
    assert choose_config({"cell": "lstm"}, 500_000)[0].learning_rate == rate
