"""Whether the placeholders of a message are in its translation, by the flags of its entry."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import regex

_PRINTF: Final = regex.compile(
    r"%(?:(?P<place>\d+)\$)?(?:\((?P<name>[^()]*)\))?[-+ #0']*+(?P<width>\*|\d+)?"
    r"(?:\.(?:\*|\d+)?)?(?P<size>hh?|ll?|[Lqjzt])?(?P<kind>[a-zA-Z@%]|<[A-Za-z]\w*>)"
)
_PRINTF_FLAGS: Final = frozenset(
    {"c", "objc", "c++", "python", "php", "perl", "awk", "lua", "sh", "boost", "tcl", "ycp"}
)
_BRACE_FLAGS: Final = frozenset({"python-brace", "perl-brace", "csharp", "java", "c++-brace"})


def find_difference(source: str, target: str, flags: Collection[str]) -> str:
    """Tells what is missing, or too much, in a translation; "" if nothing is.

    Args:
        source: The message.
        target: Its translation.
        flags: Of the entry, such as `c-format`. A format that they do not name is not looked at.
    """
    kinds = {flag.removesuffix("-format") for flag in flags if flag.endswith("-format")}
    if kinds & _PRINTF_FLAGS:
        return _compare(_printf(source), _printf(target))
    if kinds & _BRACE_FLAGS:
        fields = _braces(source)
        if fields is not None:
            received = _braces(target)
            return _compare(fields, received) if received is not None else "a brace is unbalanced"
    return ""


def _printf(text: str) -> list[str]:
    """Placeholders; those that take their values by order are numbered by it."""
    found: list[str] = []
    unnumbered = 0
    for match in _PRINTF.finditer(text):
        if match["kind"] == "%":
            continue
        kind = (match["size"] or "") + match["kind"]
        if match["name"] is not None:
            found.append(f"%({match['name']}){kind}")
        elif match["place"]:
            found.append(f"%{int(match['place'])}${kind}")
        else:
            for _ in range(match[0].count("*")):
                unnumbered += 1
                found.append(f"%{unnumbered}$*")
            unnumbered += 1
            found.append(f"%{unnumbered}${kind}")
    return found


def _braces(text: str) -> list[str] | None:
    try:
        return [
            f"{{{name}}}" for _, name, _, _ in string.Formatter().parse(text) if name is not None
        ]
    except ValueError:
        return None


def _compare(source: Sequence[str], target: Sequence[str]) -> str:
    missing, added = Counter(source) - Counter(target), Counter(target) - Counter(source)
    if missing:
        return f"the placeholder {next(iter(missing))} is missing"
    if added:
        return f"the placeholder {next(iter(added))} is not in the source"
    return ""
