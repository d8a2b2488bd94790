"""Searches in processes of their own.

Python runs one thread of a process at a time. Half of a search for one sentence is Python (NumPy on
small arrays), so that two threads searched no faster than one, and every step of theirs waited for
whatever request was being read, mended or answered. In processes, each search has a core, and the
one that talks to clients has Python to itself.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import os
import signal
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from queue import LifoQueue, SimpleQueue
from typing import NamedTuple, ParamSpec, TypeVar

from serving.garbage import settle
from serving.waiting import NotServed
from translator.allocator import limit_arenas
from translator.config import SearchConfig
from translator.saved_model import SavedTranslator
from translator.texts.sentence import Sentence
from translator.translation import Translation
from translator.translator import Translator

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class _Model(NamedTuple):
    """A model, as the processes know it.

    Attributes:
        number: Its own: a folder may hold another one later.
        folder: Of its version.
    """

    number: int
    folder: Path


class SearchProcesses:
    """Some processes that search, one batch at a time each.

    A process that is lost, for want of memory or by a signal, is replaced, and what it was asked
    for is asked of the new one. They end with the process that made them, however that ends.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._processes = [_Process() for _ in range(count)]
        # Whoever searched last has the models in its caches.
        self._idle: LifoQueue[_Process] = LifoQueue()
        for process in self._processes:
            self._idle.put(process)
        self._numbers = itertools.count()
        self._unused: SimpleQueue[_Model] = SimpleQueue()
        threading.Thread(target=self._forget, name="forget", daemon=True).start()

    def load(self, folder: Path) -> SearchedApart:
        """Loads a version folder, here but for its searches, and in every process.

        Raises:
            ModelFolderError: It is missing, damaged, or of an unknown format.
        """
        model = _Model(next(self._numbers), folder)
        translator = SearchedApart(SavedTranslator.load(folder), self, model)
        # That may be within any line of Python, so that it must not wait for anything.
        weakref.finalize(translator, self._unused.put, model).atexit = False
        for loaded in [process.submit(_load, model) for process in self._processes]:
            loaded.result()
        return translator

    def translate(
        self, model: _Model, sentences: Sequence[str | Sentence], search: SearchConfig | None
    ) -> list[Translation]:
        """Searches in a process that is free, or waits for one."""
        process = self._idle.get()
        try:
            return process.run(_translate, model, sentences, search)
        finally:
            self._idle.put(process)

    def close(self) -> None:
        """Ends the processes, once they have done what they were asked for."""
        for process in self._processes:
            process.close()

    def _forget(self) -> None:
        while True:
            model = self._unused.get()
            for process in self._processes:
                # It was closed.
                with contextlib.suppress(RuntimeError):
                    process.submit(_forget, model)


class SearchedApart(Translator):
    """A translator whose searches run in other processes, and all else in this one.

    Args:
        model: The model.
        processes: Where they run.
        known_as: What the processes know it as.
    """

    def __init__(
        self, model: SavedTranslator, processes: SearchProcesses, known_as: _Model
    ) -> None:
        super().__init__(model)
        self._processes = processes
        self._known_as = known_as

    def translate(
        self,
        texts: Sequence[str | Sentence],
        search: SearchConfig | None = None,
        *,
        batch_size: int = 64,
        workers: int = 1,
    ) -> list[Translation]:
        """See `Translator`; as one batch of like sentences, whatever the sizes that are given."""
        return self._processes.translate(self._known_as, texts, search)


class _Process:
    """A process that does one thing after another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor = _start()

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Asks for something, after what was asked for before."""
        with self._lock:
            try:
                return self._executor.submit(function, *args, **kwargs)
            except BrokenProcessPool:
                log.error("A search process was lost; another one takes its place")
                self._executor = _start()
                return self._executor.submit(function, *args, **kwargs)

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Asks for something and waits for it; if the process is lost meanwhile, once more.

        Raises:
            NotServed: It was lost again.
        """
        for _ in range(2):
            with contextlib.suppress(BrokenProcessPool):
                return self.submit(function, *args, **kwargs).result()
        raise NotServed("The search was lost: try again later")

    def close(self) -> None:
        """Ends it, once it has done what it was asked for; it can be asked for nothing more."""
        with self._lock:
            self._executor.shutdown()


def _start() -> ProcessPoolExecutor:
    # Not forked: this process has threads, and libraries that do not survive it.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_begin)


# What follows runs in the processes.

_NICENESS = 2
"""Whoever talks to clients comes first: what it hands over makes the next batch larger."""

_LOADED: dict[int, Translator] = {}


def _begin() -> None:
    # A signal to all processes of a service, or to those of a terminal, is not for this one: what
    # it searches for is still to be answered.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_arenas()
    os.nice(_NICENESS)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _load(model: _Model) -> None:
    saved = SavedTranslator.load(model.folder)
    saved.dictionary = None  # which no search needs
    _LOADED[model.number] = Translator(saved)
    _LOADED[model.number].prepare()
    settle()


def _translate(
    model: _Model, sentences: Sequence[str | Sentence], search: SearchConfig | None
) -> list[Translation]:
    if model.number not in _LOADED:  # this process has taken the place of another one
        _load(model)
    return _LOADED[model.number].translate(sentences, search)


def _forget(model: _Model) -> None:
    _LOADED.pop(model.number, None)
    settle()
