"""From a run to a model folder, with its scores in `model.json`."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.calibration import fit_confidence, tune_search
from training.checkpoint import Checkpoints
from training.corpus import Filter, Pair, read_corpus
from training.evaluation import LiveModel, corpus_scores
from training.run import Run
from translator.config import SearchConfig
from translator.export import export_model, round_to_float16
from translator.hardware import has_bfloat16
from translator.model import Seq2Seq, build
from translator.translation import Translation
from translator.translator import Translator

_ALL = Filter(max_words=10**6, max_chars=10**7, max_ratio=1e6, drop_duplicates=False)
"""A test split is scored as it is; only empty pairs, which no reference can judge, are left out."""


def export_run(
    run_folder: Path,
    destination: Path,
    test_files: Sequence[str] = (),
    licence: str = "",
    attribution: str = "",
) -> Path:
    """Exports the best checkpoint of a run, scored on its valid split and on test files.

    Args:
        run_folder: Of the run.
        destination: The model folder, such as `saved_models/es-en`.
        test_files: Pairs to score on beside the valid split, columns as in training.
        licence: Of the training data.
        attribution: Whom that licence asks to name.

    Returns:
        The folder of the new version.

    Raises:
        TranslatorError: The run has no best checkpoint yet, a file cannot be read, or the folder
            cannot be written.
    """
    run = Run.open(run_folder)
    model, lexicon = run.best_model(), run.lexicon()
    round_to_float16(model)
    languages = {"source_language": run.data.source, "target_language": run.data.target}
    served = LiveModel(_as_served(model), run.source, run.target, languages)
    translator = Translator(served)

    def read(files: Sequence[str]) -> list[Pair]:
        return read_test(files, run.data.columns, run.data.languages, run.data.skip_bad_lines)

    valid = read(run.data.valid)
    search = tune_search(translator, valid)
    report, translations = score_pairs(translator, valid, run.data.valid, search)
    estimator = fit_confidence(translations, [reference for _, reference in valid])
    reports = [report]
    if test_files:
        reports.append(score_pairs(translator, read(test_files), test_files, search)[0])
    progress = Checkpoints(run.folder / "checkpoints").progress()
    info: dict[str, Any] = {
        **languages,
        "training": {
            "data": [_name(files) for files in run.data.train + run.data.tagged],
            "pairs": run.corpus.get("kept"),
            "licence": licence,
            "attribution": attribution,
            "settings": dataclasses.asdict(run.config),
            **(progress.totals() if progress else {}),
        },
        "search": {
            "length_penalty": search.length_penalty,
            "coverage_penalty": search.coverage_penalty,
        },
        **({"confidence": estimator.to_info()} if estimator else {}),
        "scores": reports,
    }
    return export_model(model, run.source, run.target, destination, info, lexicon)


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


def score_pairs(
    translator: Translator, pairs: Sequence[Pair], files: Sequence[str], search: SearchConfig
) -> tuple[dict[str, Any], list[Translation]]:
    """Translates test pairs and scores them.

    Args:
        translator: What is scored.
        pairs: What it is scored on.
        files: Where they are from.
        search: Settings of the search.

    Returns:
        What was scored and how (`data`, `search`), `sentences`, `seconds`, how many were
        `truncated`, and `scores`; and the translations.
    """
    start = time.monotonic()
    translations = translator.translate([source for source, _ in pairs], search)
    seconds = time.monotonic() - start
    scores = corpus_scores([t.text for t in translations], [target for _, target in pairs])
    report = {
        "data": [_name(file) for file in files],
        "search": dataclasses.asdict(search),
        "sentences": len(pairs),
        "seconds": round(seconds, 2),
        "truncated": sum(t.truncated for t in translations),
        "scores": [dataclasses.asdict(score) for score in scores],
    }
    return report, translations


def _as_served(model: Seq2Seq) -> Seq2Seq:
    """The model with the products that a translator of its folder would compute."""
    twin = build(model.config, "mixed_bfloat16" if has_bfloat16() else "float32")
    for mine, its in zip(twin.weights, model.weights, strict=True):
        mine.assign(its)
    return twin


def _name(source: str) -> str:
    """File names without their folders: where they lie is nobody's business."""
    return ",".join(Path(part).name for part in source.split(","))
