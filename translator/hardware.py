"""What the processor can do, and how much of it there is."""

from __future__ import annotations

import os
from pathlib import Path


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; where that is unknown, no."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_bf16", "amx_bf16", " bf16"))


def count_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
