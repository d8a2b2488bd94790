"""The types of settings that are more than a number or a path."""

from __future__ import annotations

import re
from typing import Annotated

from limits import parse_many
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_STORAGE = re.compile(r"memory://|(redis|rediss|redis\+unix)://.+", re.ASCII)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?", re.ASCII)


def parse_rate(value: str) -> str:
    """Checks a rate limit as Flask-Limiter writes it; "" is none.

    Raises:
        ValueError: It is no such.
    """
    try:
        limits = parse_many(value) if value else []
    except ValueError as error:
        raise _expected("a rate such as 120/minute, or several divided by ;") from error
    if any(limit.amount < 1 or limit.get_expiry() < 1 for limit in limits):
        raise _expected("a rate of at least one request")
    return value


def _storage(value: str) -> str:
    if not _STORAGE.fullmatch(value):
        raise _expected("memory:// or the URL of a Redis such as redis://localhost:6379")
    return value


def _origins(value: str) -> str:
    origins = [origin.strip().rstrip("/") for origin in value.split(",")] if value else []
    if origins != ["*"] and not all(map(_ORIGIN.fullmatch, origins)):
        raise _expected("origins such as https://example.org, divided by commas, or *")
    return ",".join(origins)


def _expected(what: str) -> PydanticCustomError:
    return PydanticCustomError("setting", f"expected {what}")


Rate = Annotated[str, AfterValidator(parse_rate)]
"""A rate limit, as Flask-Limiter writes it; "" is none."""

RateStorage = Annotated[str, AfterValidator(_storage)]
"""Where requests are counted."""

Origins = Annotated[str, AfterValidator(_origins)]
"""Origins of web pages, divided by commas; `*` is all, "" none."""
