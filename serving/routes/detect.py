"""POST /detect: which language a text is in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from serving.answers import DetectedLanguage
from serving.body import read_fields
from serving.edge.callers import settings_of_caller
from serving.edge.guard import guarded
from serving.operation import Operation, describe
from serving.schemas import DetectRequest
from serving.settings import Settings
from serving.tracking import note_texts
from translator.detection import Detected
from translator.detection import detect as detect_language
from translator.texts.visible import visible_words

# Clients take the first of the list without asking whether there is one.
_UNDETERMINED = Detected("und", 0.0)


def blueprint(settings: Settings) -> Blueprint:
    """Makes the endpoint. It tells of languages that no model here translates, too."""
    routes = Blueprint("detect", __name__)

    @routes.post("/detect")
    @guarded()
    @describe(
        Operation(
            "Tell which language a text is in, the likeliest first",
            request=DetectRequest,
            answer=list[DetectedLanguage],
            errors=(400, 403, 413, 429, 503),
        )
    )
    def detect() -> list[dict[str, Any]]:
        request = DetectRequest.parse(read_fields(), settings_of_caller(settings))
        note_texts([request.q])
        found = detect_language(visible_words(request.q)) or [_UNDETERMINED]
        answers = [DetectedLanguage.of(one) for one in found]
        return [one.model_dump() for n, one in enumerate(answers) if one.confidence or n == 0]

    return routes
