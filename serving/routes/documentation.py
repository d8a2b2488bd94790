"""GET /spec and GET /docs: the OpenAPI document, and a page to try what it describes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, send_from_directory

from serving.openapi import document, endpoints
from serving.operation import Operation, describe
from serving.registry import Registry
from serving.schemas import AUTO
from serving.settings import Settings

_WEB = Path(__file__).parents[1] / "web"


def blueprint(settings: Settings, registry: Registry) -> Blueprint:
    """Makes the endpoints. The document is written anew as languages come and go."""
    routes = Blueprint("documentation", __name__)

    @lru_cache(maxsize=1)
    def written(pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
        return document(
            endpoints(current_app), _limits(settings, pairs), token=bool(settings.metrics_token)
        )

    @routes.get("/spec")
    @describe(Operation("Give this document", answer=dict[str, Any]))
    def spec() -> dict[str, Any]:
        return written(tuple(registry.pairs))

    @routes.get("/docs")
    @describe(Operation("Show a page to try the service", media_type="text/html"))
    def docs() -> Response:
        return send_from_directory(_WEB, "docs.html")

    return routes


def _limits(settings: Settings, pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    sources = sorted({source for source, _ in pairs})
    targets = sorted({target for _, target in pairs})
    return {
        "q": {"maxLength": settings.char_limit, "maxItems": settings.batch_limit},
        "s": {"maxLength": settings.char_limit},
        # No schema has an empty list of choices; without a model, whatever is asked for is refused.
        "source": {"enum": [AUTO, *sources]},
        "target": {"enum": targets} if targets else {},
        "format": {"enum": ["text", "html"]},
        "alternatives": {"maximum": settings.alternatives_limit},
        "beam_size": {"maximum": settings.beam_limit},
        "glossary": {"maxProperties": settings.glossary_limit},
    }
