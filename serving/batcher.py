"""Dynamic batching: sentences of many requests, searched together.

A few searches run side by side; each takes, whenever it is free, as many waiting sentences of one
model and of like length as one search can hold. Nothing waits for a batch to fill up: a lone
request is searched at once, and batches grow by themselves as more is asked for. Sentences whose
translations must hold something are searched by themselves: they take longer, and nobody else waits
for them.

Who is next is decided by fair queueing (Demers, Keshav & Shenker 1989): each request reads its
sentences into the queue as if it had a machine of its own, so that a sentence does not wait for
the thousand of a request that came before it.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from serving.observer import Observer
from serving.turns import Turns
from serving.waiting import BUSY, Caller, Overloaded
from translator.config import SearchConfig
from translator.texts.sentence import Sentence
from translator.translation import Translation

log = logging.getLogger(__name__)

_MOST = 32
"""Sentences of one search: more gain little speed, and delay whoever comes next."""

_LEAST = 8
"""Sentences below which a batch is not divided among threads that are free."""

_SHORT = 32
"""Characters up to which sentences count as equally long, and cost the same."""

_REQUIRING = 3.0
"""What a sentence costs that requires something, as a multiple of one that does not."""

_LOOK = 0.5
"""Seconds between two looks at whether a caller is still there."""

_NEWEST = 0.2
"""Share of the newest batch in what is known of the speed."""


class Searcher(Protocol):
    """What searches; `translator.translator.Translator` is one."""

    def translate(
        self, texts: Sequence[Sentence], search: SearchConfig, /
    ) -> list[Translation]: ...


@dataclass
class _Job:
    """The sentences of one request to one model."""

    searcher: Searcher
    search: SearchConfig
    sentences: Sequence[Sentence]
    caller: Caller
    results: dict[int, Translation] = field(default_factory=dict)
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def kind(self) -> Hashable:
        """What can be searched together."""
        return id(self.searcher), self.search

    def fail(self, error: Exception) -> None:
        self.error = error
        self.done.set()


@dataclass(frozen=True)
class _Item:
    """A sentence that waits; `finish` is when a machine of its request's own would be done."""

    finish: float
    serial: int
    job: _Job
    place: int
    length: int
    requires: bool
    cost: float

    @property
    def order(self) -> tuple[float, int]:
        return self.finish, self.serial


