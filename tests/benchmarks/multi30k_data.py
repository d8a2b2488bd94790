"""Multi30k for the benchmarks: its lines, its published scores, and files of figures.

The corpus is that of Elliott et al. (arXiv 1605.00459), line-aligned: train, val and
test_2016_flickr, each as .en.gz, .de.gz and .fr.gz. Needs the package sacremoses.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TEST = "test_2016_flickr"


def lines(corpora: Path, split: str, language: str) -> list[str]:
    """Lines of one side of a split."""
    with gzip.open(corpora / f"{split}.{language}.gz", "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def scores(hypotheses: list[str], references: list[str], language: str) -> dict[str, float]:
    """BLEU and chrF, cased and detokenised; and BLEU as published for this test set.

    Published figures are of text that Moses's scripts normalised, lowercased and tokenised, on
    both sides.
    """
    from sacrebleu.metrics import BLEU, CHRF
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    normalizer, tokenizer = MosesPunctNormalizer(language), MosesTokenizer(language)

    def prepared(texts: list[str]) -> list[str]:
        return [
            tokenizer.tokenize(normalizer.normalize(text).lower(), escape=False, return_str=True)
            for text in texts
        ]

    published = BLEU(tokenize="none", force=True)
    return {
        "bleu": round(BLEU().corpus_score(hypotheses, [references]).score, 2),
        "chrf": round(CHRF().corpus_score(hypotheses, [references]).score, 2),
        "bleu_lowercased": round(
            published.corpus_score(prepared(hypotheses), [prepared(references)]).score, 2
        ),
    }


def read(results: Path) -> list[dict[str, Any]]:
    """Figures kept so far."""
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text("utf-8").splitlines()]
