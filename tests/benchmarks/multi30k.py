r"""Multi30k from its own 29,000 pairs: three directions, three seeds, an hour each at most.

    python tests/benchmarks/multi30k.py --corpora FOLDER --results FILE [--directions en-de ...]

With back-translated text, of a model that another run made:

    python tests/benchmarks/multi30k.py ... --directions de-en --seeds 1 --keep MODELS
    python -m training back-translate --model MODELS/de-en-1 --output back.tsv.gz \
        --input FOLDER/mono_train.1.de.gz --input FOLDER/mono_train.2.de.gz ... (to 5)
    python tests/benchmarks/multi30k.py ... --directions en-de --seeds 1 --back back.tsv.gz

Prints the median of the seeds, beam 5, on test_2016_flickr: sacreBLEU cased and detokenised, chrF,
and BLEU of lowercased text that was tokenised as the published figures are.

Each run is by the commands: train, export, translate. Its figures are kept in a file of JSON lines,
and a run of these settings that stands there is not made again, so that a benchmark which was
stopped goes on.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multi30k_data import ROOT, TEST, lines, read, scores

SEEDS = (1, 2, 3)
DIRECTIONS = ("en-de", "en-fr", "de-en")
MINUTES = 60
STOPPED = 130
"""What training exits with that a signal ended."""
SPLITS = ("train", "val")
SETTINGS = {"hours": "0.98", "epochs": "24", "placeholders": "0", "joined": "0", "recased": "0"}
"""Nothing is made of the pairs: the test split has neither placeholders nor capitals."""
TIMES = 3
"""How often the pairs are given beside back-translated text: that is five times as much."""
BACK_SETTINGS = {
    **SETTINGS,
    "epochs": "2",
    "cell": "gru",
    "batch_tokens": "1600",
    "learning_rate": "0.003",
    "average": "0.998",
    **{f"{name}_dropout": "0.3" for name in ("embedding", "state", "output")},
}
"""As of the 29,000 pairs, where the number of lines would give others; less dropout."""


def main() -> None:
    """Makes the runs that are missing, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--directions", nargs="+", default=DIRECTIONS)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--back", type=Path, help="back-translated pairs, for training too")
    parser.add_argument("--keep", type=Path, help="folder for the models, where they shall be kept")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    chosen = BACK_SETTINGS if arguments.back else SETTINGS
    settings = {**chosen, **dict(setting.split("=", 1) for setting in arguments.settings)}
    pairs = counted(arguments.back) if arguments.back else 0
    kind = {"settings": settings, "back_translated": pairs}
    figures = [line for line in read(arguments.results) if kind.items() <= line.items()]
    made = {(line["direction"], line["seed"]) for line in figures}
    for seed in arguments.seeds:
        for direction in arguments.directions:
            if (direction, seed) in made:
                continue
            if arguments.keep and (arguments.keep / f"{direction}-{seed}").exists():
                raise SystemExit(f"--keep: {direction}-{seed} is there already")
            line = run(direction, seed, kind, arguments)
            figures.append(line)
            with open(arguments.results, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            print(line, flush=True)
    print("| direction | seeds | BLEU | chrF | BLEU, lowercased | minutes |")
    print("| --- | --- | --- | --- | --- | --- |")
    for direction in arguments.directions:
        rows = [row for row in figures if row["direction"] == direction]
        if not rows:
            continue
        cells = []
        for name in ("bleu", "chrf", "bleu_lowercased", "minutes"):
            values = sorted(row[name] for row in rows)
            cells.append(f"{statistics.median(values):.1f} ({values[0]} to {values[-1]})")
        print(f"| {direction} | {len(rows)} | {' | '.join(cells)} |")


def run(
    direction: str, seed: int, kind: Mapping[str, Any], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Trains, exports, translates and scores."""
    source, target = direction.split("-")
    corpora, settings = arguments.corpora, {**kind["settings"], "seed": str(seed)}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        seconds = train(source, target, settings, corpora, arguments.back, folder / "run")
        (folder / "test.txt").write_text("\n".join(lines(corpora, TEST, source)) + "\n", "utf-8")
        python("training", "export", folder / "run", folder / "model")
        output = "--output", folder / "out.txt"
        python("translator", "--model", folder / "model", *output, folder / "test.txt")
        hypotheses = (folder / "out.txt").read_text("utf-8").splitlines()
        if arguments.keep:
            shutil.copytree(folder / "model", arguments.keep / f"{direction}-{seed}")
    return {
        "direction": direction,
        "seed": seed,
        "minutes": round(seconds / 60, 1),
        **kind,
        **scores(hypotheses, lines(corpora, TEST, target), target),
    }


def train(
    source: str,
    target: str,
    settings: Mapping[str, str],
    corpora: Path,
    back: Path | None,
    output: Path,
) -> float:
    """Trains an hour at most, and returns the seconds; what is not done by then is left out."""
    own, valid = (f"{corpora / name}.{source}.gz,{corpora / name}.{target}.gz" for name in SPLITS)
    pairs = ["--train", own]
    if back:
        pairs = [*pairs * TIMES, "--train-tagged", str(back)]
    begun = time.monotonic()
    process = begin(
        *("training", "train", "--quiet", "--no-report", *pairs, "--valid", valid),
        *("--source", source, "--target", target, "--output", output),
        *(part for key, value in settings.items() for part in ("--set", f"{key}={value}")),
    )
    try:
        end(process, 60 * MINUTES)
    except subprocess.TimeoutExpired:
        process.terminate()  # the run ends after the update under way
        if process.wait() != STOPPED:
            raise SystemExit(f"{process.args!r} failed") from None
    return time.monotonic() - begun


def counted(file: Path) -> int:
    """Pairs of a gzipped file."""
    with gzip.open(file, "rb") as pairs:
        return sum(1 for _ in pairs)


def python(*arguments: object) -> None:
    """Runs one of the commands."""
    end(begin(*arguments))


def begin(*arguments: object) -> subprocess.Popen[bytes]:
    """Begins one of the commands."""
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def end(process: subprocess.Popen[bytes], seconds: float | None = None) -> None:
    """Waits for one of the commands, which must succeed.

    Raises:
        SystemExit: It failed.
        subprocess.TimeoutExpired: It takes longer; it goes on.
    """
    if process.wait(seconds):
        raise SystemExit(f"{process.args!r} failed")


if __name__ == "__main__":
    main()
