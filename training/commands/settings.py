"""`python -m training settings`: the settings of `train`, as TOML."""

from __future__ import annotations

import dataclasses
import json

import click

from training.commands.common import start


@click.command("settings")
def list_settings() -> None:
    """List the settings of `train` and their defaults, as TOML."""
    start()
    from training.config import TrainConfig

    for name, value in dataclasses.asdict(TrainConfig()).items():
        click.echo(f"{name} = {json.dumps(value)}")
