"""Answers of a worker's own, to requests that no endpoint sees."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from gunicorn.http import errors

from serving.edge.web import SECURITY_HEADERS
from serving.waiting import BUSY


def raw_answer(status: HTTPStatus, error: str, more: Mapping[str, str]) -> bytes:
    """A whole answer, `{"error": ...}`, with more headers."""
    content = json.dumps({"error": error}).encode() + b"\n"
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        **more,
        **SECURITY_HEADERS,
    }
    lines = [f"HTTP/1.1 {status} {status.phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + content


_AGAIN = {"Retry-After": "1"}
BUSY_ANSWER = raw_answer(HTTPStatus.SERVICE_UNAVAILABLE, BUSY, _AGAIN)
CLOSING_ANSWER = raw_answer(HTTPStatus.SERVICE_UNAVAILABLE, BUSY, {**_AGAIN, "Connection": "close"})

_INVALID = (
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG, "its address is too long"),
    (errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many headers"),
    (errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED, "it expects what is not done here"),
    (errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED, "an unknown transfer coding"),
)
_DEFECTS = (
    errors.ConfigurationProblem,
    errors.InvalidResponseHeader,
    errors.InvalidResponseHeaderName,
)


def why_invalid(error: Exception) -> tuple[HTTPStatus, str]:
    """The status and the words for what kept a request from being answered, as gunicorn has them.

    None of it quotes the request.
    """
    if isinstance(error, _DEFECTS) or not isinstance(error, errors.ParseException):
        return HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error"
    for kind, status, why in _INVALID:
        if isinstance(error, kind):
            return status, f"Invalid request: {why}"
    return HTTPStatus.BAD_REQUEST, "Invalid request: it is not written as HTTP wants it"
