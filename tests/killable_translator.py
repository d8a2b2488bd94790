"""The batch command with a translator that swaps capitals and others, slowly, without TensorFlow.

    python tests/killable_translator.py --model FOLDER ...

For tests that start and kill many processes. What is translated twice is the source again. With
KILLED=METHOD,WHEN it kills itself when it first calls a method of a journal, before or after.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from translator.config import SearchConfig
from translator.pipeline import setup
from translator.pipeline.journal import Journal
from translator.texts.translating import TranslatedText


class Killable:
    """Takes a while for each call, and says on a file how many texts it was given."""

    identity = ("swapped",)
    source_language = "en"
    target_language = "es"

    def search_config(self, **settings: Any) -> SearchConfig:
        return SearchConfig()

    def translate_texts(
        self, texts: Sequence[str], search: SearchConfig, **options: Any
    ) -> list[TranslatedText]:
        time.sleep(float(os.environ.get("SECONDS", "0.01")))
        with open(os.environ["COUNTED"], "a") as counted:
            counted.write(f"{len(texts)}\n")
        return [TranslatedText((text.swapcase(),), (0.0,), (), truncated=False) for text in texts]


def _kill_at(method: str, when: str) -> None:
    original = getattr(Journal, method)

    def killed(*arguments: Any) -> None:
        if when == "after":
            original(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(Journal, method, killed)


if __name__ == "__main__":
    if "KILLED" in os.environ:
        _kill_at(*os.environ["KILLED"].split(","))
    setup._load = lambda models, *, shortlist: Killable()  # type: ignore[assignment,return-value]

    from translator.__main__ import main

    main(prog_name="python -m translator")