class Batcher:
    """Searches sentences of many requests together, in some threads of its own.

    Args:
        threads: Searches side by side; each keeps one core busy, here or in another process.
        queue_seconds: A request that would wait longer than this for others is not taken on.
        most_waiting: Requests that may wait at a time.
        observer: Is told what happens.
        merge: Off, a search holds sentences of one request only.
        turns: Left to others by a request that waits.
    """

    def __init__(
        self,
        threads: int,
        *,
        queue_seconds: float = 1.0,
        most_waiting: int = 128,
        observer: Observer,
        merge: bool = True,
        turns: Turns | None = None,
    ) -> None:
        self._queue_seconds = queue_seconds
        self._most_waiting = most_waiting
        self._observer = observer
        self._merge = merge
        self._turns = turns or Turns()
        self._waiting: list[_Item] = []
        self._jobs = 0
        self._serials = itertools.count()
        self._clock = 0.0  # cost that each request with sentences in the queue has had searched
        self._speed = 0.0  # cost that one thread gets through in a second, in full batches
        self._free = 0
        self._threads_count = threads
        self._closed = False
        self._change = threading.Condition()
        self._threads = [
            threading.Thread(target=self._run, name=f"search-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def translate(
        self,
        searcher: Searcher,
        sentences: Sequence[Sentence],
        search: SearchConfig,
        caller: Caller | None = None,
    ) -> list[Translation]:
        """Translates sentences, as soon as it is their turn.

        Returns:
            One translation for each, in order.

        Raises:
            Overloaded: They would have to wait for too long; nothing was done. This happens only
                to the first search for a caller.
            TooLate: The caller's deadline has passed.
            Gone: The caller is no longer there.
        """
        if not sentences:
            return []
        job = _Job(searcher, search, sentences, caller or Caller())
        job.caller.check()
        self._admit(job)
        try:
            with self._turns.aside():
                while not job.done.wait(_LOOK):
                    job.caller.check()
        finally:
            self._leave(job)
        if job.error is not None:
            raise job.error
        return [job.results[place] for place in range(len(sentences))]

    def close(self) -> None:
        """Ends the threads once nothing waits any more."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join()

    def _admit(self, job: _Job) -> None:
        with self._change:
            items = self._items(job)
            if not job.caller.admitted:
                self._refuse_excess(items[-1].finish)
            job.caller.admitted = True
            self._waiting.extend(items)
            self._waiting.sort(key=lambda item: item.order)
            self._jobs += 1
            self._observer.queued(len(items))
            self._change.notify(len(items))

    def _items(self, job: _Job) -> list[_Item]:
        items, finish = [], self._clock
        for place, sentence in enumerate(job.sentences):
            length = max(_SHORT, len(sentence.text))
            requires = sentence.requires
            cost = length * job.search.beam_size * (_REQUIRING if requires else 1.0)
            finish += cost
            items.append(_Item(finish, next(self._serials), job, place, length, requires, cost))
        return items

    def _refuse_excess(self, finish: float) -> None:
        """Turns a request away whose last sentence would wait too long for those of others."""
        ahead = sum(item.cost for item in self._waiting if item.finish <= finish)
        seconds = ahead / (self._speed * self._threads_count) if self._speed else 0.0
        if seconds > self._queue_seconds or self._jobs >= self._most_waiting:
            raise Overloaded(BUSY, seconds)

    def _leave(self, job: _Job) -> None:
        with self._change:
            self._jobs -= 1
            self._drop(item for item in self._waiting if item.job is job)

    def _drop(self, items: Iterable[_Item]) -> None:
        left = {item.serial for item in items}
        if left:
            self._waiting = [item for item in self._waiting if item.serial not in left]
            self._observer.queued(-len(left))

    def _run(self) -> None:
        while True:
            with self._change:
                self._free += 1
                while not self._waiting and not self._closed:
                    self._change.wait()
                if not self._waiting:
                    return
                batch = self._take()
                self._free -= 1
            if batch:
                self._search(batch)

    def _take(self) -> list[_Item]:
        """Takes the sentence whose turn it is, and others that go well with it."""
        first = self._waiting[0]
        most = min(_MOST, max(_LEAST, -(-len(self._waiting) // self._free)))
        together = (item for item in self._waiting if self._go_together(first, item))
        batch = list(itertools.islice(together, most))
        self._drop(batch)
        self._clock = max(self._clock, first.finish)
        return [item for item in batch if self._wanted(item.job)]

    def _go_together(self, one: _Item, other: _Item) -> bool:
        if one.job is not other.job and not self._merge:
            return False
        if one.requires != other.requires:
            return False
        alike = max(one.length, other.length) <= 2 * min(one.length, other.length)
        return alike and one.job.kind == other.job.kind

    def _wanted(self, job: _Job) -> bool:
        late = time.monotonic() >= job.caller.deadline
        return not (job.done.is_set() or late or job.caller.gone())

    def _search(self, batch: list[_Item]) -> None:
        job = batch[0].job
        started = time.monotonic()
        try:
            translations = job.searcher.translate(
                [item.job.sentences[item.place] for item in batch], job.search
            )
        # Whatever went wrong is raised again in the requests that wait for it, and in no others.
        except Exception as error:  # noqa: BLE001
            self._search_apart(batch, error)
            return
        seconds = time.monotonic() - started
        tokens = sum(len(translation.hypotheses[0].tokens) for translation in translations)
        self._observer.searched(len(batch), tokens, seconds)
        with self._change:
            self._learn_speed(batch, seconds)
            for item, translation in zip(batch, translations, strict=True):
                item.job.results[item.place] = translation
                if len(item.job.results) == len(item.job.sentences):
                    item.job.done.set()

    def _search_apart(self, batch: list[_Item], error: Exception) -> None:
        """Searches again what came from several requests, so that one of them fails alone."""
        jobs = {id(item.job): item.job for item in batch}
        if len(jobs) == 1:
            batch[0].job.fail(error)
            return
        log.warning("A batch failed (%s); its requests are searched apart", type(error).__name__)
        for job in jobs.values():
            self._search([item for item in batch if item.job is job])

    def _learn_speed(self, batch: list[_Item], seconds: float) -> None:
        """Half-empty batches are slower for each sentence, and say little of a busy server."""
        if len(batch) < _MOST // 2 or seconds <= 0:
            return
        speed = sum(item.cost for item in batch) / seconds
        self._speed = self._speed + _NEWEST * (speed - self._speed) if self._speed else speed
