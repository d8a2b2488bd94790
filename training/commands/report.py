"""`python -m training report`: the page of a run, made again."""

from __future__ import annotations

from pathlib import Path

import click

from training.commands.common import FOLDER, clear_errors, start


@click.command()
@click.argument("run_folder", metavar="RUN", type=FOLDER)
def report(run_folder: Path) -> None:
    """Draw the report of RUN, finished or not: RUN/report.html, and pictures in RUN/report/."""
    with clear_errors():
        start()
        from training.report.write import write_report

        page = write_report(run_folder)
    click.echo(f"the report is {page}")
