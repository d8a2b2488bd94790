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

import contextlib
import dataclasses
import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from training.checkpoint import load_weights, save_weights
from training.config import CHOSEN_K, TrainConfig, changed
from training.corpus import Corpus, Sources, StreamedCorpus, read_corpus
from translator.atomic import atomic_writer
from translator.config import ModelConfig, from_mapping
from translator.dictionary import Dictionary
from translator.errors import CheckpointError
from translator.model import Seq2Seq, build
from translator.shortlist import Lexicon
from translator.tokenizer import Tokenizer, train_tokenizer

LEXICON = "lexicon.npz"
DICTIONARY = "dictionary.tsv.gz"
WORDS = "words.tsv"

_LOCK = ".lock"
_ORIGIN = "origin.json"
_VALID = "valid_sha256"
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
class Start:
    """What a run takes over from a trained model.

    Attributes:
        settings: Those that its sizes and its vocabulary were made with.
        tokenizers: Of the source and the target side.
        weights: In the order of the model's.
        record: What it learnt from, as `repeat.training_record` tells it.
    """

    settings: Mapping[str, Any]
    tokenizers: tuple[Tokenizer, Tokenizer]
    weights: list[Any]
    record: Mapping[str, Any]


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
        """The record of what it continues (see `Start`); None where that is nothing, or unknown.

        Raises:
            CheckpointError: The file is damaged.
        """
        path = self.folder / _ORIGIN
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
        _write(self.folder / "run.json", json.dumps(stored, indent=2).encode())


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Makes the folder of a run, and keeps other processes from training in it meanwhile.

    The lock is the system's: it goes with the process, however that ends.

    Raises:
        CheckpointError: Another process trains there, the folder holds something else, or it cannot
            be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = {path.name for path in folder.iterdir()}
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be made: {error.strerror}") from error
    if there and not there & {_LOCK, "run.json"}:
        raise CheckpointError(
            f"{folder}: expected the folder of a run, or an empty or a new one. "
            f"Received: one with {min(there)} in it"
        )
    try:
        lock = open(folder / _LOCK, "ab")  # noqa: SIM115 - closed below, whatever happens
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be written: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CheckpointError(
                f"{folder}: another process trains here; wait for its end, or name another --output"
            ) from error
        except OSError as error:
            raise CheckpointError(f"{folder}: cannot be locked: {error.strerror}") from error
        yield


def begin(
    folder: Path,
    data: Data,
    config: TrainConfig,
    corpus: StreamedCorpus,
    valid: Corpus,
    start: Start | None = None,
    parts: int = 1,
) -> Run:
    """Fills the folder of a run, or takes up the run that is there.

    A new run learns its vocabulary, or takes over that of `start`, with its weights: a copy, so
    that nothing that becomes of the other run changes this one.

    Raises:
        CheckpointError: The run there was begun with other settings, or the folder cannot be
            written.
    """
    if (folder / "run.json").exists():
        run = _take_up(folder, data, config, corpus, valid)
    else:
        source, target = _learn_vocabulary(config, corpus) if start is None else start.tokenizers
        if start is not None:
            save_weights(folder / "initial.npz", start.weights)
            _write(folder / _ORIGIN, json.dumps(start.record, indent=2).encode())
        _write(folder / "source.model", source.serialized)
        _write(folder / "target.model", target.serialized)
        config = dataclasses.replace(config, precision=config.dtype())
        backend = keras.config.backend()
        described = _describe(corpus, valid)
        run = Run(folder, config, data, source, target, described, backend, parts)
    run.write()  # last: its presence means that all else is there
    return run


def _take_up(
    folder: Path, data: Data, config: TrainConfig, corpus: StreamedCorpus, valid: Corpus
) -> Run:
    before = Run.open(folder)
    if config.precision == "auto":
        config = dataclasses.replace(config, precision=before.config.precision)
    if config.teacher_forcing_k == CHOSEN_K:
        config = dataclasses.replace(config, teacher_forcing_k=before.config.teacher_forcing_k)
    differences = changed(dataclasses.asdict(before.config), config)
    if before.backend != keras.config.backend():
        # Batches and random numbers are others there: the run would not be the one begun here.
        differences.append(f"KERAS_BACKEND: {before.backend} then, {keras.config.backend()} now")
    if before.data != data:
        differences.append(f"data: {before.data} then, {data} now")
    if before.corpus and before.corpus["sha256"] != corpus.sha256:
        differences.append(
            f"the pairs in {', '.join(data.train + data.tagged)} are not what they were"
        )
    # Runs that were begun earlier do not have this one.
    if before.corpus.get(_VALID, valid.sha256) != valid.sha256:
        differences.append(f"the pairs in {', '.join(data.valid)} are not what they were")
    if differences:
        raise CheckpointError(
            f"{folder}: a run was begun here with other settings; name another --output, or "
            f"take those settings again: {'; '.join(differences)}"
        )
    fit = before.epochs_that_fit if config.hours == before.config.hours else 0
    return dataclasses.replace(before, config=config, epochs_that_fit=fit)


def _describe(corpus: StreamedCorpus, valid: Corpus) -> dict[str, Any]:
    return {
        **dataclasses.asdict(corpus.counts),
        "sha256": corpus.sha256,
        _VALID: valid.sha256,
    }


def _learn_vocabulary(config: TrainConfig, corpus: StreamedCorpus) -> tuple[Tokenizer, Tokenizer]:
    sources, targets = [s for s, _ in corpus.sample], [t for _, t in corpus.sample]

    def learn(texts: list[str]) -> Tokenizer:
        return train_tokenizer(texts, config.vocab_size, config.tokenizer)

    if config.joint_vocab:
        joint = learn(sources + targets)
        return joint, joint
    return learn(sources), learn(targets)


def _write(path: Path, content: bytes) -> None:
    try:
        with atomic_writer(path) as file:
            file.write(content)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror}") from error
