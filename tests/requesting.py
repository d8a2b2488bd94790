"""How the tests of the endpoints ask, and read refusals."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PAIR = {"source": "es", "target": "en"}


def post(client: FlaskClient, **fields: Any) -> TestResponse:
    # Written by json itself, which escapes even what is no text.
    body = json.dumps(PAIR | fields)
    return client.post("/translate", data=body, content_type="application/json")


def refusal(response: TestResponse, status: int = 400) -> str:
    """Gives the text of an error, after checking that it is one, as JSON and nothing else."""
    assert response.status_code == status
    assert response.mimetype == "application/json"
    body = response.get_json()
    assert list(body) == ["error"]
    assert "Traceback" not in body["error"]
    return str(body["error"])
