"""What is counted and measured, for Prometheus, over all workers together.

Workers write into files of one folder, which each of them can read: whichever of them is asked
tells of all. prometheus-client decides for files or memory when it is imported, by an environment
variable; so it is imported only when a `Metrics` is made, in a worker.
https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The metrics of one process; an `Observer` of its models.

    No label holds what a caller sends: routes are those of the application, methods those that
    are known, pairs and versions those of the models' folders.
    """

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry

        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests", ("route", "method", "status"))
        self._latency = self._histogram(
            "request_seconds",
            "From when a thread takes up a request to its answer",
            _SECONDS,
            ("route",),
        )
        self._in_flight = self._gauge("requests_in_flight", "Requests that are being answered")
        self._queue = self._gauge("queue_texts", "Texts that wait for a model")
        self._batches = self._histogram("batch_sentences", "Sentences in one batch", _SIZES)
        self._search = self._histogram("batch_seconds", "Time that a batch took", _SECONDS)
        self._sentences = self._counter("sentences", "Sentences that went through a model")
        self._tokens = self._counter("tokens", "Pieces that models wrote")
        self._cache = self._counter(
            "cache_lookups", "Sentences looked for in the cache", ("result",)
        )
        self._loads = self._counter("model_loads", "Models loaded", ("pair", "version"))
        self._load_seconds = self._histogram("model_load_seconds", "Time to load a model", _SECONDS)
        self._unloads = self._counter("model_unloads", "Models let go", ("pair", "version"))
        self._refusals = self._counter(
            "model_refusals", "Versions that cannot be served", ("pair", "version")
        )

    def request_began(self) -> None:
        """A request came in."""
        self._in_flight.inc()

    def request_ended(self) -> None:
        """It is done with, in whichever way."""
        self._in_flight.dec()

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request got its answer.

        Args:
            route: The rule of the application that it met, never its path.
            method: As the client wrote it.
            status: Of the answer.
            seconds: How long it took.
        """
        known = method if method in _METHODS else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def turned_away(self) -> None:
        """A translation was refused before the application had the request."""
        self._requests.labels("/translate", "POST", "503").inc()

    def queued(self, change: int) -> None:
        self._queue.inc(change)

    def searched(self, sentences: int, tokens: int, seconds: float) -> None:
        self._batches.observe(sentences)
        self._search.observe(seconds)
        self._sentences.inc(sentences)
        self._tokens.inc(tokens)

    def looked_up(self, hits: int, misses: int) -> None:
        self._cache.labels("hit").inc(hits)
        self._cache.labels("miss").inc(misses)

    def loaded(self, pair: str, version: int, seconds: float) -> None:
        self._loads.labels(pair, str(version)).inc()
        self._load_seconds.observe(seconds)

    def unloaded(self, pair: str, version: int) -> None:
        self._unloads.labels(pair, str(version)).inc()

    def refused(self, pair: str, version: int) -> None:
        self._refusals.labels(pair, str(version)).inc()

    def render(self) -> bytes:
        """Writes the metrics of all workers in the text format of Prometheus."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        if _FOLDER not in os.environ:
            return generate_latest(self._registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)
        return generate_latest(everyone)

    def _counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
        from prometheus_client import Counter

        return Counter(f"translate_{name}", meaning, labels, registry=self._registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        from prometheus_client import Gauge

        # What a dead worker held, it holds no longer.
        return Gauge(
            f"translate_{name}", meaning, registry=self._registry, multiprocess_mode="livesum"
        )

    def _histogram(
        self, name: str, meaning: str, buckets: Sequence[float], labels: Sequence[str] = ()
    ) -> Histogram:
        from prometheus_client import Histogram

        return Histogram(
            f"translate_{name}", meaning, labels, registry=self._registry, buckets=buckets
        )


class SharedFolder:
    """The folder that workers share their metrics in; made by the process that starts them.

    Nothing may import prometheus_client before this is made.
    """

    def __init__(self) -> None:
        self._path = Path(tempfile.mkdtemp(prefix="translate-metrics-"))
        os.environ[_FOLDER] = str(self._path)

    def forget(self, process: int) -> None:
        """Drops what a worker that has ended was doing; what it had counted stays."""
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(process)

    def remove(self) -> None:
        """Takes the folder away."""
        shutil.rmtree(self._path, ignore_errors=True)
