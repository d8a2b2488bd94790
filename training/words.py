"""Single words that translate each other, learnt from the sentences they stand in.

Collections of sentences have hardly a pair of single words, so that a model trained on them makes
a sentence of each; but a word alone is what people try first. Two alignments, one for either
direction, that agree are right far more often than one (Och & Ney, Computational Linguistics 2003).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import regex

from training.corpus import Pair
from training.dataset import EncodedPairs
from training.lexicon import Translations, model1, sample
from training.rows import Array, Rows
from training.tsv import pair_writer
from translator.dictionary import DOUBLED, WORD, Dictionary, standing_alone

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['\u2019-][\p{L}\p{M}]+)*")
_JOINED = regex.compile(r"(?<![\p{L}\p{M}])(\p{L}[\p{L}\p{M}]*)['\u2019](\p{L}[\p{L}\p{M}]*)")
_AFTER_DIGIT = regex.compile(r"(?<=\d)\p{L}[\p{L}\p{M}]*")
_LONGEST_ENDING = 2
"""Letters of what an apostrophe ties to a word, at most: "t", "ll"; "eau" is a word of its own."""

_OPENING = regex.compile(r"[^\w\s]*(\p{L}[\p{L}\p{M}]*)\s?[,.!?:;\u2026](?!\w)")
_OFTEN = 3
_MOSTLY = 0.5
"""How often, and in what share, a word that stands alone must become another to be told so."""

_SURE = 10
"""How much surer than others a translation must be if the surest is no word."""

_LETTER = regex.compile(r"(?!I)[\p{Lu}ªº]")
"""A letter that is no word of its own, but stands for one, or for a number."""

_INSIDE = 1000
"""How much more an occurrence within a sentence says of a word's case than one at its beginning."""


def learn_words(pairs: Sequence[Pair], least: float = 0.2, least_count: int = 3) -> list[Pair]:
    """Words that Model 1 takes for each other's translation in either direction.

    Args:
        pairs: Sentences.
        least: The least product t(target word | source word) · t(source word | target word).
        least_count: How often both words stand in the sentences, at the least.

    Returns:
        Pairs of words, the surest first, none of which stands in two; as they are written within
        sentences, and once more with capitals at their beginnings, where the source has none.
    """
    source, target = _read((text for text, _ in pairs), _WORD), _read((t for _, t in pairs), _WORD)
    taken: tuple[set[int], set[int]] = set(), set()
    made: list[Pair] = []
    for of, to, score in zip(*_translations(source, target), strict=True):
        if score < least:
            break
        often = min(source.counts[of], target.counts[to]) >= least_count
        if often and of not in taken[0] and to not in taken[1]:
            made += _cased(source.written[of], target.written[to])
            taken[0].add(of)
            taken[1].add(to)
    return made


def learn_dictionary(
    pairs: Sequence[Pair], targets: Iterable[str], least: float = 0.005
) -> Dictionary:
    """All words of the target language, and the surest translation of each source word.

    And what a word becomes that stands alone ("No, thanks": "No, gracias"), where pairs show it.

    Args:
        pairs: Sentences that the translations are learnt from.
        targets: All target sentences.
        least: As `learn_words` takes it, but lower: a translation is asked for where the model has
            none at all.
    """
    source, target = _read((text for text, _ in pairs), WORD), _read((t for _, t in pairs), WORD)
    halves = _halves(t for _, t in pairs)
    translations: dict[str, str] = {}
    refused: set[int] = set()
    for of, to, score in zip(*_translations(source, target), strict=True):
        if score < least:
            break
        word = target.written[to]
        if 2 * halves[word.lower()] > target.counts[to] or _LETTER.fullmatch(word):
            refused.add(of)
        elif of not in refused or score >= _SURE * least:
            translations.setdefault(source.written[of].lower(), word)
    written = {word.lower(): word for word in target.written}
    for word, alone in _standing_alone(pairs):
        translations[standing_alone(word)] = written[alone]
    known: set[str] = set()
    for text in targets:
        small = text.lower()
        known.update(WORD.findall(small))
        known.update(match[0] for match in DOUBLED.finditer(small))
    return Dictionary(frozenset(known), translations)


