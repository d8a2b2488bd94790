from __future__ import annotations

import pytest
from flask.testing import FlaskClient


def test_health(client: FlaskClient) -> None:
    response = client.get("/health")
    assert response.status_code == 200
    assert response.get_json() == {"status": "ok"}


def test_health_without_a_model(empty_client: FlaskClient) -> None:
    response = empty_client.get("/health")
    assert response.status_code == 503
    assert response.get_json() == {"error": "No model is ready"}
    assert int(response.headers["Retry-After"]) > 0


def test_languages(client: FlaskClient) -> None:
    response = client.get("/languages")
    assert response.status_code == 200
    assert response.get_json() == [
        {"code": "pt-BR", "name": "Brazilian Portuguese", "targets": []},
        {"code": "en", "name": "English", "targets": ["pt-BR"]},
        {"code": "es", "name": "Spanish", "targets": ["en"]},
    ]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("api_key=", "application/x-www-form-urlencoded"),
        ("{", "application/json"),
        ("a" * 2_000_000, "application/json"),
    ],
)
def test_languages_with_a_body(client: FlaskClient, body: str, content_type: str) -> None:
    response = client.get("/languages", data=body, content_type=content_type)
    assert response.status_code == 200
    assert len(response.get_json()) == 3


def test_languages_without_a_model(empty_client: FlaskClient) -> None:
    assert empty_client.get("/languages").get_json() == []


@pytest.mark.parametrize("path", ["/nowhere", "/web/nowhere.js", "/web/../app.py", "/%00"])
def test_an_unknown_path(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert list(response.get_json()) == ["error"]


def test_a_wrong_method(client: FlaskClient) -> None:
    response = client.get("/translate")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]
    assert list(response.get_json()) == ["error"]
    assert client.post("/languages").status_code == 405


@pytest.mark.parametrize("path", ["/", "/health", "/nowhere"])
def test_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
