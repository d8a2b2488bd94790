"""Small words of messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches


def plural(noun: str, count: int, many: str = "") -> str:
    """The noun as it stands behind a number: "line" behind 1, "lines" behind all others.

    Args:
        noun: For one.
        count: How many there are.
        many: For several, where that is not the noun with an s.
    """
    return noun if count == 1 else many or f"{noun}s"


def did_you_mean(
    received: Iterable[str], known: Collection[str], shown: Callable[[str], str] = str
) -> str:
    """Asks for the known names that are closest to unknown ones; "" where none is close.

    Args:
        received: Names that are unknown; case and `-` for `_` do not matter.
        known: Names in lower case.
        shown: How one is shown.
    """
    folded = (name.lower().replace("-", "_") for name in received)
    close = [found[0] for name in folded if (found := get_close_matches(name, known, n=1))]
    return f". Did you mean {' and '.join(map(shown, dict.fromkeys(close)))}?" if close else ""
