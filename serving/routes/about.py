"""GET /models, GET /version and GET /frontend/settings: what the service tells of itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from serving.languages import english_name
from serving.operation import Operation, describe
from serving.registry import Registry
from serving.service_answers import (
    DefaultLanguages,
    FrontendSettings,
    LanguageName,
    ModelAnswer,
    VersionAnswer,
)
from serving.settings import Settings
from serving.version import VERSION
from translator.formats.registry import extensions
from translator.model_folder import FORMAT_VERSION

_TYPING_PAUSE_MS = 500


def blueprint(settings: Settings, registry: Registry) -> Blueprint:
    """Makes the endpoints."""
    routes = Blueprint("about", __name__)

    @routes.get("/models")
    @describe(Operation("List the models", answer=list[ModelAnswer]))
    def models() -> list[dict[str, Any]]:
        return [one.model_dump(by_alias=True) for one in _models(registry)]

    @routes.get("/version")
    @describe(Operation("Tell which program answers", answer=VersionAnswer))
    def version() -> dict[str, Any]:
        answer = VersionAnswer(version=VERSION, model_format=FORMAT_VERSION)
        return answer.model_dump(by_alias=True)

    @routes.get("/frontend/settings")
    @describe(Operation("Tell what a page has to know", answer=FrontendSettings))
    def frontend_settings() -> dict[str, Any]:
        return _frontend_settings(settings, registry).model_dump(by_alias=True)

    return routes


def _models(registry: Registry) -> list[ModelAnswer]:
    served = [ModelAnswer.of(status) for status in registry.status()]
    names = {model.name for model in served}
    broken = [
        ModelAnswer(name=name, problems=list(problems))
        for name, problems in registry.problems().items()
        if name not in names
    ]
    return sorted([*served, *broken], key=lambda model: model.name)


def _frontend_settings(settings: Settings, registry: Registry) -> FrontendSettings:
    source, target = registry.pairs[0] if registry.pairs else ("", "")
    return FrontendSettings(
        char_limit=settings.char_limit,
        frontend_timeout=_TYPING_PAUSE_MS,
        api_keys=settings.database is not None,
        key_required=settings.require_key,
        suggestions=settings.suggestions,
        files_translation=settings.files,
        supported_files_format=extensions() if settings.files else [],
        language=DefaultLanguages(source=_name(source), target=_name(target)),
    )


def _name(code: str) -> LanguageName:
    return LanguageName(code=code, name=english_name(code) if code else "")
