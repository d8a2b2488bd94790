"""A training run: from files of pairs to the best weights, in a folder that holds all of it.

RUN/run.json              settings, languages, corpus counts
RUN/source.model, target.model
RUN/log.csv, RUN/tensorboard/
RUN/checkpoints/          the last two
RUN/best.npz              weights of the best validation
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from training.callbacks import (
    Clock,
    LogTraining,
    SaveCheckpoints,
    StopOnNaN,
    StopOnSignal,
    Validate,
)
from training.checkpoint import Checkpoints, Progress, load_weights, save_weights
from training.config import TrainConfig, changed
from training.corpus import Corpus, read_corpus
from training.dataset import Batches, encode_pairs
from training.evaluation import Validator
from training.log import RunLog
from training.losses import TokenCrossEntropy
from training.progress import ProgressDisplay
from training.teacher_forcing import ScheduledSeq2Seq
from translator.atomic import atomic_writer
from translator.config import ModelConfig, from_mapping
from translator.errors import CheckpointError, TranslatorError
from translator.model import Seq2Seq, build
from translator.tokenizer import Tokenizer, train_tokenizer

NAN_ADVICE = "try a lower learning_rate, a lower clip_norm, or precision=float32"


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
    """

    train: tuple[str, ...]
    valid: tuple[str, ...]
    source: str
    target: str
    columns: tuple[int, int] = (1, 2)
    skip_bad_lines: bool = False

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
        )

    def read(self, files: Sequence[str]) -> Corpus:
        """Pairs of those files."""
        return read_corpus(files, columns=self.columns, skip_bad_lines=self.skip_bad_lines)


@dataclasses.dataclass(frozen=True)
class Run:
    """A run's folder, as export and evaluation read it."""

    folder: Path
    config: TrainConfig
    data: Data
    source: Tokenizer
    target: Tokenizer

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Reads a run's folder.

        Raises:
            CheckpointError: The folder holds no run.
        """
        try:
            stored = json.loads((folder / "run.json").read_text("utf-8"))
            data = Data.from_json(stored["data"])
            config = from_mapping(TrainConfig, stored["config"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{folder}: expected the folder of a run. Received: {error}"
            ) from error
        source, target = (Tokenizer.load(folder / f"{s}.model") for s in ("source", "target"))
        return cls(folder, config, data, source, target)

    @property
    def model_config(self) -> ModelConfig:
        """The sizes of the run's model."""
        return self.config.model(self.source.size, self.target.size)

    def best_model(self) -> Seq2Seq:
        """The model with the weights of the best validation, in float32.

        Raises:
            CheckpointError: The run has not been validated yet, or the file is damaged.
        """
        model = build(self.model_config)
        load_weights(self.folder / "best.npz", model.weights)
        return model


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        progress: Where.
        interrupted: By a signal, with updates left to do.
    """

    progress: Progress
    interrupted: bool = False


def train(folder: Path, data: Data, config: TrainConfig, quiet: bool = False) -> Outcome:
    """Trains, or goes on training, in a folder.

    Args:
        folder: Of the run; made where it is missing.
        data: What to learn from.
        config: The settings.
        quiet: No progress display.

    Returns:
        How the run ended.

    Raises:
        TranslatorError: Input that cannot be used, a run that was begun with other settings, a
            full disk, or a loss that is no number.
    """
    display = ProgressDisplay(0, quiet)
    corpus, valid = data.read(data.train), data.read(data.valid)
    display.say(f"training pairs: {corpus.counts}")
    display.say(f"validation pairs: {valid.counts}")
    run = _begin(folder, data, config, corpus)
    batches = Batches(
        encode_pairs(corpus.pairs, run.source, run.target, config.max_length),
        config.batch_tokens,
        config.seed,
    )
    total = config.epochs * len(batches)
    model = build(run.model_config, config.dtype(), config.seed)
    display.say(
        f"{len(batches.pairs)} pairs in {len(batches)} batches, {config.epochs} epochs, "
        f"{total} updates; {model.count_params():,} weights, {config.dtype()}"
    )
    validator = Validator(model, run.source, run.target, valid.pairs, config)
    display.total = total
    with ProgressDisplay(total, quiet) as display:
        return _fit(run, model, batches, total, validator, display)


def _begin(folder: Path, data: Data, config: TrainConfig, corpus: Corpus) -> Run:
    """Makes the folder of a run, or checks that it is this run's."""
    if (folder / "run.json").exists():
        before = Run.open(folder)
        differences = changed(dataclasses.asdict(before.config), config)
        if before.data != data:
            differences.append(f"data: {before.data} then, {data} now")
        if differences:
            raise CheckpointError(
                f"{folder}: a run was begun here with other settings; name another --output, or "
                f"take those settings again: {'; '.join(differences)}"
            )
        return dataclasses.replace(before, config=config)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be made: {error.strerror}") from error
    sources, targets = [s for s, _ in corpus.pairs], [t for _, t in corpus.pairs]

    def learn(texts: list[str]) -> Tokenizer:
        return train_tokenizer(texts, config.vocab_size, config.tokenizer, config.seed)

    source = learn(sources + targets) if config.joint_vocab else learn(sources)
    target = source if config.joint_vocab else learn(targets)
    _write(folder / "source.model", source.serialized)
    _write(folder / "target.model", target.serialized)
    stored = {
        "config": dataclasses.asdict(config),
        "data": dataclasses.asdict(data),
        "corpus": dataclasses.asdict(corpus.counts),
    }
    text = json.dumps(stored, indent=2, ensure_ascii=False)
    _write(folder / "run.json", text.encode())  # last: its presence means all is there
    return Run(folder, config, data, source, target)


