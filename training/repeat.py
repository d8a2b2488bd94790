"""What a run learnt from, and the command that trains a model like it."""

from __future__ import annotations

import dataclasses
import json
import shlex
from pathlib import Path
from typing import Any

from training.corpus import bare_names
from training.recipes import choose_config
from training.run import Run


def training_record(run: Run) -> dict[str, Any]:
    """What a run learnt from: files without folders, pairs, the command, and what it continued."""
    origin = run.origin()
    return {
        "data": [bare_names(files) for files in run.data.train + run.data.tagged],
        "pairs": run.corpus.get("kept"),
        "command": training_command(run),
        **({"origin": origin} if origin else {}),
    }


def training_command(run: Run) -> str:
    """The command that trains such a model again, files without their folders."""
    usual, _ = choose_config({}, run.corpus.get("kept", 1))
    changed = {
        name: value
        for name, value in dataclasses.asdict(run.settled).items()
        if value != getattr(usual, name)
    }
    if "cell" in changed:  # with which the rate that is usual changes
        changed["learning_rate"] = run.config.learning_rate
    if run.config.precision == usual.dtype():
        del changed["precision"]
    words = ["python", "-m", "training", "train"]
    for option, files in (
        ("--train", run.data.train),
        ("--train-tagged", run.data.tagged),
        ("--valid", run.data.valid),
    ):
        words += [word for file in files for word in (option, bare_names(file))]
    if run.data.columns != (1, 2):
        words += ["--columns", ",".join(map(str, run.data.columns))]
    if run.data.skip_bad_lines:
        words.append("--skip-bad-lines")
    if run.data.init_from:
        words += ["--init-from", "/".join(Path(run.data.init_from).resolve().parts[-2:])]
    source, target = run.data.languages
    words += ["--source", source, "--target", target, "--output", f"runs/{source}-{target}"]
    for name, value in changed.items():
        words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    return shlex.join(words)
