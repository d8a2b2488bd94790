"""Public collections of sentence pairs: where they lie, and under which licence.

All are corpora of OPUS (Tiedemann 2012, https://opus.nlpl.eu): its releases never change, it has
any two languages of a corpus side by side, and its archives hold licence and origin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from translator.errors import ConfigError

BASE_URL = "https://object.pouta.csc.fi"
"""Where OPUS keeps its archives."""

_CODE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,8})?")


@dataclass(frozen=True)
class Source:
    """A corpus of OPUS.

    Attributes:
        corpus: Its name there.
        release: The release that is fetched where none is named.
        licence: Of its sentences.
        attribution: Whom that licence asks to name.
        about: What its sentences are, for --help.
    """

    corpus: str
    release: str
    licence: str
    attribution: str
    about: str

    def archive_url(self, base_url: str, release: str, first: str, second: str) -> str:
        """Address of the archive of two languages, which OPUS names in alphabetical order."""
        pair = "-".join(sorted((first, second)))
        return f"{base_url.rstrip('/')}/OPUS-{self.corpus}/{release}/moses/{pair}.txt.zip"

    def member(self, first: str, second: str, language: str) -> str:
        """Name of the file with one language's lines in the archive of two."""
        return f"{self.corpus}.{'-'.join(sorted((first, second)))}.{language}"


SOURCES = {
    "tatoeba": Source(
        corpus="Tatoeba",
        release="v2023-04-12",
        licence="CC BY 2.0 FR, https://creativecommons.org/licenses/by/2.0/fr/",
        attribution="the contributors of Tatoeba, https://tatoeba.org",
        about="short everyday sentences",
    ),
    "globalvoices": Source(
        corpus="GlobalVoices",
        release="v2018q4",
        licence="CC BY 3.0, https://creativecommons.org/licenses/by/3.0/",
        attribution="the authors and translators of Global Voices, https://globalvoices.org",
        about="news",
    ),
}


def language_code(text: str) -> str:
    """A language's code as OPUS writes it: ISO 639-1 where there is one, else ISO 639-3.

    Args:
        text: Of ISO 639-1, -2 or -3: `es` and `spa` are `es`, `ger` and `deu` are `de`, `cmn` is
            `cmn`. A code of OPUS that ISO does not know, such as `pt_BR`, stays as it is.

    Raises:
        ConfigError: It does not look like a code.
    """
    from pycountry import languages

    if not _CODE.fullmatch(text):
        raise ConfigError(f"language: expected a code such as es or spa. Received: {text!r}")
    found = languages.get(alpha_3=text) or languages.get(bibliographic=text)
    return str(getattr(found, "alpha_2", text))
