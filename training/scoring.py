"""Scores of a model folder on test pairs."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from training.corpus import Pair, bare_names, read_corpus
from training.evaluation import corpus_scores
from training.failures import count_failures
from training.filtering import Filter
from translator.config import SearchConfig
from translator.texts.sentence import Sentence
from translator.translation import Translation
from translator.translator import Translator

_ALL = Filter(max_words=10**6, max_chars=10**7, max_ratio=1e6, drop_duplicates=False)
"""A test split is scored as it is; only empty pairs, which no reference can judge, are left out."""


def read_test(
    files: Sequence[str],
    columns: tuple[int, int],
    languages: tuple[str, str],
    skip_bad_lines: bool = False,
) -> list[Pair]:
    """Pairs to score on, as they are.

    Raises:
        CorpusError: A file cannot be read.
    """
    corpus = read_corpus(
        files, columns=columns, languages=languages, filter=_ALL, skip_bad_lines=skip_bad_lines
    )
    return corpus.pairs


def in_short(report: Mapping[str, Any]) -> str:
    """The scores of a report of `score_pairs`: "BLEU 38.20, chrF 58.12 on test.tsv"."""
    scores = ", ".join(f"{score['metric']} {score['value']:.2f}" for score in report["scores"])
    which = " (validation)" if report.get("validation") else ""
    return f"{scores} on {', '.join(report['data'])}{which}"


def score_pairs(
    translator: Translator,
    pairs: Sequence[Pair],
    files: Sequence[str],
    search: SearchConfig,
    workers: int = 1,
) -> tuple[dict[str, Any], list[Translation]]:
    """Translates test pairs and scores them.

    Args:
        translator: What is scored.
        pairs: What it is scored on.
        files: Where they are from.
        search: Settings of the search.
        workers: Searches side by side, as `Translator.translate` takes them.

    Returns:
        What was scored and how (`data`, `search`), `sentences`, `seconds`, how many were
        `truncated` or failed (see `Failures`), and `scores`; and the translations.
    """
    start = time.monotonic()
    translate = translator.mended(
        lambda sentences: translator.translate(sentences, search, workers=workers)
    )
    translations = translate([Sentence(source) for source, _ in pairs])
    seconds = time.monotonic() - start
    texts = [translation.text for translation in translations]
    scores = corpus_scores(texts, [target for _, target in pairs], translator.target_language)
    report = {
        "data": [bare_names(file) for file in files],
        "search": dataclasses.asdict(search),
        "sentences": len(pairs),
        "seconds": round(seconds, 2),
        "truncated": sum(t.truncated for t in translations),
        **dataclasses.asdict(count_failures(pairs, texts)),
        "scores": [dataclasses.asdict(score) for score in scores],
    }
    return report, translations
