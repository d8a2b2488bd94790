"""The words of a text, for whoever asks what they say, not what becomes of them."""

from __future__ import annotations

from translator.texts.hypertext import read_hypertext
from translator.texts.passage import PRIVATE
from translator.texts.plain import read_plain
from translator.texts.translating import Format


def visible_words(text: str, text_format: Format = "text") -> str:
    """Gives a text without its markup and without what must survive: links, placeholders, ..."""
    passage = read_hypertext(text).body if text_format == "html" else read_plain(text)
    return " ".join(PRIVATE.sub(" ", passage.text).split())
