"""What a run leaves for the search beside its weights; learnt once, as it begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from training.corpus import StreamedCorpus
from training.dataset import EncodedPairs
from training.lexicon import learn_lexicon
from training.run import DICTIONARY, LEXICON, Run
from training.words import learn_dictionary
from translator.constants import UNSPACED
from translator.dictionary import Dictionary
from translator.errors import CheckpointError
from translator.shortlist import Lexicon


def leave_lexicon(run: Run, pairs: EncodedPairs, say: Callable[[str], None]) -> None:
    """Learns what the search's shortlists are made of.

    A run that continues a model has none: the model may translate more than its pairs show.

    Raises:
        CheckpointError: The disk is full, or the folder cannot be written.
    """
    path = run.folder / LEXICON
    if path.exists() or run.data.init_from:
        return
    begun = time.monotonic()
    _save(learn_lexicon(pairs, run.source, run.target), path)
    say(f"lexicon learnt in {time.monotonic() - begun:.1f} s")


def leave_dictionary(run: Run, corpus: StreamedCorpus, say: Callable[[str], None]) -> None:
    """Learns the words of the pairs.

    A run that continues a model has none: the model may know more words than its pairs have. Nor
    has one of a language without spaces, where words are not what letters in a row are, nor one
    without attention, which does not tell what a word translates, nor one whose vocabulary was
    learnt without placeholders, nor one whose pairs have no words.

    Raises:
        CheckpointError: The disk is full, or the folder cannot be written.
    """
    path = run.folder / DICTIONARY
    spaced = UNSPACED.isdisjoint(run.data.languages)
    attends = run.config.attention != "none"
    placeholders = run.source.placeholders and run.target.placeholders
    if path.exists() or run.data.init_from or not (spaced and attends and placeholders):
        return
    begun = time.monotonic()
    targets = (target for chunk in corpus.chunks() for _, target in chunk.pairs)
    dictionary = learn_dictionary(corpus.sample, targets)
    if dictionary.known:
        _save(dictionary, path)
        say(f"dictionary of {len(dictionary.known)} words in {time.monotonic() - begun:.1f} s")


def _save(learnt: Lexicon | Dictionary, path: Path) -> None:
    try:
        learnt.save(path)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from error
