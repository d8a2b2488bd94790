from __future__ import annotations

import pytest

from translator.texts.translating import Format
from translator.texts.visible import visible_words


@pytest.mark.parametrize(
    ("text", "text_format", "words"),
    [
        ("Hola {name},\n\nmira https://example.org/a?b=c", "text", "Hola , mira"),
        ("uno <b>dos</b>", "text", "uno dos"),
        ("<p lang='en' title='The title'>uno &amp; dos</p><!-- three -->", "html", "uno & dos"),
        ("<script>let four = 5;</script>", "html", ""),
        ("\U000f0001 \U0010ffff", "text", ""),
        ("", "text", ""),
    ],
)
def test_words_are_left(text: str, text_format: Format, words: str) -> None:
    assert visible_words(text, text_format) == words
