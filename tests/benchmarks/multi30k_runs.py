"""Runs on Multi30k for the benchmarks: train by the command, translate the test split, score.

Each run's figures are kept in a file of JSON lines; a run that stands there is not made again, so
that a benchmark of many hours can be stopped and taken up.

The corpus is that of Elliott et al. (arXiv 1605.00459), line-aligned: train, val and
test_2016_flickr, each as .en.gz, .de.gz and .fr.gz. Needs the package sacremoses.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        name: What is told apart by the table; with the seed, the key of the run.
        source: Code of the source language.
        target: Code of the target language.
        seed: Of the run.
        settings: Of the training command.
        options: More options of the training command.
    """

    name: str
    source: str
    target: str
    seed: int
    settings: Mapping[str, Any]
    options: tuple[str, ...] = ()


def run_all(
    jobs: Iterable[Job], corpora: Path, results: Path, scratch: Path, at_once: int, minutes: float
) -> list[dict[str, Any]]:
    """Makes those runs that `results` does not hold yet, and returns the figures of all.

    Args:
        jobs: The runs.
        corpora: Folder of Multi30k.
        results: File of JSON lines; added to.
        scratch: Folder for runs in progress.
        at_once: Runs side by side; they divide the cores.
        minutes: A run is stopped after so long; its best checkpoint counts.
    """
    jobs = list(jobs)
    done = {(line["name"], line["seed"]): line for line in read(results)}
    threads = max(1, (os.cpu_count() or 1) // at_once)

    def make(job: Job) -> None:
        figures = run(job, corpora, scratch, threads, minutes)
        done[job.name, job.seed] = figures
        with open(results, "a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")
        print(f"{job.name} seed {job.seed}: {figures}", flush=True)

    left = [job for job in jobs if (job.name, job.seed) not in done]
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(make, left))
    return [done[job.name, job.seed] for job in jobs]


def run(job: Job, corpora: Path, scratch: Path, threads: int, minutes: float) -> dict[str, Any]:
    """Trains, exports and scores one run; its folder is removed."""
    folder = scratch / f"{job.name}-{job.seed}".replace("/", "-").replace(" ", "_")
    shutil.rmtree(folder, ignore_errors=True)
    settings = {**job.settings, "seed": job.seed}
    files = {
        split: f"{corpora / split}.{job.source}.gz,{corpora / split}.{job.target}.gz"
        for split in ("train", "val", "test_2016_flickr")
    }
    start = time.monotonic()
    train = _python(
        *("training", "train", "--quiet", "--no-report", "--threads", threads),
        *("--train", files["train"], "--valid", files["val"], *job.options),
        *("--source", job.source, "--target", job.target, "--output", folder / "run"),
        *(part for key, value in settings.items() for part in ("--set", f"{key}={value}")),
    )
    try:
        code = train.wait(timeout=60 * minutes)
    except subprocess.TimeoutExpired:
        train.terminate()  # the run ends after the update under way
        train.wait()
        code = 0
    seconds = time.monotonic() - start
    if code:
        raise SystemExit(f"{job}: training ended with {code}")
    if _python("training", "export", folder / "run", folder / "model").wait():
        raise SystemExit(f"{job}: the export failed")
    with open(folder / "test.txt", "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines(corpora, "test_2016_flickr", job.source))
    translate = _python(
        *("translator", "--model", folder / "model", "--output", folder / "out.txt"),
        folder / "test.txt",
    )
    if translate.wait():
        raise SystemExit(f"{job}: translating failed")
    hypotheses = (folder / "out.txt").read_text("utf-8").splitlines()
    references = lines(corpora, "test_2016_flickr", job.target)
    figures = {
        "name": job.name,
        "seed": job.seed,
        "direction": f"{job.source}-{job.target}",
        "minutes": round(seconds / 60, 1),
        "settings": dict(job.settings),
        "gradient_norms": gradient_norms(folder / "run" / "log.csv"),
        **scores(hypotheses, references, job.target),
    }
    shutil.rmtree(folder)
    return figures


def gradient_norms(log: Path) -> list[tuple[int, float]]:
    """Update and largest norm of each interval of a run's log."""
    with open(log, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["gradient_norm_max"]]
    return [(int(row["update"]), float(row["gradient_norm_max"])) for row in rows]


def scores(hypotheses: list[str], references: list[str], language: str) -> dict[str, float]:
    """BLEU and chrF, cased and detokenised; and BLEU as published for this test set.

    Published figures are of text that Moses's scripts normalised, lowercased and tokenised, on
    both sides.
    """
    from sacrebleu.metrics import BLEU, CHRF
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    normalizer, tokenizer = MosesPunctNormalizer(language), MosesTokenizer(language)

    def prepared(texts: list[str]) -> list[str]:
        return [
            tokenizer.tokenize(normalizer.normalize(text).lower(), escape=False, return_str=True)
            for text in texts
        ]

    published = BLEU(tokenize="none", force=True)
    return {
        "bleu": round(BLEU().corpus_score(hypotheses, [references]).score, 2),
        "chrf": round(CHRF().corpus_score(hypotheses, [references]).score, 2),
        "bleu_lowercased": round(
            published.corpus_score(prepared(hypotheses), [prepared(references)]).score, 2
        ),
    }


def lines(corpora: Path, split: str, language: str) -> list[str]:
    """Lines of one side of a split."""
    with gzip.open(corpora / f"{split}.{language}.gz", "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def read(results: Path) -> list[dict[str, Any]]:
    """Figures kept so far."""
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text("utf-8").splitlines()]


def _python(*arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
