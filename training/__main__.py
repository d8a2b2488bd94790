"""The training command: `python -m training train | evaluate | export | ...`."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import click

from training.commands.evaluate import evaluate
from training.commands.export import export
from training.commands.report import report
from training.commands.settings import list_settings
from training.commands.train import train


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Train translators on pairs of sentences, measure them, and export them for serving."""


for command in (train, list_settings, evaluate, export, report):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m training")
