"""Reads the fields of a request, in whichever of the three ways a client sends them."""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from flask import g, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge


def read_fields() -> dict[str, Any]:
    """Reads the current request: a JSON object, else form fields and query string together.

    A field that a form or query string holds several times is a list, as if it came in JSON.
    A body of any other type is not read, so a field that it was to bring counts as missing. The
    files of a form are left to whoever wants them. A request is read once.

    Raises:
        BadRequest: The body says it is JSON, and is not, or is no object; or it is not in UTF-8.
        RequestEntityTooLarge: The body is over the limit.
    """
    if "fields" not in g:
        g.fields = _read_fields()
    return cast("dict[str, Any]", g.fields)


def is_unannounced_json() -> bool:
    """Whether the current request has a JSON object for a body, and a header that says otherwise.

    `curl -d '{...}'` sends such ones: as a form, in which nothing of it is found.
    """
    if request.is_json or request.mimetype == "multipart/form-data":
        return False
    body = request.get_data().strip()
    return body.startswith(b"{") and body.endswith(b"}")


def _read_fields() -> dict[str, Any]:
    # A form with files goes to the disk as it comes; it is not held in memory as well.
    if request.mimetype == "multipart/form-data":
        return _form_fields()
    body = _read_body()
    if not request.is_json:
        is_form = request.mimetype == "application/x-www-form-urlencoded"
        return _form_fields(body if is_form else b"")
    try:
        fields = json.loads(body)
    except UnicodeDecodeError as error:
        raise BadRequest("Invalid request: the body is not in UTF-8") from error
    # Brackets nested by the thousand are a RecursionError, not a ValueError.
    except (ValueError, RecursionError) as error:
        raise BadRequest("Invalid request: the body is not valid JSON") from error
    if not isinstance(fields, dict):
        raise BadRequest("Invalid request: the body is not a JSON object")
    return fields


def _read_body() -> bytes:
    """Reads the body; the form, which Flask parses when it is asked for, comes from it as well."""
    body = request.get_data()
    # Without a length declared up front (chunked), Werkzeug cuts a body at the limit and is silent.
    if request.content_length is None and len(body) == request.max_content_length:
        raise RequestEntityTooLarge
    return body


def _form_fields(body: bytes = b"") -> dict[str, Any]:
    # Werkzeug would put marks in place of what is not UTF-8, and they would be translated.
    for part in (body, request.query_string):
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError as error:
            raise BadRequest("Invalid request: the fields are not in UTF-8") from error
    return {
        name: values[0] if len(values) == 1 else values for name, values in request.values.lists()
    }
