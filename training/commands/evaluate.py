"""`python -m training evaluate`: scores of a model folder."""

from __future__ import annotations

import json
from pathlib import Path

import click

from training.commands.common import FOLDER, clear_errors, columns_option, parse_columns
from translator.config import SearchConfig
from translator.hardware import count_cores
from translator.quiet import import_tensorflow
from translator.wording import plural


@click.command()
@click.argument("model", type=FOLDER)
@click.option(
    "--test",
    "files",
    multiple=True,
    required=True,
    metavar="FILE",
    help="Test pairs. May be repeated.",
)
@columns_option
@click.option("--skip-bad-lines", is_flag=True, help="Skip lines that cannot be read.")
@click.option(
    "--beam-size", default=SearchConfig.beam_size, show_default=True, help="1 is greedy search."
)
@click.option("--length-penalty", type=float, help="Default: the model's own.")
@click.option("--coverage-penalty", type=float, help="Default: the model's own.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON object.")
def evaluate(
    model: Path,
    files: tuple[str, ...],
    columns: str,
    skip_bad_lines: bool,
    beam_size: int,
    length_penalty: float | None,
    coverage_penalty: float | None,
    as_json: bool,
) -> None:
    """Print BLEU and chrF of the model folder MODEL, with their sacreBLEU signatures."""
    with clear_errors():
        import_tensorflow(threads=1)  # for a model that is not compiled
        from training.scoring import read_test, score_pairs
        from translator.translator import Translator

        translator = Translator.load(model)
        search = translator.search_config(
            beam_size=beam_size, length_penalty=length_penalty, coverage_penalty=coverage_penalty
        )
        languages = (translator.source_language, translator.target_language)
        pairs = read_test(files, parse_columns(columns), languages, skip_bad_lines)
        report, _ = score_pairs(translator, pairs, files, search, count_cores())
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
        return
    count = report["sentences"]
    click.echo(
        f"{count} {plural('sentence', count)}, beam {beam_size}, {report['seconds']:.1f} s, "
        f"{report['truncated']} truncated, {report['empty']} empty, {report['looping']} looping, "
        f"{report['copied']} copied"
    )
    for score in report["scores"]:
        click.echo(f"{score['metric']} {score['value']:.2f}  {score['signature']}")
