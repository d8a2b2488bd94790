"""POST /translate: texts in, translations out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from serving.body import read_fields
from serving.registry import Registry
from serving.routes.health import require_model
from serving.schemas import TranslateAnswer, TranslateRequest
from serving.settings import Settings
from translator.texts.translating import translate_texts


def blueprint(settings: Settings, registry: Registry) -> Blueprint:
    """Makes the endpoint."""
    routes = Blueprint("translate", __name__)

    @routes.post("/translate")
    def translate() -> dict[str, Any]:
        request = TranslateRequest.parse(read_fields(), settings)
        search = request.search(settings)
        require_model(registry)
        model = registry.find(request.source, request.target)
        results = translate_texts(
            request.texts,
            request.source,
            request.target,
            lambda sentences: model.translate([s.text for s in sentences], search),
            text_format=request.text_format,
        )
        return TranslateAnswer.of(request, results).as_json()

    return routes
