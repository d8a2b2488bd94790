"""`python -m training settings`: the settings of `train`, as TOML."""

from __future__ import annotations

import dataclasses
import json

import click

from training.commands.common import start


@click.command("settings")
@click.option("--pairs", type=click.IntRange(min=1), help="Number of pairs in the corpus.")
def list_settings(pairs: int | None) -> None:
    """List the settings of `train`, as TOML, with their defaults for a corpus of a given size."""
    start()
    from training.config import TrainConfig
    from training.recipes import choose_config

    config = TrainConfig() if pairs is None else choose_config({}, pairs)[0]
    for name, value in dataclasses.asdict(config).items():
        click.echo(f"{name} = {json.dumps(value)}")
