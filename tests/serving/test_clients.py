"""Clients that people have, against a real server: their calls are not changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest
import requests
from fake_server import write_version
from libretranslatepy import LibreTranslateAPI
from live_server import FakeServer, fake_server


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeServer]:
    models = tmp_path_factory.mktemp("models")
    for name in ("es-en/3", "en-es/3", "en-de/3"):
        write_version(models, name)
    with fake_server(models, char_limit=100) as server:
        yield server


class Weblate:
    """Calls as Weblate's machinery for this kind of service does.

    https://github.com/WeblateOrg/weblate/blob/main/weblate/machinery/libretranslate.py
    """

    def __init__(self, url: str, key: str | None) -> None:
        self._url = url
        self._key = key

    def languages(self) -> list[str]:
        response = requests.get(f"{self._url}/languages", timeout=20)
        response.raise_for_status()
        return [one["code"] for one in response.json()]

    def translate(self, source: str, target: str, texts: list[str]) -> list[str]:
        response = requests.post(
            f"{self._url}/translate",
            json={"api_key": self._key, "q": texts, "source": source, "target": target},
            timeout=20,
        )
        response.raise_for_status()
        translated: list[str] = response.json()["translatedText"]
        return translated


@pytest.fixture
def python_client(live: FakeServer) -> LibreTranslateAPI:
    return LibreTranslateAPI(live.url)


def error_of(failure: pytest.ExceptionInfo[HTTPError]) -> tuple[int, Any]:
    return failure.value.code, json.loads(failure.value.read())


def test_libretranslatepy_languages(python_client: LibreTranslateAPI) -> None:
    assert python_client.languages() == [
        {"code": "en", "name": "English", "targets": ["de", "es"]},
        {"code": "de", "name": "German", "targets": []},
        {"code": "es", "name": "Spanish", "targets": ["en"]},
    ]


@pytest.mark.parametrize("key", [None, "", "unknown"])
def test_libretranslatepy_translates(live: FakeServer, key: str | None) -> None:
    client = LibreTranslateAPI(f"{live.url}/", key)
    assert client.translate("hola, señor & señora", "es", "en") == "hola, señor & señora v3"
    assert client.translate("Where is the station?", "auto", "es").endswith(" v3")


def test_libretranslatepy_detects(python_client: LibreTranslateAPI) -> None:
    found = python_client.detect("¿Dónde está la estación de trenes, por favor?")
    assert found[0]["language"] == "es"
    assert isinstance(found[0]["confidence"], int)
    assert found[0]["confidence"] > 50


@pytest.mark.parametrize(
    ("text", "source", "error"),
    [
        ("", "es", "Invalid request: missing q parameter"),
        ("hola", "zz", "zz is not supported"),
        ("a" * 101, "es", "Invalid request: request (101) exceeds text limit (100)"),
    ],
)
def test_libretranslatepy_is_told_its_errors(
    python_client: LibreTranslateAPI, text: str, source: str, error: str
) -> None:
    with pytest.raises(HTTPError) as failure:
        python_client.translate(text, source, "en")
    assert error_of(failure) == (400, {"error": error})


def test_weblate_languages(live: FakeServer) -> None:
    assert sorted(Weblate(live.url, "").languages()) == ["de", "en", "es"]


@pytest.mark.parametrize("key", [None, ""])
@pytest.mark.parametrize("texts", [["hola"], ["uno", "dos", "uno"], ["uno", "", " ", "dos %s"]])
def test_weblate_translates_lists(live: FakeServer, key: str | None, texts: list[str]) -> None:
    translated = Weblate(live.url, key).translate("es", "en", texts)
    assert len(translated) == len(texts)
    for text, translation in zip(texts, translated, strict=True):
        assert translation == (f"{text} v3" if text.strip() else text)


@pytest.mark.parametrize(("source", "target"), [("es", "de"), ("es", "zz"), ("zz", "en")])
def test_weblate_is_told_what_is_not_there(live: FakeServer, source: str, target: str) -> None:
    with pytest.raises(requests.HTTPError) as failure:
        Weblate(live.url, "").translate(source, target, ["hola"])
    assert failure.value.response.status_code == 400
    assert list(failure.value.response.json()) == ["error"]
