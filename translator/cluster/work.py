"""Translates parts, on whichever machine, into a folder that all machines see."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from translator.atomic import atomic_writer
from translator.cluster.parts import Part
from translator.cluster.planning import PartedJob
from translator.errors import InputError
from translator.formats.segment import Segment
from translator.pipeline.filling import Filler, adapted
from translator.pipeline.options import CHUNK_SIZE, Options
from translator.pipeline.setup import Setup, set_up
from translator.pipeline.statistics import Statistics
from translator.wording import plural

_UNFINISHED: Final = ".parts"
_JOURNAL: Final = ".journal"


@dataclass(frozen=True)
class PartDone:
    """What became of a part.

    Attributes:
        number: Of the part.
        digest: Of its content.
        made_by: Digest of the models and options that made it.
        statistics: The state of its `Statistics`.
        problems: Lines for whoever started the command: what was left as it was, and why.
        fresh: It was translated now, and not in a run before this one.
    """

    number: int
    digest: str
    made_by: str
    statistics: Mapping[str, Any]
    problems: tuple[str, ...]
    fresh: bool = True

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> PartDone:
        """Reads what `dataclasses.asdict` made."""
        return cls(**{**content, "problems": tuple(content["problems"])})


class PartFolder:
    """A folder of translated parts, which gets its name once all of them are there.

    Args:
        output: What it is called then.
        extension: How the names of parts end.

    Attributes:
        path: What it is called meanwhile.
    """

    def __init__(self, output: str, extension: str) -> None:
        self._output = Path(os.path.realpath(output))
        self._extension = extension
        self.path = self._output.with_name(self._output.name + _UNFINISHED)

    def begin(self, *, resume: bool) -> None:
        """Makes the folder.

        Raises:
            InputError: An unfinished run has left one, and is not to be gone on with.
            OSError: It cannot be made.
        """
        if self.path.exists() and not resume:
            raise InputError(
                f"{self.path}: an unfinished run has left it. Expected --resume, which goes on "
                "where that run ended, or that you remove the folder. Received: neither"
            )
        (self.path / _JOURNAL).mkdir(parents=True, exist_ok=True)

    def name(self, number: int) -> str:
        """The name of a part: sorted, names stand in the input's order."""
        return f"part-{number:08d}{self._extension}"

    def find(self, number: int, digest: str, made_by: str) -> PartDone | None:
        """What an earlier run made of the same part by the same models and options, if any did."""
        try:
            content = json.loads(self._entry(number).read_bytes())
        except FileNotFoundError:
            return None
        done = PartDone.from_json({**content, "fresh": False})
        return done if (done.digest, done.made_by) == (digest, made_by) else None

    def put(self, content: bytes, done: PartDone) -> None:
        """Writes a translated part, then that it is there."""
        with atomic_writer(self.path / self.name(done.number)) as file:
            file.write(content)
        with atomic_writer(self._entry(done.number)) as file:
            file.write(json.dumps(asdict(done)).encode())

    def finish(self, parts: int) -> None:
        """Gives the folder its name, once there are so many parts.

        Raises:
            InputError: Some are missing.
            OSError: Something has come to stand where it shall be.
        """
        names = {self.name(number) for number in range(parts)}
        missing = names - set(os.listdir(self.path))
        if missing:
            raise InputError(
                f"{self.path}: expected {parts} {plural('part', parts)}. "
                f"Received: no {min(missing)}"
            )
        for entry in self.path.iterdir():
            if entry.name not in names:  # the journal, and what killed machines left
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self.path.rename(self._output)

    def _entry(self, number: int) -> Path:
        return self.path / _JOURNAL / f"{number:08d}.json"


class PartTranslator:
    """Translates the parts of a job; the models are loaded once, with the first part.

    Args:
        options: Of the command.
        job: The job.
    """

    def __init__(self, options: Options, job: PartedJob) -> None:
        self._options = options
        self._job = job
        self._folder = PartFolder(job.output, job.extension)
        self._setup: Setup | None = None
        self._made_by = ""

    def translate(self, part: Part) -> PartDone:
        """Translates a part into the folder, unless a run before this one did.

        Raises:
            TranslatorError: The part, a model, a file or a setting cannot be used.
            OSError: A file cannot be read or written.
        """
        if self._setup is None:
            self._setup = set_up(self._options, self._job.models, self._chunk_size)
            self._made_by = self._digest(self._setup)
        setup = self._setup
        digest = hashlib.sha256(part.content).hexdigest()
        known = self._folder.find(part.number, digest, self._made_by)
        if known is not None:
            return known
        problems: list[str] = []
        statistics = Statistics()
        output = io.BytesIO()

        def report(segment: Segment, problem: str) -> None:
            name = self._folder.name(part.number)
            problems.append(f"{name}, {segment.place}: left as it was: {problem}")

        filler = Filler(
            setup.chunks.translate, self._chunk_size, statistics, None, report, count=part.first
        )
        try:
            self._job.format.translate(
                io.BufferedReader(io.BytesIO(part.content)),
                output,
                adapted(filler, self._options),
                setup.languages,
            )
        except InputError as error:
            raise InputError(f"from {part.place} on: {error}") from error
        state = statistics.to_state()
        done = PartDone(part.number, digest, self._made_by, state, tuple(problems))
        self._folder.put(output.getvalue(), done)
        return done

    def _digest(self, setup: Setup) -> str:
        told = setup.settings_for(self._job.format, self._options)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @property
    def _chunk_size(self) -> int:
        return self._options.chunk_size or CHUNK_SIZE
