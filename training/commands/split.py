"""`python -m training split`: pairs to train on, and pairs that are kept apart."""

from __future__ import annotations

from pathlib import Path

import click

from training.commands.common import (
    FOLDER,
    clear_errors,
    columns_option,
    hold_out_options,
    parse_columns,
)
from translator.wording import plural


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--source", required=True, metavar="CODE", help="Source language, such as es.")
@click.option("--target", required=True, metavar="CODE", help="Target language, such as en.")
@click.option("--output", required=True, type=FOLDER, help="Folder for the files.")
@columns_option
@hold_out_options
@click.option("--skip-bad-lines", is_flag=True, help="Skip and count lines that cannot be read.")
def split(
    files: tuple[str, ...],
    source: str,
    target: str,
    output: Path,
    columns: str,
    valid_size: int,
    test_size: int,
    seed: int,
    skip_bad_lines: bool,
) -> None:
    """Split pairs into train.tsv, valid.tsv and test.tsv, which share no sentence.

    FILEs are TSV, TMX or PO files, or two line-aligned files as SOURCE,TARGET; plain or gzipped.
    Other translations of one sentence stay together, so what is tested was not learnt. Pairs that
    training would leave out are left out.
    """
    with clear_errors():
        from training.corpus import read_corpus
        from training.split import split_pairs
        from training.tsv import pair_writer
        from translator.errors import CorpusError
        from translator.languages import check_pair

        check_pair(source, target)
        # The pairs to train on last: where they are, all is there.
        paths = {name: output / f"{name}.tsv" for name in ("valid", "test", "train")}
        given = {Path(part).resolve() for file in files for part in (file, *file.split(","))}
        for path in paths.values():
            if path.resolve() in given:
                raise CorpusError(f"--output: expected a folder without a FILE. Received: {path}")
        corpus = read_corpus(
            files,
            columns=parse_columns(columns),
            languages=(source, target),
            skip_bad_lines=skip_bad_lines,
        )
        parts = split_pairs(corpus.pairs, valid_size, test_size, seed)
        if (valid_size and not parts.valid) or (test_size and not parts.test):
            raise CorpusError(
                f"{', '.join(files)}: expected enough pairs to keep some apart. "
                f"Received: {len(corpus.pairs)}"
            )
        output.mkdir(parents=True, exist_ok=True)
        for name, path in paths.items():
            with pair_writer(path) as write:
                for pair in getattr(parts, name):
                    write(*pair)
    click.echo(str(corpus.counts), err=True)
    for name, path in paths.items():
        count = len(getattr(parts, name))
        click.echo(f"{path}  {count:,} {plural('pair', count)}")
