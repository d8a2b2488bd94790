"""Names of languages, from the Unicode locale data that Babel carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from babel import Locale


class Language(NamedTuple):
    """A language of the service, as GET /languages tells it.

    Attributes:
        code: The code that stands in the model's folder, such as `es` or `pt-BR`.
        name: English name; the code itself where the data has none.
        targets: Codes of the languages it can be translated to, sorted.
    """

    code: str
    name: str
    targets: list[str]


def english_name(code: str) -> str:
    """Gives the English name of a language; the code itself where it is unknown."""
    names: Mapping[str, str] = Locale("en").languages
    return names.get(code.replace("-", "_"), code)