def _halves(texts: Iterable[str]) -> Counter[str]:
    """How often a word is no word of its own, but a part of one, or the end of a number.

    Such as "don" and "t", "aujourd" and "hui", "st" in "1st"; not "Tom" in "Tom's", nor "eau" in
    "l'eau".
    """
    found = Counter[str]()
    for text in texts:
        small = text.lower()
        for match in _JOINED.finditer(small, overlapped=True):
            before, after = match[1], match[2]
            found[before] += after != "s"
            found[after] += len(after) <= _LONGEST_ENDING or len(before) > _LONGEST_ENDING
        found.update(_AFTER_DIGIT.findall(small))
    return found


def _standing_alone(pairs: Sequence[Pair]) -> Iterator[tuple[str, str]]:
    """Words that are a sentence, or before a comma, and what they mostly become; small letters."""
    found: dict[str, Counter[str]] = {}
    for source, target in pairs:
        if word := _OPENING.match(source):
            other = _OPENING.match(target)
            found.setdefault(word[1].lower(), Counter())[other[1].lower() if other else ""] += 1
    for of, targets in found.items():
        ((to, count),) = targets.most_common(1)
        if to and count >= max(_OFTEN, _MOSTLY * targets.total()):
            yield of, to


def write_words(path: Path, words: Iterable[Pair]) -> None:
    """Writes pairs of words, so that a run goes on with those it began with.

    Raises:
        CorpusError: The disk is full, or the folder cannot be written.
    """
    with pair_writer(path) as write:
        for source, target in words:
            write(source, target)


def read_words(path: Path) -> list[Pair]:
    """Reads what `write_words` wrote."""
    lines = path.read_text("utf-8").splitlines()
    return [(source, target) for source, target in (line.split("\t") for line in lines)]


def _cased(source: str, target: str) -> list[Pair]:
    pair = source, target
    # Title case is not upper case for letters that are two, and none where a script has no case.
    capitals = source[0].title() + source[1:], target[0].title() + target[1:]
    return [pair, capitals] if source.islower() and target[1:].lower() == target[1:] else [pair]


@dataclass(frozen=True)
class _Side:
    """One side of a corpus, as numbers of words; number 0, NULL, is none.

    Attributes:
        rows: The words of each sentence, whatever their case.
        counts: How often each word stands there.
        written: Each word as it is written most often, beginnings of sentences apart.
    """

    rows: Rows
    counts: list[int]
    written: list[str]


def _translations(source: _Side, target: _Side) -> tuple[list[int], list[int], Array]:
    """Source word, target word and product of all that Model 1 finds in both directions."""
    words = EncodedPairs(source.rows, target.rows)
    numbers = sample(words)
    return _agreed(
        model1(words, numbers), model1(EncodedPairs(words.target, words.source), numbers)
    )


def _read(texts: Iterable[str], pattern: regex.Pattern[str]) -> _Side:
    numbers: dict[str, int] = {}
    forms: dict[str, Counter[str]] = {}
    counts = Counter[str]()
    rows = Rows()
    for text in texts:
        words = pattern.findall(text)
        for place, word in enumerate(words):
            forms.setdefault(word.lower(), Counter())[word] += _INSIDE if place else 1
        lowered = [word.lower() for word in words]
        counts.update(lowered)
        rows.append([numbers.setdefault(word, len(numbers) + 1) for word in lowered])
    return _Side(
        rows,
        [0, *(counts[word] for word in numbers)],
        ["", *(forms[word].most_common(1)[0][0] for word in numbers)],
    )


def _agreed(forward: Translations, backward: Translations) -> tuple[list[int], list[int], Array]:
    """Source word, target word and product of all that both directions know, the surest first."""
    base = 1 + max(int(forward.target.max(initial=0)), int(backward.source.max(initial=0)))
    _, there, back = np.intersect1d(
        forward.source.astype(np.int64) * base + forward.target,
        backward.target.astype(np.int64) * base + backward.source,
        assume_unique=True,
        return_indices=True,
    )
    score = forward.probability[there] * backward.probability[back]
    order = np.argsort(-score, kind="stable")
    there = there[order]
    return forward.source[there].tolist(), forward.target[there].tolist(), score[order]
