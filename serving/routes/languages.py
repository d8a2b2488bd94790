"""GET /languages: what can be translated to what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from serving.operation import Operation, describe
from serving.registry import Registry
from serving.service_answers import LanguageAnswer


def blueprint(registry: Registry) -> Blueprint:
    """Makes the endpoint. Some clients send a body with this GET; it is not read."""
    routes = Blueprint("languages", __name__)

    @routes.get("/languages")
    @describe(Operation("List the languages", answer=list[LanguageAnswer]))
    def languages() -> list[dict[str, Any]]:
        return [LanguageAnswer(**one._asdict()).model_dump() for one in registry.languages()]

    return routes
