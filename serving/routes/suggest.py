"""POST /suggest: a better translation, kept to train on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from werkzeug.exceptions import Forbidden

from serving.body import read_fields
from serving.edge.callers import settings_of_caller
from serving.edge.guard import guarded
from serving.operation import Operation, describe
from serving.registry import Registry
from serving.schemas import SuggestRequest
from serving.service_answers import SuggestAnswer
from serving.settings import Settings
from serving.suggestions import Suggestion, Suggestions


def blueprint(settings: Settings, registry: Registry) -> Blueprint:
    """Makes the endpoint. It takes suggestions for the pairs of languages that are served."""
    routes = Blueprint("suggest", __name__)
    database = settings.database if settings.suggestions else None
    suggestions = Suggestions(database) if database else None

    @routes.post("/suggest")
    @guarded()
    @describe(
        Operation(
            "Suggest a better translation",
            request=SuggestRequest,
            answer=SuggestAnswer,
            errors=(400, 403, 413, 429, 503),
        )
    )
    def suggest() -> dict[str, Any]:
        if suggestions is None:
            raise Forbidden("Suggestions are switched off")
        request = SuggestRequest.parse(read_fields(), settings_of_caller(settings))
        source, target = registry.resolve(request.source, request.target)
        suggestions.add(Suggestion(source, target, request.q, request.s))
        return SuggestAnswer().model_dump()

    return routes
