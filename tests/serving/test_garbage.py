from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from serving.garbage import settle


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _frozen_as_all_tests_are() -> Iterator[None]:
    yield
    gc.freeze()


def test_what_there_is_is_left_out_until_the_next_time() -> None:
    settle()
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < 1_000


def test_the_system_gets_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr("serving.garbage.give_back", lambda: given.append(1))
    settle()
    assert given == [1]


def test_a_model_that_was_let_go_is_collected_the_next_time() -> None:
    model = Cycle()
    gone = weakref.ref(model)
    settle()
    del model
    gc.collect()
    assert gone() is not None  # it was left out
    settle()
    assert gone() is None
