"""The README says what the code does."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

from serving.settings import variables
from training.config import TrainConfig

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_table_of_server_settings_is_complete() -> None:
    rows = [f"| `{v.name}` | `{v.default}` | {v.meaning} |" for v in variables()]
    assert re.findall(r"^\| `TRANSLATE_.*", README, re.MULTILINE) == rows


def test_the_defaults_of_training_settings_are_those_of_the_code() -> None:
    defaults = {k: json.dumps(v).strip('"') for k, v in dataclasses.asdict(TrainConfig()).items()}
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| (.+?) \|", README, re.MULTILINE)
    told = {
        name: value.strip("`")
        for names, values in rows
        for name, value in zip(re.findall(r"`(\w+)`", names), values.split(", "), strict=True)
        if name in defaults
    }
    assert len(told) >= 8
    assert told == {name: defaults[name] for name in told}


def test_the_table_of_all_training_settings_is_complete() -> None:
    table = (ROOT / "docs" / "training.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([a-z_]+)` \| `(.+?)` \|", table, re.MULTILINE))
    assert told == {
        k: json.dumps(v).strip('"') for k, v in dataclasses.asdict(TrainConfig()).items()
    }


def test_every_picture_and_file_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
