"""Codes of languages as files have them."""

from __future__ import annotations

import re


def same_language(one: str, other: str) -> bool:
    """Whether two codes are of the same language: `en` and `en-US`, `pt_BR` and `pt`."""
    return _main(one) == _main(other)


def _main(code: str) -> str:
    return re.split("[-_@.]", code, maxsplit=1)[0].lower()
