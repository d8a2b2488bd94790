from __future__ import annotations

import socket
import threading

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from requesting import PAIR, post, refusal

from serving.app import create_app
from serving.metrics import Metrics
from serving.observer import Observer
from serving.registry import Engine, Registry
from serving.settings import Settings


def read(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Gives the samples by their name and the values of their labels, in the order of the names."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name.removeprefix("translate_"), *dict(sorted(sample.labels.items())).values()): (
            sample.value
        )
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(settings: Settings, engine: object, metrics: Metrics) -> FlaskClient:
    return create_app(settings, Registry([engine]), metrics=metrics).test_client()


def test_requests_are_counted_by_route_method_and_status(client: FlaskClient) -> None:
    post(client, q="uno")
    post(client, q="dos")
    post(client)
    client.get("/nowhere/at/all")
    client.open("/translate", method="BREW")
    found = read(client)
    assert found["requests_total", "POST", "/translate", "200"] == 2
    assert found["requests_total", "POST", "/translate", "400"] == 1
    assert found["requests_total", "GET", "none", "404"] == 1
    assert found["requests_total", "other", "none", "405"] == 1
    assert found["request_seconds_count", "/translate"] == 3
    assert 0 < found["request_seconds_sum", "/translate"] < 60
    assert found["request_seconds_bucket", "+Inf", "/translate"] == 3


def test_the_request_for_the_metrics_is_in_flight(client: FlaskClient) -> None:
    post(client, q="uno")
    assert read(client)["requests_in_flight",] == 1
    assert read(client)["requests_in_flight",] == 1


def test_a_client_that_has_gone_is_no_sign_of_load(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    noticed = threading.Event()
    monkeypatch.setattr("serving.batcher._LOOK", 0.01)
    translate = engine.translate
    monkeypatch.setattr(engine, "translate", lambda *given: noticed.wait(10) and translate(*given))
    server, caller = socket.socketpair()
    with server:
        caller.close()
        client.post(
            "/translate", json=PAIR | {"q": "uno"}, environ_base={"gunicorn.socket": server}
        )
    noticed.set()
    found = read(client)
    assert found["requests_total", "POST", "/translate", "499"] == 1
    assert ("requests_total", "POST", "/translate", "503") not in found


def test_no_text_of_a_user_becomes_a_label(client: FlaskClient) -> None:
    secret = "geheim"
    post(client, q=secret, api_key=secret)
    client.get(f"/{secret}?{secret}={secret}", headers={"X-Request-ID": secret, "Host": secret})
    client.open("/", method=secret.upper())
    assert secret not in client.get("/metrics").text.lower()


def test_what_the_models_do(client: FlaskClient, metrics: Metrics) -> None:
    observer: Observer = metrics
    observer.queued(5)
    observer.queued(-2)
    observer.searched(sentences=3, tokens=40, seconds=0.2)
    observer.searched(sentences=5, tokens=2, seconds=0.4)
    observer.looked_up(hits=4, misses=1)
    observer.loaded("es-en", 3, 2.0)
    observer.unloaded("es-en", 2)
    observer.refused("es-en", 4)
    found = read(client)
    assert found["queue_texts",] == 3
    assert (found["sentences_total",], found["tokens_total",]) == (8, 42)
    assert found["batch_sentences_bucket", "4.0"] == 1
    assert found["batch_sentences_bucket", "8.0"] == 2
    assert found["batch_seconds_sum",] == pytest.approx(0.6)
    assert found["cache_lookups_total", "hit"] == 4
    assert found["cache_lookups_total", "miss"] == 1
    assert found["model_loads_total", "es-en", "3"] == 1
    assert found["model_load_seconds_sum",] == 2
    assert found["model_unloads_total", "es-en", "2"] == 1
    assert found["model_refusals_total", "es-en", "4"] == 1


def test_a_token(engine: object) -> None:
    settings = Settings(metrics_token="s3cret-ü")
    client = create_app(settings, Registry([engine]), metrics=Metrics()).test_client()
    for headers in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer s3cret"},
        {"Authorization": "Basic czNjcmV0Og=="},
        {"X-Token": "s3cret-ü"},
    ):
        response = client.get("/metrics", headers=headers)
        assert "Bearer" in refusal(response, 401)
        assert response.headers["WWW-Authenticate"].lower().startswith("bearer")
    allowed = client.get("/metrics", headers={"Authorization": "Bearer s3cret-ü"})
    assert allowed.status_code == 200
    assert client.post("/translate", json=PAIR | {"q": "uno"}).status_code == 200


def test_switched_off(settings: Settings, engine: object) -> None:
    client = create_app(settings, Registry([engine])).test_client()
    assert client.get("/metrics").status_code == 404
    assert "/metrics" not in client.get("/spec").get_json()["paths"]
