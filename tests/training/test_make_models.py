"""`make models`: from public pairs, fetched from a server of the tests, to a model folder."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import file_server
import pytest
from toy import ROOT, settings, toy_pairs


def archive() -> bytes:
    """Pairs of English and Spanish as OPUS packs them."""
    pairs = toy_pairs(400, seed=1)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for side, language in enumerate(("en", "es")):
            lines = "".join(f"{pair[side]}\n" for pair in pairs)
            packed.writestr(f"Tatoeba.en-es.{language}", lines)
    return content.getvalue()


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_one_direction(tmp_path: Path) -> None:
    for name in ("Makefile", "translator", "training"):
        (tmp_path / name).symlink_to(ROOT / name)
    # Short pairs alone, since the phrasebook has many long ones.
    small = settings(epochs=1, vocab_size=400, batch_tokens=2000, max_length=8)
    with file_server.serving(archive()) as server:
        options = [
            "DIRECTIONS=en-es",
            f"BIN={Path(sys.executable).parent}",
            f"FETCH=--base-url {server.address} --quiet",
            "PHRASES=--copies 1 --quiet",
            f"TRAIN={' '.join(small)} --quiet --no-report --threads 1",
        ]
        done = make(tmp_path, "models", "-o", ".venv/.train-ready", *options)
    assert done.returncode == 0, done.stderr

    info = json.loads((tmp_path / "saved_models/en-es/1/assets/model.json").read_text("utf-8"))
    assert (info["source_language"], info["target_language"]) == ("en", "es")
    assert info["training"]["data"] == ["tatoeba.es-en.train.tsv.gz", "phrases.en-es.tsv"]
    assert [report["data"] for report in info["scores"]] == [
        ["tatoeba.es-en.valid.tsv.gz"],
        ["tatoeba.es-en.test.tsv.gz"],
    ]
    assert "CC BY 2.0 FR" in (tmp_path / "saved_models/en-es/1/README.md").read_text("utf-8")
    # What is finished is not done again.
    again = make(tmp_path, "models", "-o", ".venv/.train-ready", *options)
    assert again.returncode == 0, again.stderr
    assert [path.name for path in (tmp_path / "saved_models/en-es").iterdir()] == ["1"]
