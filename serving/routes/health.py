"""GET /health: whether the server can translate."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.exceptions import ServiceUnavailable

from serving.registry import Registry

RETRY_AFTER_SECONDS = 10


def blueprint(registry: Registry) -> Blueprint:
    """Makes the endpoint; ok means that at least one model is ready."""
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    def health() -> dict[str, str]:
        require_model(registry)
        return {"status": "ok"}

    return routes


def require_model(registry: Registry) -> None:
    """Answers 503 while there is no model at all.

    Raises:
        ServiceUnavailable: The registry is empty.
    """
    if not registry.pairs:
        raise ServiceUnavailable("No model is ready", retry_after=RETRY_AFTER_SECONDS)
