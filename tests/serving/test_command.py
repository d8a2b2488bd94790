"""The real command, over a real socket, with a real model."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from serving.file_store import files_of
from serving.settings import Settings

ROOT = Path(__file__).parents[2]
PAIR = {"source": "xx", "target": "yy"}
TIMEOUT = 60


class Live(NamedTuple):
    url: str
    ready: str

    def post(self, **fields: Any) -> requests.Response:
        return requests.post(f"{self.url}/translate", json=PAIR | fields, timeout=TIMEOUT)


def command(*arguments: str | Path) -> subprocess.Popen[str]:
    environ = {name: v for name, v in os.environ.items() if not name.startswith("TRANSLATE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "serving", *map(str, arguments)],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(process: subprocess.Popen[str]) -> str:
    """Gives the line that the server prints when it is ready; it has no other."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return line


@pytest.fixture(scope="module")
def live(model_folder: Path) -> Iterator[Live]:
    port = free_port()
    process = command("--port", str(port), "--models", model_folder)
    try:
        yield Live(f"http://127.0.0.1:{port}", started(process))
    finally:
        process.kill()
        process.communicate()


def test_the_ready_line_names_pairs_and_address(live: Live) -> None:
    assert live.ready == f"Serving xx-yy at {live.url}\n"


def test_health_and_languages(live: Live) -> None:
    assert requests.get(f"{live.url}/health", timeout=TIMEOUT).json() == {"status": "ok"}
    # One client sends a body with this GET.
    languages = requests.get(f"{live.url}/languages", data={"api_key": ""}, timeout=TIMEOUT).json()
    assert [(language["code"], language["targets"]) for language in languages] == [
        ("xx", ["yy"]),
        ("yy", []),
    ]


def test_json_form_and_query_string_give_the_same_translation(live: Live) -> None:
    fields = PAIR | {"q": "uno dos tres"}
    url = f"{live.url}/translate"
    answers = [
        requests.post(url, json=fields, timeout=TIMEOUT),
        requests.post(url, data=fields, timeout=TIMEOUT),
        requests.post(url, params=fields, timeout=TIMEOUT),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.json()["translatedText"] for answer in answers}) == 1


def test_everything_that_can_be_asked_for(live: Live) -> None:
    q = ["uno dos", "", "tres\n\ncuatro"]
    answer = live.post(
        q=q,
        alternatives=2,
        scores=True,
        confidence=True,
        alignment=True,
        check_source=True,
        glossary={"dos": "97"},
    ).json()
    assert "97" in answer["translatedText"][0]
    assert answer["sourceMismatch"] == [False, False, False]
    assert all(0 <= confidence <= 1 for confidence in answer["confidence"])
    assert [len(sentences) for sentences in answer["sentences"]] == [1, 0, 2]
    for sentence in (one for sentences in answer["sentences"] for one in sentences):
        assert all(0 <= token["probability"] <= 1 for token in sentence["tokens"])
    assert len(answer["translatedText"]) == len(answer["truncated"]) == 3
    assert answer["translatedText"][1] == ""
    assert answer["translatedText"][2].count("\n") == 2
    assert [len(scores) for scores in answer["scores"]] == [
        1 + len(alternatives) for alternatives in answer["alternatives"]
    ]
    assert all(scores == sorted(scores, reverse=True) for scores in answer["scores"])
    assert [len(lines) for lines in answer["alignment"]] == [1, 0, 2]
    for line in (line for lines in answer["alignment"] for line in lines):
        assert len(line["weights"]) == len(line["target"])
        for row in line["weights"]:
            assert len(row) == len(line["source"])
            assert sum(row) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "\x01\x7f\x1b[31m",
        "😀🏳️‍🌈",
        "x" * 5000,
        "\u202e\u0645\u0627 שלום",
        " \n\t\n",
        "\ufeff",
    ],
)
def test_odd_texts_are_answered_and_do_not_depend_on_their_neighbours(
    live: Live, text: str
) -> None:
    alone = live.post(q=text)
    assert alone.status_code == 200
    together = live.post(q=["uno", text, "dos tres"])
    assert together.json()["translatedText"][1] == alone.json()["translatedText"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "Invalid request: missing q parameter"),
        ({"q": ""}, "Invalid request: missing q parameter"),
        ({"q": []}, "Invalid request: missing q parameter"),
        ({"q": "a", "source": ""}, "Invalid request: missing source parameter"),
        ({"q": "a", "target": None}, "Invalid request: missing target parameter"),
        ({"q": 5}, "Invalid request: q: expected"),
        ({"q": "a", "source": "zz"}, "zz is not supported"),
        ({"q": "a", "target": "zz"}, "zz is not supported"),
        ({"q": "a", "target": "xx"}, "xx (xx) is not available"),
        ({"q": "a", "source": "auto", "target": "zz"}, "zz is not supported"),
        ({"q": "a", "format": "pdf"}, "pdf format is not supported"),
        ({"q": "a", "glossary": {"a": 5}}, "Invalid request: glossary: expected"),
        ({"q": "a", "alternatives": -1}, "Invalid request: alternatives: expected"),
        ({"q": "a", "alternatives": True}, "Invalid request: alternatives: expected"),
        ({"q": "a", "beam_size": 1000}, "Invalid request: beam_size: expected"),
        ({"q": "\ud800"}, "Invalid request: q"),
        ({"q": "a" * 60_000}, "Invalid request: request (60000) exceeds text limit (50000)"),
        ({"q": ["a"] * 2000}, "Invalid request: request (2000) exceeds text limit (1000)"),
    ],
)
def test_refusals(live: Live, fields: dict[str, Any], error: str) -> None:
    response = live.post(**fields)
    assert response.status_code == 400
    assert response.json()["error"].startswith(error)


