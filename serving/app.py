"""The Flask application. Nothing happens at import; whoever makes it brings settings and models."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from serving import routes
from serving.edge import guard, web
from serving.errors import register_error_handlers
from serving.metrics import Metrics
from serving.registry import Registry
from serving.settings import Settings
from serving.tracking import BEGAN, track_requests
from serving.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def create_app(
    settings: Settings,
    registry: Registry,
    *,
    metrics: Metrics | None = None,
    shared: Path | None = None,
    turns: Turns | None = None,
) -> Flask:
    """Makes the application that answers for these models under these limits.

    Args:
        settings: The limits.
        registry: The models.
        metrics: What counts; None for a service that counts nothing.
        shared: A folder for what the processes of this server share; None if there is only one.
        turns: Taken by each request while it is worked on; None for any number at a time.
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
    if turns is not None:
        app.wsgi_app = _in_turn(app.wsgi_app, turns)  # type: ignore[assignment,method-assign]
    return app


def _in_turn(application: WSGIApplication, turns: Turns) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[BEGAN] = time.perf_counter()  # what it waits for its turn is part of its time
        with turns.taken():
            return application(environ, start_response)

    return answer


class _Json(DefaultJSONProvider):
    """Text stays readable, and fields keep the order in which they are written."""

    ensure_ascii = False
    sort_keys = False
