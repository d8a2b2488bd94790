"""The folder of a training run: all of it, so that it can go on, be exported and be looked at.

RUN/run.json              settings, languages, corpus counts, how many epochs fit into its hours
RUN/source.model, target.model
RUN/log.csv, RUN/tensorboard/
RUN/checkpoints/          the last two
RUN/best.npz              weights of the best validation
RUN/words.tsv             pairs of single words, where the settings ask for them
RUN/lexicon.npz           what each source piece may translate to, for the search's shortlists
RUN/dictionary.tsv.gz     the words of the pairs, for the search's mending
RUN/lengths.json, status.json, report.html, report/    see `training.report`
RUN/initial.npz           weights of the model that it continues, if it continues one
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.checkpoint import load_weights
from training.config import TrainConfig
from training.corpus import Corpus, Sources, StreamedCorpus, read_corpus
from translator.atomic import atomic_writer
from translator.config import ModelConfig, from_mapping
from translator.dictionary import Dictionary
from translator.errors import CheckpointError
from translator.model import Seq2Seq, build
from translator.shortlist import Lexicon
from translator.tokenizer import Tokenizer

LEXICON = "lexicon.npz"
DICTIONARY = "dictionary.tsv.gz"
WORDS = "words.tsv"
ORIGIN = "origin.json"

_BEFORE = {"substituted": 0.0, "word_pairs": False}
"""What a run did that was begun when there was no such setting yet."""


@dataclasses.dataclass(frozen=True)
class Data:
    """What a run learns from.

    Attributes:
        train: Files of pairs to learn from.
        valid: Files of pairs to select on.
        source: Code of the source language.
        target: Code of the target language.
        columns: Of TSV files, counted from 1: source, target.
        skip_bad_lines: Drop and count lines that cannot be read, instead of stopping.
        tagged: Files of pairs to learn from whose sources were made by a machine, from real text
            in the target language.
        init_from: The run or model folder that is continued; "" where none is.
    """

    train: tuple[str, ...]
    valid: tuple[str, ...]
    source: str
    target: str
    columns: tuple[int, int] = (1, 2)
    skip_bad_lines: bool = False
    tagged: tuple[str, ...] = ()
    init_from: str = ""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Data:
        """From what a run's folder holds, where tuples have become lists."""
        first, second = values["columns"]
        return cls(
            train=tuple(values["train"]),
            valid=tuple(values["valid"]),
            source=values["source"],
            target=values["target"],
            columns=(first, second),
            skip_bad_lines=values["skip_bad_lines"],
            tagged=tuple(values.get("tagged", ())),
            init_from=values.get("init_from", ""),
        )

    @property
    def languages(self) -> tuple[str, str]:
        """Codes of source and target."""
        return self.source, self.target

    def read(self, files: Sequence[str]) -> Corpus:
        """Pairs of those files, in memory."""
        return read_corpus(
            files,
            columns=self.columns,
            languages=self.languages,
            skip_bad_lines=self.skip_bad_lines,
        )

    def stream(self, seed: int) -> StreamedCorpus:
        """All pairs to learn from.

        Args:
            seed: Of the sample that the vocabulary is learnt from.
        """
        sources = Sources(
            self.train,
            self.tagged,
            self.columns,
            self.languages,
            skip_bad_lines=self.skip_bad_lines,
        )
        return StreamedCorpus(sources, seed=seed)


