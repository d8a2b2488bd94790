"""Translations of sentences that were asked for before."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence

from cachetools import LRUCache

from serving.observer import Observer
from translator.translation import Translation

_BYTES_EACH = 1000
"""What Python takes for the objects of a hypothesis, beside its arrays and tokens."""

_BYTES_TOKEN = 120


class Cache:
    """Keeps the translations that were used last, within a bound.

    A translation depends on nothing but the model, the sentence and the settings of the search, so
    one that is kept is as good as one that is made.

    Args:
        most_bytes: About what all may take; 0 keeps none.
        observer: Is told of hits and misses.
    """

    def __init__(self, most_bytes: int, observer: Observer) -> None:
        self._kept: LRUCache[Hashable, Translation] = LRUCache(most_bytes, getsizeof=_size)
        self._observer = observer
        self._lock = threading.Lock()

    def find(self, keys: Sequence[Hashable]) -> dict[Hashable, Translation]:
        """Gives what is kept of some keys."""
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
        hits = sum(key in found for key in keys)
        self._observer.looked_up(hits, len(keys) - hits)
        return found

    def keep(self, key: Hashable, translation: Translation) -> None:
        """Keeps a translation; those that nobody asked for of late make room for it."""
        with self._lock:
            if _size(translation) <= self._kept.maxsize:
                self._kept[key] = translation


def _size(translation: Translation) -> int:
    """About the bytes of a translation."""
    hypotheses = translation.hypotheses
    return sum(_BYTES_EACH + _BYTES_TOKEN * len(h.tokens) + h.alignment.nbytes for h in hypotheses)
