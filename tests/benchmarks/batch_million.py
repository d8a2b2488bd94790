"""The batch command on a million lines: memory, speed, order, and ten kills.

    python tests/benchmarks/batch_million.py --model saved_models/es-en --column 2 \\
        --corpus en-es.train.tsv.gz [--lines 1000000] [--kills 10] [--seed 1] [--sample 20000]

The lines are those of a column of the corpora, repeated. They are translated once unbroken; its
speed, TensorFlow's start left out, is set against that of the search alone as
`translation_speed.py` measures it ("side by side"), on the first lines, in a process of its own.
Then the command is begun again, killed by SIGKILL at random moments and gone on with by
`--resume`. Order is intact if every line that is repeated has the same translation wherever it
stands, and there is one for each. The command searches a line that comes again soon only once, so
speeds compare where the lines differ: a corpus of a hundred thousand lines, not of a thousand. Run
nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain, cycle, islice
from pathlib import Path
from typing import NamedTuple

from translation_process import System

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from translator.files import read_file

BEAM = 5
MOST_BYTES = 1.2e9


class Ended(NamedTuple):
    """How a process ended: its status, its seconds, and its largest resident set in bytes."""

    status: int
    seconds: float
    peak: int


def main() -> None:
    """Measures, and says what holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "saved_models" / "es-en")
    parser.add_argument("--corpus", type=Path, nargs="+", required=True, help="TSV, gzipped or not")
    parser.add_argument("--column", type=int, default=1)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=20_000, help="lines for the search alone")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="for the files; a temporary one by default")
    arguments = parser.parse_args()
    arguments.model = arguments.model.resolve()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        sys.exit(0 if measure(arguments, Path(name)) else 1)


def measure(arguments: argparse.Namespace, folder: Path) -> bool:
    """Runs all of it in a folder; says whether everything holds."""
    source = folder / "source.txt"
    count = write_lines(arguments, source)
    print(f"{arguments.lines:,} lines, {count:,} of them distinct", flush=True)
    alone = search_speed(arguments, source)
    print(f"search alone: {alone:.1f} lines/s", flush=True)

    start = run(arguments.model, os.devnull, folder / "empty").seconds
    unbroken = folder / "unbroken"
    ended = run(arguments.model, source, unbroken)
    speed = arguments.lines / (ended.seconds - start)
    print(
        f"unbroken: {ended.seconds:,.0f} s, of which {start:.1f} s to start; {speed:.1f} lines/s, "
        f"{speed / alone:.2f} times the search alone; {ended.peak / 1e6:,.0f} MB at most"
    )
    intact = order_is_intact(source, unbroken)
    print(f"order {'intact' if intact else 'BROKEN'}", flush=True)

    killed = folder / "killed"
    seconds, peak = kill_and_go_on(arguments, source, killed, ended.seconds, start)
    same = digest(killed) == digest(unbroken)
    print(
        f"{arguments.kills} kills: {'byte-identical' if same else 'DIFFERENT'}, {seconds:,.0f} s "
        f"in all, {peak / 1e6:,.0f} MB at most"
    )
    left = sorted({*os.listdir(folder)} - {"source.txt", "empty", "unbroken", "killed"})
    print(f"left behind: {', '.join(left) or 'nothing'}")
    small = max(ended.peak, peak) < MOST_BYTES
    return intact and same and small and speed >= 0.9 * alone and not left


def write_lines(arguments: argparse.Namespace, path: Path) -> int:
    """Writes the lines; gives how many distinct ones there are."""
    rows = chain.from_iterable(map(read_file, arguments.corpus))
    texts = [row.split("\t")[arguments.column - 1] for row in rows]
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{text}\n" for text in islice(cycle(texts), arguments.lines))
    return len({*texts[: arguments.lines]})


def search_speed(arguments: argparse.Namespace, source: Path) -> float:
    """Lines a second by the search, all of them given to it at once."""
    texts = list(islice(read_file(source), min(arguments.sample, arguments.lines)))
    script = str(Path(__file__).with_name("translation_own.py"))
    system = System([sys.executable, script, str(arguments.model), "side by side"])
    system.translate(texts[:1000], BEAM)  # what is prepared at first is not measured
    (seconds,) = system.translate(texts, BEAM)["seconds"]
    system.close()
    return len(texts) / float(seconds)


def command(model: Path, source: Path | str, output: Path, *more: str) -> list[str]:
    """The batch command; a line of the corpora is a sentence."""
    options = ["--beam-size", str(BEAM), "--no-split", "--quiet", *more]
    start = [sys.executable, "-m", "translator", "--model", str(model)]
    return [*start, str(source), "--output", str(output), *options]


def run(model: Path, source: Path | str, output: Path, *more: str, kill_after: float = 0) -> Ended:
    """Runs the command, and kills it after so many seconds if that is asked for."""
    begun = time.monotonic()
    process = subprocess.Popen(command(model, source, output, *more), cwd=ROOT)
    if kill_after:
        while time.monotonic() < begun + kill_after and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    if process.returncode is not None:
        return Ended(process.returncode, time.monotonic() - begun, 0)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(process.returncode, time.monotonic() - begun, 1024 * usage.ru_maxrss)


def kill_and_go_on(
    arguments: argparse.Namespace, source: Path, output: Path, seconds: float, start: float
) -> tuple[float, int]:
    """Gives the seconds of all processes, and the largest of them in bytes."""
    rng = random.Random(arguments.seed)
    work = (seconds - start) / (arguments.kills + 1)
    total, peak, kills = 0.0, 0, 0
    while kills < arguments.kills:
        moment = rng.uniform(0, start + 2 * work)
        more = ["--resume"] if Path(f"{output}.journal").exists() else []
        ended = run(arguments.model, source, output, *more, kill_after=moment)
        total, peak = total + ended.seconds, max(peak, ended.peak)
        if output.exists():  # it was quicker than the moment: from the beginning again
            output.unlink()
            Path(f"{output}.journal").unlink(missing_ok=True)
            continue
        assert ended.status == -signal.SIGKILL, ended.status
        kills += 1
        print(f"kill {kills} after {moment:.1f} s: {journalled(output):,} chunks done", flush=True)
    ended = run(arguments.model, source, output, "--resume")
    assert ended.status == 0
    return total + ended.seconds, max(peak, ended.peak)


def journalled(output: Path) -> int:
    """Chunks that are written down."""
    path = Path(f"{output}.journal")
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return max(0, sum(line.endswith(b"\n") for line in file) - 1)


def order_is_intact(source: Path, output: Path) -> bool:
    """Whether each source has one translation, wherever it stands, and all have one."""
    known: dict[str, str] = {}
    lines = different = 0
    for text, translation in pairs(source, output):
        lines += 1
        different += known.setdefault(text, translation) != translation
    if different:
        print(f"{different:,} of {lines:,} lines have another translation than the first time")
    return not different


def pairs(source: Path, output: Path) -> Iterator[tuple[str, str]]:
    """Lines with their translations."""
    yield from zip(read_file(source), read_file(output), strict=True)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            hashed.update(part)
    return hashed.hexdigest()


if __name__ == "__main__":
    main()
