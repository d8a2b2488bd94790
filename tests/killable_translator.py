"""The batch command with a translator that writes texts in capitals, slowly, without TensorFlow.

    python tests/killable_translator.py --model FOLDER ...

For tests that start and kill many processes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from translator.config import SearchConfig
from translator.pipeline import setup
from translator.texts.translating import TranslatedText


class Killable:
    """Takes a while for each call, and says on a file how many texts it was given."""

    identity = ("capitals",)
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
        return [TranslatedText((text.upper(),), (0.0,), (), truncated=False) for text in texts]


if __name__ == "__main__":
    setup._load = lambda models, *, shortlist: Killable()  # type: ignore[assignment,return-value]

    from translator.__main__ import main

    main(prog_name="python -m translator")
