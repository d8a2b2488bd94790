"""What the processor can do."""

from __future__ import annotations

from pathlib import Path


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; where that is unknown, no."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_bf16", "amx_bf16", " bf16"))
