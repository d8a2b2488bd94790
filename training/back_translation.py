"""Text in one language to pairs whose source a machine wrote (Sennrich et al., arXiv 1511.06709).

The target side, which the decoder learns to write, is what people wrote.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from training.filtering import Filter
from translator.config import SearchConfig
from translator.files import chunked
from translator.text import normalize
from translator.texts.sentence import Sentence
from translator.translator import Translator
from translator.wording import plural

_CHUNK_SIZE = 2000
"""Lines held at a time: enough to sort into batches of like length."""


@dataclasses.dataclass
class Counts:
    """What became of the lines; all but `read` add up to `read`.

    Attributes:
        read: Lines.
        written: Pairs made of them.
        blank: Lines without text.
        too_long: Lines that training would leave out, or longer than the model reads.
        cut: Translations that did not end within the search's bound.
        empty: Translations without text.
    """

    read: int = 0
    written: int = 0
    blank: int = 0
    too_long: int = 0
    cut: int = 0
    empty: int = 0

    def __str__(self) -> str:
        return (
            f"{self.read:,} {plural('line', self.read)} read, "
            f"{self.written:,} {plural('pair', self.written)} written, "
            f"left out: {self.blank:,} blank, {self.too_long:,} too long, {self.cut:,} cut, "
            f"{self.empty:,} empty"
        )


def back_translate(
    translator: Translator,
    lines: Iterable[str],
    write: Callable[[str, str], None],
    search: SearchConfig,
    workers: int = 1,
    show: Callable[[Counts], None] = lambda _: None,
) -> Counts:
    """Translates lines and writes pairs of translation and line, in bounded memory.

    Args:
        translator: From the language of the lines, which is the target language of the model that
            shall learn from the pairs.
        lines: A sentence each.
        write: Takes source and target.
        search: Settings of the search.
        workers: Searches side by side, as `Translator.translate` takes them.
        show: Told of progress, after each chunk of lines.

    Returns:
        What became of the lines.

    Raises:
        InputError: A line cannot be read.
    """
    # Mended: a source with a name that the model made up would teach to make them up.
    translate = translator.mended(
        lambda sentences: translator.translate(sentences, search, workers=workers)
    )
    counts = Counts()
    for chunk in chunked(lines, _CHUNK_SIZE):
        counts.read += len(chunk)
        targets = []
        for line in map(normalize, chunk):
            verdict = Filter().verdict(line, line)
            counts.blank += verdict == "empty"
            counts.too_long += verdict == "too_long"
            if verdict == "kept":
                targets.append(line)
        translations = translate([Sentence(target) for target in targets])
        for target, translation in zip(targets, translations, strict=True):
            source = normalize(translation.text)
            if translation.source_cut:
                counts.too_long += 1
            elif translation.truncated:
                counts.cut += 1
            elif not source:
                counts.empty += 1
            else:
                write(source, target)
                counts.written += 1
        show(counts)
    return counts
