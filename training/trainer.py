"""Training: from files of pairs to the best weights, by way of `fit`."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

import keras
import numpy as np

from training.callbacks import (
    Clock,
    KeepDraws,
    LogTraining,
    SaveCheckpoints,
    StopOnNaN,
    StopOnSignal,
    Validate,
)
from training.checkpoint import Checkpoints, Progress, save_weights
from training.cluster import Cluster
from training.config import TrainConfig
from training.corpus import Chunk, Corpus, Pair, StreamedCorpus
from training.dataset import (
    Batches,
    EncodedPairs,
    Sampling,
    as_dataset,
    encode_chunks,
    widths_to_compile,
)
from training.evaluation import Validator
from training.leaving import leave_dictionary, leave_lexicon
from training.log import RunLog
from training.optimizer import ClippingAdam
from training.overlap import Overlap
from training.pace import fit_to_hours
from training.progress import ProgressDisplay
from training.recipes import Settings, choose_config
from training.report import leave_report
from training.report.record import record_begin
from training.run import WORDS, Data, Run, Start, begin, held
from training.subwords import make_sampler
from training.trainee import compute_deterministically, make_trainee, state_of
from training.words import learn_words, read_words, write_words
from training.workers import TellState, leading
from translator.errors import ClusterError, ConfigError, TranslatorError
from translator.model import Seq2Seq, build

_T = TypeVar("_T")

_VALIDATE_AT_LEAST_EVERY = 1000

NAN_ADVICE = "try a lower learning_rate, a lower clip_norm, or precision=float32"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        progress: Where.
        reason: Why it did, in words.
        interrupted: By a signal, with updates left to do.
    """

    progress: Progress
    reason: str
    interrupted: bool = False


def train(
    folder: Path,
    data: Data,
    settings: Settings,
    quiet: bool = False,
    parts: int = 1,
    start: Start | None = None,
    report: bool = True,
    cluster: Cluster | None = None,
) -> Outcome:
    """Trains, or goes on training, in a folder.

    Args:
        folder: Of the run; made where it is missing.
        data: What to learn from.
        settings: Those that are given; the others follow from the size of the corpus.
        quiet: No progress display.
        parts: How many parts of a batch are computed side by side.
        start: What a new run takes over.
        report: Leave a report, unless a signal ends the run.
        cluster: The processes that train together, of which this is process 0.

    Returns:
        How the run ended.

    Raises:
        TranslatorError: Input that cannot be used, a run that was begun with other settings, a
            full disk, or a loss that is no number.
    """
    since = time.monotonic()
    if cluster is not None and settings.get("hours"):
        raise ConfigError("hours: expected 0 where processes train together; set epochs instead")
    say = ProgressDisplay(0, quiet).say
    corpus = data.stream(settings.get("seed", TrainConfig.seed))
    valid = data.read(data.valid)
    say(f"training pairs: {corpus.counts}")
    say(f"validation pairs: {valid.counts}")
    config, recipe = choose_config(settings, corpus.counts.kept)
    say(recipe)
    with leading(cluster), held(folder):
        run = begin(folder, data, config, corpus, valid, start, parts)
        overlap = Overlap(valid.pairs)
        pairs = _encode(run, overlap.watch(corpus.chunks()), _words(run, corpus, say))
        if overlap.count:
            say(overlap)
        leave_dictionary(run, corpus, say)
        del corpus  # its sample of texts is not needed any more
        leave_lexicon(run, pairs, say)
        return train_pairs(run, pairs, valid, quiet, report, cluster, since)


def _words(run: Run, corpus: StreamedCorpus, say: Callable[[str], None]) -> list[Pair]:
    """The run's pairs of single words: learnt once, since batches follow from them."""
    if not run.config.word_pairs:
        return []
    path = run.folder / WORDS
    if not path.exists():
        begun = time.monotonic()
        words = learn_words(corpus.untagged)
        write_words(path, words)
        say(f"{len(words)} pairs of single words learnt in {time.monotonic() - begun:.1f} s")
    return read_words(path)


