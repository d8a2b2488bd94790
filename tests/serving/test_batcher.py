from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from serving.batcher import Batcher
from serving.observer import Silent
from serving.waiting import Caller, Gone, Overloaded, TooLate
from translator.config import SearchConfig
from translator.constants import PLACEHOLDERS
from translator.texts.sentence import Sentence
from translator.translation import Hypothesis, Translation

GREEDY, WIDE = SearchConfig(beam_size=1), SearchConfig(beam_size=5)
BLANK = np.zeros((0, 0), np.float32)


class Gate:
    """A searcher that copies sentences, once it is let through; it tells what came together."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.open = threading.Event()
        self.reached = threading.Event()

    def translate(self, texts: Sequence[Sentence], search: SearchConfig, /) -> list[Translation]:
        self.batches.append([sentence.text for sentence in texts])
        self.reached.set()
        assert self.open.wait(10)
        if any(sentence.text == "poison" for sentence in texts):
            raise RuntimeError("poison")
        return [
            Translation((), (Hypothesis(sentence.text, 0.0, 0.0, ("a",), (0.0,), BLANK, True),))
            for sentence in texts
        ]


class Counter(Silent):
    def __init__(self) -> None:
        self.waiting = 0
        self.sizes: list[int] = []

    def queued(self, change: int) -> None:
        self.waiting += change

    def searched(self, sentences: int, tokens: int, seconds: float) -> None:
        self.sizes.append(sentences)


class Clients:
    """Callers of a batcher with one thread, each in a thread of its own."""

    def __init__(self, gate: Gate, **options: object) -> None:
        self.gate = gate
        self.counter = Counter()
        self.batcher = Batcher(1, observer=self.counter, **options)  # type: ignore[arg-type]
        self._pool = ThreadPoolExecutor(100)
        self._busy = False

    def ask(
        self, *texts: str, search: SearchConfig = WIDE, caller: Caller | None = None
    ) -> Future[list[str]]:
        sentences = [Sentence(text) for text in texts]

        def call() -> list[str]:
            found = self.batcher.translate(self.gate, sentences, search, caller)
            return [translation.text for translation in found]

        waiting = self.counter.waiting
        future = self._pool.submit(call)
        # While the thread is kept busy, requests are to come in the order in which they are made.
        while self._busy and self.counter.waiting == waiting and not future.done():
            time.sleep(0.001)
        return future

    def occupy(self) -> Future[list[str]]:
        """Has the one thread search something until the gate opens."""
        future = self.ask("busy")
        assert self.gate.reached.wait(10)
        self._busy = True
        return future

    def free(self) -> None:
        self._busy = False
        self.gate.open.set()

    def close(self) -> None:
        self.gate.open.set()
        self.batcher.close()
        self._pool.shutdown()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def clients(gate: Gate) -> Iterator[Clients]:
    clients = Clients(gate)
    yield clients
    clients.close()


def finish(clients: Clients, *futures: Future[list[str]]) -> list[list[str]]:
    clients.free()
    return [future.result(10) for future in futures]


def test_each_caller_gets_its_own_in_order(gate: Gate, clients: Clients) -> None:
    gate.open.set()
    futures = [clients.ask(*(f"{n} {k}" for k in range(n % 5))) for n in range(50)]
    expected = [[f"{n} {k}" for k in range(n % 5)] for n in range(50)]
    assert [future.result(10) for future in futures] == expected
    assert clients.counter.waiting == 0


def test_a_lone_request_does_not_wait_for_others(gate: Gate, clients: Clients) -> None:
    gate.open.set()
    started = time.monotonic()
    assert clients.ask("a").result(10) == ["a"]
    assert time.monotonic() - started < 0.2
    assert gate.batches == [["a"]]


def test_what_waits_is_searched_together(gate: Gate, clients: Clients) -> None:
    busy = clients.occupy()
    futures = [clients.ask(f"request {n}") for n in range(10)]
    assert finish(clients, busy, *futures)[1:] == [[f"request {n}"] for n in range(10)]
    assert gate.batches == [["busy"], [f"request {n}" for n in range(10)]]
    assert clients.counter.sizes == [1, 10]


def test_other_settings_and_other_lengths_are_searched_apart(gate: Gate, clients: Clients) -> None:
    busy = clients.occupy()
    long = "x" * 65
    futures = [clients.ask("a"), clients.ask("b", search=GREEDY), clients.ask(long)]
    futures.append(clients.ask("c"))
    finish(clients, busy, *futures)
    assert sorted(gate.batches[1:]) == [["a", "c"], ["b"], [long]]


def test_what_must_hold_something_is_searched_apart(gate: Gate, clients: Clients) -> None:
    busy = clients.occupy()
    holding = [f"a {PLACEHOLDERS[0]}", f"{PLACEHOLDERS[7]} b"]
    futures = [clients.ask(text) for text in ("1", holding[0], "2", "3", holding[1])]
    finish(clients, busy, *futures)
    assert gate.batches[1:] == [["1", "2", "3"], holding]


def test_without_merging_a_search_holds_one_request(gate: Gate) -> None:
    clients = Clients(gate, merge=False)
    busy = clients.occupy()
    finish(clients, busy, *(clients.ask(f"{n}", f"{n}'") for n in range(3)))
    assert gate.batches[1:] == [["0", "0'"], ["1", "1'"], ["2", "2'"]]
    clients.close()


def test_a_short_request_is_not_held_up_by_a_long_one(gate: Gate, clients: Clients) -> None:
    busy = clients.occupy()
    book = clients.ask(*(f"sentence {n}" for n in range(1000)))
    note = clients.ask("note", search=GREEDY)
    finish(clients, busy, book, note)
    assert gate.batches.index(["note"]) <= 2


def test_long_requests_share_evenly(gate: Gate, clients: Clients) -> None:
    busy = clients.occupy()
    first = clients.ask(*(f"1st {n}" for n in range(100)))
    second = clients.ask(*(f"2nd {n}" for n in range(100)), search=GREEDY)
    finish(clients, busy, first, second)
    kinds = [batch[0][:3] for batch in gate.batches[1:]]
    # A greedy search costs a fifth, so the second has caught up after one batch of the first.
    assert kinds.index("2nd") <= 1
    assert len(kinds) == 8


def test_a_defect_reaches_the_request_that_caused_it_alone(gate: Gate, clients: Clients) -> None:
    busy = clients.occupy()
    good, bad, fine = clients.ask("good"), clients.ask("poison", "b"), clients.ask("fine")
    assert finish(clients, busy, good, fine) == [["busy"], ["good"], ["fine"]]
    with pytest.raises(RuntimeError, match="poison"):
        bad.result(10)
    assert clients.ask("after").result(10) == ["after"]


def test_a_deadline_that_has_passed_costs_no_search(gate: Gate, clients: Clients) -> None:
    busy = clients.occupy()
    late = clients.ask("late", caller=Caller.patient(0.05))
    with pytest.raises(TooLate, match="not ready in time"):
        late.result(10)
    finish(clients, busy, clients.ask("other"))
    assert gate.batches == [["busy"], ["other"]]
    assert clients.counter.waiting == 0


def test_a_caller_that_has_gone_costs_no_search(gate: Gate, clients: Clients) -> None:
    busy = clients.occupy()
    there = threading.Event()
    gone = clients.ask("gone", caller=Caller(gone=there.is_set))
    there.set()
    with pytest.raises(Gone):
        gone.result(10)
    finish(clients, busy)
    assert gate.batches == [["busy"]]


def test_a_caller_that_has_just_gone_costs_no_search(gate: Gate, clients: Clients) -> None:
    busy = clients.occupy()
    there = threading.Event()
    gone = clients.ask("gone", caller=Caller(gone=there.is_set))
    there.set()
    finish(clients, busy)  # before it is looked at whether the caller is there
    with pytest.raises(Gone):
        gone.result(10)
    assert gate.batches == [["busy"]]


def test_more_requests_than_may_wait_are_refused_at_once(gate: Gate) -> None:
    clients = Clients(gate, most_waiting=3)
    busy = clients.occupy()
    accepted = [clients.ask("a"), clients.ask("b")]
    started = time.monotonic()
    with pytest.raises(Overloaded, match="try again later") as refusal:
        clients.ask("c").result(10)
    assert time.monotonic() - started < 0.1
    assert refusal.value.retry_after == 1
    finish(clients, busy, *accepted)
    assert clients.ask("c").result(10) == ["c"]
    clients.close()


def test_what_comes_later_of_a_request_is_not_refused(gate: Gate) -> None:
    clients = Clients(gate, most_waiting=2)
    busy, caller = clients.occupy(), Caller()
    first = clients.ask("a", caller=caller)
    with pytest.raises(Overloaded):
        clients.ask("b").result(10)
    later = clients.ask("c", caller=caller)
    assert finish(clients, busy, first, later) == [["busy"], ["a"], ["c"]]
    clients.close()


class Steady:
    """Takes a hundredth of a second for each sentence."""

    def translate(self, texts: Sequence[Sentence], search: SearchConfig, /) -> list[Translation]:
        time.sleep(0.01 * len(texts))
        return Gate.translate(_OPEN, texts, search)


_OPEN = Gate()
_OPEN.open.set()


def test_a_request_that_would_wait_too_long_is_refused() -> None:
    batcher = Batcher(1, queue_seconds=0.5, observer=Silent())
    pool = ThreadPoolExecutor(30)
    texts = [Sentence("a")] * 40

    def ask() -> float:
        started = time.monotonic()
        try:
            batcher.translate(Steady(), texts, WIDE)
        except Overloaded:
            return 0.0
        return time.monotonic() - started

    ask()  # It learns what this machine can do: 100 sentences a second.
    seconds = [future.result(30) for future in [pool.submit(ask) for _ in range(10)]]
    accepted = [second for second in seconds if second]
    assert 1 <= len(accepted) <= 4
    assert max(accepted) < 2.5
    batcher.close()
    pool.shutdown()
