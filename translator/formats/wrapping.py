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

_SPACE: Final = re.compile(r" +(?![-\u2010–—♪#.,;:!?…»”)\]])")
"""Where a cue may end: what comes next would not be read as a speaker's mark, nor ends a word."""

_LETTER: Final = re.compile(
    r" +|(?<=[^\x00-\x7f「『（《“‘])(?=\w)|(?<=[\w.,:;!?])(?=[^\W\x00-\x7f])"
)
"""The same in a language without spaces: between letters, but within no number or Latin word."""

_PAUSE: Final = re.compile(r"(?<=[,;:!?…–—»”)、，。；：！？])|(?<=\w\w\w\.)")
"""Where one breathes: after a comma and the like, or after a full stop, which is no "Mr."."""

_NOTHING: Final = "..."
"""What is shown where no words are left. Unlike an ellipsis, it is in every encoding."""


def split_caption(text: str, lengths: Sequence[int], *, spaced: bool) -> list[str]:
    """Divides the translation of a sentence among the cues that it runs over.

    Each takes about the share that it has of the source, and rather ends at a pause: one counts as
    much as a quarter of a cue.

    Args:
        text: The translation, on one line.
        lengths: Characters of the source in each of the cues.
        spaced: Whether its language has spaces between words; else it is divided between letters.

    Returns:
        What each of the cues shows. None is empty: where there are fewer words than cues, the last
        ones show three dots.
    """
    text = text.strip()
    places = [match.span() for match in (_SPACE if spaced else _LETTER).finditer(text)]
    gains = [len(text) / len(lengths) / 4 if _PAUSE.match(text, end) else 0 for end, _ in places]
    cuts = min(len(lengths) - 1, len(places))
    shares: list[str] = []
    start, first = 0, 0
    for n in range(cuts):
        wanted = len(text) * sum(lengths[: n + 1]) / sum(lengths)
        # Each of the cuts that follow needs a place of its own.
        free = range(first, len(places) - (cuts - 1 - n))
        costs = [abs(places[k][0] - wanted) - gains[k] for k in free]
        chosen = free[costs.index(min(costs))]
        end, following = places[chosen]
        shares.append(text[start:end])
        start, first = following, chosen + 1
    shares.append(text[start:])
    return [share or _NOTHING for share in shares] + [_NOTHING] * (len(lengths) - len(shares))


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
