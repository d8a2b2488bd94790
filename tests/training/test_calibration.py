"""Whether to mend is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from training.calibration import mending_helps
from translator.config import SearchConfig
from translator.texts.sentence import Sentence, Translate
from translator.translation import Hypothesis, Translation

PAIRS = [("uno dos tres cuatro", "one two three four"), ("cinco", "five")]


def translation(text: str) -> Translation:
    best = Hypothesis(text, 0.0, 0.0, ("x", "</s>"), (0.0, 0.0), np.eye(2, dtype=np.float32), True)
    return Translation(("x", "</s>"), (best,))


class Known:
    """Searches and mends as it is told to."""

    target_language = "en"

    def __init__(self, searched: str, mended: str) -> None:
        self.texts = searched, mended
        self.searches = 0

    def translate(
        self, sentences: list[Sentence], search: SearchConfig, *, workers: int
    ) -> list[Translation]:
        self.searches += 1
        return [translation(self.texts[0]), *map(translation, ["five"] * (len(sentences) - 1))]

    def mended(self, translate: Translate) -> Translate:
        return lambda sentences: [translation(self.texts[1]), *translate(sentences)[1:]]


@pytest.mark.parametrize(("language", "helps"), [("en", True), ("zh", False)])
def test_chinese_is_judged_by_its_characters(language: str, helps: bool) -> None:
    """As words, both are wrong, and chrF prefers what leaves nothing out.

    As characters, five of five are right, and six of eleven.
    """
    known: Any = Known("我们都喜欢", "我们都喜欢狗狗狗狗狗狗")
    known.target_language = language
    pairs = [("we all like dogs", "我们都喜欢狗")]
    assert mending_helps(known, pairs, SearchConfig()) == helps


@pytest.mark.parametrize(
    ("searched", "mended", "helps"),
    [
        ("one two three fnord", "one two three four", True),
        ("one two three four", "one two three cuatro", False),
        ("one two three four", "one two three four", True),
    ],
)
def test_mending_helps_if_scores_are_no_lower(searched: str, mended: str, helps: bool) -> None:
    known: Any = Known(searched, mended)
    assert mending_helps(known, PAIRS, SearchConfig()) == helps
    assert known.searches == 1
