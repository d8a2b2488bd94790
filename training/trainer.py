"""Training: from files of pairs to the best weights, by way of `fit`."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from training.beginning import Start, begin, held
from training.cluster import Cluster
from training.config import TrainConfig
from training.corpus import Chunk, Corpus, Pair, StreamedCorpus
from training.dataset import Batches, EncodedPairs, Sampling, encode_chunks, widths_to_compile
from training.evaluation import Validator
from training.leaving import leave_dictionary, leave_lexicon
from training.overlap import Overlap
from training.pace import fit_to_hours
from training.progress import ProgressDisplay
from training.recipes import Settings, choose_config
from training.report import leave_report
from training.run import WORDS, Data, Run
from training.session import Outcome, Session
from training.subwords import make_sampler
from training.trainee import compute_deterministically
from training.words import learn_words, read_words, write_words
from training.workers import leading
from translator.errors import TranslatorError
from translator.model import build
from translator.wording import plural


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
        cluster: The processes that train together, of which this is process 0; `hours` is no limit
            for them.

    Returns:
        How the run ended.

    Raises:
        TranslatorError: Input that cannot be used, a run that was begun with other settings, a
            full disk, or a loss that is no number.
    """
    since = time.monotonic()
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
        pairs, seconds = plural("pair", len(words)), time.monotonic() - begun
        say(f"{len(words)} {pairs} of single words learnt in {seconds:.1f} s")
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
    if cluster is None:
        run = fit_to_hours(run, batches, time.monotonic() if since is None else since, say)
    epochs = run.settled.epochs
    total = epochs * len(batches)
    model = build(run.model_config, config.dtype(), config.seed)
    run.load_initial(model)
    say(
        f"{len(pairs)} {plural('pair', len(pairs))} of at most {config.max_length} "
        f"{plural('piece', config.max_length)} a side, in {len(batches)} "
        f"{plural('batch', len(batches), 'batches')}; {epochs} {plural('epoch', epochs)}, "
        f"{total} {plural('update', total)}; "
        f"{model.count_params():,} weights, "
        f"{config.dtype()}{_about(pairs, config.max_length)}"
    )
    validator = Validator(model, run.source, run.target, valid.pairs, config, run.data.target)
    try:
        with ProgressDisplay(total, quiet) as display:
            outcome = Session(run, model, batches, total, validator, display, cluster).learn()
    except TranslatorError as error:
        leave_report(folder, total, str(error), report, quiet)
        raise
    leave_report(folder, total, outcome.reason, report and not outcome.interrupted, quiet)
    return outcome


def _about(pairs: EncodedPairs, max_length: int) -> str:
    """How many pairs were made of others, and how many of the others were left out."""
    are = plural("is", pairs.made, "are")
    text = f"; {pairs.made:,} of the pairs {are} made of the others" if pairs.made else ""
    if not pairs.left_out:
        return text
    read = pairs.original + pairs.left_out
    has = plural("has", pairs.left_out, "have")
    was = plural("was", pairs.left_out, "were")
    return (
        f"{text}; {pairs.left_out:,} of {read:,} {plural('pair', read)} {has} more than "
        f"{max_length} {plural('piece', max_length)} and {was} left out (max_length)"
    )


def _sampling(run: Run) -> Sampling | None:
    config = run.config
    if not config.subword_sampling:
        return None
    source, target = (
        make_sampler(config.tokenizer, tokenizer, config.subword_sampling)
        for tokenizer in (run.source, run.target)
    )
    return Sampling(source, target, config.max_length)
