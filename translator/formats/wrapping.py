"""Lines of subtitles and of Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from translator.formats.markup import Code

_BLOCK: Final = re.compile(r"[-+*#>=|~`:]|\d+[.)]|<|\Z")
"""What would begin a block of Markdown at the start of a line."""

_USUAL: Final = 42
"""Characters that a line of subtitles may have by the customs of most broadcasters."""


def wrap_caption(pieces: Sequence[str | Code], width: int, line_end: str) -> list[str | Code]:
    """Breaks a caption that is too wide for one line into two of like length.

    Args:
        pieces: The caption, on one line.
        width: Characters of the widest line of what it is a translation of.
        line_end: What ends a line.

    Returns:
        The pieces, the end of a line within one of them where a space was. A caption of a language
        without spaces is broken between any two letters.
    """
    length = sum(len(piece) for piece in pieces if isinstance(piece, str))
    if length <= max(width, _USUAL):
        return list(pieces)
    spaced = any(" " in piece.strip() for piece in pieces if isinstance(piece, str))
    best: tuple[float, int, int] | None = None
    before = 0
    for n, piece in enumerate(pieces):
        if isinstance(piece, Code):
            continue
        for place, character in enumerate(piece):
            at = before + place
            if (character == " " or not spaced) and 0 < at < length - 1:
                candidate = (abs(at + 0.5 - length / 2), n, place)
                best = min(best, candidate) if best else candidate
        before += len(piece)
    if best is None:
        return list(pieces)
    _, n, place = best
    text = str(pieces[n])
    broken = text[:place] + line_end + text[place + spaced :]
    return [*pieces[:n], broken, *pieces[n + 1 :]]


def wrap_lines(words: Sequence[str], width: int) -> str:
    """Puts words on lines of at most some characters, none of which begins like a block."""
    lines = [words[0]]
    for word in words[1:]:
        # A word with a hard break after it goes on in the next line.
        room = len(lines[-1].rpartition("\n")[2]) + 1 + len(word.partition("\n")[0]) <= width
        if room or _BLOCK.match(word) or not lines[-1]:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)
