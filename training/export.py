"""From a run to a model folder, with its scores in `model.json`."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.checkpoint import Checkpoints
from training.corpus import Filter, read_corpus
from training.evaluation import LiveModel, corpus_scores
from training.run import Run
from translator.config import SearchConfig
from translator.export import export_model, round_to_float16
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
    model = run.best_model()
    round_to_float16(model)
    languages = {"source_language": run.data.source, "target_language": run.data.target}
    translator = Translator(LiveModel(model, run.source, run.target, languages))
    reports = [
        score_files(translator, files, run.data.columns, SearchConfig(), run.data.skip_bad_lines)
        for files in (run.data.valid, test_files)
        if files
    ]
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
        "scores": reports,
    }
    return export_model(model, run.source, run.target, destination, info, run.lexicon())


def score_files(
    translator: Translator,
    files: Sequence[str],
    columns: tuple[int, int],
    search: SearchConfig,
    skip_bad_lines: bool = False,
) -> dict[str, Any]:
    """Translates test pairs and scores them.

    Returns:
        What was scored and how (`data`, `search`), `sentences`, `seconds`, how many were
        `truncated`, and `scores`.

    Raises:
        CorpusError: A file cannot be read.
    """
    corpus = read_corpus(
        files,
        columns=columns,
        languages=(translator.source_language, translator.target_language),
        filter=_ALL,
        skip_bad_lines=skip_bad_lines,
    )
    pairs = corpus.pairs
    start = time.monotonic()
    translations = translator.translate([source for source, _ in pairs], search)
    seconds = time.monotonic() - start
    scores = corpus_scores([t.text for t in translations], [target for _, target in pairs])
    return {
        "data": [_name(file) for file in files],
        "search": dataclasses.asdict(search),
        "sentences": len(pairs),
        "seconds": round(seconds, 2),
        "truncated": sum(t.truncated for t in translations),
        "scores": [dataclasses.asdict(score) for score in scores],
    }


def _name(source: str) -> str:
    """File names without their folders: where they lie is nobody's business."""
    return ",".join(Path(part).name for part in source.split(","))
