"""What stands before the endpoints that cost work: keys, rates, and requests at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from flask import Flask, current_app, g, request
from werkzeug.exceptions import TooManyRequests

from serving.edge import callers, rates
from serving.edge.callers import Caller, current_caller
from serving.edge.slots import Slots
from serving.settings import PREFIX, Settings

View = TypeVar("View", bound=Callable[..., Any])

_MARK = "_guard"
_RETRY_AFTER_SECONDS = 1


class _Guard(NamedTuple):
    """What is asked of requests to one endpoint."""

    max_body_bytes: int | None
    limit: str


def guarded(*, max_body_bytes: int | None = None, limit: str = "") -> Callable[[View], View]:
    """Makes an endpoint ask for the key, and count against its caller's limits.

    It marks the function; `install` has what acts on the mark. Stand it below the route:

        @routes.post("/translate")
        @guarded()
        def translate() -> ...

    Args:
        max_body_bytes: Most bytes of a body; the server's limit by default. It must be told here
            because the key is looked for in the body, before the endpoint is called.
        limit: What whoever sends more is told, where it is not the server's limit.
    """

    def mark(view: View) -> View:
        setattr(view, _MARK, _Guard(max_body_bytes, limit))
        return view

    return mark


def install(app: Flask, settings: Settings, folder: Path | None = None) -> None:
    """Guards the endpoints of an application that are marked.

    A request passes, in this order: the size of its body (413), the rate of its caller (429), the
    key (403), and the caller's requests at a time (429). Requests with a wrong key count against
    the rate of their address, so that keys are not tried at will.

    Args:
        app: The application.
        settings: The limits.
        folder: What the processes of this machine share; None if there is only this one.
    """
    known = callers.install(app, settings)
    slots = Slots(folder / "slots" if folder else None)

    def admit() -> None:
        caller = _caller()
        if caller is None:
            return
        known.require_key(caller)
        if caller.concurrency:
            g.slot = slots.take(caller.name, caller.concurrency)
            if g.slot is None:
                raise TooManyRequests(
                    f"Too many requests at a time: the limit is {caller.concurrency}",
                    retry_after=_RETRY_AFTER_SECONDS,
                )

    def release(_error: BaseException | None) -> None:
        slot = g.pop("slot", None)
        if slot is not None:
            slots.give_back(slot)

    app.before_request(_allow_body)
    rates.install(app, settings, _caller, folder)
    app.before_request(admit)
    app.teardown_request(release)


def body_limit() -> str:
    """Says how large the body of the current request may be, and which setting says so."""
    guard = _guard()
    told = (guard.limit if guard else "") or (
        f"a body may have at most {request.max_content_length} bytes ({PREFIX}MAX_BODY_BYTES)"
    )
    if request.mimetype == "multipart/form-data":
        told += f", a form at most {request.max_form_parts} fields"
    return told


def _guard() -> _Guard | None:
    """What is asked of the current request; a browser's question before it (OPTIONS) is free."""
    if request.endpoint is None or request.method == "OPTIONS":
        return None
    return getattr(current_app.view_functions[request.endpoint], _MARK, None)


def _caller() -> Caller | None:
    return current_caller() if _guard() else None


def _allow_body() -> None:
    guard = _guard()
    if guard and guard.max_body_bytes is not None:
        request.max_content_length = guard.max_body_bytes
        # It also bounds what is read of a file at once, so a lower one would refuse files.
        request.max_form_memory_size = guard.max_body_bytes
