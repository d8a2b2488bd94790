"""Translates chunks of segments: by a memory, or else by the model, which sees a text once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from cachetools import LRUCache

from translator.batch_output import LineFormat, mean_confidence
from translator.errors import InputError
from translator.formats.segment import Segment
from translator.pipeline.memory import Memory
from translator.pipeline.results import Below, Result, failed
from translator.texts.protecting import Protect
from translator.texts.translating import Format, TranslatedText

if TYPE_CHECKING:
    from translator.config import SearchConfig
    from translator.texts.glossary import Glossary
    from translator.translator import Translator

_MOST_KEPT: Final = 10_000
"""Results that are kept for later chunks, some 10 MB."""

_LONGEST_KEPT: Final = 200
"""Characters of a text whose result is kept; long ones seldom come again."""


@dataclass(frozen=True)
class ChunkTranslator:
    """Makes results of segments. Those that were used last are kept: files repeat themselves.

    Attributes:
        translator: The model.
        search: Settings of its search.
        glossary: Terms that must be translated in one way.
        protect: Patterns of what must survive, too.
        memory: Asked before the model is.
        estimate: Whether the confidence is asked for; a threshold asks, too.
        threshold: Translations of a lower confidence are not taken as they are.
        below: What is made of these.
        columns: What a line of the output looks like, where lines are translated.
        batch_size: Sentences translated together.
        workers: Searches side by side.
    """

    translator: Translator
    search: SearchConfig
    glossary: Glossary | None = None
    protect: Protect = ()
    memory: Memory | None = None
    estimate: bool = False
    threshold: float | None = None
    below: Below = "mark"
    columns: LineFormat | None = None
    batch_size: int = 64
    workers: int = 1
    _kept: LRUCache[_Text, Result] = field(
        default_factory=lambda: LRUCache(_MOST_KEPT), init=False, repr=False, compare=False
    )

    def translate(self, segments: Sequence[Segment], first: int) -> list[Result]:
        """Translates a chunk.

        Args:
            segments: The chunk.
            first: Segments before it.

        Returns:
            A result for each segment, in order.
        """
        known = {_text(segment): self._known(segment) for segment in segments}
        made = self._made([text for text, result in known.items() if result is None])
        results = []
        for number, segment in enumerate(segments, start=first):
            text = _text(segment)
            result = known[text]
            if result is None:
                result = self._result(made[text], number, segment)
                if self.columns is None:  # these may have the line's number
                    known[text] = result
                    self._keep(text, result)
            results.append(result.checked(segment))
        return results

    def _known(self, segment: Segment) -> Result | None:
        remembered = self.memory.find(segment) if self.memory is not None else None
        return remembered or self._kept.get(_text(segment))

    def _keep(self, text: _Text, result: Result) -> None:
        if len(text.text) <= _LONGEST_KEPT:
            self._kept[text] = result

    def _made(self, texts: Sequence[_Text]) -> dict[_Text, TranslatedText | str]:
        """What the model made of texts, or why it made nothing."""
        groups: defaultdict[tuple[Format, bool], list[_Text]] = defaultdict(list)
        for text in texts:
            groups[text.text_format, text.split].append(text)
        made: dict[_Text, TranslatedText | str] = {}
        for group in groups.values():
            made.update(zip(group, self._attempt(group), strict=True))
        return made

    def _attempt(self, texts: Sequence[_Text]) -> list[TranslatedText | str]:
        """Translates texts of one kind; where it fails, in halves, until the culprit is alone."""
        try:
            return list(
                self.translator.translate_texts(
                    [text.text for text in texts],
                    self.search,
                    text_format=texts[0].text_format,
                    glossary=self.glossary,
                    split=texts[0].split,
                    protect=self.protect,
                    batch_size=self.batch_size,
                    workers=self.workers,
                )
            )
        except InputError as error:
            if len(texts) == 1:
                return [str(error)]
            half = len(texts) // 2
            return self._attempt(texts[:half]) + self._attempt(texts[half:])

    def _result(self, made: TranslatedText | str, number: int, segment: Segment) -> Result:
        if isinstance(made, str):
            return failed(made)
        lost = _lost_items(made)
        if lost:
            return failed(f"lost in translation: {', '.join(lost)}")
        confidence = None
        if self.estimate or self.threshold is not None:
            confidence = mean_confidence(made.details[0], self.translator.confidence)
        text = made.candidates[0]
        if self.columns is not None:
            text = self.columns.write(number, made).removesuffix("\n")
        doubts = ("Machine translation, cut short",) if made.truncated else ()
        result = Result(text, "model", confidence, made.truncated, doubts=doubts)
        return result.below(self.threshold, self.below, segment.text)


class _Text(NamedTuple):
    text: str
    text_format: Format
    split: bool


def _text(segment: Segment) -> _Text:
    return _Text(segment.text, segment.text_format, segment.sentence_split)


def _lost_items(made: TranslatedText) -> list[str]:
    """Items of a text that do not stand in its translation as often as before."""
    target = made.candidates[0]
    wanted = Counter(made.items)
    return [item for item, count in wanted.items() if target.count(item) < count]
