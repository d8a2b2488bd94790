"""`python -m training work`: a process that helps another to train."""

from __future__ import annotations

import click

from training.commands.common import (
    clear_errors,
    cluster_option,
    count_parts,
    join_others,
    start,
    threads_option,
)


@click.command()
@cluster_option(required=True)
@click.option(
    "--rank",
    required=True,
    type=click.IntRange(min=1),
    help="Position of this process in the list of addresses, counted from 0; `train` is at 0.",
)
@threads_option
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def work(cluster: str, rank: int, threads: int, quiet: bool) -> None:
    """Help the `train --cluster` of another process or machine, and end when it ends.

    This needs neither the pairs nor a folder: process 0 sends everything.
    """
    with clear_errors():
        parts = count_parts(threads)
        start(threads, parts)
        from training.progress import ProgressDisplay
        from training.workers import work as work_for

        joined = join_others(cluster, rank, quiet)
        work_for(joined, parts, ProgressDisplay(0, quiet).say)
