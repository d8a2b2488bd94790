"""The OpenAPI document: complete, valid, and true of what is answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from fuzzing import fuzz, fuzz_config
from openapi_spec_validator import validate

import serving
from serving.app import create_app
from serving.metrics import Metrics
from serving.registry import Registry
from serving.routes import documentation
from serving.served_model import Engine
from serving.settings import Settings

WEB = Path(serving.__file__).parent / "web"
FOR_PEOPLE = re.compile("page[.]|.*static")


@pytest.fixture
def make_app(make_engine: Callable[..., Engine]) -> Callable[..., Flask]:
    def make(**settings: Any) -> Flask:
        registry = Registry([make_engine("es", "en"), make_engine("en", "pt-BR")])
        return create_app(Settings(**settings), registry, metrics=Metrics())

    return make


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(alternatives_limit=3, batch_limit=4, metrics_token="let-me-in")


@pytest.fixture
def spec(app: Flask) -> dict[str, Any]:
    document: dict[str, Any] = app.test_client().get("/spec").get_json()
    return document


def body(spec: dict[str, Any], path: str, kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = spec["paths"][path]["post"]["requestBody"]["content"][kind]["schema"]
    return schema


def test_it_is_valid(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    validate(spec)


def test_every_endpoint_is_in_it(app: Flask, spec: dict[str, Any]) -> None:
    told = {
        (re.sub("{(.*?)}", r"<\1>", path), method.upper())
        for path, methods in spec["paths"].items()
        for method in methods
    }
    answered = {
        (re.sub("<.*?:", "<", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not FOR_PEOPLE.match(rule.endpoint)
    }
    assert told == answered
    assert ("/translate", "POST") in told


def test_every_operation_tells_its_errors_in_one_form(spec: dict[str, Any]) -> None:
    for response in spec["components"]["responses"].values():
        assert response["content"]["application/json"]["schema"] == {
            "$ref": "#/components/schemas/ErrorAnswer"
        }
    translate = spec["paths"]["/translate"]["post"]["responses"]
    assert {"200", "400", "413", "500", "503"} <= set(translate)
    assert set(spec["paths"]["/metrics"]["get"]["responses"]) == {"200", "401", "500"}


def test_the_fields_of_a_json_body(spec: dict[str, Any]) -> None:
    schema = body(spec, "/translate", "application/json")
    assert schema["required"] == ["q", "source", "target"]
    fields = schema["properties"]
    assert fields["source"]["enum"] == ["auto", "en", "es"]
    assert fields["target"]["enum"] == ["en", "pt-BR"]
    text, texts = fields["q"]["anyOf"]
    assert (text["type"], text["minLength"], text["maxLength"]) == ("string", 1, 50_000)
    assert (texts["type"], texts["minItems"], texts["maxItems"]) == ("array", 1, 4)
    assert {"type": "integer", "minimum": 0, "maximum": 3} in fields["alternatives"]["anyOf"]
    assert {"type": "null"} in fields["alternatives"]["anyOf"]
    assert fields["check_source"]["anyOf"][0] == {"type": "boolean"}
    assert "language" in fields["check_source"]["description"]


def test_a_suggestion_tells_how_long_it_may_be(spec: dict[str, Any]) -> None:
    fields = body(spec, "/suggest", "application/json")["properties"]
    assert (fields["s"]["maxLength"], fields["q"]["maxLength"]) == (50_000, 50_000)


def test_it_is_written_once_as_long_as_the_pairs_are_the_same(
    make_engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    write = documentation.document
    monkeypatch.setattr(
        documentation,
        "document",
        lambda *args, **kwargs: written.append(args) or write(*args, **kwargs),
    )
    client = create_app(Settings(), Registry([make_engine("es", "en")])).test_client()

    def targets() -> Any:
        spec = client.get("/spec").get_json()
        return body(spec, "/translate", "application/json")["properties"]["target"]["enum"]

    assert (targets(), targets(), len(written)) == (["en"], ["en"], 1)
    monkeypatch.setattr(Registry, "pairs", [("es", "en"), ("es", "fr")])
    assert (targets(), len(written)) == (["en", "fr"], 2)


def test_a_form_holds_texts_only(spec: dict[str, Any]) -> None:
    fields = body(spec, "/translate", "application/x-www-form-urlencoded")["properties"]
    kinds = {
        name: {variant["type"] for variant in field.get("anyOf", [field])}
        for name, field in fields.items()
    }
    assert kinds.pop("q") == {"string", "array"}
    assert set.union(*kinds.values()) == {"string"}


def test_a_form_may_hold_several_texts_but_no_other_field_twice(app: Flask) -> None:
    client = app.test_client()
    form = "source=es&target=en&q=uno+dos&q=tres"
    several = client.post(f"/translate?{form}")
    assert several.get_json()["translatedText"] == ["dos uno", "tres"]
    assert client.post(f"/translate?{form}&unknown=1&unknown=2").status_code == 200
    twice = client.post(f"/translate?{form}&target=pt-BR")
    assert twice.status_code == 400
    assert twice.get_json()["error"].startswith("Invalid request: target: expected")


@pytest.mark.parametrize(
    ("value", "status"),
    [("2", 200), ("", 200), (None, 200), (2.0, 200), (" 2", 400), ("1_0", 400), ("2.0", 400)],
)
def test_numbers_are_read_as_the_document_says(app: Flask, value: Any, status: int) -> None:
    fields = {"q": "uno", "source": "es", "target": "en", "alternatives": value}
    assert app.test_client().post("/translate", json=fields).status_code == status


def test_without_a_model(empty_client: FlaskClient) -> None:
    spec = empty_client.get("/spec").get_json()
    validate(spec)
    fields = body(spec, "/translate", "application/json")["properties"]
    assert fields["source"]["enum"] == ["auto"]
    assert "enum" not in fields["target"]


def test_made_up_requests_are_answered_as_documented(make_app: Callable[..., Flask]) -> None:
    config = fuzz_config(examples=30, seed=1)
    found = fuzz(schemathesis.openapi.from_wsgi("/spec", make_app(), config=config))
    assert found.failures == []
    assert found.errors == []
    assert found.statuses.total() > 200
    assert found.statuses["POST /translate", 200] > 10
    assert found.statuses["POST /translate", 400] > 10


def test_the_page_to_try_it_keeps_to_the_policy_of_its_server(app: Flask) -> None:
    page = app.test_client().get("/docs")
    assert page.mimetype == "text/html"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?:", page.text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page.text)
    for name in re.findall(r'(?:src|href)="(web/[^"]+)"', page.text):
        assert app.test_client().get(f"/{name}").status_code == 200
    script = (WEB / "docs.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)
