"""Who sent a request: the owner of an API key, else an address."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, current_app, g, request
from werkzeug.exceptions import Forbidden

from serving.body import read_fields
from serving.keys import Key, Keys
from serving.settings import Settings
from translator.errors import InputError

_EXTENSION = "callers"
_IPV6_NETWORK = 64
"""Bits of an IPv6 address that a provider gives out; all below is free to whoever has them."""


@dataclass(frozen=True)
class Caller:
    """Whoever sent a request.

    Attributes:
        name: What limits are counted by: `key <id>` or `address <address>`. No secret.
        rate: Requests in a time, such as `120/minute`; "" is without limit.
        concurrency: Requests at a time; 0 is without limit.
        char_limit: Characters in one request.
        has_key: Whether a valid key was given.
        wrong_key: Whether a key was given that is none.
    """

    name: str
    rate: str
    concurrency: int
    char_limit: int
    has_key: bool = False
    wrong_key: bool = False


class Callers:
    """Tells who sent the current request.

    Args:
        settings: Limits of those who have none of their own, and whether a key is needed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = Keys(settings.database) if settings.database else None

    def identify(self) -> Caller:
        """Looks at the key, else at the address.

        Raises:
            HTTPException: The body, where the key may be, cannot be read.
            InputError: The key is no text.
            DatabaseError: The keys cannot be read.
        """
        sent = _sent_key() if self._keys else ""
        key = self._keys.find(sent) if self._keys and sent else None
        settings = self._settings
        name, limits = _name(key), key.limits if key else None
        return Caller(
            name=name,
            rate=(limits and limits.rate) or settings.rate_limit,
            concurrency=(limits and limits.concurrency) or settings.concurrency_limit,
            char_limit=(limits and limits.characters) or settings.char_limit,
            has_key=key is not None,
            wrong_key=bool(sent) and key is None,
        )

    def require_key(self, caller: Caller) -> None:
        """Lets a caller in, or not.

        Raises:
            Forbidden: The key is wrong, or there is none where one is needed.
        """
        if caller.wrong_key:
            raise Forbidden("Invalid API key")
        if self._settings.require_key and not caller.has_key:
            raise Forbidden("An API key is required: send it as api_key, or as a bearer token")


def install(app: Flask, settings: Settings) -> Callers:
    """Makes an application know its callers."""
    callers = app.extensions[_EXTENSION] = Callers(settings)
    return callers


def current_caller() -> Caller:
    """Tells who sent the current request; it is looked up once."""
    if "caller" not in g:
        g.caller = cast(Callers, current_app.extensions[_EXTENSION]).identify()
    return cast(Caller, g.caller)


def settings_of_caller(settings: Settings) -> Settings:
    """Gives the settings as they are for whoever sent the current request."""
    return settings.model_copy(update={"char_limit": current_caller().char_limit})


def _sent_key() -> str:
    """The key of the current request, "" where there is none: the field, else the bearer token."""
    sent: Any = read_fields().get("api_key")
    if sent in (None, ""):
        bearer = request.authorization
        return (bearer.token or "") if bearer and bearer.type == "bearer" else ""
    if not isinstance(sent, str):
        raise InputError("Invalid request: api_key: expected a text")
    return sent


def _name(key: Key | None) -> str:
    if key is not None:
        return f"key {key.id}"
    return f"address {_address(request.remote_addr or '')}"


def _address(sent: str) -> str:
    """Cuts an address down to what its owner cannot change at will."""
    # Some proxies write the port, which is another for each connection.
    bare = sent.rpartition(":")[0] if sent.count(":") == 1 or "]:" in sent else sent
    try:
        address = ipaddress.ip_address(bare.strip("[]"))
    except ValueError:
        return sent
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(address), _IPV6_NETWORK), strict=False))
    return str(address)
