"""What is noted of every request: a name, one line in the log, and the metrics."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Sequence

from flask import Flask, Response, g, request

from serving.metrics import Metrics
from serving.settings import Settings

log = logging.getLogger(__name__)

HEADER = "X-Request-ID"

BEGAN = "serving.began"
"""Where the environment of a request says when it began, by `time.perf_counter`."""

_WELL_FORMED = re.compile("[A-Za-z0-9._:+/=-]{1,128}")
_NO_ROUTE = "none"


def track_requests(app: Flask, settings: Settings, metrics: Metrics | None) -> None:
    """Makes an application note its requests.

    A request's name is the one that it brings in X-Request-ID, if that is well-formed, else a new
    one. It stands in the answer, and in every line of the log that the request causes.
    """

    @app.before_request
    def begin() -> None:
        g.began = request.environ.get(BEGAN) or time.perf_counter()
        brought = request.headers.get(HEADER, "")
        g.request_id = brought if _WELL_FORMED.fullmatch(brought) else uuid.uuid4().hex
        if metrics is not None:
            metrics.request_began()
            g.in_flight = True

    @app.after_request
    def answer(response: Response) -> Response:
        seconds = time.perf_counter() - g.began
        route = request.url_rule.rule if request.url_rule else _NO_ROUTE
        response.headers[HEADER] = g.request_id
        if metrics is not None:
            metrics.answered(route, request.method, response.status_code, seconds)
        _log(route, response.status_code, seconds, texts=settings.log_texts)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if metrics is not None and g.pop("in_flight", False):
            metrics.request_ended()


def note_texts(texts: Sequence[str]) -> None:
    """Tells what the current request is about; the log counts it, and shows it where it may."""
    g.texts = texts


def _log(route: str, status: int, seconds: float, *, texts: bool) -> None:
    given: Sequence[str] = g.get("texts", ())
    fields = {
        "method": request.method,
        "route": route,
        "status": status,
        "ms": round(1000 * seconds, 1),
        "texts": len(given),
        "characters": sum(map(len, given)),
    }
    if texts:
        fields["query"] = request.query_string.decode("ascii", "replace")
        fields["q"] = list(given)
    log.info("request", extra={"fields": fields})
