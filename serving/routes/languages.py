"""GET /languages: what can be translated to what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from serving.registry import Registry


def blueprint(registry: Registry) -> Blueprint:
    """Makes the endpoint. Some clients send a body with this GET; it is not read."""
    routes = Blueprint("languages", __name__)

    @routes.get("/languages")
    def languages() -> list[dict[str, Any]]:
        return [language._asdict() for language in registry.languages()]

    return routes
