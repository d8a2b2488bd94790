"""Which pairs are worth training on, and what became of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from translator.errors import ConfigError
from translator.wording import plural

_RATIO_SLACK: Final = 20


@dataclass(frozen=True)
class Filter:
    """Which pairs are worth training on.

    The ratio catches pairs that were aligned wrongly, so it is measured in characters, which
    languages without spaces have too, and is wide: English takes three to four times the
    characters of Chinese, so 9 leaves honest pairs more than twice their usual room. A slack of
    20 characters is added, since short pairs differ more: "Sí." may well be "Yes, I certainly do."

    Attributes:
        max_words: Most words on either side, divided by spaces.
        max_chars: Most characters on either side; the bound for languages without spaces.
        max_ratio: A pair is dropped where its longer side has more characters than this multiple
            of its shorter side, plus 20.
        drop_duplicates: Each pair is kept once. One source with two different targets is no
            duplicate.

    Raises:
        ConfigError: A bound is below 1.
    """

    max_words: int = 100
    max_chars: int = 1000
    max_ratio: float = 9.0
    drop_duplicates: bool = True

    def __post_init__(self) -> None:
        for name in ("max_words", "max_chars", "max_ratio"):
            value = getattr(self, name)
            if not value >= 1:
                raise ConfigError(f"{name}: expected at least 1. Received: {value!r}")

    def verdict(self, source: str, target: str) -> Literal["kept", "empty", "too_long", "ratio"]:
        """Says under which of the `Counts` a normalized pair falls, duplicates aside."""
        shorter, longer = sorted((len(source), len(target)))
        if shorter == 0:
            return "empty"
        # Normalized text has single spaces between its words.
        words = 1 + max(source.count(" "), target.count(" "))
        if words > self.max_words or longer > self.max_chars:
            return "too_long"
        if longer > self.max_ratio * shorter + _RATIO_SLACK:
            return "ratio"
        return "kept"


@dataclass(frozen=True)
class Counts:
    """What became of the lines of a corpus; all but `read` add up to `read`.

    Attributes:
        read: Lines, pairs of aligned lines, units of TMX files, messages of PO files.
        kept: Pairs in the corpus.
        empty: Pairs with nothing on at least one side, blank lines included.
        too_long: Pairs with too many words or characters.
        ratio: Pairs whose sides differ too much in length.
        duplicate: Pairs that were already kept, after normalization.
        bad_lines: Lines that hold no pair: invalid UTF-8, or the wrong number of columns.
        untranslated: Units without one of the languages; messages that are untranslated, fuzzy or
            obsolete.
    """

    read: int = 0
    kept: int = 0
    empty: int = 0
    too_long: int = 0
    ratio: int = 0
    duplicate: int = 0
    bad_lines: int = 0
    untranslated: int = 0

    def __str__(self) -> str:
        text = (
            f"{self.read} {plural('line', self.read)} read, "
            f"{self.kept} {plural('pair', self.kept)} kept, dropped: {self.empty} empty, "
            f"{self.too_long} too long, {self.ratio} uneven in length, "
            f"{self.duplicate} duplicate, {self.bad_lines} bad {plural('line', self.bad_lines)}"
        )
        # Files of lines have none.
        return f"{text}, {self.untranslated} untranslated" if self.untranslated else text
