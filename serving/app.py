"""The Flask application. Nothing happens at import; whoever makes it brings settings and models."""

from __future__ import annotations

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider

from serving import routes
from serving.errors import register_error_handlers
from serving.metrics import Metrics
from serving.registry import Registry
from serving.settings import Settings
from serving.tracking import track_requests

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(settings: Settings, registry: Registry, metrics: Metrics | None = None) -> Flask:
    """Makes the application that answers for these models under these limits.

    Args:
        settings: The limits.
        registry: The models.
        metrics: What counts; None for a service that counts nothing.
    """
    app = Flask(__name__, static_folder=None)
    # First, so that it sees what all others make of a request.
    track_requests(app, settings, metrics)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    # Flask has a second, lower limit for forms; here all bodies have the same.
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    app.json = _Json(app)
    register_error_handlers(app)
    app.after_request(_secure)
    for blueprint in routes.blueprints(settings, registry, metrics):
        app.register_blueprint(blueprint)
    return app


class _Json(DefaultJSONProvider):
    """Text stays readable, and fields keep the order in which they are written."""

    ensure_ascii = False
    sort_keys = False


def _secure(response: Response) -> Response:
    response.headers.extend(SECURITY_HEADERS)
    return response
