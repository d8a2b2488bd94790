"""The beginning of a training run: its folder locked, filled, or taken up again."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

from training.checkpoint import save_weights
from training.config import CHOSEN_K, TrainConfig, changed
from training.corpus import Corpus, StreamedCorpus
from training.run import ORIGIN, Data, Run, write_part
from translator.errors import CheckpointError
from translator.tokenizer import Tokenizer, train_tokenizer

_LOCK = ".lock"
_VALID = "valid_sha256"


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
            write_part(folder / ORIGIN, json.dumps(start.record, indent=2).encode())
        write_part(folder / "source.model", source.serialized)
        write_part(folder / "target.model", target.serialized)
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
