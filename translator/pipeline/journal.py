"""What has been translated so far, so that a run that was killed can go on."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from translator.atomic import atomic_writer, remove_leftovers
from translator.errors import InputError
from translator.formats.segment import Segment
from translator.pipeline.results import Result

_SUFFIX: Final = ".journal"
_DONE: Final = "done"


class Journal:
    """A file beside an output, there until all outputs of a run are complete.

    Its first line says what the results depend on, beside the texts. Each line after it has the
    results of one chunk of segments, and a digest of these. The last line of an output that is
    complete is its summary. A line is written in one piece; one that was torn by a kill is dropped.
    What was journalled is taken only for the very same chunk, so an input that has changed since is
    translated anew from its first changed chunk on.

    Whoever writes it holds a lock, which goes with the process, so that a second run with the same
    output touches neither it nor what the first run has begun to write.

    Args:
        output: The output's path.
        settings: What the results depend on, beside the texts: models, options, memories.
        resume: Goes on with what is there.

    Attributes:
        path: Where it is.
        done: The summary of an output that was about to take its place, and mostly has.
        is_empty: Whether there is neither a chunk nor a summary in it.

    Raises:
        InputError: There is a journal, and it is of a run with other options, or of one that is
            not over.
        OSError: It cannot be read or written, or is there and not to be gone on with.
    """

    def __init__(self, output: str, settings: Mapping[str, Any], *, resume: bool) -> None:
        self.path = journal_path(output)
        self.done: Mapping[str, Any] | None = None
        self.is_empty = True
        self._header: dict[str, Any] = json.loads(json.dumps(settings))
        self._reading = False
        self._file = _open(self.path, resume=resume)
        try:
            _lock(self._file, self.path)
            if resume:
                remove_leftovers(self.path)
            self._begin()
        except BaseException:
            self._file.close()
            raise

    def take(self, segments: Sequence[Segment]) -> list[Result] | None:
        """Gives the results of the next chunk, if they are there.

        Once they are not, what follows in the file is dropped, and chunks are put.
        """
        if not self._reading:
            return None
        start = self._file.tell()
        results = _results(self._file.readline(), segments)
        if results is None:
            self._file.seek(start)
            self._stop_reading()
        return results

    def put(self, segments: Sequence[Segment], results: Sequence[Result]) -> None:
        """Writes down the results of a chunk. They outlive the process from here on."""
        line = {"digest": _digest(segments), "results": [result.to_json() for result in results]}
        self._write(line)
        self.is_empty = False

    def close(self) -> None:
        """Closes the file, which stays if there is something in it to go on with."""
        if self.is_empty:
            self.remove()
        else:
            self._file.close()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Says that the output is complete and takes its place next.

        The chunks stay until `shrink`, in case it cannot.
        """
        if self._reading:
            self._stop_reading()
        self._write({_DONE: summary})
        os.fsync(self._file.fileno())
        self.done = summary

    def shrink(self) -> None:
        """Drops the chunks, once the output has taken its place."""
        with atomic_writer(self.path) as file:
            file.write(_line(self._header) + _line({_DONE: self.done}))
        self._file.close()

    def remove(self) -> None:
        """Removes the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _begin(self) -> None:
        found = _parsed(self._file.readline())
        if found is None:  # new, or killed while its first line was written
            self._file.seek(0)
            self._file.truncate()
            self._write(self._header)
            return
        self._reading = True
        start = self._file.tell()
        for last in deque(self._file, maxlen=1):
            self.is_empty = False
            self.done = (_parsed(last) or {}).get(_DONE)
        self._file.seek(start)
        if found != self._header:
            names = found.keys() | self._header.keys()
            changed = [name for name in names if found.get(name) != self._header.get(name)]
            raise InputError(
                f"{self.path}: expected the journal of a run with the same options; remove it to "
                f"begin anew. Received: other {', '.join(sorted(changed))}"
            )

    def _stop_reading(self) -> None:
        """Drops what follows."""
        self._file.truncate()
        self._reading = False

    def _write(self, content: Mapping[str, Any]) -> None:
        self._file.write(_line(content))
        self._file.flush()


def journal_path(output: str) -> Path:
    """Where the journal of an output is."""
    return Path(os.path.realpath(output) + _SUFFIX)


def refuse_journal(output: str) -> None:
    """Makes sure that no unfinished run has left a journal.

    Raises:
        InputError: One has.
    """
    path = journal_path(output)
    if path.exists():
        raise InputError(
            f"{path}: an unfinished run has left it. Expected --resume, which goes on where that "
            "run ended, or that you remove the file. Received: neither"
        )


def _open(path: Path, *, resume: bool) -> BinaryIO:
    return path.open("r+b" if resume and path.exists() else "x+b")


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode("ascii") + b"\n"


def _lock(file: BinaryIO, path: Path) -> None:
    # Where files cannot be locked, nothing is known of others.
    with contextlib.suppress(OSError):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{path}: another run is writing this output. Expected that it ends first, or "
                "another --output. Received: --resume"
            ) from None


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _results(line: bytes, segments: Sequence[Segment]) -> list[Result] | None:
    content = _parsed(line)
    if content is None or content.get("digest") != _digest(segments):
        return None
    try:
        results = [Result.from_json(each) for each in content.get("results", ())]
    except InputError:
        return None
    return results if len(results) == len(segments) else None


def _digest(segments: Sequence[Segment]) -> str:
    told = [[each.text, each.text_format, each.sentence_split] for each in segments]
    return hashlib.sha256(json.dumps(told).encode("ascii")).hexdigest()
