"""What an endpoint says of itself: the OpenAPI document is made of it, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask.typing import RouteCallable
from pydantic import BaseModel

View = TypeVar("View", bound=RouteCallable)

_ATTRIBUTE = "operation"


@dataclass(frozen=True)
class Operation:
    """One endpoint.

    Attributes:
        summary: What it does, in a line.
        answer: Type of what it answers with; None for what is no JSON.
        request: Type of the fields that it reads, from a JSON object or a form.
        upload: Name of the field of a form that brings a file, where there is one.
        media_type: What the answer is.
        errors: Statuses of the errors that it may answer with, besides 500.
        token: Whether it asks for a bearer token where one is set.
    """

    summary: str
    answer: Any = None
    request: type[BaseModel] | None = None
    upload: str | None = None
    media_type: str = "application/json"
    errors: tuple[int, ...] = ()
    token: bool = False


def describe(operation: Operation) -> Callable[[View], View]:
    """Decorates a view with what it is; the route stands above it."""

    def attach(view: View) -> View:
        setattr(view, _ATTRIBUTE, operation)
        return view

    return attach


def operation_of(view: RouteCallable) -> Operation | None:
    """Gives what a view says of itself; None for those that serve people, not programs."""
    operation: Operation | None = getattr(view, _ATTRIBUTE, None)
    return operation
