"""What is told once all is done."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import click

from translator.atomic import atomic_writer
from translator.errors import ConfigError
from translator.formats.segment import FileFormat
from translator.pipeline.jobs import require_folder
from translator.pipeline.journal import journal_path
from translator.pipeline.lines import STANDARD_STREAM
from translator.pipeline.options import Options
from translator.pipeline.statistics import Statistics
from translator.wording import plural

EXIT_LEFT: Final = 1
"""Some segments could not be translated and stay as they were."""


class Done(Protocol):
    """An output that is complete."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """What was read for it."""

    @property
    def output(self) -> str:
        """Its path."""

    @property
    def format(self) -> FileFormat | None:
        """What it is; None is plain lines."""

    @property
    def models(self) -> tuple[str, ...]:
        """Folders of the models that made it."""


def check_stats(options: Options, jobs: Sequence[Done]) -> None:
    """Makes sure that the statistics can be written, before there are any.

    Raises:
        ConfigError: They would take the place of what is read or written for a job.
        OSError: Their folder is not there, or not to be written to.
    """
    if not options.stats or _is_device(options.stats):
        return
    path = Path(os.path.realpath(options.stats))
    names = {name for job in jobs for name in (job.output, *job.inputs)} - {STANDARD_STREAM}
    journals = {journal_path(job.output) for job in jobs}
    if path in journals.union(Path(os.path.realpath(name)) for name in names):
        raise ConfigError(
            "--stats: expected a file that is neither read nor written otherwise. "
            f"Received: {options.stats}"
        )
    require_folder(path.parent)


def summarize(
    options: Options, jobs: Sequence[Done], done: Sequence[Statistics], seconds: float
) -> int:
    """Writes the statistics where they are asked for, and tells the counts.

    Args:
        options: Of the command.
        jobs: What was done.
        done: What became of the segments of each.
        seconds: How long it took.

    Returns:
        The exit status: 0, or 1 where segments were left as they were.

    Raises:
        OSError: The statistics cannot be written.
    """
    total = sum(done, Statistics())
    if options.stats:
        _write(options.stats, jobs, done, total, seconds)
    if options.is_visible:
        unit = "segment" if any(job.format for job in jobs) else "line"
        click.echo(f"{_told(total, unit)}, {seconds:.1f} s", err=True)
    return EXIT_LEFT if total.counts["problems"] else 0


def _is_device(name: str) -> bool:
    return os.path.exists(name) and not os.path.isfile(name)


def _told(total: Statistics, unit: str) -> str:
    counts = total.counts
    more = {
        "from memory": counts["memory"],
        "like one in memory": counts["fuzzy"],
        "below the threshold": counts["below_threshold"],
        f"left as {'it was' if counts['problems'] == 1 else 'they were'}": counts["problems"],
    }
    read = counts["segments"]
    told = [f"{read:,} {plural(unit, read)}", f"{counts['truncated']:,} truncated"]
    return ", ".join([*told, *(f"{count:,} {what}" for what, count in more.items() if count)])


def _write(
    path: str, jobs: Sequence[Done], done: Sequence[Statistics], total: Statistics, seconds: float
) -> None:
    files: list[dict[str, Any]] = [
        {"inputs": job.inputs, "output": job.output, "models": job.models, **each.to_json()}
        for job, each in zip(jobs, done, strict=True)
    ]
    content = {"seconds": round(seconds, 3), **total.to_json(), "files": files}
    with atomic_writer(path) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n")
