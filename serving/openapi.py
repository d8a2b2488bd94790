"""The OpenAPI 3.1 document, made of the types that check requests and shape answers.

https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import Flask
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from serving.operation import Operation, operation_of
from serving.request_fields import as_form, as_json
from serving.service_answers import ErrorAnswer
from serving.version import VERSION

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"
_ANYWAY = (HTTPStatus.INTERNAL_SERVER_ERROR,)
_RETRIED = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_MEANINGS = {
    400: "A field is missing, or holds what cannot be had",
    401: "The token is missing or wrong",
    403: "The key is wrong or may not do this, or this is switched off",
    404: "There is no such thing, or no longer",
    413: "The body is too large",
    429: "Too many requests, or too many characters, in too short a time",
    500: "A defect of the service",
    503: "No model is ready, or too many requests wait already",
}
_REQUEST_NOTE = (
    "A JSON object or a form. The same fields may also stand in the query string, beside a form "
    "or without a body. Fields that are not named here are ignored; an empty text or null counts "
    "as not given."
)


class Endpoint(NamedTuple):
    """An operation, and where it is found."""

    path: str
    method: str
    parameters: tuple[str, ...]
    operation: Operation


def endpoints(app: Flask) -> list[Endpoint]:
    """Lists what an application answers, without what is only meant for people."""
    found = []
    for rule in app.url_map.iter_rules():
        operation = operation_of(app.view_functions[rule.endpoint])
        if operation is not None:
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            parameters = tuple(sorted(rule.arguments))
            found += [Endpoint(path, m.lower(), parameters, operation) for m in sorted(methods)]
    return found


def document(
    endpoints: Sequence[Endpoint], limits: Mapping[str, Schema], *, token: bool
) -> dict[str, Any]:
    """Writes the document.

    Args:
        endpoints: What is answered.
        limits: By the name of a request's field, what the settings and models of this service
            add to its schema.
        token: Whether a token is set for the operations that ask for one.
    """
    schemas = _Schemas(endpoints)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        written = _operation(endpoint, schemas, limits, token=token)
        paths.setdefault(endpoint.path, {})[endpoint.method] = written
    components: dict[str, Any] = {
        "schemas": schemas.components,
        "responses": dict(_error_responses(_used_statuses(endpoints, token=token), schemas)),
    }
    if token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Translate",
            "version": VERSION,
            "description": "A self-hosted translation service.",
        },
        "paths": paths,
        "components": components,
    }


class _Schemas:
    """The JSON schemas of all types of some endpoints, with the components that they refer to."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        operations = [endpoint.operation for endpoint in endpoints]
        wanted: list[tuple[Any, JsonSchemaMode]] = [(ErrorAnswer, "serialization")]
        wanted += [(op.answer, "serialization") for op in operations if op.answer is not None]
        self._places = {kind: n for n, (kind, _) in enumerate(wanted)}
        self._schemas, definitions = TypeAdapter.json_schemas(
            [(n, mode, TypeAdapter(kind)) for n, (kind, mode) in enumerate(wanted)],
            ref_template=_REFERENCE,
        )
        self.components: dict[str, Any] = {
            name: _readable(schema) for name, schema in definitions.get("$defs", {}).items()
        }

    def of_answer(self, kind: Any) -> Schema:
        return self._schemas[self._places[kind], "serialization"]


def _operation(
    endpoint: Endpoint, schemas: _Schemas, limits: Mapping[str, Schema], *, token: bool
) -> dict[str, Any]:
    operation = endpoint.operation
    schema = {"type": "string"} if operation.answer is None else schemas.of_answer(operation.answer)
    written: dict[str, Any] = {
        "operationId": f"{endpoint.method}{re.sub(r'[^a-z]+', '_', endpoint.path)}".rstrip("_"),
        "summary": operation.summary,
        "responses": {
            "200": {
                "description": "Done",
                "headers": _headers(),
                "content": {operation.media_type: {"schema": schema}},
            },
            **{
                str(status.value): {"$ref": f"#/components/responses/{status.name}"}
                for status in _statuses(operation, token=token)
            },
        },
    }
    if endpoint.parameters:
        written["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in endpoint.parameters
        ]
    if operation.request is not None:
        written["requestBody"] = _request_body(operation, limits)
    if operation.token and token:
        written["security"] = [{"token": []}]
    return written


def _request_body(operation: Operation, limits: Mapping[str, Schema]) -> dict[str, Any]:
    assert operation.request is not None
    schema = _readable(operation.request.model_json_schema(mode="validation"))
    for name, limit in limits.items():
        if name in schema["properties"]:
            schema["properties"][name].update(limit)
    if operation.upload is not None:
        form = as_form(schema)
        form["properties"][operation.upload] = {
            "type": "string",
            "contentMediaType": "application/octet-stream",
        }
        form["required"] = [*form.get("required", []), operation.upload]
        return {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return {
        "required": True,
        "description": _REQUEST_NOTE,
        "content": {
            "application/json": {"schema": as_json(schema)},
            "application/x-www-form-urlencoded": {"schema": as_form(schema)},
        },
    }


def _statuses(operation: Operation, *, token: bool) -> list[HTTPStatus]:
    statuses = {*map(HTTPStatus, operation.errors), *_ANYWAY}
    if operation.token and token:
        statuses.add(HTTPStatus.UNAUTHORIZED)
    return sorted(statuses)


def _used_statuses(endpoints: Iterable[Endpoint], *, token: bool) -> list[HTTPStatus]:
    used = (_statuses(endpoint.operation, token=token) for endpoint in endpoints)
    return sorted({status for statuses in used for status in statuses})


def _error_responses(
    statuses: Iterable[HTTPStatus], schemas: _Schemas
) -> Iterator[tuple[str, Schema]]:
    for status in statuses:
        headers = _headers(always=False)
        if status in _RETRIED:
            headers["Retry-After"] = {
                "description": "Seconds after which to ask again",
                "schema": {"type": "integer", "minimum": 0},
            }
        yield (
            status.name,
            {
                "description": _MEANINGS[status.value],
                "headers": headers,
                "content": {"application/json": {"schema": schemas.of_answer(ErrorAnswer)}},
            },
        )


def _headers(*, always: bool = True) -> dict[str, Schema]:
    """Not always: what a full server refuses before it is read has no name."""
    return {
        "X-Request-ID": {
            "description": "Name of the request in the log: the one that it brought, or a new one",
            "required": always,
            "schema": {"type": "string"},
        }
    }


def _readable(schema: Schema) -> Schema:
    """Gives each attribute what the docstring says of it.

    Pydantic takes the docstring as it is, for the description of the whole, and makes up titles.
    """
    described = {key: value for key, value in schema.items() if key != "title"}
    text = described.pop("description", "")
    summary, _, attributes = text.partition("\n\nAttributes:\n")
    if summary:
        described["description"] = " ".join(summary.split())
    told = {
        name: " ".join(meaning.split())
        for name, meaning in re.findall(
            r"^ *(\w+): (.*?)(?=^ *\w+: |\Z)", attributes, re.MULTILINE | re.DOTALL
        )
    }
    described["properties"] = {
        name: {**value, **_told(name, told)} for name, value in schema.get("properties", {}).items()
    }
    return described


def _told(name: str, meanings: Mapping[str, str]) -> Schema:
    """Fields are called as their alias, docstrings name the attribute."""
    attribute = re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)
    return {"description": meanings[attribute]} if attribute in meanings else {}
