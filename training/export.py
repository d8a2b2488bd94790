"""From a run to a model folder, with its scores in `model.json`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from training.calibration import fit_confidence, mending_helps, tune_search
from training.checkpoint import Checkpoints
from training.corpus import Pair
from training.model_card import model_card
from training.repeat import training_record
from training.run import Run
from training.scoring import read_test, score_pairs
from translator.export import export_model
from translator.hardware import count_cores
from translator.saved_model import SavedTranslator
from translator.translator import Translator


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
    # Read before minutes of work, so that a wrong name is told at once.
    splits = _Splits.of(run, test_files)
    languages = {"source_language": run.data.source, "target_language": run.data.target}

    def describe(saved: SavedTranslator) -> dict[str, Any]:
        return {
            "training": _training(run, licence, attribution),
            **_quality(saved, run, splits, test_files),
        }

    return export_model(
        *(run.best_model(), run.source, run.target, destination, languages),
        lexicon=run.lexicon(),
        dictionary=run.dictionary(),
        describe=describe,
        card=model_card,
    )


def _training(run: Run, licence: str, attribution: str) -> dict[str, Any]:
    progress = Checkpoints(run.checkpoint_folder).progress()
    return {
        **training_record(run),
        "licence": licence,
        "attribution": attribution,
        "settings": dataclasses.asdict(run.settled),
        **(progress.totals() if progress else {}),
    }


class _Splits(NamedTuple):
    """Pairs that a model is scored on; no test pairs where there are no files of them."""

    valid: list[Pair]
    test: list[Pair]

    @classmethod
    def of(cls, run: Run, test_files: Sequence[str]) -> _Splits:
        data = run.data

        def read(files: Sequence[str]) -> list[Pair]:
            return read_test(files, data.columns, data.languages, data.skip_bad_lines)

        return cls(read(data.valid), read(test_files) if test_files else [])


def _quality(
    saved: SavedTranslator, run: Run, splits: _Splits, test_files: Sequence[str]
) -> dict[str, Any]:
    """The search that suits the model best, whether to mend, what tells its confidence, scores."""
    translator = Translator(saved)
    valid, workers = splits.valid, count_cores()
    search = tune_search(translator, valid, workers)
    mending = saved.dictionary is None or mending_helps(translator, valid, search, workers)
    if not mending:
        translator = Translator(saved, mending=False)
    report, translations = score_pairs(translator, valid, run.data.valid, search, workers)
    estimator = fit_confidence(translations, [reference for _, reference in valid])
    reports = [{**report, "validation": True}]
    if splits.test:
        reports.append(score_pairs(translator, splits.test, test_files, search, workers)[0])
    return {
        "search": {
            "length_penalty": search.length_penalty,
            "coverage_penalty": search.coverage_penalty,
        },
        **({"mending": mending} if saved.dictionary is not None else {}),
        **({"confidence": estimator.to_info()} if estimator else {}),
        "scores": reports,
    }
