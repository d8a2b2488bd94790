"""Who waits for a translation, how long, and why one may wait in vain."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from translator.errors import TranslatorError

BUSY = "The server is busy: try again later"


class NotServed(TranslatorError):
    """A translation that was not made, for no fault of the text.

    Attributes:
        retry_after: Seconds after which to ask again.
    """

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(retry_after))


class Overloaded(NotServed):
    """More work is waiting than the server can do in time; this is not taken on."""


class TooLate(NotServed):
    """The time that the caller waits has passed."""


class Gone(NotServed):
    """The caller has closed the connection."""


class NotReady(NotServed):
    """There is no model that could translate this now."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=10.0)


class NoRoom(NotServed):
    """The disk is full, or what files may take of it."""

    def __init__(self) -> None:
        super().__init__("There is no room for files at the moment", retry_after=60.0)


def _never() -> bool:
    return False


@dataclass
class Caller:
    """Who waits for a translation, be it one search or several.

    Attributes:
        deadline: When it stops waiting, on the clock of `time.monotonic`.
        gone: Whether it has stopped already.
        admitted: A search for it was taken on, so that its next ones are as well: refusing them
            would throw away what was done.
    """

    deadline: float = math.inf
    gone: Callable[[], bool] = _never
    admitted: bool = False

    @classmethod
    def patient(cls, seconds: float, gone: Callable[[], bool] = _never) -> Caller:
        """One that waits for so long from now."""
        return cls(time.monotonic() + seconds, gone)

    def check(self) -> None:
        """Makes sure that somebody still waits.

        Raises:
            TooLate: The time has passed.
            Gone: The caller is no longer there.
        """
        if time.monotonic() >= self.deadline:
            raise TooLate("The translation was not ready in time: send less text at once")
        if self.gone():
            raise Gone("The client closed the connection")
