"""Multi30k from its own 29,000 pairs: three directions, three seeds, an hour each at most.

    python tests/benchmarks/multi30k.py --corpora FOLDER --results FILE [--directions en-de ...]

Prints the median of the seeds, beam 5, on test_2016_flickr: sacreBLEU cased and detokenised, chrF,
and BLEU of lowercased text that was tokenised as the published figures are.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from multi30k_runs import Job, run_all

SEEDS = (1, 2, 3)
DIRECTIONS = ("en-de", "en-fr", "de-en")
MINUTES = 60


def main() -> None:
    """Makes the runs that are missing, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--directions", nargs="+", default=DIRECTIONS)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    settings = dict(setting.split("=", 1) for setting in arguments.settings)
    jobs = [
        Job(direction, *direction.split("-"), seed, settings)
        for direction in arguments.directions
        for seed in SEEDS
    ]
    with tempfile.TemporaryDirectory() as scratch:
        figures = run_all(
            jobs, arguments.corpora, arguments.results, Path(scratch), at_once=1, minutes=MINUTES
        )
    print("| direction | BLEU | chrF | BLEU, lowercased | minutes |")
    print("| --- | --- | --- | --- | --- |")
    for direction in arguments.directions:
        rows = [row for row in figures if row["name"] == direction]
        cells = []
        for name in ("bleu", "chrf", "bleu_lowercased", "minutes"):
            values = sorted(row[name] for row in rows)
            cells.append(f"{statistics.median(values)} ({values[0]} to {values[-1]})")
        print(f"| {direction} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
