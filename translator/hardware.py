"""What the processor can do, and how much of it there is."""

from __future__ import annotations

import math
import os
from pathlib import Path


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; where that is unknown, no."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_bf16", "amx_bf16", " bf16"))


def count_cores(control_group: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores that this process may use: those it is bound to, or fewer where its time is limited.

    Args:
        control_group: Where the kernel tells a container's share of processor time: `cpu.max`, or
            the two files of the older interface.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(cores, math.ceil(_quota(control_group))))


def _quota(control_group: Path) -> float:
    """Cores whose time the control group may use; a great many where there is no limit."""
    older = control_group / "cpu"
    for files in (
        [control_group / "cpu.max"],
        [older / "cpu.cfs_quota_us", older / "cpu.cfs_period_us"],
    ):
        try:
            time, period = (int(n) for file in files for n in file.read_text().split())
        except (OSError, ValueError):  # no such file, or "max"
            continue
        if time > 0 and period > 0:
            return time / period
    return float(2**31)
