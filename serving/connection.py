"""The connection that a request came in on."""

from __future__ import annotations

import socket

from flask import request

from serving.nonblocking import receive
from serving.settings import Settings
from serving.waiting import Caller


def caller(settings: Settings) -> Caller:
    """Who waits for the answer to the current request."""
    # gunicorn puts it there; other servers do not tell whether a client has gone.
    connection = request.environ.get("gunicorn.socket")

    def gone() -> bool:
        return connection is not None and _is_closed(connection)

    return Caller.patient(settings.timeout_seconds, gone)


def _is_closed(connection: socket.socket) -> bool:
    try:
        return receive(connection, 1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
