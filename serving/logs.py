"""The log of the server: one line for one thing, for people or for programs, on standard error."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from types import TracebackType
from typing import Any

from flask import g, has_request_context
from gunicorn.config import Config
from gunicorn.glogging import Logger

from serving.settings import Settings

_OURS = ("serving", "translator", "gunicorn.error")


def configure_logging(settings: Settings) -> None:
    """Sends all that is logged in this process to standard error, as the settings say.

    Of libraries, only warnings and worse are shown.
    """
    formatter = _FORMATTERS[settings.log_format](show_texts=settings.log_texts)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_note_request)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(settings.log_level.upper())


class GunicornLogger(Logger):
    """What gunicorn says goes the way of everything else."""

    def setup(self, cfg: Config) -> None:
        """Leaves handlers and levels as `configure_logging` made them."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Logs an exception; the address of a request is cut before its query string."""
        shown = (arg.partition("?")[0] if isinstance(arg, str) else arg for arg in args)
        super().exception(msg, *shown, **kwargs)


class _Formatter(logging.Formatter):
    """Formats nothing that a user sent, unless it may."""

    def __init__(self, *, show_texts: bool) -> None:
        super().__init__()
        self._show_texts = show_texts

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """What a record says, beside its message."""
        request = getattr(record, "request_id", None)
        return {
            **getattr(record, "fields", {}),
            **({"request_id": request} if request else {}),
        }

    def trace(self, record: logging.LogRecord) -> str:
        """Where an exception was raised.

        What it says is left out where it was raised by a request, as it may quote a text: an
        exception that the server foresaw becomes an answer and does not come here.
        """
        if not record.exc_info or record.exc_info[0] is None:
            return ""
        kind, error, place = record.exc_info
        if self._show_texts or getattr(record, "request_id", None) is None:
            return self.formatException(record.exc_info)
        return _without_messages(kind, error, place)


class _Text(_Formatter):
    """`2026-01-31T12:00:00+0000 INFO request method=POST route=/translate ...`."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{key}={_one_word(value)}" for key, value in self.facts(record).items())
        line = " ".join(
            part for part in (_time(record), record.levelname, record.getMessage(), facts) if part
        )
        return "\n".join(part for part in (line, self.trace(record)) if part)


class _Json(_Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        trace = self.trace(record)
        return json.dumps(
            {
                "time": _time(record),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": record.getMessage(),
                "process": record.process,
                **self.facts(record),
                **({"trace": trace} if trace else {}),
            },
            ensure_ascii=False,
            default=str,
        )


_FORMATTERS = {"text": _Text, "json": _Json}


def _note_request(record: logging.LogRecord) -> bool:
    """Filters nothing: it notes the request in whose course a record was made."""
    if has_request_context():
        record.request_id = g.get("request_id")
    return True


def _time(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + (
        f".{int(record.msecs):03d}Z"
    )


def _one_word(value: Any) -> str:
    text = str(value)
    return text if text.isascii() and text.isprintable() and " " not in text else json.dumps(value)


def _without_messages(
    kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
) -> str:
    assert kind is not None
    frames = "".join(traceback.format_tb(place)).rstrip()
    cause = error and (error.__cause__ or error.__context__)
    before = f"{_without_messages(type(cause), cause, cause.__traceback__)}\n\n" if cause else ""
    return f"{before}Traceback (most recent call last):\n{frames}\n{kind.__name__}"
