"""gunicorn with the project's settings: one process that never touches a model, and its workers."""

from __future__ import annotations

import logging
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from serving.app import create_app
from serving.batcher import Batcher
from serving.cache import Cache
from serving.file_store import files_of
from serving.logs import GunicornLogger, configure_logging
from serving.master import Master, on_reload
from serving.metrics import Metrics, SharedFolder
from serving.model_folders import ModelFolders
from serving.observer import Observer, Silent
from serving.registry import Registry
from serving.served_model import ServedModel
from serving.settings import Settings
from serving.slot import Loader
from serving.turns import Turns
from serving.watcher import Watcher
from serving.worker import patient_worker
from translator.detection import detect
from translator.errors import ConfigError, TranslatorError
from translator.hardware import count_cores

log = logging.getLogger(__name__)

_MOST_SEARCHES = 8
"""More than a worker has requests for: it takes in one in the time that a few of them search one.
Each has its own copy of every model."""

_READING = 16
"""One in so many threads may read or answer a request while others wait for a model."""


class Server(BaseApplication):
    """Runs the service until a signal ends it; SIGTERM lets the requests in hand finish.

    SIGHUP makes every worker look at the folder of models, without a pause.

    A library that has started threads does not survive a fork. So `load`, which reads models, runs
    in each worker, after the fork (gunicorn's preload_app stays off), and nothing that this module
    imports starts any.

    Args:
        settings: Where to listen, what to serve, under which limits.
        loader: Reads version folders; that of real models by default.
    """

    def __init__(self, settings: Settings, loader: Loader | None = None) -> None:
        self._settings = settings
        self._loader = loader
        self._shared = _shared_folder(settings)
        self._metrics: Metrics | None = None
        super().__init__()

    def load_config(self) -> None:
        """Hands gunicorn its configuration."""
        for name, value in _gunicorn_settings(self._settings).items():
            self.cfg.set(name, value)
        worker = patient_worker(
            self._settings.receive_seconds,
            _most_waiting(self._settings) + max(1, self._settings.threads // _READING),
            self._refused,
        )
        self.cfg.set("worker_class", worker)
        self.cfg.set("post_worker_init", self._announce)
        self.cfg.set("child_exit", self._forget)
        self.cfg.set("on_exit", self._clear)

    def run(self) -> None:
        """Serves."""
        configure_logging(self._settings)
        self._metrics_folder = SharedFolder() if self._settings.metrics else None
        Master(self).run()

    def load(self) -> Flask:
        """Makes the application, in a worker."""
        metrics = self._metrics = Metrics() if self._settings.metrics else None
        turns = Turns()
        self._registry = make_registry(
            self._settings, observer=metrics, loader=self._loader, turns=turns
        )
        self._watcher = Watcher(self._registry, self._settings.reload_seconds)
        on_reload(self._watcher.wake)
        # The first text that is looked at takes seconds, which nobody who asks is to wait for.
        threading.Thread(target=detect, args=("text",), daemon=True).start()
        try:
            self._registry.reload()
        except TranslatorError as error:
            # The folder was there when the server started, and others of its processes may serve.
            log.error("No model is served until the folder of models is back: %s", error)
        self._registry.settle()
        return create_app(
            self._settings, self._registry, metrics=metrics, shared=self._shared, turns=turns
        )

    def _refused(self) -> None:
        if self._metrics is not None:
            self._metrics.turned_away()

    def _announce(self, worker: Any) -> None:
        # Workers count up from 1, replacements included: this is said once.
        if worker.age == 1:
            pairs = ", ".join(f"{source}-{target}" for source, target in self._registry.pairs)
            url = f"http://{_address(self._settings)}"
            click.echo(f"Serving {pairs or 'no model: none could be loaded'} at {url}")

    def _forget(self, _master: Any, worker: Any) -> None:
        if self._metrics_folder is not None:
            self._metrics_folder.forget(worker.pid)

    def _clear(self, _master: Any) -> None:
        if self._metrics_folder is not None:
            self._metrics_folder.remove()
        if self._shared is not None:
            shutil.rmtree(self._shared, ignore_errors=True)
        if self._settings.files and self._settings.files_folder is None:
            files_of(self._settings).clear()


def make_registry(
    settings: Settings,
    *,
    observer: Observer | None = None,
    loader: Loader | None = None,
    turns: Turns | None = None,
) -> Registry:
    """Makes the registry of one process, with the threads that search for it."""
    observer = observer or Silent()
    searches = count_searches(settings.workers)
    batcher = Batcher(
        searches,
        queue_seconds=settings.queue_seconds,
        most_waiting=_most_waiting(settings),
        observer=observer,
        merge=settings.dynamic_batching,
        turns=turns,
    )
    cache = Cache(settings.cache_mb * 2**20, observer)
    return Registry(
        folder=settings.models,
        serve=lambda engine: ServedModel(engine, batcher, cache),
        loader=loader or _model_folders(searches),
        observer=observer,
        memory_bytes=settings.model_memory_mb * 2**20,
        idle_seconds=settings.model_idle_seconds,
        searches=searches,
    )


def count_searches(workers: int) -> int:
    """How many searches one worker runs side by side: as many as it has cores, up to a limit."""
    return min(_MOST_SEARCHES, max(1, count_cores() // workers))


def _model_folders(searches: int) -> Loader:
    """Reads real models; those of several searches side by side run in processes of their own."""
    if searches == 1:
        return ModelFolders()
    # Not at the top: the master, which forks the workers, needs nothing of it.
    from serving.search_processes import SearchProcesses

    try:
        return ModelFolders(SearchProcesses(searches).load)
    except (ImportError, OSError) as error:
        # A system without shared memory has no semaphores for them.
        log.warning("Searches run in the process that serves, which is slower: %s", error)
        return ModelFolders()


def _most_waiting(settings: Settings) -> int:
    return settings.threads // 2


def check_address(host: str, port: int) -> None:
    """Makes sure that the server can listen there: gunicorn itself would try for five seconds.

    Raises:
        ConfigError: The port is taken, or the address is not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ConfigError(
            f"Cannot listen: expected a free port on an address of this machine. "
            f"Received: {host} port {port} ({error.strerror})"
        ) from error


def _shared_folder(settings: Settings) -> Path | None:
    """Makes the folder where the workers count together, if there is anything to count."""
    if not (settings.rate_limit or settings.concurrency_limit or settings.database):
        return None
    return Path(tempfile.mkdtemp(prefix="translate-"))


def _gunicorn_settings(settings: Settings) -> dict[str, Any]:
    return {
        "bind": _address(settings),
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_connections": settings.threads + 1000,
        # A worker says that it is alive only after its models are loaded.
        "timeout": 120,
        "graceful_timeout": 30,
        # Texts may come in the query string; this is the most that gunicorn allows.
        "limit_request_line": 8190,
        # Who is believed is decided by trusted_proxies alone. By default gunicorn would believe
        # whoever asks from this machine.
        "forwarded_allow_ips": "",
        "logger_class": GunicornLogger,
        # The kernel would wait for ever for a client that does not read.
        "sendfile": False,
        # It would put a socket into the home folder.
        "control_socket_disable": True,
    }


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"
