"""One pair of languages: the versions there are of its model, and the one that is served."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from serving.observer import Observer
from serving.served_model import Engine, MakeServed, ServedModel
from serving.waiting import NotReady
from translator.errors import TranslatorError
from translator.model_folder import CARD

log = logging.getLogger(__name__)

_MEMORY_OF_SEARCH = 1.5
_MEMORY_BESIDE = 0.3
"""Memory that a model takes for each byte on disk: in each search, and beside them. As measured:
with two searches, a folder of 25 MB takes 84 MB."""

_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
"""Seconds before what failed for a reason that may pass is tried again, at first and at last."""

Fingerprint = tuple[tuple[str, int, int], ...]


class Loader(Protocol):
    """Reads version folders."""

    def info(self, version: Path) -> Mapping[str, Any]:
        """What `model.json` says; no more of the folder is read."""

    def load(self, version: Path) -> Engine:
        """Makes a translator, when every file has been checked."""


@dataclass(frozen=True)
class ModelStatus:
    """What is told of a pair's model.

    Attributes:
        source: Code of the source language.
        target: Code of the target language.
        version: Number of the version that is served.
        loaded: Whether it is in memory, or will be when it is asked for.
        info: What its `model.json` says.
        problems: Versions that cannot be served, and why.
    """

    source: str
    target: str
    version: int
    loaded: bool
    info: Mapping[str, Any]
    problems: tuple[str, ...]


@dataclass
class _Version:
    """A version that is served."""

    folder: Path
    fingerprint: Fingerprint
    info: Mapping[str, Any]
    model: ServedModel | None = None

    @property
    def number(self) -> int:
        return int(self.folder.name)


@dataclass(frozen=True)
class _Refusal:
    """Why a version is not served, and when to look at it again though its files are the same."""

    fingerprint: Fingerprint
    why: str
    pause: float
    until: float

    @property
    def passes(self) -> bool:
        return self.until < math.inf


@dataclass
class Slot:
    """The model of one pair of languages; it may be called from several threads.

    Args:
        name: Of its folder: `<source>-<target>`.
        loader: Reads version folders.
        make_served: Puts what it loads to work.
        observer: Is told what happens.
        on_demand: A model is loaded when it is asked for, not before.
        searches: How many run side by side, each with memory of its own.
    """

    name: str
    loader: Loader
    make_served: MakeServed
    observer: Observer
    on_demand: bool = False
    searches: int = 1
    last_used: float = field(default_factory=time.monotonic)
    _current: _Version | None = None
    _folders: Sequence[Path] = ()
    _refused: dict[Path, _Refusal] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def pair(self) -> tuple[str, str] | None:
        """Codes of its languages; None where no version can be served."""
        current = self._current
        return _pair(current.info) if current else None

    @property
    def status(self) -> ModelStatus | None:
        """What is told of it; None where no version can be served."""
        current = self._current
        if current is None:
            return None
        return ModelStatus(
            *_pair(current.info),
            current.number,
            current.model is not None,
            current.info,
            self.problems,
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """Versions that cannot be served, and why."""
        refused = sorted(self._refused.items(), key=lambda item: int(item[0].name))
        return tuple(f"version {folder.name}: {refusal.why}" for folder, refusal in refused)

    @property
    def in_memory(self) -> bool:
        """Whether the model that is served is in memory."""
        current = self._current
        return current is not None and current.model is not None

    @property
    def serial(self) -> int | None:
        """Number of the model in memory; None where there is none."""
        current = self._current
        model = current.model if current is not None else None
        return model.serial if model is not None else None

    @property
    def source_words(self) -> Set[str]:
        """Words of its source language that the model in memory has learnt; none where none is."""
        current = self._current
        model = current.model if current is not None else None
        return model.source_words if model is not None else frozenset()

    @property
    def memory(self) -> int:
        """About the bytes that it takes in memory."""
        current = self._current
        if current is None or current.model is None:
            return 0
        size = sum(size for _, size, _ in current.fingerprint)
        return int((_MEMORY_BESIDE + _MEMORY_OF_SEARCH * self.searches) * size)

    def hold(self, engine: Engine) -> None:
        """Serves a translator that comes from no folder."""
        folder = Path(self.name, str(engine.version))
        self._current = _Version(folder, (), engine.info, self.make_served(engine))

    def model(self) -> ServedModel:
        """Gives the model that is served; loads it if it is not in memory.

        Raises:
            NotReady: It cannot be loaded.
        """
        self.last_used = time.monotonic()
        current = self._current
        # It may be let go between two looks at it.
        model = current.model if current is not None else None
        if model is not None:
            return model
        with self._lock:
            model = self._load_current()
        if model is None:
            raise NotReady(f"The model of {self.name} cannot be loaded")
        return model

    def update(self, folders: Sequence[Path]) -> None:
        """Takes up the highest version that can be served.

        What is served goes on being served until something better is ready. A version that cannot
        be is looked at again when its files change, or after a while if that may have passed.

        Args:
            folders: The versions on disk, highest first.
        """
        with self._lock:
            self._folders = folders
            self._refused = {f: it for f, it in self._refused.items() if f in folders}
            for folder in folders:
                current = self._current
                if current is not None and int(folder.name) < current.number:
                    return
                try:
                    fingerprint = _fingerprint(folder)
                except OSError as error:
                    log.error("%s stays as it is: %s", self.name, error.strerror)
                    return
                if self._is_refused(folder, fingerprint):
                    continue
                if current and (current.folder, current.fingerprint) == (folder, fingerprint):
                    return
                if self._take_up(folder, fingerprint):
                    return
            if self._current and self._current.folder not in folders and not self.in_memory:
                self._current = None

    def release(self) -> None:
        """Lets go of the memory of the model; searches under way end as they would have."""
        with self._lock:
            if self._current is not None and self._current.model is not None:
                self._current.model = None
                self.observer.unloaded(self.name, self._current.number)

    def _take_up(self, folder: Path, fingerprint: Fingerprint) -> bool:
        old, in_memory = self._current, self.in_memory
        try:
            new = _Version(folder, fingerprint, self.loader.info(folder))
            self._check_name(new.info)
        # Whatever is wrong with one folder, even a defect of ours, must not stop the others.
        except Exception as error:
            log.error("Not serving %s: %s", folder, error, exc_info=not _known(error))
            self._refuse(folder, fingerprint, error)
            return False
        if folder in self._refused and self._refused[folder].fingerprint != fingerprint:
            del self._refused[folder]
        if (in_memory or not self.on_demand) and self._load(new) is None:
            return False
        self._current = new
        if old is not None and in_memory:
            self.observer.unloaded(self.name, old.number)
        return True

    def _load_current(self) -> ServedModel | None:
        """The model that is served, or of a lower version if it cannot be loaded.

        If none can be, for reasons that may pass, the pair stays.
        """
        kept, tried = None, set()
        while (current := self._current) is not None and current.folder not in tried:
            if current.model is not None:
                return current.model
            if self._is_refused(current.folder, current.fingerprint):
                return None
            model = self._load(current)
            if model is not None:
                return model
            if kept is None and self._refused[current.folder].passes:
                kept = current
            tried.add(current.folder)
            self._current = None
            self.update(self._folders)
        self._current = kept
        return None

    def _load(self, version: _Version) -> ServedModel | None:
        started = time.monotonic()
        try:
            model = self.make_served(self.loader.load(version.folder))
            model.try_out()
        except Exception as error:
            log.error("Not serving %s: %s", version.folder, error, exc_info=not _known(error))
            self._refuse(version.folder, version.fingerprint, error)
            return None
        version.model = model
        # Lower ones are not tried any more, so that what has passed would stay a problem.
        self._refused = {
            folder: refusal
            for folder, refusal in self._refused.items()
            if int(folder.name) > version.number
            or (folder != version.folder and not refusal.passes)
        }
        self.observer.loaded(self.name, version.number, time.monotonic() - started)
        return model

    def _refuse(self, folder: Path, fingerprint: Fingerprint, error: Exception) -> None:
        # What is told to callers must not name paths of this machine.
        text = str(error).replace(str(folder), folder.name)
        why = text if _known(error) else type(error).__name__
        before = self._refused.get(folder)
        last = before.pause if before and before.fingerprint == fingerprint else 0.0
        pause = min(2 * last + _PAUSE, _LONGEST_PAUSE) if _passes(error) else math.inf
        self._refused[folder] = _Refusal(fingerprint, why, pause, time.monotonic() + pause)
        self.observer.refused(self.name, int(folder.name))

    def _is_refused(self, folder: Path, fingerprint: Fingerprint) -> bool:
        refusal = self._refused.get(folder)
        return (
            refusal is not None
            and refusal.fingerprint == fingerprint
            and time.monotonic() < refusal.until
        )

    def _check_name(self, info: Mapping[str, Any]) -> None:
        found = "-".join(_pair(info))
        if found != self.name:
            raise TranslatorError(f"the folder's name says {self.name}, its model {found}")


def _known(error: Exception) -> bool:
    """Whether it is no defect of ours, so that its message says enough."""
    return isinstance(error, TranslatorError)


def _passes(error: Exception) -> bool:
    """Whether the same files may do at another time: memory, open files, a disk come and go."""
    if not _known(error):
        return True
    cause = error.__cause__
    return isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError)


def _pair(info: Mapping[str, Any]) -> tuple[str, str]:
    return str(info["source_language"]), str(info["target_language"])


def _fingerprint(folder: Path) -> Fingerprint:
    """Names, sizes and times of all files but the card: what changes with the model."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            stat = path.stat()
        except OSError:
            continue
        if path.is_file() and path != folder / CARD:
            found.append((str(path.relative_to(folder)), stat.st_size, stat.st_mtime_ns))
    return tuple(found)
