"""Codes of languages, as people, files and models write them."""

from __future__ import annotations

import re
from typing import Final

_UNSPACED: Final = frozenset({"bo", "dz", "ja", "km", "lo", "my", "th", "zh"})

_LONG: Final = {
    **dict.fromkeys(("cmn", "lzh", "wuu", "yue", "zho", "chi"), "zh"),
    **dict.fromkeys(("bod", "tib"), "bo"),
    "dzo": "dz",
    "jpn": "ja",
    "khm": "km",
    "lao": "lo",
    **dict.fromkeys(("mya", "bur"), "my"),
    "tha": "th",
}
"""Three-letter codes of the languages without spaces."""


def base_language(code: str) -> str:
    """The language of a code, without script and region: "pt" for "pt-BR", "zh" for "zh_TW"."""
    base = re.split("[-_@]", code)[0].lower()
    return _LONG.get(base, base)


def is_unspaced(code: str) -> bool:
    """Whether a language writes no space between words, nor between sentences."""
    return base_language(code) in _UNSPACED
