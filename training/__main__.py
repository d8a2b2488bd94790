"""The training command: `python -m training train | evaluate | export`."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from translator.config import SearchConfig
from translator.errors import TranslatorError
from translator.quiet import import_tensorflow

_FOLDER = click.Path(file_okay=False, path_type=Path)
_EXIT_FAILED = 2
_EXIT_STOPPED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Train translators on pairs of sentences, measure them, and export them for serving."""


@main.command()
@click.option(
    "--train",
    "train_files",
    multiple=True,
    required=True,
    metavar="FILE",
    help="Pairs to learn from: a TSV, TMX or PO file, or two line-aligned files as SOURCE,TARGET; "
    "plain or gzip. May be given several times.",
)
@click.option(
    "--train-tagged",
    "tagged_files",
    multiple=True,
    metavar="FILE",
    help="More pairs to learn from, whose sources were made by a machine. They get a tag.",
)
@click.option(
    "--valid",
    "valid_files",
    multiple=True,
    required=True,
    metavar="FILE",
    help="Pairs to select the best checkpoint on, in the same forms.",
)
@click.option("--source", required=True, metavar="CODE", help="Source language, such as es.")
@click.option("--target", required=True, metavar="CODE", help="Target language, such as en.")
@click.option("--output", required=True, type=_FOLDER, help="Folder of the run.")
@click.option(
    "--columns",
    default="1,2",
    show_default=True,
    help="Columns of TSV files, counted from 1: source,target.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings, as TOML.",
)
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="One setting; wins over --config."
)
@click.option("--skip-bad-lines", is_flag=True, help="Drop and count lines that cannot be read.")
@click.option(
    "--threads",
    type=click.IntRange(min=0),
    default=0,
    help="Threads to compute with. Default: one for each core.",
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
def train(
    train_files: tuple[str, ...],
    tagged_files: tuple[str, ...],
    valid_files: tuple[str, ...],
    source: str,
    target: str,
    output: Path,
    columns: str,
    config_file: Path | None,
    settings: tuple[str, ...],
    skip_bad_lines: bool,
    threads: int,
    quiet: bool,
) -> None:
    """Train a model. The same command, given again, goes on where it stopped.

    Ctrl-C ends a run after the update under way; nothing is lost. Settings and their defaults are
    listed by `python -m training settings`.
    """
    with _clear_errors():
        _start(threads)
        from training.config import load_config
        from training.run import Data
        from training.trainer import train as train_run

        data = Data(
            train=train_files,
            valid=valid_files,
            source=source,
            target=target,
            columns=_columns(columns),
            skip_bad_lines=skip_bad_lines,
            tagged=tagged_files,
        )
        outcome = train_run(output, data, load_config(config_file, settings), quiet)
    if outcome.interrupted:
        sys.exit(_EXIT_STOPPED)


@main.command("settings")
def list_settings() -> None:
    """List the settings of `train` and their defaults, as TOML."""
    _start()
    from training.config import TrainConfig

    for name, value in dataclasses.asdict(TrainConfig()).items():
        click.echo(f"{name} = {json.dumps(value)}")


@main.command()
@click.argument("model", type=_FOLDER)
@click.option("--test", "files", multiple=True, required=True, metavar="FILE", help="Test pairs.")
@click.option("--columns", default="1,2", show_default=True, help="TSV columns: source,target.")
@click.option("--skip-bad-lines", is_flag=True, help="Leave out lines that cannot be read.")
@click.option(
    "--beam-size", default=SearchConfig.beam_size, show_default=True, help="1 is greedy search."
)
@click.option("--length-penalty", default=SearchConfig.length_penalty, show_default=True)
@click.option("--coverage-penalty", default=SearchConfig.coverage_penalty, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    model: Path,
    files: tuple[str, ...],
    columns: str,
    skip_bad_lines: bool,
    beam_size: int,
    length_penalty: float,
    coverage_penalty: float,
    as_json: bool,
) -> None:
    """Print BLEU and chrF of a MODEL folder, with their sacrebleu signatures."""
    with _clear_errors():
        _start()
        from training.export import score_files
        from translator.translator import Translator

        search = SearchConfig(
            beam_size=beam_size, length_penalty=length_penalty, coverage_penalty=coverage_penalty
        )
        report = score_files(
            Translator.load(model), files, _columns(columns), search, skip_bad_lines
        )
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
        return
    click.echo(
        f"{report['sentences']} sentences, beam {beam_size}, {report['seconds']:.1f} s, "
        f"{report['truncated']} truncated"
    )
    for score in report["scores"]:
        click.echo(f"{score['metric']} {score['value']:.2f}  {score['signature']}")


@main.command()
@click.argument("run_folder", metavar="RUN", type=_FOLDER)
@click.argument("destination", type=_FOLDER)
@click.option("--test", "files", multiple=True, metavar="FILE", help="Pairs to score it on too.")
@click.option("--licence", default="", help="Licence of the training data, for model.json.")
@click.option("--attribution", default="", help="Whom the licence asks to name.")
def export(
    run_folder: Path, destination: Path, files: tuple[str, ...], licence: str, attribution: str
) -> None:
    """Export the best checkpoint of RUN as the next version of a model folder."""
    with _clear_errors():
        _start()
        from training.export import export_run

        if os.environ["KERAS_BACKEND"] != "tensorflow":
            raise TranslatorError("export needs TensorFlow: expected KERAS_BACKEND=tensorflow")
        folder = export_run(run_folder, destination, files, licence, attribution)
    if not licence:
        click.echo("model.json names no licence of the training data; --licence does", err=True)
    click.echo(f"exported to {folder}")


def _start(threads: int = 0) -> None:
    """Imports the backend quietly and gives it its threads."""
    if os.environ["KERAS_BACKEND"] != "tensorflow":
        return
    import_tensorflow()
    if threads:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


def _columns(text: str) -> tuple[int, int]:
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise TranslatorError(f"--columns: expected two numbers such as 1,2. Received: {text!r}")
    return int(parts[0]), int(parts[1])


@contextlib.contextmanager
def _clear_errors() -> Iterator[None]:
    """Prints an error that a user can mend as one line, and exits."""
    try:
        yield
    except TranslatorError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(_EXIT_FAILED)
    except OSError as error:
        click.echo(f"Error: {error.filename or 'disk'}: {error.strerror or error}", err=True)
        sys.exit(_EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(_EXIT_STOPPED)


if __name__ == "__main__":
    main(prog_name="python -m training")
