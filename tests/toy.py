"""The toy task as plain functions: digit strings, reversed ("314" becomes "413")."""

from __future__ import annotations

import contextlib
import json
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent

TOY_SETTINGS = {
    "vocab_size": 283,
    "placeholders": 0.0,
    "joined": 0.0,
    "recased": 0.0,
    "substituted": 0.0,
    "word_pairs": False,
    "embedding_size": 32,
    "encoder_size": 64,
    "decoder_size": 64,
    "attention_size": 32,
    "embedding_dropout": 0.0,
    "state_dropout": 0.0,
    "output_dropout": 0.0,
    "word_dropout": 0.0,
    "label_smoothing": 0.0,
    "batch_tokens": 256,
    "max_length": 40,
    "learning_rate": 0.005,
    "warmup": 50,
    "epochs": 4,
    "validate_every": 500,
    "precision": "float32",
}


def toy_pairs(count: int, seed: int) -> list[tuple[str, str]]:
    """Digit strings of one to eight digits and their reverses, all different."""
    rng = random.Random(seed)
    strings: dict[str, None] = {}
    while len(strings) < count:
        strings["".join(rng.choices("0123456789", k=rng.randint(1, 8)))] = None
    return [(text, text[::-1]) for text in strings]


def write_pairs(path: Path, pairs: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), "utf-8")
    return path


def read_pairs(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text("utf-8").splitlines()
    return [(source, target) for source, target in (line.split("\t") for line in lines)]


def run_module(
    *arguments: object, largest_file: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `python -m ...` from the project's root.

    Args:
        arguments: The module and what it is given.
        largest_file: No file may grow past so many KiB, as if the disk were full.
    """
    command = [sys.executable, "-m", *map(str, arguments)]
    if largest_file is not None:
        # The unit of POSIX is 512 bytes.
        command = ["sh", "-c", f'ulimit -f {2 * largest_file}; exec "$@"', "sh", *command]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@contextlib.contextmanager
def no_file_past(kibibytes: int) -> Iterator[None]:
    """As if the disk were full, in this process."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * kibibytes, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


def settings(**changes: object) -> list[str]:
    """The toy task's settings as options of the training command."""
    values = {**TOY_SETTINGS, **changes}
    texts = {key: v if isinstance(v, str) else json.dumps(v) for key, v in values.items()}
    return [part for key, text in texts.items() for part in ("--set", f"{key}={text}")]


def train_arguments(
    output: Path, train: Path, valid: Path, threads: int = 1, **changes: object
) -> list[str]:
    """Arguments of `python -m training` for a run on the toy task, without a report.

    With one thread: a graph with a part for each thread takes that many times as long to be made.
    """
    return [
        *("train", "--source", "xx", "--target", "yy", "--output", str(output), "--no-report"),
        *("--train", str(train), "--valid", str(valid), "--threads", str(threads)),
        *settings(**changes),
    ]
