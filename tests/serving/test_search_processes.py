"""Searches in processes of their own: what they find, and what becomes of one that is lost."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sized
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from serving.search_processes import SearchProcesses
from serving.server import count_searches, make_registry
from serving.settings import Settings
from serving.waiting import NotServed
from translator.config import SearchConfig
from translator.errors import ModelFolderError
from translator.hardware import count_cores
from translator.texts.glossary import Glossary
from translator.texts.sentence import Sentence
from translator.translation import Translation
from translator.translator import Translator

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
TEXTS = ["uno dos", "tres", "", "cuatro cinco seis uno", "ocho"]


@pytest.fixture
def version(toy_model_folder: Path) -> Path:
    return toy_model_folder / "xx-yy" / "1"


@pytest.fixture
def processes() -> Iterator[SearchProcesses]:
    made = SearchProcesses(2)
    yield made
    made.close()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def wait_for_more(found: Sized) -> None:
    before = len(found)
    wait_for(lambda: len(found) > before + 20)


def processes_of(parent: int) -> list[int]:
    """The processes that search for this one."""
    children = Path(f"/proc/{parent}/task").glob("*/children")
    numbers = [int(number) for file in children for number in file.read_text().split()]
    return [number for number in numbers if "spawn_main" in command_of(number)]


def command_of(process: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text()
    return ""


def loaded_in(processes: SearchProcesses) -> list[int]:
    """How many models each of them has."""
    counted = "len(__import__('serving.search_processes').search_processes._LOADED)"
    return [process.run(eval, counted) for process in processes._processes]


def assert_same(some: list[Translation], others: list[Translation]) -> None:
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        assert one.source_tokens == other.source_tokens
        for mine, its in zip(one.hypotheses, other.hypotheses, strict=True):
            assert (mine.text, mine.tokens, mine.finished) == (its.text, its.tokens, its.finished)
            assert mine.score == pytest.approx(its.score)
            np.testing.assert_allclose(mine.alignment, its.alignment, atol=1e-6)


def test_they_find_what_a_search_in_this_process_does(
    processes: SearchProcesses, version: Path
) -> None:
    here, apart = Translator.load(version), processes.load(version)
    for search in (None, SearchConfig(beam_size=4, n_best=3), SearchConfig(beam_size=1)):
        assert_same(apart.translate(TEXTS, search), here.translate(TEXTS, search))
    assert apart.search_config() == here.search_config()
    glossary = Glossary({"dos": "97"})
    [text] = apart.translate_texts(["uno dos <b>tres</b>"], glossary=glossary)
    [same] = here.translate_texts(["uno dos <b>tres</b>"], glossary=glossary)
    assert text.candidates == same.candidates
    assert "97" in text.candidates[0]


def test_an_error_is_that_of_the_search(processes: SearchProcesses, version: Path) -> None:
    with pytest.raises(ValueError, match="surrogate"):
        processes.load(version).translate([Sentence("\ud800")])


def test_a_folder_that_is_damaged_is_refused(
    processes: SearchProcesses, version: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "xx-yy" / "1"
    shutil.copytree(version, folder)
    next((folder / "assets" / "compiled").iterdir()).write_bytes(b"damaged")
    with pytest.raises(ModelFolderError, match="compiled"):
        processes.load(folder)


def test_whoever_loses_a_process_gets_another_one(
    processes: SearchProcesses, version: Path
) -> None:
    translator = processes.load(version)
    before = processes_of(os.getpid())
    assert len(before) == 2
    expected = translator.translate(TEXTS)
    found: list[list[Translation]] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            found.append(translator.translate(TEXTS))

    callers = [threading.Thread(target=ask) for _ in range(2)]
    for caller in callers:
        caller.start()
    for victim in before:
        wait_for_more(found)
        os.kill(victim, signal.SIGKILL)
    wait_for_more(found)
    stop.set()
    for caller in callers:
        caller.join(PATIENCE_SECONDS)
    for one in found:
        assert_same(one, expected)
    after = processes_of(os.getpid())
    assert len(after) == 2
    assert not set(after) & set(before)


def test_a_search_that_kills_every_process_is_given_up(processes: SearchProcesses) -> None:
    process = processes._processes[0]
    with pytest.raises(NotServed):
        process.run(os._exit, 1)
    assert process.run(abs, -1) == 1


def test_a_model_that_is_let_go_is_let_go_everywhere(
    processes: SearchProcesses, version: Path
) -> None:
    translators = [processes.load(version) for _ in range(3)]
    assert loaded_in(processes) == [3, 3]
    del translators[1:]
    gc.collect()
    wait_for(lambda: loaded_in(processes) == [1, 1])
    assert translators[0].translate(["uno"])


def test_they_end_with_the_process_that_made_them(version: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from serving.search_processes import SearchProcesses\n"
        "if __name__ == '__main__':\n"
        f"    translator = SearchProcesses(2).load(Path({str(version)!r}))\n"
        "    print('ready', flush=True)\n"
        "    input()\n"
    )
    for ending in (signal.SIGKILL, signal.SIGTERM):
        asked = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert asked.stdout is not None
        assert asked.stdout.readline() == b"ready\n"
        searching = processes_of(asked.pid)
        assert len(searching) == 2
        asked.send_signal(ending)
        asked.wait(PATIENCE_SECONDS)
        wait_for(lambda left=searching: not any(map(command_of, left)))  # type: ignore[misc]


# In a server


@pytest.mark.parametrize(
    ("cores", "workers", "searches"), [(1, 1, 1), (2, 1, 2), (2, 2, 1), (2, 4, 1), (64, 1, 8)]
)
def test_searches_divide_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int, searches: int
) -> None:
    monkeypatch.setattr("serving.server.count_cores", lambda: cores)
    assert count_searches(workers) == searches


def test_without_semaphores_a_server_searches_itself(
    toy_model_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lacking(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")  # as without /dev/shm

    monkeypatch.setattr("serving.server.count_cores", lambda: 2)
    monkeypatch.setattr("concurrent.futures.process._SafeQueue.__init__", lacking)
    registry = make_registry(Settings(models=toy_model_folder))
    registry.reload()
    assert "which is slower" in caplog.text
    model = registry.find("xx", "yy")
    assert model.translate_texts(["uno dos"], model.search_config())[0].candidates
    assert processes_of(os.getpid()) == []


@pytest.fixture
def server(toy_model_folder: Path, free_port: int) -> Iterator[subprocess.Popen[bytes]]:
    if count_cores() == 1:
        pytest.skip("with one core, the server searches in its own process")
    options = ["--port", str(free_port), "--models", str(toy_model_folder)]
    environ = {name: v for name, v in os.environ.items() if not name.startswith("TRANSLATE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "serving", *options],
        cwd=ROOT,
        env=environ | {"TRANSLATE_CACHE_MB": "0"},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"Serving xx-yy")
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def free_port() -> int:
    from live_server import free_port

    return free_port()


def worker_of(server: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    [worker] = map(int, children.read_text().split())
    return worker


def ask(port: int, **fields: Any) -> requests.Response:
    given = {"q": "uno dos tres", "source": "xx", "target": "yy"} | fields
    return requests.post(f"http://127.0.0.1:{port}/translate", json=given, timeout=60)


def test_no_request_fails_for_a_search_process_that_is_killed(
    server: subprocess.Popen[bytes], free_port: int
) -> None:
    from live_server import load

    searching = processes_of(worker_of(server))
    assert len(searching) == count_searches(workers=1)
    with load(lambda: ask(free_port)) as found:
        for victim in searching:
            wait_for_more(found.answers)
            os.kill(victim, signal.SIGKILL)
        wait_for_more(found.answers)
    assert found.failures == []
    assert found.statuses() == {200}


def test_a_signal_to_all_processes_of_a_service_loses_no_request(
    server: subprocess.Popen[bytes], free_port: int
) -> None:
    # As a service manager stops a service: long texts are in hand, each of many sentences.
    answers: list[int] = []
    q = [f"uno dos tres {n}" for n in range(40)]
    callers = [
        threading.Thread(target=lambda: answers.append(ask(free_port, q=q).status_code))
        for _ in range(8)
    ]
    searching = processes_of(worker_of(server))
    for caller in callers:
        caller.start()
    time.sleep(0.3)
    os.killpg(server.pid, signal.SIGTERM)
    for caller in callers:
        caller.join(PATIENCE_SECONDS)
    assert answers == [200] * 8
    assert server.wait(PATIENCE_SECONDS) == 0
    wait_for(lambda: not any(map(command_of, searching)))
