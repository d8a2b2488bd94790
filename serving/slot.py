"""One pair of languages: the versions there are of its model, and the one that is served."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from serving.observer import Observer
from serving.served_model import Engine, MakeServed, ServedModel
from serving.waiting import NotReady
from translator.errors import TranslatorError
from translator.model_folder import CARD

log = logging.getLogger(__name__)

_MEMORY_PER_BYTE = 3
"""Memory for each byte on disk, as measured: a folder of 15 MB takes some 20 to 40 MB beside others
of the same sizes, whose functions it shares."""

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


@dataclass
class Slot:
    """The model of one pair of languages; it may be called from several threads.

    Args:
        name: Of its folder: `<source>-<target>`.
        loader: Reads version folders.
        make_served: Puts what it loads to work.
        observer: Is told what happens.
        on_demand: A model is loaded when it is asked for, not before.
    """

    name: str
    loader: Loader
    make_served: MakeServed
    observer: Observer
    on_demand: bool = False
    last_used: float = field(default_factory=time.monotonic)
    _current: _Version | None = None
    _folders: Sequence[Path] = ()
    _refused: dict[Path, tuple[Fingerprint, str]] = field(default_factory=dict)
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
        return tuple(f"version {folder.name}: {why}" for folder, (_, why) in refused)

    @property
    def in_memory(self) -> bool:
        """Whether the model that is served is in memory."""
        current = self._current
        return current is not None and current.model is not None

    @property
    def memory(self) -> int:
        """About the bytes that it takes in memory."""
        current = self._current
        if current is None or current.model is None:
            return 0
        return _MEMORY_PER_BYTE * sum(size for _, size, _ in current.fingerprint)

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
        if current is not None and current.model is not None:
            return current.model
        with self._lock:
            while self._current is not None:
                if self._current.model is not None or self._load(self._current):
                    assert self._current.model is not None
                    return self._current.model
                self._current = None
                self.update(self._folders)
        raise NotReady(f"The model of {self.name} cannot be loaded")

    def update(self, folders: Sequence[Path]) -> None:
        """Takes up the highest version that can be served.

        What is served goes on being served until something better is ready. A version that cannot
        be is looked at again when its files change.

        Args:
            folders: The versions on disk, highest first.
        """
        with self._lock:
            self._folders = folders
            self._refused = {f: why for f, why in self._refused.items() if f in folders}
            for folder in folders:
                current = self._current
                if current is not None and int(folder.name) < current.number:
                    return
                fingerprint = _fingerprint(folder)
                if self._refused.get(folder, (None,))[0] == fingerprint:
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
        if (in_memory or not self.on_demand) and not self._load(new):
            return False
        self._current = new
        self._refused.pop(folder, None)
        if old is not None and in_memory:
            self.observer.unloaded(self.name, old.number)
        return True

    def _load(self, version: _Version) -> bool:
        started = time.monotonic()
        try:
            model = self.make_served(self.loader.load(version.folder))
            model.try_out()
        except Exception as error:
            log.error("Not serving %s: %s", version.folder, error, exc_info=not _known(error))
            self._refuse(version.folder, version.fingerprint, error)
            return False
        version.model = model
        self.observer.loaded(self.name, version.number, time.monotonic() - started)
        return True

    def _refuse(self, folder: Path, fingerprint: Fingerprint, error: Exception) -> None:
        # What is told to callers must not name paths of this machine.
        text = str(error).replace(str(folder), folder.name)
        why = text if _known(error) else type(error).__name__
        self._refused[folder] = fingerprint, why
        self.observer.refused(self.name, int(folder.name))

    def _check_name(self, info: Mapping[str, Any]) -> None:
        found = "-".join(_pair(info))
        if found != self.name:
            raise TranslatorError(f"the folder's name says {self.name}, its model {found}")


def _known(error: Exception) -> bool:
    """Whether it is no defect of ours, so that its message says enough."""
    return isinstance(error, TranslatorError)


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
