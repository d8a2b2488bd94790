"""Looks at the folder of models again and again, while the server runs."""

from __future__ import annotations

import logging
import math
import threading
import time

from serving.registry import Registry
from translator.errors import TranslatorError

log = logging.getLogger(__name__)

_IDLE_LOOKS = 5.0
"""Most seconds between looks for idle models, however seldom the folder itself is looked at."""


class Watcher:
    """A thread that keeps a registry up to date.

    Args:
        registry: What it looks after.
        seconds: Between two looks at the folder; 0 is none, until `wake` is called.
    """

    def __init__(self, registry: Registry, seconds: float) -> None:
        self._registry = registry
        self._seconds = seconds
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Has the folder looked at now. It may be called from a signal handler."""
        self._woken.set()

    def _run(self) -> None:
        due = self._next_look()
        while True:
            woken = self._woken.wait(min(_IDLE_LOOKS, max(0.0, due - time.monotonic())))
            self._woken.clear()
            self._registry.release_idle()
            if woken or time.monotonic() >= due:
                self._reload()
                due = self._next_look()
            self._registry.settle()

    def _next_look(self) -> float:
        return time.monotonic() + (self._seconds or math.inf)

    def _reload(self) -> None:
        try:
            self._registry.reload()
        except TranslatorError as error:
            log.error("The models stay as they are: %s", error)
        # The thread must outlive whatever a folder in the making does to it.
        except Exception:
            log.exception("The models stay as they are")
