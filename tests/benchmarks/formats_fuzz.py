"""Fuzzes the reader of each format: `formats_fuzz.py [MINUTES] [FORMAT ...]`.

Twenty minutes each by default. A file that is not answered by a file or a clean error ends it with
a traceback, as small as hypothesis can make it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from format_fuzzing import KINDS, check, hostile_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_ROUND = 500


def fuzz(name: str, minutes: float) -> None:
    """Fuzzes a format; ends with the smallest file that is answered wrongly."""

    @settings(
        max_examples=_ROUND, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.data())
    def one_round(data: st.DataObject) -> None:
        nonlocal files
        files += 1
        check(name, data.draw(hostile_files(name)))

    files = 0
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        one_round()
    print(f"{name:10} {files} files, clean errors only", flush=True)


if __name__ == "__main__":
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    for chosen in sys.argv[2:] or KINDS:
        fuzz(chosen, minutes)
