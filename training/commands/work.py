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
    help="Which of the addresses is that of this process, counted from 0; 0 is that of `train`.",
)
@threads_option
@click.option("--quiet", is_flag=True, help="Say nothing but what goes wrong.")
def work(cluster: str, rank: int, threads: int, quiet: bool) -> None:
    """Help `train --cluster` of another process or machine; ends when that ends.

    It needs neither the pairs nor a folder: all that it computes with comes from process 0.
    """
    with clear_errors():
        parts = count_parts(threads)
        start(threads, parts)
        from training.progress import ProgressDisplay
        from training.workers import work as work_for

        joined = join_others(cluster, rank, quiet)
        work_for(joined, parts, ProgressDisplay(0, quiet).say)
