"""Which word of a text became which word of its translation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

from translator.alignment import Pairs, align_words, words_of
from translator.texts.alignment import Span, piece_spans
from translator.texts.candidate import Candidate, Written
from translator.texts.passage import BREAK, TAGS

_Words = Sequence[int]
_NONE: _Words = range(0)


def pair_words(candidate: Candidate) -> Pairs:
    """Pairs the words of a text with those of a translation of it, in the order of the target.

    Words are what white space divides, whatever stands in them, counted over the whole text. What
    is kept is paired with itself, other than markup. Any other word is paired with the one that
    the model looked at most while it wrote it: with several if that is an item of several words,
    with none if it is the end of the sentence.
    """
    passage = candidate.passage
    source = _number_words(passage.raw)
    target = _number_words(raw for part in candidate.parts for raw in part.raw)
    pairs: set[tuple[int, int]] = set()
    places: dict[Written, dict[int, _Words]] = {written: {} for written in candidate.written}
    there = iter(target)
    for part in candidate.parts:
        for place, (raw, words) in enumerate(zip(part.raw, there, strict=False), part.start):
            if part.written:
                places[part.written][place] = words
            elif passage.text[place] not in _MARKUP and raw.split() == passage.raw[place].split():
                pairs.update(zip(source[place], words, strict=True))
    kept = {j for _, j in pairs}
    for written, characters in places.items():
        pairs.update((i, j) for i, j in _attended(written, source, characters) if j not in kept)
    return sorted(pairs, key=lambda pair: (pair[1], pair[0]))


_MARKUP = TAGS | {BREAK}


def _number_words(strings: Iterable[str]) -> list[_Words]:
    """The words that each string has a share in, counted over all of the strings together."""
    found: list[_Words] = []
    count = 0
    open_word = False
    for string in strings:
        size = len(string.split())
        if size:
            first = count - 1 if open_word and not string[0].isspace() else count
            count = first + size
            found.append(range(first, count))
        else:
            found.append(_NONE)
        if string:
            open_word = not string[-1].isspace()
    return found


def _attended(
    written: Written, source: Sequence[_Words], characters: Mapping[int, _Words]
) -> Iterable[tuple[int, int]]:
    """Pairs of the text's words, of those of the sentence that the model read and wrote."""
    unit, translation = written.unit, written.translation

    def read(character: int) -> Iterable[int]:
        start, end = unit.places[character]
        return (word for place in range(start, end) for word in source[place])

    def wrote(character: int) -> Iterable[int]:
        return characters.get(character, _NONE)

    sources = _by_word(translation.source_tokens, unit.sentence.text, read)
    targets = _by_word(written.hypothesis.tokens, written.text, wrote)
    for i, j in align_words(translation, written.hypothesis):
        yield from product(sources[i], targets[j])


def _by_word(
    tokens: Sequence[str], text: str, words_at: Callable[[int], Iterable[int]]
) -> list[set[int]]:
    """For each word of some pieces, the words that its characters have a share in."""
    numbers = words_of(tokens)
    found: list[set[int]] = [set() for _ in range(numbers[-1] + 1)] if numbers else []
    spans: list[Span] = piece_spans(text, tokens)
    for number, (start, end) in zip(numbers, spans, strict=True):
        for character in range(start, end):
            found[number].update(words_at(character))
    return found
