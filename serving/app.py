"""The Flask application. Nothing happens at import; whoever makes it brings settings and models."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from serving import routes
from serving.edge import guard, web
from serving.errors import register_error_handlers
from serving.metrics import Metrics
from serving.registry import Registry
from serving.settings import Settings
from serving.tracking import track_requests


def create_app(
    settings: Settings,
    registry: Registry,
    *,
    metrics: Metrics | None = None,
    shared: Path | None = None,
) -> Flask:
    """Makes the application that answers for these models under these limits.

    Args:
        settings: The limits.
        registry: The models.
        metrics: What counts; None for a service that counts nothing.
        shared: A folder for what the processes of this server share; None if there is only one.
    """
    app = Flask(__name__, static_folder=None)
    # First, so that it sees what all others make of a request.
    track_requests(app, settings, metrics)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    # Flask has a second, lower limit for forms; here all bodies have the same.
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    app.json = _Json(app)
    register_error_handlers(app)
    web.install(app, settings)
    guard.install(app, settings, shared)
    for blueprint in routes.blueprints(settings, registry, metrics):
        app.register_blueprint(blueprint)
    return app


class _Json(DefaultJSONProvider):
    """Text stays readable, and fields keep the order in which they are written."""

    ensure_ascii = False
    sort_keys = False
