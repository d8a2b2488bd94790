"""Runs the batch command: every job, each output complete or absent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from translator.atomic import remove_leftovers
from translator.console import Meter, show_progress
from translator.files import digest
from translator.formats.segment import Segment
from translator.pipeline.filling import Filler, adapted
from translator.pipeline.jobs import Job, make_folders, plan
from translator.pipeline.journal import Journal, refuse_journal
from translator.pipeline.lines import STANDARD_STREAM, told_name
from translator.pipeline.options import CHUNK_SIZE, Options
from translator.pipeline.setup import Setup, set_up
from translator.pipeline.statistics import Statistics
from translator.pipeline.streams import count_segments, open_output, translate_job
from translator.pipeline.summary import check_stats, summarize

_OTHERS: Final = "others"


def run(options: Options) -> int:
    """Does what the command was asked for.

    Returns:
        The exit status: 0, or 1 where segments were left as they were.

    Raises:
        TranslatorError: Something is wrong with the options, the input or a model.
        OSError: A file cannot be read or written.
    """
    jobs = plan(options)
    make_folders(jobs, options)
    check_stats(options, jobs)
    if not options.resume:
        for job in jobs:
            refuse_journal(job.output)
    with show_progress(visible=not options.quiet and _may_show_progress(jobs)) as meter:
        work = _Work(options, meter)
        done = [work.do(job) for job in jobs]
    status = summarize(options, jobs, done, work.seconds)
    work.end()
    return status


@dataclass
class _Work:
    """The jobs on their way; models stay loaded from job to job as long as they are the same.

    Attributes:
        options: Of the command.
        meter: Shows progress.
        seconds: Since the first model was loaded.
    """

    options: Options
    meter: Meter
    _models: tuple[str, ...] = ()
    _setup: Setup | None = None
    _journals: list[Journal] = field(default_factory=list)
    _others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _started: float | None = None

    def do(self, job: Job) -> Statistics:
        """Does a job, unless an earlier run has done it."""
        setup = self._set_up(job.models)
        journal = self._journal(job, setup) if job.is_journalled else None
        inputs = [digest(path) for path in job.inputs] if journal else []
        done = self._found(journal) if journal else None
        if journal and done is not None and _is_done(job, done, inputs):
            journal.done = done
            journal.close()
            return Statistics.from_state(done["statistics"])
        statistics = Statistics()

        def finish(path: str) -> None:
            if journal:
                state = statistics.to_state()
                journal.finish({"inputs": inputs, "output": digest(path), "statistics": state})

        try:
            self._translate(job, setup, journal, statistics, finish)
        except BaseException as error:
            if journal:
                journal.close()
                stopped = isinstance(error, KeyboardInterrupt | SystemExit)
                if stopped and journal.path.exists() and not self.options.quiet:
                    self.meter.say(f"{journal.path} is kept: --resume goes on from here")
            raise
        if journal:
            journal.shrink()
        return statistics

    def end(self) -> None:
        """Removes the journals: all outputs are complete, and told of.

        The first one goes last, and says what the others said: a kill meanwhile must not make
        those seem never to have begun.
        """
        if not self._journals:
            return
        first, *others = self._journals
        summaries = {str(journal.path): journal.done for journal in others}
        first.done = {**(first.done or {}), _OTHERS: summaries}
        first.shrink()
        for journal in (*others, first):
            journal.remove()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started if self._started is not None else 0.0

    def _set_up(self, models: tuple[str, ...]) -> Setup:
        if self._setup is None or models != self._models:
            self._setup = None  # the memory of one model is given back before the next one loads
            self._setup = set_up(self.options, models, self._chunk_size)
            self._models = models
            self._started = self._started or time.monotonic()
        return self._setup

    @property
    def _chunk_size(self) -> int:
        is_terminal = STANDARD_STREAM in self.options.sources and sys.stdin.isatty()
        return self.options.chunk_size or (1 if is_terminal else CHUNK_SIZE)

    def _journal(self, job: Job, setup: Setup) -> Journal:
        told = setup.settings_for(job.format, self.options)
        journal = Journal(job.output, told, resume=self.options.resume)
        if self.options.resume:
            remove_leftovers(job.output)
        self._journals.append(journal)
        return journal

    def _found(self, journal: Journal) -> Mapping[str, Any] | None:
        """The summary that an earlier run left of an output."""
        done = journal.done or self._others.get(str(journal.path))
        self._others = {**self._others, **(done or {}).get(_OTHERS, {})}
        return done

    def _translate(
        self,
        job: Job,
        setup: Setup,
        journal: Journal | None,
        statistics: Statistics,
        finish: Callable[[str], None],
    ) -> None:
        total = count_segments(job, setup.languages) if self.meter.visible else None
        self.meter.begin(", ".join(map(told_name, job.inputs)), total)

        def report(segment: Segment, problem: str) -> None:
            place = segment.place
            if job.format is not None:
                place = f"{told_name(job.inputs[0])}, {place}"
            self.meter.say(f"{place}: left as it was: {problem}")

        with open_output(job.output, finish if journal else None) as output:

            def filled(count: int, fresh: int) -> None:
                output.flush()
                self.meter.advance(count, fresh)

            filler = Filler(
                setup.chunks.translate, self._chunk_size, statistics, journal, report, filled
            )
            translate_job(job, output, adapted(filler, self.options), setup.languages)


def _is_done(job: Job, done: Mapping[str, Any], inputs: Sequence[str]) -> bool:
    """Whether an output is there as an earlier run made it, of what is its input now.

    An output in the place of an input cannot be made again: the input is a translation by now.
    """
    if not Path(job.output).is_file() or digest(job.output) != done["output"]:
        return False
    return job.is_in_place or done["inputs"] == inputs


def _may_show_progress(jobs: Sequence[Job]) -> bool:
    # On one terminal, progress and translations would overwrite each other.
    shares_terminal = sys.stdout.isatty() and any(job.output == STANDARD_STREAM for job in jobs)
    return sys.stderr.isatty() and not shares_terminal
