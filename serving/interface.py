"""The languages that the page speaks, from gettext catalogues: `locale/<language>.po`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept

ENGLISH = "en"
"""What the messages are written in, so that it needs no catalogue."""

_CATALOGUES = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Interface:
    """The page's words in one language.

    Attributes:
        language: Its code.
        name: What its speakers call it.
        messages: Translations by the English message; one that is missing stays English.
        script_messages: Those that scripts say, as opposed to those that stand in the page.
    """

    language: str
    name: str
    messages: Mapping[str, str]
    script_messages: Mapping[str, str]

    def gettext(self, message: str) -> str:
        """Says a message in this language."""
        return self.messages.get(message, message)


def load_interfaces(folder: Path = _CATALOGUES) -> dict[str, Interface]:
    """Reads all catalogues of a folder; English comes with them.

    Returns:
        Interfaces by the code of their language, sorted by name.
    """
    catalogues = {ENGLISH: Catalog(locale=ENGLISH)}
    for path in folder.glob("*.po"):
        with path.open("rb") as file:
            catalogues[path.stem] = read_po(file, locale=path.stem)
    found = [_interface(language, catalogue) for language, catalogue in catalogues.items()]
    return {one.language: one for one in sorted(found, key=lambda one: one.name.casefold())}


def choose(
    interfaces: Mapping[str, Interface], wanted: str | None, accepted: LanguageAccept
) -> Interface:
    """Chooses what the page speaks.

    Args:
        interfaces: What there is.
        wanted: What the reader switched to, if anything.
        accepted: The header Accept-Language.
    """
    if wanted not in interfaces:
        wanted = negotiate_locale(list(accepted.values()), interfaces, sep="-")
    return interfaces[wanted or ENGLISH]


def _interface(language: str, catalogue: Catalog) -> Interface:
    said = [one for one in catalogue if one.id and one.string and not one.fuzzy]
    return Interface(
        language,
        _name(language),
        {str(one.id): str(one.string) for one in said},
        {str(one.id): str(one.string) for one in said if _in_script(one.locations)},
    )


def _name(language: str) -> str:
    locale = Locale.parse(language, sep="-")
    name = locale.get_language_name(locale) or language
    return name[0].upper() + name[1:]


def _in_script(locations: Iterable[tuple[str, int]]) -> bool:
    return any(path.endswith(".js") for path, _ in locations)
