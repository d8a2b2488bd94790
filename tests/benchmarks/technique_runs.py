"""Many small runs on Multi30k in few processes, for the benchmark of the techniques.

Whatever all runs share is made once in a process: the vocabulary, the pairs as ids. A run is then
its updates, one validation, and the search on the test split, of the model as it lies in memory.

The corpus is that of Elliott et al. (arXiv 1605.00459), English to German, as `multi30k_data` wants
it.
"""

from __future__ import annotations

import csv
import dataclasses
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from multi30k_data import ROOT, TEST, lines, scores

sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from training.corpus import Corpus
    from training.dataset import EncodedPairs
    from training.run import Data, Run
    from translator.tokenizer import Tokenizer

SOURCE, TARGET = "en", "de"


@dataclasses.dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        name: What is told apart by the table; with the seed, the key of the run.
        seed: Of the run.
        settings: Those of `TrainConfig` that are not its defaults.
    """

    name: str
    seed: int
    settings: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Shared:
    """What the runs of a process share.

    Attributes:
        data: The files.
        tokenizer: Of both sides.
        train: Pairs to learn from.
        valid: Pairs to select on.
        sources: Of the test split.
        references: Of the test split.
    """

    data: Data
    tokenizer: Tokenizer
    train: EncodedPairs
    valid: Corpus
    sources: list[str]
    references: list[str]


_SHARED: list[Shared] = []
"""One, once the process has begun."""


def run_all(
    jobs: Sequence[Job], corpora: Path, pairs: int, at_once: int
) -> Iterator[dict[str, Any]]:
    """Figures of the runs, as they end.

    Args:
        jobs: The runs, of one vocabulary.
        corpora: Folder of Multi30k.
        pairs: How many of its pairs are learnt from, the first ones.
        at_once: Processes side by side; they divide the cores.
    """
    if not jobs:
        return
    threads = max(1, (os.cpu_count() or 1) // at_once)
    context = multiprocessing.get_context("spawn")
    size = jobs[0].settings["vocab_size"]
    shared = corpora, pairs, size, threads
    with ProcessPoolExecutor(at_once, context, _begin, shared) as pool:
        for future in as_completed([pool.submit(_run, job) for job in jobs]):
            yield future.result()


def _begin(corpora: Path, count: int, vocab_size: int, threads: int) -> None:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    from training.commands.common import start

    start(threads)
    from training.dataset import encode_pairs
    from training.run import Data
    from translator.tokenizer import train_tokenizer

    train, valid = (
        (f"{corpora / split}.{SOURCE}.gz,{corpora / split}.{TARGET}.gz",)
        for split in ("train", "val")
    )
    data = Data(train, valid, SOURCE, TARGET)
    pairs = data.read(train).pairs[:count]
    texts = [source for source, _ in pairs] + [target for _, target in pairs]
    tokenizer = train_tokenizer(texts, vocab_size, "unigram")
    shared = Shared(
        data,
        tokenizer,
        encode_pairs(pairs, tokenizer, tokenizer, 100),
        data.read(valid),
        lines(corpora, TEST, SOURCE),
        lines(corpora, TEST, TARGET),
    )
    _SHARED[:] = [shared]


def _run(job: Job) -> dict[str, Any]:
    import keras

    from training.config import TrainConfig
    from training.run import Run
    from training.trainer import train_pairs
    from translator.config import from_mapping
    from translator.errors import TranslatorError

    (shared,) = _SHARED
    config = from_mapping(TrainConfig, {**job.settings, "seed": job.seed})
    config = dataclasses.replace(config, precision=config.dtype())
    tokenizer = shared.tokenizer
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), config, shared.data, tokenizer, tokenizer, {})
        figures: dict[str, Any] = {
            "name": job.name,
            "seed": job.seed,
            "settings": dict(job.settings),
        }
        try:
            progress = train_pairs(
                run, shared.train, shared.valid, quiet=True, report=False
            ).progress
        except TranslatorError as error:
            figures["failed"] = str(error)  # the weights are no numbers
        else:
            figures |= {
                "updates": progress.update,
                "target_tokens": progress.target_tokens,
                **scores(_translate(run), shared.references, TARGET),
            }
        figures["gradient_norms"] = gradient_norms(run.folder / "log.csv")
    keras.backend.clear_session()
    return figures


def _translate(run: Run) -> list[str]:
    """The test split by beam search, beam 5, of the weights of the last update."""
    from training.evaluation import LiveModel
    from translator.config import SearchConfig
    from translator.translator import Translator

    (shared,) = _SHARED
    translator = Translator(LiveModel(run.best_model(), run.source, run.target))
    search = SearchConfig(beam_size=5)
    return [one.text for one in translator.translate(shared.sources, search)]


def gradient_norms(log: Path) -> list[tuple[int, float]]:
    """Update and largest norm of each interval of a run's log."""
    with open(log, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["gradient_norm_max"]]
    return [(int(row["update"]), float(row["gradient_norm_max"])) for row in rows]
