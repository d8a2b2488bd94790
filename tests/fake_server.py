"""A real gunicorn, with translators that need no TensorFlow: `python fake_server.py FOLDER ...`.

A version folder holds `model.json`: {"seconds": 0.01} says how long a search takes. What comes out
is the text with the number of the version behind it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from serving.server import Server
from serving.settings import Settings
from translator.config import SearchConfig, from_mapping
from translator.errors import ModelFolderError
from translator.texts.sentence import Sentence, Translate
from translator.translation import Hypothesis, Translation


def write_version(models: Path, name: str, **content: Any) -> None:
    """Writes a version folder such as `es-en/1`; with `broken=True` one that cannot be loaded."""
    source, target = name.split("/", maxsplit=1)[0].split("-")
    languages = {"source_language": source, "target_language": target}
    (models / name).mkdir(parents=True)
    (models / name / "model.json").write_text(json.dumps(languages | content))


class Echo:
    """Gives a text back, with its version behind it."""

    def __init__(self, info: Mapping[str, Any], version: int) -> None:
        self.info = info
        self.version = version
        self.source_language = info["source_language"]
        self.target_language = info["target_language"]

    @property
    def source_words(self) -> frozenset[str]:
        return frozenset()

    def search_config(self, **settings: float | None) -> SearchConfig:
        return from_mapping(SearchConfig, {k: v for k, v in settings.items() if v is not None})

    def mended(self, translate: Translate) -> Translate:
        return translate

    def fits(self, text: str) -> bool:
        return True

    def confidence(self, translation: Translation) -> float:
        return 1.0

    def translate(self, sentences: Sequence[Sentence], search: SearchConfig) -> list[Translation]:
        time.sleep(self.info.get("seconds", 0.0))
        return [self._translate(sentence.text) for sentence in sentences]

    def _translate(self, text: str) -> Translation:
        words = (*("▁" + word for word in text.split()), f"▁v{self.version}", "</s>")
        alignment = np.full((len(words), len(words)), 1 / len(words), np.float32)
        best = Hypothesis(
            f"{text} v{self.version}", -1.0, -1.0, words, (0.0,) * len(words), alignment, True
        )
        return Translation(words, (best,))


class Loader:
    """Reads the folders that `write_version` writes."""

    def info(self, version: Path) -> Mapping[str, Any]:
        return dict(json.loads((version / "model.json").read_text()))

    def load(self, version: Path) -> Echo:
        info = self.info(version)
        if info.get("broken"):
            raise ModelFolderError(f"{version}: damaged")
        return Echo(info, int(version.name))


if __name__ == "__main__":
    folder, *options = sys.argv[1:]
    given = dict(option.split("=", 1) for option in options)
    Server(Settings.from_environ({}, models=Path(folder), **given), Loader()).run()
