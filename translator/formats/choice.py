"""What of a row or a record is translated, and where the translation goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from translator.errors import InputError


class Choice(NamedTuple):
    """A column or a field.

    Attributes:
        source: Where the text is.
        target: Where its translation goes; the same where it takes the text's place.
    """

    source: str
    target: str


def choices(option: str, values: Sequence[str | int] | str) -> list[Choice]:
    """Reads an option such as `columns`: FROM or FROM:TO, several in a list or divided by commas.

    Raises:
        InputError: There is none, or two go to the same place.
    """
    given = values.split(",") if isinstance(values, str) else [str(value) for value in values]
    found = [Choice(*_split(value.strip())) for value in given]
    targets = [choice.target for choice in found]
    if not found or not all(map(all, found)) or len(set(targets)) < len(targets):
        raise InputError(
            f"{option}: expected FROM or FROM:TO, each TO once. Received: {','.join(given)!r}"
        )
    return found


def _split(value: str) -> tuple[str, str]:
    source, colon, target = value.rpartition(":")
    return (source, target) if colon else (target, target)
