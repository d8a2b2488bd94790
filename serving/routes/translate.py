"""POST /translate: texts in, translations out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from serving.answers import TranslateAnswer
from serving.body import read_fields
from serving.connection import caller
from serving.edge.callers import settings_of_caller
from serving.edge.guard import guarded
from serving.registry import Registry
from serving.schemas import TranslateRequest
from serving.settings import Settings
from serving.translation import translate as translate_request


def blueprint(settings: Settings, registry: Registry) -> Blueprint:
    """Makes the endpoint."""
    routes = Blueprint("translate", __name__)

    @routes.post("/translate")
    @guarded()
    def translate() -> dict[str, Any]:
        request = TranslateRequest.parse(read_fields(), settings_of_caller(settings))
        results = translate_request(request, settings, registry, caller(settings))
        return TranslateAnswer.of(request, results).as_json()

    return routes