def _write(path: Path, content: bytes) -> None:
    try:
        with atomic_writer(path) as file:
            file.write(content)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror}") from error


def _fit(
    run: Run,
    model: Seq2Seq,
    batches: Batches,
    total: int,
    validator: Validator,
    display: ProgressDisplay,
) -> Outcome:
    config = run.config
    rate, forcing = config.rate(total), config.forcing()
    trainee = ScheduledSeq2Seq(model, seed=config.seed)
    optimizer = keras.optimizers.Adam(
        rate,
        global_clipnorm=config.clip_norm or None,
        clipvalue=config.clip_value or None,
    )
    trainee.compile(optimizer, TokenCrossEntropy(config.label_smoothing), jit_compile=False)
    optimizer.build(model.trainable_variables)
    state = [*model.variables, trainee.random.state, *optimizer.variables]
    checkpoints = Checkpoints(run.folder / "checkpoints")
    progress = checkpoints.restore(state) or Progress()
    if progress.update:
        display.say(f"going on from update {progress.update}")
    if progress.update >= total:
        display.say(f"all {total} updates are done")
        return Outcome(progress)
    log = RunLog(run.folder, progress, display)
    nan, stopped = StopOnNaN(progress), StopOnSignal()
    callbacks = [
        Clock(progress, _token_counter(batches)),
        nan,
        LogTraining(log, config.log_every, progress, rate, forcing),
        Validate(
            validator.measure,
            validator.quality,
            lambda: save_weights(run.folder / "best.npz", model.weights),
            log,
            config.validate_every,
            config.patience,
            progress,
            total,
        ),
        stopped,
        SaveCheckpoints(checkpoints, config.checkpoint_every, progress, state),
    ]
    left = total - progress.update
    trainee.fit(
        _as_dataset(lambda: batches.stream(progress.update, total, forcing)),
        steps_per_epoch=left,
        epochs=1,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )
    if nan.struck is not None:
        raise TranslatorError(
            f"the loss was no number at update {nan.struck}; {NAN_ADVICE}. The last good "
            f"checkpoint is kept in {checkpoints.folder}"
        )
    if stopped.received:
        display.say(f"stopped at update {progress.update}; the same command goes on from there")
    return Outcome(progress, interrupted=stopped.received)


def _token_counter(batches: Batches) -> Callable[[int], tuple[int, int]]:
    """From the number of a batch in the run to its real source and target tokens, EOS counted."""
    source, target = (rows.lengths + 1 for rows in (batches.pairs.source, batches.pairs.target))
    order: dict[int, list[Any]] = {}

    def count(update: int) -> tuple[int, int]:
        epoch, position = divmod(update, len(batches))
        if epoch not in order:
            order.clear()
            order[epoch] = batches.order(epoch)
        indices = order[epoch][position]
        return int(source[indices].sum()), int(target[indices].sum())

    return count


def _as_dataset(stream: Callable[[], Any]) -> Any:
    """The stream as what `fit` takes on the backend in use."""
    if keras.config.backend() != "tensorflow":
        return stream()
    import tensorflow as tf

    ids = tf.TensorSpec((None, None), tf.int32)
    ratio = tf.TensorSpec((None,), tf.float32)
    signature = ({"source_ids": ids, "target_ids": ids, "teacher_forcing": ratio}, ids)
    return tf.data.Dataset.from_generator(stream, output_signature=signature).prefetch(4)
