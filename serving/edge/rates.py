"""How often a caller may ask: Flask-Limiter, over the endpoints that are guarded."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter, RateLimitExceeded
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from serving.edge.callers import Caller
from serving.edge.counters import SCHEME
from serving.settings import IN_MEMORY, PREFIX, Settings
from translator.errors import ConfigError

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 10
_REDIS_SECONDS = 2.0
"""How long a request waits for Redis before it is answered 503."""


def install(
    app: Flask, settings: Settings, caller: Callable[[], Caller | None], folder: Path | None
) -> None:
    """Gives an application its rate limits.

    They hold over a moving window, so that no two bursts fit around the end of one. Where the
    counters cannot be reached, requests are refused: no limit is lost silently.

    Args:
        app: The application.
        settings: Where to count.
        caller: Who sent the current request; None where there is no limit for it.
        folder: What the processes of this machine share; None if there is only this one.
    """

    def name() -> str:
        who = caller()
        return who.name if who else ""

    def rate() -> str:
        who = caller()
        return who.rate if who else ""

    shared = settings.rate_storage == IN_MEMORY and folder
    limiter = Limiter(
        key_func=name,
        app=app,
        application_limits=[rate],
        strategy="moving-window",
        storage_uri=f"{SCHEME}://{folder}/rates" if shared else settings.rate_storage,
        storage_options=_storage_options(settings),
    )

    def too_often(error: RateLimitExceeded) -> ResponseReturnValue:
        breached = limiter.current_limit
        seconds = math.ceil(breached.window.reset_time - time.time()) if breached else 1
        return app.handle_http_exception(
            TooManyRequests(
                f"Too many requests: the limit is {error.limit.limit}", retry_after=max(1, seconds)
            )
        )

    app.register_error_handler(RateLimitExceeded, too_often)
    app.register_error_handler(StorageError, lambda error: _unreachable(app, error))


def check_storage(settings: Settings) -> None:
    """Makes sure that the counters can be reached.

    Raises:
        ConfigError: They cannot.
    """
    try:
        reached = storage_from_string(settings.rate_storage, **_storage_options(settings)).check()
        reason = "no answer"
    except ConfigurationError as error:
        reached, reason = False, str(error)
    except ValueError:  # what it says may quote a piece of a password
        reached, reason = False, "no such URL"
    if not reached:
        raise ConfigError(
            f"{PREFIX}RATE_STORAGE: expected {IN_MEMORY} or the URL of a Redis that answers. "
            f"Received: {_without_secrets(settings.rate_storage)} ({reason})"
        )


def _without_secrets(url: str) -> str:
    """Cuts a user, a password and a query, which may hold both, out of the URL of a Redis."""
    scheme, _, place = url.partition("://")
    place, _, query = place.partition("?")
    # An "@" that far behind ends a password with a "?" in it, or belongs to one in the query.
    return f"{scheme}://{'...' if '@' in query else place.rpartition('@')[2]}"


def _storage_options(settings: Settings) -> dict[str, Any]:
    if settings.rate_storage == IN_MEMORY:
        return {"wrap_exceptions": True}
    return {
        "wrap_exceptions": True,
        "socket_timeout": _REDIS_SECONDS,
        "socket_connect_timeout": _REDIS_SECONDS,
    }


def _unreachable(app: Flask, error: StorageError) -> ResponseReturnValue:
    log.error("Requests cannot be counted: %s", error)
    return app.handle_http_exception(
        ServiceUnavailable("Rate limits cannot be kept now", retry_after=RETRY_AFTER_SECONDS)
    )