@pytest.mark.parametrize("body", ["{", "[]", "[" * 100_000])
def test_a_body_that_is_no_json_object(live: Live, body: str) -> None:
    response = requests.post(
        f"{live.url}/translate",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=TIMEOUT,
    )
    assert response.status_code == 400
    assert "JSON" in response.json()["error"]


def test_unknown_paths_and_methods(live: Live) -> None:
    missing = requests.get(f"{live.url}/nowhere", timeout=TIMEOUT)
    assert (missing.status_code, list(missing.json())) == (404, ["error"])
    method = requests.get(f"{live.url}/translate", timeout=TIMEOUT)
    assert (method.status_code, list(method.json())) == (405, ["error"])


def test_a_body_of_ten_megabytes_is_refused_in_words(live: Live) -> None:
    response = live.post(q="a" * 10_000_000)
    assert response.status_code == 413
    assert list(response.json()) == ["error"]


def test_a_body_of_ten_megabytes_in_chunks_is_refused_too(live: Live) -> None:
    chunks = (b"q=" + b"a" * 100_000 for _ in range(100))
    response = requests.post(
        f"{live.url}/translate",
        data=chunks,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=TIMEOUT,
    )
    assert response.status_code == 413


def test_the_server_is_healthy_after_all_of_this(live: Live) -> None:
    assert requests.get(f"{live.url}/health", timeout=TIMEOUT).status_code == 200
    assert live.post(q="uno dos").status_code == 200


def test_sigterm_ends_it_quietly_after_the_request_in_hand(model_folder: Path) -> None:
    port = free_port()
    process = command("--port", str(port), "--models", model_folder)
    store = files_of(Settings(port=port))
    body = b"q=uno+dos&source=xx&target=yy"
    head = (
        "POST /translate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    try:
        assert started(process).startswith("Serving ")
        with store.new() as (token, _):
            pass
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as client:
            client.sendall(head.encode() + body[:5])
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            time.sleep(1)
            client.sendall(body[5:])
            answer = client.makefile("rb").read()
        rest, log = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"translatedText" in answer
    assert process.returncode == 0
    assert rest == ""
    assert [line for line in log.splitlines() if " INFO " not in line] == []
    assert store.find(token) is None  # nobody can fetch a translated file any more


def test_a_taken_port(model_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = command("--port", str(port), "--models", model_folder)
        output, error = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 2
    assert output == ""
    assert error.startswith("Error: Cannot listen")
    assert f"port {port}" in error


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_no_models(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    process = command("--port", str(free_port()), "--models", tmp_path / name)
    output, error = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 2
    assert output == ""
    assert error.startswith("Error: expected a folder of models")
    assert str(tmp_path / name) in error


def test_a_wrong_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    completed = subprocess.run(
        [sys.executable, "-m", "serving"],
        cwd=ROOT,
        env=os.environ | {"TRANSLATE_PORT": "http"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert completed.returncode == 2
    assert completed.stderr.startswith("Error: TRANSLATE_PORT: expected")


def test_tensorflow_is_not_imported_before_the_fork() -> None:
    code = "import sys, serving.__main__; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
