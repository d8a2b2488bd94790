"""Every error as JSON, `{"error": "<text>"}`, with its status."""

from __future__ import annotations

import errno
import logging

from flask import Flask, Response, json
from flask.typing import ResponseReturnValue
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, ServiceUnavailable

from serving.body import is_unannounced_json
from serving.database import DatabaseError
from serving.edge.guard import body_limit
from serving.fields import MissingField
from serving.waiting import Gone, NoRoom, NotServed
from translator.errors import InputError

log = logging.getLogger(__name__)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
RETRY_AFTER_SECONDS = 10
_CLIENT_CLOSED_REQUEST = 499
"""As nginx has it. Nobody reads the answer; in the log and the metrics it is no sign of load."""


def register_error_handlers(app: Flask) -> None:
    """Gives an application the handlers of this module."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(InputError, _input_error)
    app.register_error_handler(MissingField, _missing_field)
    app.register_error_handler(NotServed, _not_served)
    app.register_error_handler(Gone, _gone)
    app.register_error_handler(OSError, _os_error)
    app.register_error_handler(DatabaseError, _database_error)
    app.register_error_handler(ParseException, _malformed)
    app.register_error_handler(Exception, _defect)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    """Keeps the status and headers (Allow, Retry-After, Location) and replaces the page of HTML."""
    response = Response.force_type(error.get_response())
    response.data = json.dumps({"error": error.description or error.name})
    response.content_type = "application/json"
    return response


def _too_large(error: RequestEntityTooLarge) -> ResponseReturnValue:
    """Names the limit, where the error came without words of ours."""
    if error.description == RequestEntityTooLarge.description:
        error.description = f"The body is too large: {body_limit()}"
    return _http_error(error)


def _input_error(error: InputError) -> ResponseReturnValue:
    return {"error": str(error)}, 400


def _missing_field(error: MissingField) -> ResponseReturnValue:
    hint = ": the body looks like JSON, which needs the header Content-Type: application/json"
    return {"error": f"{error}{hint if is_unannounced_json() else ''}"}, 400


def _not_served(error: NotServed) -> ResponseReturnValue:
    return {"error": str(error)}, 503, {"Retry-After": str(error.retry_after)}


def _gone(error: Gone) -> ResponseReturnValue:
    return {"error": str(error)}, _CLIENT_CLOSED_REQUEST


def _os_error(error: OSError) -> ResponseReturnValue:
    """A full disk is no defect, and passes."""
    if error.errno in _FULL:
        log.error("The disk is full", exc_info=error)
        return _not_served(NoRoom())
    return _defect(error)


def _malformed(_error: ParseException) -> ResponseReturnValue:
    """A body in chunks is parsed while it is read, so only then is it found to be wrong."""
    return {"error": "Invalid request: the body is not in chunks as its header says"}, 400


def _database_error(error: DatabaseError) -> ResponseReturnValue:
    """Asks to come again: a lock goes, a full disk is made room on, and nothing was taken."""
    log.error("%s", error)
    busy = ServiceUnavailable("The database is not available now", retry_after=RETRY_AFTER_SECONDS)
    return _http_error(busy)


def _defect(error: Exception) -> ResponseReturnValue:
    """Tells the log everything and the client nothing: a message may name a path or hold a text."""
    log.error("A request failed", exc_info=error)
    return {"error": "Internal server error"}, 500
