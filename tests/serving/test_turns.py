from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from serving.turns import Turns

LONG = 60.0
SHORT = 0.05


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(50) as pool:
        yield pool


class Holder:
    """A thread that takes a turn, and works until it is told to stop."""

    def __init__(self, pool: ThreadPoolExecutor, turns: Turns) -> None:
        self._begun, self._end = threading.Event(), threading.Event()
        self._turns = turns
        self._future = pool.submit(self._work)

    def _work(self) -> None:
        with self._turns.taken():
            self._begun.set()
            assert self._end.wait(10)

    def has_begun_within(self, seconds: float) -> bool:
        return self._begun.wait(seconds)

    def end(self) -> None:
        self._end.set()
        self._future.result(10)


def test_no_more_than_so_many_have_a_turn_and_each_gets_one(pool: ThreadPoolExecutor) -> None:
    turns = Turns(most=3, seconds=LONG)
    working, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal working, most
        with turns.taken():
            with lock:
                working += 1
                most = max(most, working)
            time.sleep(0.01)
            with lock:
                working -= 1

    for future in [pool.submit(work) for _ in range(40)]:
        future.result(10)
    assert (working, most) == (0, 3)


def test_they_come_in_order(pool: ThreadPoolExecutor) -> None:
    turns = Turns(most=1, seconds=LONG)
    came: list[int] = []

    def work(number: int) -> None:
        with turns.taken():
            came.append(number)

    first = Holder(pool, turns)
    assert first.has_begun_within(5)
    futures: list[Future[None]] = []
    for number in range(20):
        futures.append(pool.submit(work, number))
        while len(turns._waiting) <= number:
            time.sleep(0.001)
    first.end()
    for future in futures:
        future.result(10)
    assert came == list(range(20))


def test_a_turn_goes_on_if_nobody_wants_it_and_ends_after_a_while_if_somebody_does(
    pool: ThreadPoolExecutor,
) -> None:
    patient, turns = Turns(most=1, seconds=LONG), Turns(most=1, seconds=SHORT)
    for chosen, comes in ((patient, False), (turns, True)):
        first = Holder(pool, chosen)
        assert first.has_begun_within(5)
        second = Holder(pool, chosen)
        assert second.has_begun_within(20 * SHORT) == comes
        third = Holder(pool, chosen)
        assert third.has_begun_within(20 * SHORT) == comes
        for holder in (first, second, third):
            holder.end()
        last = Holder(pool, chosen)
        assert last.has_begun_within(5)
        last.end()


def test_who_waits_for_something_else_leaves_the_turn_and_takes_another(
    pool: ThreadPoolExecutor,
) -> None:
    turns = Turns(most=1, seconds=LONG)
    with turns.taken():
        with turns.aside():
            other = Holder(pool, turns)
            assert other.has_begun_within(5)
            other.end()
        late = Holder(pool, turns)
        assert not late.has_begun_within(SHORT)
    assert late.has_begun_within(5)
    late.end()


def test_who_has_no_turn_takes_none_by_waiting(pool: ThreadPoolExecutor) -> None:
    turns = Turns(most=1, seconds=LONG)
    with turns.aside():
        pass
    other = Holder(pool, turns)
    assert other.has_begun_within(5)
    with turns.aside():  # the other's stays with the other
        late = Holder(pool, turns)
        assert not late.has_begun_within(SHORT)
    other.end()
    late.end()


def test_a_turn_ends_with_an_error(pool: ThreadPoolExecutor) -> None:
    turns = Turns(most=1, seconds=LONG)
    with pytest.raises(ZeroDivisionError), turns.taken(), turns.aside():
        raise ZeroDivisionError
    other = Holder(pool, turns)
    assert other.has_begun_within(5)
    other.end()
