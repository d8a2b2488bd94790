"""Looks at the folder of models again and again, while the server runs."""

from __future__ import annotations

import logging
import threading

from serving.registry import Registry
from translator.errors import TranslatorError

log = logging.getLogger(__name__)

_IDLE_LOOKS = 5.0
"""Seconds between looks for idle models, where the folder itself is not looked at."""


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
        while True:
            woken = self._woken.wait(self._seconds or _IDLE_LOOKS)
            self._woken.clear()
            self._registry.release_idle()
            if woken or self._seconds:
                self._reload()
            self._registry.settle()

    def _reload(self) -> None:
        try:
            self._registry.reload()
        except TranslatorError as error:
            log.error("The models stay as they are: %s", error)
        # The thread must outlive whatever a folder in the making does to it.
        except Exception:
            log.exception("The models stay as they are")
