from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.config import Config
from requesting import PAIR, post

from serving.app import create_app
from serving.logs import GunicornLogger, configure_logging
from serving.registry import Registry
from serving.settings import Settings

SECRET = "geheim"
NEW_ID = re.compile("[0-9a-f]{32}")


class Log:
    """What has been written to standard error since the last look."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def text(self) -> str:
        return self._capture.readouterr().err

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    """The log of the server; afterwards logging is as it was."""
    root = logging.getLogger()
    named = [logging.getLogger(name) for name in ("serving", "translator", "gunicorn.error")]
    handlers, levels = root.handlers[:], [(one, one.level) for one in (root, *named)]
    # Not closed by the configuration of logging: they are pytest's.
    root.handlers = []
    yield Log(capsys)
    root.handlers = handlers
    for logger, level in levels:
        logger.setLevel(level)


@pytest.fixture
def make_client(engine: object, log: Log) -> Callable[..., FlaskClient]:
    def make(**settings: Any) -> FlaskClient:
        chosen = Settings(**settings)
        configure_logging(chosen)
        app: Flask = create_app(chosen, Registry([engine]))

        @app.get("/fail")
        def fail() -> str:
            raise KeyError(SECRET)

        return app.test_client()

    return make


def test_one_line_of_json_for_each_request(
    make_client: Callable[..., FlaskClient], log: Log
) -> None:
    client = make_client(log_format="json")
    post(client, q=["uno", "dos tres"])
    client.get("/nowhere")
    translated, missing = log.lines()
    assert translated["level"] == "info"
    assert translated["message"] == "request"
    assert (translated["method"], translated["route"]) == ("POST", "/translate")
    assert (translated["status"], translated["texts"], translated["characters"]) == (200, 2, 11)
    assert 0 < translated["ms"] < 60_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", translated["time"])
    assert (missing["route"], missing["status"], missing["texts"]) == ("none", 404, 0)


def test_one_line_of_text_for_each_request(
    make_client: Callable[..., FlaskClient], log: Log
) -> None:
    make_client().get("/version", headers={"X-Request-ID": "a-1"})
    [line] = log.text().splitlines()
    assert re.fullmatch(
        r"\S+Z INFO request method=GET route=/version status=200 ms=[\d.]+ texts=0 characters=0 "
        "request_id=a-1",
        line,
    )


@pytest.mark.parametrize(
    "name", ["a", "4bf92f3577b34da6a3ce929d0e0e4736", "A.b:c/d+e=f-_", "x" * 128]
)
def test_a_well_formed_name_of_a_request_is_kept(
    make_client: Callable[..., FlaskClient], log: Log, name: str
) -> None:
    response = make_client(log_format="json").get("/health", headers={"X-Request-ID": name})
    assert response.headers["X-Request-ID"] == name
    assert log.lines()[0]["request_id"] == name


@pytest.mark.parametrize("name", ["", "a b", "x" * 129, "<script>", 'a="1"', "ä"])
def test_any_other_is_replaced(
    make_client: Callable[..., FlaskClient], log: Log, name: str
) -> None:
    response = make_client(log_format="json").get("/health", headers={"X-Request-ID": name})
    made = response.headers["X-Request-ID"]
    assert NEW_ID.fullmatch(made)
    assert log.lines()[0]["request_id"] == made


def test_requests_have_different_names(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client()
    assert len({client.get("/health").headers["X-Request-ID"] for _ in range(20)}) == 20


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_that_a_user_sent_is_logged(
    make_client: Callable[..., FlaskClient], log: Log, form: str
) -> None:
    client = make_client(log_format=form, log_level="debug")
    post(client, q=SECRET, api_key=SECRET)
    post(client, q=SECRET, source=SECRET)
    client.post(f"/translate?q={SECRET}&source=es&target=en")
    client.post("/translate", data=PAIR | {"q": SECRET, "glossary": SECRET})
    client.get(f"/{SECRET}")
    client.get("/fail")
    written = log.text()
    assert written.count("/translate") == 4
    assert SECRET not in written


def test_a_defect_is_logged_with_its_place_and_its_request(
    make_client: Callable[..., FlaskClient], log: Log
) -> None:
    response = make_client(log_format="json").get("/fail", headers={"X-Request-ID": "a-1"})
    assert response.get_json() == {"error": "Internal server error"}
    defect, request = log.lines()
    assert (defect["level"], defect["request_id"], request["request_id"]) == ("error", "a-1", "a-1")
    assert "in fail" in defect["trace"]
    assert defect["trace"].endswith("\nKeyError")
    assert request["status"] == 500


def test_texts_are_logged_where_the_operator_wants_them(
    make_client: Callable[..., FlaskClient], log: Log
) -> None:
    client = make_client(log_texts=True, log_format="json")
    client.post("/translate?q=uno+dos&source=es&target=en")
    client.get("/fail")
    translated, defect, _ = log.lines()
    assert translated["q"] == ["uno dos"]
    assert translated["query"] == "q=uno+dos&source=es&target=en"
    assert SECRET in defect["trace"]


def test_the_level(make_client: Callable[..., FlaskClient], log: Log) -> None:
    client = make_client(log_level="error", log_format="json")
    client.get("/health")
    client.get("/fail")
    [line] = log.lines()
    assert line["message"] == "A request failed"


def test_gunicorn_writes_the_same_lines(log: Log) -> None:
    configure_logging(Settings(log_format="json"))
    logger = GunicornLogger(Config())
    logger.info("Booting worker with pid: %s", 7)
    try:
        raise OSError("no space")
    except OSError:
        logger.exception("Error handling request %s", f"/translate?q={SECRET}")
    booting, error = log.lines()
    assert booting["message"] == "Booting worker with pid: 7"
    assert error["message"] == "Error handling request /translate"
    assert "OSError: no space" in error["trace"]
