"""The search once more for the sentences whose translations have a fault."""

from __future__ import annotations

import dataclasses

from translator.dictionary import Dictionary
from translator.mending.attempts import Attempt, with_placeholders, with_required
from translator.mending.judging import Judge
from translator.texts.sentence import Sentence, Translate
from translator.tokenizer import Tokenizer
from translator.translation import Hypothesis, Translation


class Mender:
    """Mends the translations of one model.

    Args:
        source: Tokenizer of its source side.
        dictionary: Of the pairs that it learnt from.
        language: Code of the source language.
    """

    def __init__(self, source: Tokenizer, dictionary: Dictionary, language: str) -> None:
        self._judge = Judge(source, dictionary, language)

    def mended(self, translate: Translate) -> Translate:
        """As `translate`, and once more for the sentences whose translations have a fault."""
        return lambda sentences: self._mend(sentences, translate(sentences), translate)

    def _mend(
        self, sentences: list[Sentence], first: list[Translation], translate: Translate
    ) -> list[Translation]:
        mended = list(first)
        attempts = {
            n: attempt
            for n, pair in enumerate(zip(sentences, first, strict=True))
            if (attempt := self._attempt(*pair)) is not None
        }
        if attempts:
            again = translate([attempt.sentence for attempt in attempts.values()])
            for (n, attempt), translation in zip(attempts.items(), again, strict=True):
                mended[n] = self._better(attempt, first[n], translation)
        return mended

    def _attempt(self, sentence: Sentence, translation: Translation) -> Attempt | None:
        judge, best = self._judge, translation.hypotheses[0]
        source = judge.read(sentence)
        alone = None if sentence.terms else judge.alone(source.text, best)
        if alone is not None:
            return with_placeholders(source, sentence, [alone], alone=True)
        if not best.finished or translation.source_cut:
            return None
        if not judge.faults(source, best.text):
            guessed = None if sentence.terms else judge.guessed(source, best)
            return with_required(source, sentence, guessed) if guessed else None
        found = judge.wrong(source, best)
        doubled = judge.doubled(source, best.text)
        if doubled:
            sentence = dataclasses.replace(sentence, max_repeats=1)
        if found or doubled:  # a name that was right by chance need not be so again
            found += source.names
        return with_placeholders(source, sentence, found)

    def _better(self, attempt: Attempt, first: Translation, second: Translation) -> Translation:
        """The second translation with its placeholders filled, if it is better than the first."""
        best = first.hypotheses[0]
        accepted = (one for one in second.hypotheses if attempt.accepts(best, one))
        filled = [attempt.filled(hypothesis) for hypothesis in accepted]
        hypotheses = tuple(one for one in filled if self._is_better(attempt, best, one))
        if not hypotheses:
            return first
        words = {symbol: one.source for symbol, one in attempt.fillings.items()}
        return dataclasses.replace(
            second,
            source_tokens=tuple(words.get(token, token) for token in second.source_tokens),
            hypotheses=hypotheses,
        )

    def _is_better(self, attempt: Attempt, first: Hypothesis, second: Hypothesis) -> bool:
        if attempt.alone:
            return True
        faults = [self._judge.faults(attempt.source, one.text) for one in (first, second)]
        return faults[1] <= faults[0] if attempt.guessed else faults[1] < faults[0]
