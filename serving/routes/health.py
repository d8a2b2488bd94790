"""GET /health and GET /ready: whether the server lives, and whether it can translate."""

from __future__ import annotations

from flask import Blueprint

from serving.operation import Operation, describe
from serving.registry import Registry
from serving.service_answers import StateAnswer
from serving.waiting import NotReady


def blueprint(registry: Registry) -> Blueprint:
    """Makes the endpoints; ok means that at least one model is ready."""
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    @describe(Operation("Whether the service is well", answer=StateAnswer, errors=(503,)))
    def health() -> dict[str, str]:
        return _state(registry)

    @routes.get("/ready")
    @describe(Operation("Whether a model can be served", answer=StateAnswer, errors=(503,)))
    def ready() -> dict[str, str]:
        return _state(registry)

    return routes


def _state(registry: Registry) -> dict[str, str]:
    if not registry.ready:
        raise NotReady("No model is ready")
    return StateAnswer(status="ok").model_dump()
