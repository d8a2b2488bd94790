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
from translator import model_folder
from translator.dictionary import Dictionary
from translator.errors import CheckpointError, ModelFolderError
from translator.languages import is_unspaced
from translator.shortlist import Lexicon
from translator.wording import plural


def leave_lexicon(run: Run, pairs: EncodedPairs, say: Callable[[str], None]) -> None:
    """Learns what the search's shortlists are made of.

    A run that continues a model adds to what that has, and has none if that has none: the model may
    translate more than the pairs show.

    Raises:
        CheckpointError: The disk is full, or the folder cannot be written.
        ModelFolderError: That of the model which is continued is damaged.
    """
    path = run.folder / LEXICON
    origin = _of_origin(run, LEXICON, model_folder.LEXICON)
    if path.exists() or (run.data.init_from and origin is None):
        return
    begun = time.monotonic()
    lexicon = learn_lexicon(pairs, run.source, run.target)
    if origin is not None:
        lexicon = lexicon.merged(Lexicon.load(origin, run.source.size, run.target.size))
    _save(lexicon, path)
    say(f"lexicon learnt in {time.monotonic() - begun:.1f} s")


def leave_dictionary(run: Run, corpus: StreamedCorpus, say: Callable[[str], None]) -> None:
    """Learns the words of the pairs.

    A run that continues a model adds to what that has, and has none if that has none: the model may
    know more words than the pairs have. Nor has one of a language without spaces, where words are
    not what letters in a row are, nor one without attention, which does not tell what a word
    translates, nor one whose vocabulary was learnt without placeholders, nor one whose pairs have
    no words.

    Raises:
        CheckpointError: The disk is full, or the folder cannot be written.
        ModelFolderError: That of the model which is continued is damaged.
    """
    path = run.folder / DICTIONARY
    origin = _of_origin(run, DICTIONARY, model_folder.DICTIONARY)
    spaced = not any(map(is_unspaced, run.data.languages))
    attends = run.config.attention != "none"
    placeholders = run.source.placeholders and run.target.placeholders
    if path.exists() or not (spaced and attends and placeholders):
        return
    if run.data.init_from and origin is None:
        return
    begun = time.monotonic()
    targets = (target for chunk in corpus.chunks() for _, target in chunk.pairs)
    dictionary = learn_dictionary(corpus.untagged, targets)
    if origin is not None:
        dictionary = dictionary.merged(Dictionary.load(origin))
    if dictionary.known:
        _save(dictionary, path)
        words = len(dictionary.known)
        say(f"dictionary of {words} {plural('word', words)} in {time.monotonic() - begun:.1f} s")


def _of_origin(run: Run, in_run: str, in_model_folder: str) -> Path | None:
    """A file of the run or the model folder that is continued, if there is one."""
    if not run.data.init_from:
        return None
    folder = Path(run.data.init_from)
    if (folder / "run.json").exists():
        path = folder / in_run
    else:
        try:
            path = model_folder.find_version(folder) / in_model_folder
        except ModelFolderError:  # it has been removed since
            return None
    return path if path.exists() else None


def _save(learnt: Lexicon | Dictionary, path: Path) -> None:
    try:
        learnt.save(path)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from error
