"""Runs the batch command on Ray: Ray Data reads parts, and actors translate them."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import translator
from translator.cluster.parts import Part, read_parts
from translator.cluster.planning import PartedJob, plan
from translator.cluster.work import PartDone, PartFolder, PartTranslator
from translator.console import Meter, show_progress
from translator.errors import ClusterError, ConfigError, InputError, TranslatorError
from translator.formats.jsonl import Jsonl
from translator.pipeline.lines import STANDARD_STREAM
from translator.pipeline.options import CHUNK_SIZE, Options
from translator.pipeline.statistics import Statistics
from translator.pipeline.summary import check_stats, summarize
from translator.quiet import silence

_WAITING: Final = 2
"""Parts that an actor has before it: one in work, one ready."""

_COLUMN: Final = "packed"

_PATIENCE: Final = 10.0
"""Seconds until a cluster must have answered."""

_SETTINGS: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",  # texts stay at home, and so does word of who translates
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # what Ray has to say besides stands in its own log files
    "RAY_DATA_LOG_LEVEL": "ERROR",
}


def run_on_ray(options: Options) -> int:
    """Does what the command was asked for, on a cluster.

    Ray reads the parts in one streaming task and hands them to actors, each of which holds the
    models. The part of an actor that is lost with its machine is given to another one; writing a
    part is atomic, and writing it twice makes the same file.

    Returns:
        The exit status: 0, or 1 where segments were left as they were.

    Raises:
        TranslatorError: Something is wrong with the options, the input, a model or the cluster.
        OSError: A file cannot be read or written.
    """
    options = _located(replace(options, threads=options.threads or 1))
    jobs = plan(options)
    check_stats(options, jobs)
    folders = [PartFolder(job.output, job.extension) for job in jobs]
    started = time.monotonic()
    with (
        show_progress(visible=options.is_visible and sys.stderr.isatty()) as meter,
        _connected(options.address),
    ):
        for folder in folders:
            folder.begin(resume=options.resume)
        done = [_do(job, options, meter) for job in jobs]
    totals = [sum(parts, Statistics()) for parts in done]
    for job, parts, total in zip(jobs, done, totals, strict=True):
        if parts and isinstance(job.format, Jsonl) and not total.counts["segments"]:
            raise InputError(
                f"Expected {job.format.fields} in some record. Received: no such field"
            )
    # All of them at the end: until then, --resume finds each folder where it was.
    for folder, parts in zip(folders, done, strict=True):
        folder.finish(len(parts))
    return summarize(options, jobs, totals, time.monotonic() - started)


def _located(options: Options) -> Options:
    """With whole paths: other machines do not start where this one did."""

    def whole(paths: Iterable[str]) -> tuple[str, ...]:
        return tuple(path if path == STANDARD_STREAM else os.path.abspath(path) for path in paths)

    return replace(
        options,
        files=whole(options.files),
        models=whole(options.models),
        into=whole(options.into),
        output=whole([options.output])[0],
        glossary=whole([options.glossary])[0] if options.glossary else None,
        memory=whole(options.memory),
    )


def _do(job: PartedJob, options: Options, meter: Meter) -> list[Statistics]:
    """Has a job done; gives what became of each part, in order."""
    meter.begin(job.output, None)
    found: dict[int, Statistics] = {}
    made_by: set[str] = set()
    for part in _translated(job, options):
        made_by.add(part.made_by)
        if len(made_by) > 1:
            raise ClusterError(
                f"{job.output}: expected the same models, and the same versions of files such as "
                "a glossary, on each machine. Received: others on some"
            )
        for problem in part.problems:
            meter.say(problem)
        statistics = found[part.number] = Statistics.from_state(part.statistics)
        count = statistics.counts["segments"]
        meter.advance(count, count if part.fresh else 0)
    return [found[number] for number in sorted(found)]


def _translated(job: PartedJob, options: Options) -> Iterator[PartDone]:
    """What became of each part, as they are done."""
    import ray
    from ray.data import ActorPoolStrategy, DataContext

    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.target_max_block_size = 1  # a block is one part, whatever its size
    threads = options.threads or 1
    most = sum(
        int(node["Resources"].get("CPU", 0)) // threads for node in ray.nodes() if node["Alive"]
    )
    if not most:
        raise ClusterError(
            f"--threads: expected at most the cores of one machine of the cluster. "
            f"Received: {threads}"
        )
    dataset = (
        ray.data.from_items([0])
        .map_batches(
            partial(_read, job=job, size=options.chunk_size or CHUNK_SIZE),
            batch_size=None,
            num_cpus=0,
        )
        .map_batches(
            _Actor,
            fn_constructor_args=(options, job),
            batch_size=None,
            compute=ActorPoolStrategy(
                min_size=1,
                max_size=most,
                initial_size=most,
                max_tasks_in_flight_per_actor=_WAITING,
            ),
            num_cpus=threads,
        )
    )
    try:
        for row in dataset.iter_rows():
            done = pickle.loads(row[_COLUMN])  # noqa: S301 - of our own actors
            if isinstance(done, Exception):
                raise done
            yield done
    except (ray.exceptions.RayError, ImportError) as error:
        reason = str(error).strip().splitlines()[-1:]
        raise ClusterError(
            "--engine ray: expected machines that have the packages of requirements-ray.txt, and "
            f"stay. Received: {' '.join(reason)}"
        ) from error


# An error goes its way as a value: Ray would wrap one that is raised, and try some of them again.


def _read(_: Any, job: PartedJob, size: int) -> Iterator[dict[str, list[bytes]]]:
    try:
        for part in read_parts(job.inputs, job.format, size):
            yield _row(part)
    except (TranslatorError, OSError) as error:
        yield _row(error)


class _Actor:
    """A `PartTranslator` as Ray Data calls it: with a column of one row."""

    def __init__(self, options: Options, job: PartedJob) -> None:
        self._translator = PartTranslator(options, job)

    def __call__(self, columns: dict[str, Any]) -> dict[str, list[bytes]]:
        (packed,) = columns[_COLUMN]
        part: Part | Exception = pickle.loads(packed)  # noqa: S301 - of `_read`
        if isinstance(part, Exception):
            return _row(part)
        try:
            return _row(self._translator.translate(part))
        except (TranslatorError, OSError, ImportError) as error:
            return _row(error)


def _row(value: Part | PartDone | Exception) -> dict[str, list[bytes]]:
    return {_COLUMN: [pickle.dumps(value)]}


@contextlib.contextmanager
def _connected(address: str | None) -> Iterator[None]:
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import pyarrow  # noqa: F401
        import ray
    except ImportError as error:
        raise ConfigError(
            "--engine ray: expected the packages of requirements-ray.txt; install them with "
            f"pip install -r requirements-ray.txt. Received: {error}"
        ) from error
    package = Path(translator.__file__).parent
    try:
        _check_reachable(address)
        with silence():
            ray.init(
                address=address or "local",
                runtime_env={"py_modules": [str(package)]},
                log_to_driver=False,
                logging_level=logging.ERROR,
                include_dashboard=False if address is None else None,
            )
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterError(
            f"--address: expected a Ray cluster that runs there. Received: {address or 'none'}: "
            f"{error}"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_reachable(address: str | None) -> None:
    """Ray itself tries for ever."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
