"""Models that share a batcher and a cache."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from fake_server import Echo

from serving.batcher import Batcher
from serving.cache import Cache
from serving.observer import Silent
from serving.served_model import Engine, ServedModel
from serving.waiting import Overloaded
from translator.config import SearchConfig
from translator.texts.sentence import Sentence, Translate
from translator.translation import Translation

INFO = {"source_language": "es", "target_language": "en"}


@pytest.fixture
def batcher() -> Iterator[Batcher]:
    batcher = Batcher(1, most_waiting=2, observer=Silent())
    yield batcher
    batcher.close()


def translated(model: ServedModel, text: str) -> str:
    [found] = model.translate_texts([text], model.search_config())
    return found.candidates[0]


def test_no_model_answers_with_the_translations_of_one_that_is_gone(batcher: Batcher) -> None:
    cache = Cache(2**20, Silent())
    for version in range(1, 31):
        # Python likes to put a new object where the last one has been.
        model = ServedModel(Echo(INFO, version), batcher, cache)
        assert translated(model, "uno") == f"uno v{version}"
        del model


class Twice(Echo):
    """Searches everything twice, the second time when the test says so."""

    def __init__(self) -> None:
        super().__init__(INFO, 1)
        self.searched_once, self.goes_on = threading.Event(), threading.Event()

    def mended(self, translate: Translate) -> Translate:
        def mend(sentences: list[Sentence]) -> list[Translation]:
            translate(sentences)
            self.searched_once.set()
            assert self.goes_on.wait(10)
            return translate(
                [dataclasses.replace(one, text=f"{one.text} again") for one in sentences]
            )

        return mend


class Slow(Echo):
    """Searches when the test says so."""

    def __init__(self) -> None:
        super().__init__(INFO, 1)
        self.reached, self.goes_on = threading.Event(), threading.Event()

    def translate(self, sentences: Sequence[Sentence], search: SearchConfig) -> list[Translation]:
        self.reached.set()
        assert self.goes_on.wait(10)
        return super().translate(sentences, search)


def test_what_was_taken_on_is_mended_however_many_wait_by_then(batcher: Batcher) -> None:
    cache, twice, slow = Cache(0, Silent()), Twice(), Slow()

    def served(engine: Engine) -> ServedModel:
        return ServedModel(engine, batcher, cache)

    with ThreadPoolExecutor() as pool:
        mended = pool.submit(translated, served(twice), "uno")
        assert twice.searched_once.wait(10)
        others = [pool.submit(translated, served(slow), "otro")]
        assert slow.reached.wait(10)
        # The queue is full now, with the one that is searched and another.
        others.append(pool.submit(translated, served(slow), "más"))
        while batcher._jobs < 2:
            assert not others[1].done()
        with pytest.raises(Overloaded):
            translated(served(twice), "dos")
        twice.goes_on.set()
        while batcher._jobs < 3:
            assert not mended.done()
        slow.goes_on.set()
        assert mended.result(10) == "uno again v1"
        assert [other.result(10) for other in others] == ["otro v1", "más v1"]
