"""gunicorn's master process, and how it asks its workers to look at the models again."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable

from gunicorn.arbiter import Arbiter

log = logging.getLogger(__name__)

# Of the signals that gunicorn leaves alone, one that a process ignores unless it asks for it: a
# worker that has just been forked, and has no handler yet, is not ended by it.
_RELOAD = signal.SIGURG


class Master(Arbiter):
    """The master, with another meaning of SIGHUP.

    gunicorn would start new workers and end the old ones at once, before a new one has loaded its
    models: for seconds nobody would answer. A worker can take up models while it answers.
    """

    def handle_hup(self) -> None:
        """Passes the wish on to all workers."""
        log.info("SIGHUP: the workers look at the models again")
        self.kill_workers(_RELOAD)


def on_reload(wake: Callable[[], None]) -> None:
    """Makes a worker call a function, between two instructions, whenever the master asks."""
    signal.signal(_RELOAD, lambda _signal, _frame: wake())
    signal.siginterrupt(_RELOAD, False)
