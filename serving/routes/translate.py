"""POST /translate: texts in, translations out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from serving.answers import TranslateAnswer
from serving.body import read_fields
from serving.connection import caller
from serving.edge.callers import settings_of_caller
from serving.edge.guard import guarded
from serving.operation import Operation, describe
from serving.registry import Registry
from serving.schemas import TranslateRequest
from serving.settings import Settings
from serving.tracking import note_texts
from serving.translation import translate as translate_request


def blueprint(settings: Settings, registry: Registry) -> Blueprint:
    """Makes the endpoint."""
    routes = Blueprint("translate", __name__)

    @routes.post("/translate")
    @guarded()
    @describe(
        Operation(
            "Translate a text, or a list of texts",
            request=TranslateRequest,
            answer=TranslateAnswer,
            errors=(400, 403, 413, 429, 503),
        )
    )
    def translate() -> dict[str, Any]:
        request = TranslateRequest.parse(read_fields(), settings_of_caller(settings))
        note_texts(request.texts)
        results = translate_request(request, settings, registry, caller(settings))
        return TranslateAnswer.of(request, results).as_json()

    return routes
