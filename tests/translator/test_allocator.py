"""The allocator keeps fewer heaps, unless the user has chosen their number."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys

import pytest

from translator.allocator import give_back

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="heaps of glibc are counted"
)

_THREADS = """
import ctypes, threading
from translator.allocator import limit_arenas
limit_arenas()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.free.argtypes = [ctypes.c_void_p]
barrier = threading.Barrier(8)
def allocate():
    address = library.malloc(1000)
    barrier.wait()
    library.free(address)
threads = [threading.Thread(target=allocate) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
library.malloc_stats()
"""


def heaps(**environment: str) -> int:
    """Heaps of a process whose eight threads have allocated at once, as glibc counts them."""
    clean = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    told = subprocess.run(
        [sys.executable, "-c", _THREADS],
        env={**clean, "PYTHONPATH": os.getcwd(), **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    return len(re.findall(r"^Arena \d+:", told, flags=re.MULTILINE))


def test_eight_threads_share_two_heaps() -> None:
    assert heaps() == 2


def test_the_user_may_choose_more() -> None:
    assert heaps(MALLOC_ARENA_MAX="5") == 5


def test_free_memory_is_given_back() -> None:
    blocks = [bytes(1000) for _ in range(100_000)]
    before = resident()
    del blocks
    give_back()
    assert resident() < before - 30_000_000


def resident() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
