"""Codes of languages, as people, files and models write them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from translator.errors import ConfigError

_CODE: Final = re.compile(r"[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{2,8})*")

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


def match_code(written: str, codes: Collection[str]) -> str | None:
    """Finds the code that somebody means who writes it in another way.

    The code itself comes first, then one that differs in no more than case and `_` for `-`, and
    then that of the language alone, for a code with a script or region: "pt" for "pt_BR". What
    could be several is none, so "zh-TW" is neither "zh" nor "zh-Hant" where there are both.

    Args:
        written: The code as it was written.
        codes: Those that there are.

    Returns:
        One of the codes; None if none is meant.
    """
    if written in codes:
        return written
    if not _CODE.fullmatch(written):
        return None
    alike = [code for code in codes if _folded(code) == _folded(written)]
    language = _folded(written).partition("-")[0]
    if not alike and language in codes:
        alike = [code for code in codes if base_language(code) == base_language(language)]
    return alike[0] if len(alike) == 1 else None


def is_unspaced(code: str) -> bool:
    """Whether a language writes no space between words, nor between sentences."""
    return base_language(code) in _UNSPACED


def check_pair(source: str, target: str) -> None:
    """Makes sure that two options name two languages by their codes.

    Raises:
        ConfigError: One is no code (a name, such as "french"), or both are the same.
    """
    for option, code in (("--source", source), ("--target", target)):
        if not _CODE.fullmatch(code):
            raise ConfigError(
                f"{option}: expected the code of a language, such as en or pt-BR. "
                f"Received: {code!r}"
            )
    if source == target:
        raise ConfigError(f"--target: expected another language than --source. Received: {target}")


def _folded(code: str) -> str:
    return code.lower().replace("_", "-")
