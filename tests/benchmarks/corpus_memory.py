"""Memory and time that reading a large corpus takes, as training reads it.

    python tests/benchmarks/corpus_memory.py [--pairs 5000000] [--vocab-size 8000]

A synthetic corpus is written to a temporary folder. A child process counts it, learns a vocabulary
from a sample of it, encodes it and cuts it into batches.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5_000_000)
    parser.add_argument("--vocab-size", type=int, default=8000)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        click.echo(json.dumps(read(options.read, options.vocab_size)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.tsv.gz"
        write_corpus(path, options.pairs)
        child = [sys.executable, __file__, "--read", str(path)]
        child += ["--vocab-size", str(options.vocab_size)]
        figures = json.loads(subprocess.run(child, check=True, stdout=subprocess.PIPE).stdout)
    click.echo(f"{figures.pop('pairs'):,} pairs kept of {options.pairs:,} lines")
    for step, (seconds, mebibytes) in figures.pop("steps").items():
        click.echo(f"{step:<20} {seconds:8.1f} s   peak so far {mebibytes:7.0f} MiB")
    for name, value in figures.items():
        click.echo(f"{name:<20} {value:8.1f}")


def write_corpus(path: Path, pairs: int) -> None:
    """Lines of five to fifteen words, of which few are frequent, as in natural language."""
    rng = random.Random(1)
    letters = "aeioulnrstdcmpbg"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(50_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    stock = rng.choices(words, weights, k=1_000_000)
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
        for _ in range(pairs):
            sides = []
            for _ in range(2):
                start = rng.randrange(len(stock) - 15)
                sides.append(" ".join(stock[start : start + rng.randint(5, 15)]))
            file.write("\t".join(sides) + "\n")


def read(path: str, vocab_size: int) -> dict[str, Any]:
    """Reads a corpus as `training.trainer.train` does."""
    start = time.monotonic()
    from translator.quiet import import_tensorflow

    import_tensorflow()
    from training.corpus import Sources, StreamedCorpus
    from training.dataset import Batches, encode_chunks
    from translator.tokenizer import train_tokenizer

    steps: dict[str, tuple[float, float]] = {}

    def done(step: str) -> None:
        nonlocal start
        steps[step] = time.monotonic() - start, peak_mebibytes()
        start = time.monotonic()

    done("imports")
    corpus = StreamedCorpus(Sources((path,)))
    done("count and sample")
    texts = [text for pair in corpus.sample for text in pair]
    tokenizer = train_tokenizer(texts, vocab_size)
    del texts
    done("learn vocabulary")
    corpus.sample.clear()
    before = resident_mebibytes()
    pairs = encode_chunks(corpus.chunks(), tokenizer, tokenizer, max_length=100)
    done("encode")
    batches = Batches(pairs, batch_tokens=2048, seed=1)
    batches.order(0)
    done("cut and order")
    ids = sum(rows.flat.nbytes + rows.starts.nbytes for rows in (pairs.source, pairs.target))
    return {
        "pairs": len(pairs),
        "steps": steps,
        "ids, bytes a pair": ids / len(pairs),
        "ids, MiB": ids / 2**20,
        "grown by, MiB": resident_mebibytes() - before,
        "peak, MiB": peak_mebibytes(),
    }


def peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def resident_mebibytes() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 2**10


if __name__ == "__main__":
    main()
