"""What a request may hold where its fields are read alike from JSON, a form and a query string.

`serving.fields.read` takes a number or a yes written as a text, and null or an empty text as "not
given". The schema of the type that is checked says nothing of that; here it is added.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serving.fields import INTEGER_TEXT, NUMBER_TEXT

Schema = dict[str, Any]

_NULL: Schema = {"type": "null"}
_NOT_GIVEN: Schema = {"type": "string", "maxLength": 0}
_ONLY_FOR = {"maxLength": "string", "maxItems": "array"}


def _either_case(letter: str) -> str:
    return f"[{letter}{letter.upper()}]" if letter.isalpha() else letter


_BOOLEANS = ("true", "false", "yes", "no", "on", "off", "t", "f", "y", "n", "1", "0")
_AS_TEXT: dict[str, Schema] = {
    "integer": {"type": "string", "pattern": f"^{INTEGER_TEXT}$"},
    "number": {"type": "string", "pattern": f"^{NUMBER_TEXT}$"},
    "boolean": {
        "type": "string",
        "pattern": "^({})$".format(
            "|".join("".join(_either_case(letter) for letter in word) for word in _BOOLEANS)
        ),
    },
    "object": {"type": "string", "contentMediaType": "application/json"},
}


def as_json(schema: Schema) -> Schema:
    """Gives the schema of the JSON object of a request, from that of its type."""
    return _with_fields(schema, _in_json)


def as_form(schema: Schema) -> Schema:
    """Gives the schema of the form of a request: a field is a text, and a list is several."""
    return _with_fields(schema, _in_form)


def _with_fields(schema: Schema, variants: Callable[[Schema, bool], list[Schema]]) -> Schema:
    required = schema.get("required", [])
    fields = {}
    for name, field in schema["properties"].items():
        found = [one for kind in _types(field) for one in variants(kind, name in required)]
        fields[name] = {
            **{key: field[key] for key in ("description",) if key in field},
            **(found[0] if len(found) == 1 else {"anyOf": _unlike(found)}),
        }
    return {"type": "object", "required": required, "properties": fields}


def _types(field: Schema) -> list[Schema]:
    """The types that a field may be of, without what is said of it, and without null."""
    told = ("anyOf", "description", "default", "title")
    limits = {key: value for key, value in field.items() if key not in told}
    types = [{**limits, **kind} for kind in field.get("anyOf", [{}])]
    return [
        {key: value for key, value in kind.items() if _ONLY_FOR.get(key) in (None, kind["type"])}
        for kind in types
        if kind["type"] != "null"
    ]


def _in_json(kind: Schema, required: bool) -> list[Schema]:
    as_text = [_AS_TEXT[kind["type"]]] if kind["type"] in _AS_TEXT else []
    as_number = [{"enum": [0, 1]}] if kind["type"] == "boolean" else []
    return [
        _given(kind, required),
        *as_number,
        *as_text,
        *([] if required else [_NOT_GIVEN, _NULL]),
    ]


def _in_form(kind: Schema, required: bool) -> list[Schema]:
    as_text = _AS_TEXT.get(kind["type"], kind)
    return [_given(as_text, required), *([] if required else [_NOT_GIVEN])]


def _given(kind: Schema, required: bool) -> Schema:
    if not required:
        return kind
    return {**kind, **({"minItems": 1} if kind["type"] == "array" else {"minLength": 1})}


def _unlike(schemas: list[Schema]) -> list[Schema]:
    return [schema for n, schema in enumerate(schemas) if schema not in schemas[:n]]
