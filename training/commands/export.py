"""`python -m training export`: a run to a model folder."""

from __future__ import annotations

import os
from pathlib import Path

import click

from training.commands.common import FOLDER, clear_errors
from translator.errors import TranslatorError
from translator.model_folder import read_info
from translator.quiet import import_tensorflow


@click.command()
@click.argument("run_folder", metavar="RUN", type=FOLDER)
@click.argument("destination", type=FOLDER)
@click.option(
    "--test", "files", multiple=True, metavar="FILE", help="Pairs to score the model on as well."
)
@click.option("--licence", default="", help="Licence of the training data, for model.json.")
@click.option("--attribution", default="", help="Whom the licence requires you to credit.")
def export(
    run_folder: Path, destination: Path, files: tuple[str, ...], licence: str, attribution: str
) -> None:
    """Export the best checkpoint of RUN as the next version of a model folder."""
    with clear_errors():
        if os.environ["KERAS_BACKEND"] != "tensorflow":
            raise TranslatorError("export needs TensorFlow: expected KERAS_BACKEND=tensorflow")
        import_tensorflow(threads=1)  # a search on each core is faster than one on all
        from training.export import export_run
        from training.scoring import in_short

        folder = export_run(run_folder, destination, files, licence, attribution)
        reports = read_info(folder)["scores"]
    if not files:
        click.echo(
            "scored on the validation pairs alone, which chose the checkpoint and the search; "
            "--test scores it on others",
            err=True,
        )
    if not licence:
        click.echo("model.json names no licence of the training data; --licence does", err=True)
    click.echo(f"exported to {folder}: {'; '.join(map(in_short, reports))}")
