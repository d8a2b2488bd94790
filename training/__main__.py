"""The training command: `python -m training fetch | train | evaluate | export | ...`."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import click

from training.commands.back_translate import back_translate
from training.commands.evaluate import evaluate
from training.commands.export import export
from training.commands.fetch import fetch
from training.commands.phrases import phrases
from training.commands.report import report
from training.commands.settings import list_settings
from training.commands.split import split
from training.commands.train import train
from training.commands.work import work


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Train translation models on sentence pairs, evaluate them, and export them for serving."""


for command in (
    *(fetch, split, phrases, back_translate),
    *(train, work, list_settings, report, evaluate, export),
):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m training")
