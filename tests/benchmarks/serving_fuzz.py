"""Made-up requests against a real server: is every answer as the OpenAPI document says?

    python tests/benchmarks/serving_fuzz.py [--cases 5000] [--models saved_models] [--seed 1]

Starts `python -m serving` with two workers, and lets schemathesis make requests of GET /spec until
there have been as many as wanted. Prints how many requests of each operation got which status, and
what was not as documented; ends with status 1 if anything was not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import schemathesis
from fuzzing import Fuzzed, fuzz, fuzz_config
from live_server import free_port

TOKEN = "of-the-metrics"
SETTINGS = {
    "TRANSLATE_WORKERS": "2",
    "TRANSLATE_METRICS_TOKEN": TOKEN,
    # The longest text that may be sent is sent often.
    "TRANSLATE_CHAR_LIMIT": "500",
    "TRANSLATE_BATCH_LIMIT": "20",
    "TRANSLATE_SUGGESTIONS": "true",
}


def main() -> None:
    """Fuzzes, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--models", type=Path, default=ROOT / "saved_models")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    with server(arguments.models) as url:
        found = run(url, arguments.cases, arguments.seed)
    for (operation, status), count in sorted(found.statuses.items()):
        print(f"{operation:30} {status:4} {count:6}")
    for complaint in [*found.failures, *found.errors]:
        print(complaint)
    print(
        f"{found.statuses.total()} cases in {time.monotonic() - began:.0f} s, "
        f"{len(found.failures)} not as documented, {len(found.errors)} could not be made"
    )
    sys.exit(bool(found.failures or found.errors))


def run(url: str, cases: int, seed: int) -> Fuzzed:
    """Fuzzes in rounds, each with a seed of its own, until there are enough cases."""
    found = Fuzzed()
    while found.statuses.total() < cases:
        config = fuzz_config(
            200,
            seed,
            headers={"Authorization": f"Bearer {TOKEN}"},
            # The server itself gives up after 20.
            **{"request-timeout": 30},
        )
        found += fuzz(schemathesis.openapi.from_url(f"{url}/spec", config=config))
        print(f"seed {seed}: {found.statuses.total()} cases", flush=True)
        seed += 1
    return found


@contextmanager
def server(models: Path) -> Iterator[str]:
    """Serves the models."""
    port = free_port()
    command = ["-m", "serving", "--port", str(port), "--models", str(models)]
    with tempfile.TemporaryFile("w+") as log, tempfile.TemporaryDirectory() as folder:
        process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=_environment() | {"TRANSLATE_DATABASE": str(Path(folder, "service.db"))},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), "the server did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate()
            log.seek(0)
            print(*(line for line in log if " ERROR " in line), sep="")


def _environment() -> dict[str, Any]:
    ours = {name: v for name, v in os.environ.items() if not name.startswith("TRANSLATE_")}
    return ours | SETTINGS


if __name__ == "__main__":
    main()
