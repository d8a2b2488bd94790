"""Text as a model reads it, each character beside what it was."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from translator.text import REMOVED, compose

_JOINED = r"\p{M}\u1160-\u11ff"  # marks, and the vowels and final consonants of Hangul
# A removed character goes with the one before it, at the start with the one after it; but no tag
# may begin with one, for its name would not be found.
_CLUSTER = regex.compile(
    rf"[{REMOVED}]*+[^{REMOVED}<][{REMOVED}{_JOINED}]*+|<[{REMOVED}{_JOINED}]*+|[{REMOVED}]++"
)


def composed(text: str, raw: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Composes a text so that for each character it is still known what it was.

    So whatever is counted in characters of a sentence means the same to the model, which reads
    normalized text, and to the text that the sentence stands in.

    Args:
        text: The text.
        raw: What each of its characters was in the original.

    Returns:
        What `compose` makes of it, other than of invisible characters alone, which stay; and what
        each character of that was: joined, it is what `raw` was.
    """
    if compose(text) == text:
        return text, raw
    found_text: list[str] = []
    found_raw: list[str] = []
    for match in _CLUSTER.finditer(text):
        was = raw[match.start() : match.end()]
        read = compose(match[0])
        if read in ("", match[0]):
            found_text.append(match[0])
            found_raw.extend(was)
        else:
            found_text.append(read)
            found_raw += ["".join(was), *[""] * (len(read) - 1)]
    return "".join(found_text), found_raw
