"""GET /health: whether the server can translate."""

from __future__ import annotations

from flask import Blueprint

from serving.registry import Registry
from serving.waiting import NotReady


def blueprint(registry: Registry) -> Blueprint:
    """Makes the endpoint; ok means that at least one model is ready."""
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    def health() -> dict[str, str]:
        if not registry.ready:
            raise NotReady("No model is ready")
        return {"status": "ok"}

    return routes