def _encode(run: Run, chunks: Iterator[Chunk], words: list[Pair]) -> EncodedPairs:
    """The pairs of a corpus as ids, those that are made of them, and those of single words."""
    made = run.config.augmentation()
    if not (run.source.placeholders and run.target.placeholders):
        made = dataclasses.replace(made, placeholders=0.0)
    chunks = chain(made.apply(chunks, run.config.seed), [Chunk(words, made=len(words))])
    return encode_chunks(chunks, run.source, run.target, run.config.max_length)


def train_pairs(
    run: Run,
    pairs: EncodedPairs,
    valid: Corpus,
    quiet: bool = False,
    report: bool = True,
    cluster: Cluster | None = None,
    since: float | None = None,
) -> Outcome:
    """Trains, or goes on training, on pairs as ids; what `train` does once it has read them.

    Args:
        run: With a folder that exists.
        pairs: To learn from, of the run's tokenizers.
        valid: To select on.
        quiet: As for `train`.
        report: As for `train`.
        cluster: As for `train`.
        since: When this began, by the monotonic clock; None is now.

    Raises:
        TranslatorError: A full disk, or a loss that is no number.
    """
    config, folder = run.config, run.folder
    if config.deterministic:
        compute_deterministically()
    batches = Batches(pairs, config.batch_tokens, config.seed, _sampling(run), widths_to_compile())
    say = ProgressDisplay(0, quiet).say
    run = fit_to_hours(run, batches, since or time.monotonic(), say)
    total = run.epochs * len(batches)
    model = build(run.model_config, config.dtype(), config.seed)
    run.load_initial(model)
    say(
        f"{len(pairs)} pairs of at most {config.max_length} pieces a side, in {len(batches)} "
        f"batches; {run.epochs} epochs, {total} updates; {model.count_params():,} weights, "
        f"{config.dtype()}{_about(pairs, config.max_length)}"
    )
    validator = Validator(model, run.source, run.target, valid.pairs, config, run.data.target)
    try:
        with ProgressDisplay(total, quiet) as display:
            outcome = _fit(run, model, batches, total, validator, display, cluster)
    except TranslatorError as error:
        leave_report(folder, total, str(error), report, quiet)
        raise
    leave_report(folder, total, outcome.reason, report and not outcome.interrupted, quiet)
    return outcome


def _about(pairs: EncodedPairs, max_length: int) -> str:
    """How many pairs were made of others, and how many of the others were left out."""
    text = f"; {pairs.made:,} of the pairs are made of the others" if pairs.made else ""
    if not pairs.left_out:
        return text
    read = pairs.original + pairs.left_out
    has = "has" if pairs.left_out == 1 else "have"
    was = "was" if pairs.left_out == 1 else "were"
    return (
        f"{text}; {pairs.left_out:,} of {read:,} pairs {has} more than {max_length} pieces and "
        f"{was} left out (max_length)"
    )


