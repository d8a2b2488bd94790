"""GET /metrics: what Prometheus collects."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from serving.metrics import CONTENT_TYPE, Metrics
from serving.operation import Operation, describe
from serving.settings import Settings


def blueprint(settings: Settings, metrics: Metrics) -> Blueprint:
    """Makes the endpoint."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    @describe(Operation("Give the metrics, for Prometheus", media_type="text/plain", token=True))
    def metrics_text() -> Response:
        _require_token(settings.metrics_token)
        return Response(metrics.render(), content_type=CONTENT_TYPE)

    return routes


def _require_token(token: str) -> None:
    """Asks for the bearer token (RFC 6750), where there is one.

    Raises:
        Unauthorized: It is missing or wrong.
    """
    if not token:
        return
    given = request.authorization
    received = (given.token if given and given.type == "bearer" else None) or ""
    if not hmac.compare_digest(received.encode(errors="replace"), token.encode()):
        raise Unauthorized(
            "Expected the token of the metrics, as Authorization: Bearer",
            www_authenticate=WWWAuthenticate("bearer"),
        )