@dataclasses.dataclass(frozen=True)
class Run:
    """A run's folder, as export and evaluation read it.

    Attributes:
        folder: The folder.
        config: The settings.
        data: What is learnt from.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side.
        corpus: Counts of the pairs, and their checksum.
        backend: The Keras backend that trains it.
        parts: How many parts of a batch are computed side by side. Each draws for itself, so a
            run keeps its number on whatever processor it goes on.
        epochs_that_fit: How many fit into its hours; 0 where there is no limit, or none is settled.
    """

    folder: Path
    config: TrainConfig
    data: Data
    source: Tokenizer
    target: Tokenizer
    corpus: Mapping[str, Any]
    backend: str = "tensorflow"
    parts: int = 1
    epochs_that_fit: int = 0

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Reads a run's folder.

        Raises:
            CheckpointError: The folder holds no run.
        """
        try:
            stored = json.loads((folder / "run.json").read_text("utf-8"))
            data = Data.from_json(stored["data"])
            config = from_mapping(TrainConfig, {**_BEFORE, **stored["config"]})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{folder}: expected the folder of a run. Received: {error}"
            ) from error
        source, target = (Tokenizer.load(folder / f"{s}.model") for s in ("source", "target"))
        backend, parts = stored.get("backend", "tensorflow"), stored.get("parts", 1)
        corpus, fit = stored.get("corpus", {}), stored.get("epochs_that_fit", 0)
        return cls(folder, config, data, source, target, corpus, backend, parts, fit)

    @property
    def settled(self) -> TrainConfig:
        """The settings, with the epochs that fit into its hours in the place of the hours."""
        epochs = min(self.config.epochs, self.epochs_that_fit or self.config.epochs)
        return dataclasses.replace(self.config, epochs=epochs, hours=0.0)

    @property
    def checkpoint_folder(self) -> Path:
        """The folder of its checkpoints."""
        return self.folder / "checkpoints"

    @property
    def model_config(self) -> ModelConfig:
        """The sizes of the run's model."""
        return self.config.model(self.source.size, self.target.size)

    @property
    def best_weights(self) -> Path:
        """The file with the weights of the best validation.

        Raises:
            CheckpointError: The run has not been validated yet.
        """
        path = self.folder / "best.npz"
        if not path.exists():
            raise CheckpointError(f"{self.folder}: expected a run that was validated at least once")
        return path

    def best_model(self) -> Seq2Seq:
        """The model with the weights of the best validation, in float32.

        Raises:
            CheckpointError: The run has not been validated yet, or the file is damaged.
        """
        model = build(self.model_config)
        load_weights(self.best_weights, model.weights)
        return model

    def lexicon(self) -> Lexicon | None:
        """What the search's shortlists are made of; None where the run has none.

        Raises:
            ModelFolderError: The file is damaged.
        """
        path = self.folder / LEXICON
        return Lexicon.load(path, self.source.size, self.target.size) if path.exists() else None

    def dictionary(self) -> Dictionary | None:
        """The words of the pairs; None where the run has them not.

        Raises:
            ModelFolderError: The file is damaged.
        """
        path = self.folder / DICTIONARY
        return Dictionary.load(path) if path.exists() else None

    def origin(self) -> dict[str, Any] | None:
        """The record of what it continues, as `beginning.Start` has it; None where it is unknown.

        Raises:
            CheckpointError: The file is damaged.
        """
        path = self.folder / ORIGIN
        # Runs that were begun earlier have none; another beginning in the folder may have left one.
        if not self.data.init_from or not path.exists():
            return None
        try:
            return dict(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise CheckpointError(f"{path}: expected a JSON object. Received: {error}") from error

    def load_initial(self, model: Seq2Seq) -> None:
        """Gives a model the weights that the run began with, if it took over any.

        Raises:
            CheckpointError: The file is missing, damaged, or of a model of other sizes.
        """
        if self.data.init_from:
            load_weights(self.folder / "initial.npz", model.weights)

    def write(self) -> None:
        """Writes `run.json`.

        Raises:
            CheckpointError: The disk is full, or the folder cannot be written.
        """
        stored = {
            "config": dataclasses.asdict(self.config),
            "data": dataclasses.asdict(self.data),
            "corpus": self.corpus,
            "backend": self.backend,
            "parts": self.parts,
            "epochs_that_fit": self.epochs_that_fit,
        }
        # In ASCII, as names of files need not be UTF-8.
        write_part(self.folder / "run.json", json.dumps(stored, indent=2).encode())


def write_part(path: Path, content: bytes) -> None:
    """Writes a file of a run's folder.

    Raises:
        CheckpointError: The disk is full, or the folder cannot be written.
    """
    try:
        with atomic_writer(path) as file:
            file.write(content)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror}") from error