def _fit(
    run: Run,
    model: Seq2Seq,
    batches: Batches,
    total: int,
    validator: Validator,
    display: ProgressDisplay,
    cluster: Cluster | None,
) -> Outcome:
    config = run.config
    forcing = config.forcing(total)
    trainee = make_trainee(model, config, total, run.parts, cluster)
    optimizer = trainee.optimizer
    state = state_of(trainee)
    checkpoints = Checkpoints(run.checkpoints)
    progress = checkpoints.restore(state, display.say) or Progress()
    if progress.update:
        display.say(f"going on from update {progress.update}")
    if not _has_ended(progress, total, config):
        pairs = batches.pairs
        record_begin(run.folder, total, pairs.source.lengths, pairs.target.lengths)
        log = RunLog(run.folder, progress, display)
        validate = Validate(
            averaged(model, optimizer, validator.measure),
            validator.quality,
            averaged(
                model, optimizer, lambda: save_weights(run.folder / "best.npz", model.weights)
            ),
            log,
            config.validate_every or min(_VALIDATE_AT_LEAST_EVERY, len(batches)),
            config.patience,
            progress,
            total,
            # What is continued may be best as it begins.
            0 if run.data.init_from else config.rate(total).warmup,
            _halve_on_plateau(optimizer, config.plateau) if config.decay == "plateau" else None,
        )

        def due(update: int) -> bool:
            return validate.due(update) or update % config.checkpoint_every == 0

        nan, stopped = StopOnNaN(progress, state, due), StopOnSignal(progress, total)
        save = SaveCheckpoints(checkpoints, config.checkpoint_every, progress, state, nan)
        clock = Clock(progress, batches.tokens)
        callbacks = [
            clock,
            nan,
            LogTraining(log, config.log_every, progress, optimizer, forcing),
            keras.callbacks.LambdaCallback(on_train_batch_end=clock.pause),
            validate,
            save,
            keras.callbacks.LambdaCallback(on_train_batch_end=clock.go_on),
            stopped,
        ]
        if cluster is not None:
            callbacks.append(
                TellState(
                    cluster, config, model, total, state, lambda: validate.due(progress.update)
                )
            )
        drawn = KeepDraws(state)
        if cluster is not None:
            callbacks.insert(0, drawn)
        with _saved_when_a_process_is_lost(cluster, save, drawn, progress):
            try:
                trainee.fit(
                    as_dataset(lambda: batches.stream(progress.update, total, forcing)),
                    steps_per_epoch=total - progress.update,
                    epochs=1,
                    shuffle=False,
                    verbose=0,
                    callbacks=callbacks,
                )
            finally:
                stopped.on_train_end()  # `fit` does not come to it where it fails
        if nan.struck is not None:
            kept = checkpoints.progress()
            where = f"The checkpoint of update {kept.update} is kept" if kept else "None was saved"
            raise TranslatorError(
                f"the loss, or a weight, was no number after update {nan.struck}. In a new "
                f"--output, {NAN_ADVICE}. {where} in {checkpoints.folder}"
            )
        if stopped.received and progress.update < total:
            reason = f"stopped at update {progress.update}; the same command goes on from there"
            display.say(reason)
            return Outcome(progress, reason, interrupted=True)
    reason = f"all {total} updates are done"
    if progress.update < total:
        reason = f"no better checkpoint in {progress.stale} validations"
    display.say(f"{reason}; the best checkpoint is of update {progress.best_update}")
    return Outcome(progress, reason)


@contextlib.contextmanager
def _saved_when_a_process_is_lost(
    cluster: Cluster | None, save: SaveCheckpoints, drawn: KeepDraws, progress: Progress
) -> Iterator[None]:
    try:
        with contextlib.nullcontext() if cluster is None else cluster.clear_errors():
            yield
    except ClusterError as error:
        drawn.put_back()
        save.on_train_end()
        raise ClusterError(
            f"{error}. The checkpoint of update {progress.update} is kept; the same commands go "
            "on from there, with as many processes, with fewer, or with this one alone"
        ) from error


def _has_ended(progress: Progress, total: int, config: TrainConfig) -> bool:
    return progress.update >= total or progress.is_out_of(config.patience)


def averaged(model: Seq2Seq, optimizer: ClippingAdam, use: Callable[[], _T]) -> Callable[[], _T]:
    """`use`, with the average of the weights in the model's place where there is one."""

    def used() -> _T:
        if not optimizer.use_ema:
            return use()
        weights = [np.array(weight) for weight in model.trainable_variables]
        optimizer.load_average(model.trainable_variables)
        try:
            return use()
        finally:
            for variable, weight in zip(model.trainable_variables, weights, strict=True):
                variable.assign(weight)

    return used


def _halve_on_plateau(optimizer: ClippingAdam, every: int) -> Callable[[int], None]:
    def no_better(stale: int) -> None:
        if stale % every == 0:
            optimizer.rate_scale.assign(0.5 * optimizer.rate_scale)

    return no_better


def _sampling(run: Run) -> Sampling | None:
    config = run.config
    if not config.subword_sampling:
        return None
    source, target = (
        make_sampler(config.tokenizer, tokenizer, config.subword_sampling)
        for tokenizer in (run.source, run.target)
    )
    return Sampling(source, target, config.max_length)
