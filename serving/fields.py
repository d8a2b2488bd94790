"""The types of the fields of requests, and how a request is read from them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, FiniteFloat, ValidationError
from pydantic_core import PydanticCustomError
from typing_extensions import LiteralString

from serving.validation import explain
from translator.errors import InputError

Request = TypeVar("Request", bound=BaseModel)

INTEGER_TEXT = "[0-9]+"
"""How a whole number is written where it comes as a text: all that a form can send."""

NUMBER_TEXT = "[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?"
"""How any other number is."""


class MissingField(InputError):
    """A field that must be given is not."""


def read(kind: type[Request], fields: Mapping[str, Any], required: Sequence[str]) -> Request:
    """Checks the fields of a request, whatever kind of body they came in.

    Args:
        kind: What is made of them.
        fields: Names and values; None and "" count as not given.
        required: Names of those that must be given.

    Raises:
        MissingField: A field is missing.
        InputError: One is of the wrong type.
    """
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    for name in required:
        if given.get(name) in (None, []):
            raise MissingField(f"Invalid request: missing {name} parameter")
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise InputError("Invalid request: " + ": ".join(explain(error))) from error


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError(
            "unicode", "expected Unicode text without lone surrogates"
        ) from error
    return text


def _text_or_texts(value: Any) -> Any:
    texts = value if isinstance(value, list) else [value]
    for text in texts:
        if not isinstance(text, str):
            raise PydanticCustomError("texts", "expected a text or a list of texts")
        _encodable(text)
    return value


def _terms(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        # Brackets nested by the thousand are a RecursionError, not a ValueError.
        except (ValueError, RecursionError) as error:
            raise PydanticCustomError("terms", "expected a JSON object") from error
    if not isinstance(value, dict):
        raise PydanticCustomError("terms", "expected an object of source terms and target terms")
    for source, target in value.items():
        if not isinstance(target, str):
            raise PydanticCustomError("terms", "expected a text as the target of every term")
        _encodable(source + target)
    return value


def _integer(value: Any) -> Any:
    return _written_as(INTEGER_TEXT, "expected a whole number", value)


def _number(value: Any) -> Any:
    return _written_as(NUMBER_TEXT, "expected a number", value)


def _written_as(pattern: str, expected: LiteralString, value: Any) -> Any:
    """Pydantic itself takes `true` for 1, and texts such as ` 1_000` for a number."""
    if isinstance(value, bool) or (isinstance(value, str) and not re.fullmatch(pattern, value)):
        raise PydanticCustomError("number", expected)
    return value


Text = Annotated[str, AfterValidator(_encodable)]
Texts = Annotated[str | list[str], BeforeValidator(_text_or_texts)]
Terms = Annotated[dict[str, str], BeforeValidator(_terms)]
Integer = Annotated[int, BeforeValidator(_integer)]
Number = Annotated[FiniteFloat, BeforeValidator(_number)]
