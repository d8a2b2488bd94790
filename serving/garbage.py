"""Garbage of Python: when it is seen to, so that it stops nobody for long."""

from __future__ import annotations

import gc

from translator.allocator import give_back


def settle() -> None:
    """Collects now, and leaves what there is out of the collections to come.

    Models, graphs and libraries are a million objects: to look at them all takes a third of a
    second, during which nothing else runs, and hardly any of it ever becomes garbage. To be called
    whenever models have come or gone, so that what was left out before is looked at once more.
    What is free then goes back to the system.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    give_back()
