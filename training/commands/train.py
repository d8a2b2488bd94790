"""`python -m training train`: pairs to a run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from training.commands.common import (
    EXIT_STOPPED,
    FOLDER,
    clear_errors,
    cluster_option,
    columns_option,
    count_parts,
    join_others,
    parse_columns,
    start,
    threads_option,
)
from translator.config import from_mapping
from translator.errors import ConfigError


@click.command()
@click.option(
    "--train",
    "train_files",
    multiple=True,
    required=True,
    metavar="FILE",
    help="Training pairs: a TSV, TMX or PO file, or two line-aligned files as SOURCE,TARGET; plain "
    "or gzipped. May be repeated; a file that is named twice counts twice.",
)
@click.option(
    "--train-tagged",
    "tagged_files",
    multiple=True,
    metavar="FILE",
    help="More training pairs, whose sources are machine-made; these get a tag. May be repeated.",
)
@click.option(
    "--valid",
    "valid_files",
    multiple=True,
    required=True,
    metavar="FILE",
    help="Validation pairs, for selecting the best checkpoint, in the same formats.",
)
@click.option("--source", required=True, metavar="CODE", help="Source language, such as es.")
@click.option("--target", required=True, metavar="CODE", help="Target language, such as en.")
@click.option("--output", required=True, type=FOLDER, help="Folder for the run.")
@columns_option
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file with settings.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A single setting; takes precedence over --config.",
)
@click.option(
    "--truncate-bptt",
    type=click.IntRange(min=0),
    metavar="K",
    help="Same as --set truncate_bptt=K: backpropagate only within chunks of K steps.",
)
@click.option(
    "--hours",
    type=click.FloatRange(min=0),
    metavar="H",
    help="Same as --set hours=H: at most so many epochs as fit into H hours on this machine.",
)
@click.option("--skip-bad-lines", is_flag=True, help="Skip and count lines that cannot be read.")
@click.option(
    "--init-from",
    type=FOLDER,
    metavar="RUN|MODEL",
    help="Continue a trained model, for example on another domain: the new run takes over its "
    "vocabulary, sizes and weights.",
)
@cluster_option()
@threads_option
@click.option("--no-report", is_flag=True, help="Do not write report.html.")
@click.option("--quiet", is_flag=True, help="Do not show progress.")
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
    truncate_bptt: int | None,
    hours: float | None,
    skip_bad_lines: bool,
    init_from: Path | None,
    cluster: str | None,
    threads: int,
    no_report: bool,
    quiet: bool,
) -> None:
    """Train a model. The same command, run again, continues where it stopped.

    Ctrl-C ends a run after the current update; nothing is lost. Settings that are not given are
    chosen by the size of the corpus; `python -m training settings --pairs N` lists them.
    """
    with clear_errors():
        parts = count_parts(threads)
        start(threads, parts)
        from training.config import TrainConfig, read_settings
        from training.init_from import inherit, open_start, taken_over
        from training.run import Data
        from training.trainer import train as train_run
        from translator.languages import check_pair

        check_pair(source, target)
        data = Data(
            train=train_files,
            valid=valid_files,
            source=source,
            target=target,
            columns=parse_columns(columns),
            skip_bad_lines=skip_bad_lines,
            tagged=tagged_files,
            init_from=str(init_from or ""),
        )
        if truncate_bptt is not None:
            settings = (*settings, f"truncate_bptt={truncate_bptt}")
        if hours is not None:
            settings = (*settings, f"hours={hours}")
        given, origin = read_settings(config_file, settings), None
        config = from_mapping(TrainConfig, given)  # what does not fit should show before any wait
        if cluster is not None and config.hours:
            raise ConfigError("hours: expected 0 beside --cluster; set epochs instead")
        joined = None if cluster is None else join_others(cluster, 0, quiet)
        if init_from and (output / "run.json").exists():
            given = inherit(given, taken_over(output), init_from)
        elif init_from:
            origin = open_start(init_from)
            given = inherit(given, origin.settings, init_from)
        from_mapping(TrainConfig, given)  # what does not fit should show before much is read
        outcome = train_run(
            output, data, given, quiet, parts, origin, report=not no_report, cluster=joined
        )
    if outcome.interrupted:
        sys.exit(EXIT_STOPPED)
