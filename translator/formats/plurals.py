"""Plural forms, as the header of a PO file tells of them."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from babel.core import Locale, UnknownLocaleError
from babel.messages.plurals import get_plural

from translator.errors import InputError

_HEADER: Final = re.compile(r"\s*nplurals\s*=\s*(\d+)\s*;\s*plural\s*=\s*([^;]*?)\s*;?\s*")
_TEMPLATE: Final = re.compile(r"nplurals\s*=\s*INTEGER")
_MOST: Final = 10
_TRIED: Final = 1000
"""Numbers that are looked at for the form they take; rules go by the last two or three digits."""


@dataclass(frozen=True)
class Plurals:
    """How many forms a language has, and which a number takes.

    Attributes:
        header: As a header tells it.
        count: How many there are.
        only_one: Whether 1, and no other number, takes a form; for each form.
        one: The form that 1 takes.
        is_new: Whether the header of the file does not tell this yet.
    """

    header: str
    count: int
    only_one: tuple[bool, ...]
    one: int
    is_new: bool

    @classmethod
    def of(cls, header: str, language: str) -> Plurals:
        """Reads a header; one of a template, or none, stands for what a language usually has.

        Raises:
            InputError: It cannot be understood.
        """
        is_new = not header or _TEMPLATE.search(header) is not None
        if is_new:
            header = _usual(language)
        match = _HEADER.fullmatch(header)
        count = int(match[1][:4]) if match else 0
        if not match or not 1 <= count <= _MOST:
            raise InputError(
                f"Plural-Forms: expected nplurals=1 to {_MOST}; plural=EXPRESSION. "
                f"Received: {header[:80]}"
            )
        forms = _forms(match[2], count, header)
        only_one = tuple(
            all(form != n or number == 1 for number, form in enumerate(forms)) for n in range(count)
        )
        return cls(header, count, only_one, forms[1], is_new)

    def sources(self, singular: str, plural: str) -> list[int]:
        """Tells which text each form is a translation of: 0 the singular, 1 the plural.

        The form of 1 is translated from the singular, unless it is that of other numbers as well
        (21 in Russian) and the singular does not name the number.
        """
        if self.count == 1:
            return [1]
        names_number = singular.count("%") + singular.count("{") >= plural.count(
            "%"
        ) + plural.count("{")
        return [
            0 if n == self.one and (self.only_one[n] or names_number) else 1
            for n in range(self.count)
        ]


def _usual(language: str) -> str:
    try:
        locale = Locale.parse(language, sep="-" if "-" in language else "_")
        count, expression = get_plural(locale)[:2]
    except (UnknownLocaleError, ValueError):
        count, expression = 2, "(n != 1)"
    return f"nplurals={count}; plural={expression};"


def _forms(expression: str, count: int, header: str) -> list[int]:
    """The form of each number from 0 on."""
    try:
        # Python's own reader of these expressions: it takes nothing but numbers and operators.
        form: Callable[[int], int] = gettext.c2py(expression)
        forms = [int(form(number)) for number in range(_TRIED)]
    except (ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise InputError(
            f"Plural-Forms: expected an expression of n. Received: {header[:80]}"
        ) from error
    if not all(0 <= form < count for form in forms):
        raise InputError(f"Plural-Forms: expected forms below nplurals. Received: {header[:80]}")
    return forms
