"""`python -m training phrases`: everyday phrases as pairs."""

from __future__ import annotations

from pathlib import Path

import click

from training.commands.common import clear_errors
from translator.wording import plural


@click.command()
@click.option("--source", required=True, metavar="CODE", help="Source language: de, en, es or fr.")
@click.option("--target", required=True, metavar="CODE", help="Target language: one of these.")
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="TSV file for the pairs; gzipped if it ends in .gz.",
)
@click.option(
    "--copies",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Pairs of each phrase; four times as many, with other names, of one that has a name.",
)
@click.option(
    "--columns",
    type=click.Choice(["1,2", "2,1"]),
    default="1,2",
    show_default=True,
    help="Columns for source and target, as those of the files that it is used beside.",
)
@click.option("--seed", default=1, show_default=True, help="Random seed of the names.")
@click.option("--quiet", is_flag=True, help="Do not show the summary.")
def phrases(
    source: str, target: str, output: Path, copies: int, columns: str, seed: int, quiet: bool
) -> None:
    """Write pairs of everyday phrases, for training beside other pairs.

    Greetings, introductions with many names, questions of travellers, letters, web pages, news,
    instructions: what people translate, and collections of sentences have little of.
    """
    with clear_errors():
        from training.phrasebook import pairs
        from training.tsv import pair_writer

        count = 0
        made = pairs(source, target, copies, seed)
        with pair_writer(output) as write:
            for count, pair in enumerate(made, 1):  # noqa: B007 - counted
                write(*(pair if columns == "1,2" else pair[::-1]))
    if not quiet:
        click.echo(f"{output}: {count:,} {plural('pair', count)}", err=True)
