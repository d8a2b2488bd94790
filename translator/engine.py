"""The search over models: one, or an ensemble of one vocabulary."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt

from translator.batch import Ids
from translator.config import SearchConfig
from translator.constants import BOS, PAD, UNK
from translator.decoders import Arrays, Decoder, Floats
from translator.search.beam import beam_search
from translator.search.hypotheses import NEVER, Options, Required, Sentences
from translator.search.rules import Vocabulary
from translator.search.sentences import sentences_of
from translator.search.top import BLOCK, log_sum_exp
from translator.shortlist import Lexicon, Shortlist

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Request:
    """Sentences that are searched together.

    Attributes:
        source_ids: batch x source_length, int32: pieces, then EOS, 0-padded.
        max_repeats: batch x LONGEST_REPEATED, int32, how often in a row a sequence of 1, 2, ...
            tokens may stand; None is no limit.
        beams: batch, int32, hypotheses kept at each step; None is what the settings say.
        required: What the translations must hold; None where nothing is required.
    """

    source_ids: Array
    max_repeats: Array | None = None
    beams: Array | None = None
    required: Required | None = None


class Engine:
    """Searches with the mean of the probabilities that its models give.

    Args:
        models: At least one; all of one target vocabulary.
        lexicon: Restricts the output layer to the pieces that a sentence may want; what the others
            have of the probability is estimated. None is all pieces, and so is one that is not that
            of all the models.
        only_required: Ids that are put out only where a phrase asks for them.
        joining: target vocabulary, bool: pieces that go on with the word before them.
    """

    def __init__(
        self,
        models: Sequence[Decoder],
        lexicon: Lexicon | None = None,
        only_required: Sequence[int] = (),
        joining: Array | None = None,
    ) -> None:
        self._models = models
        self._lexicon = lexicon
        if lexicon and not all(_lists(one, lexicon) for one in models):
            self._lexicon = None
        self._never = (PAD, UNK, BOS, *only_required)
        self._joining = joining

    def refresh(self) -> None:
        """Reads the weights of the models anew."""
        for model in self._models:
            model.refresh()

    def search(self, request: Request, search: SearchConfig) -> dict[str, Array]:
        """Searches for the best translations.

        Returns:
            The fields of `search.hypotheses.Hypotheses`, by name.
        """
        shortlist = self._shortlist(request)
        columns = None if shortlist is None else shortlist.ids
        vocabulary = Vocabulary(columns, self._never, self._joining)
        with ExitStack() as stack:
            decodings = [
                stack.enter_context(model.decoding(request.source_ids, columns))
                for model in self._models
            ]

            def step(
                tokens: Ids, states: tuple[Arrays, ...], given: tuple[Arrays, ...]
            ) -> tuple[Floats, tuple[Arrays, ...], Floats]:
                *sources, of_shortlist = given
                made = [
                    one.step(tokens, state, source)
                    for one, state, source in zip(decodings, states, sources, strict=True)
                ]
                for logits, _, _ in made:
                    for strangers in of_shortlist.values():
                        place = logits[..., -strangers.shape[1] :]
                        np.copyto(place, NEVER, where=strangers[:, None])
                attention = sum(x for _, _, x in made) / np.float32(len(made))
                return _mean([x for x, _, _ in made]), tuple(x for _, x, _ in made), attention

            sources = (*(one.source for one in decodings), _strangers(shortlist))
            sentences = _sentences(request, search, sources)
            options = Options(**{name: getattr(search, name) for name in Options._fields})
            states = tuple(one.state for one in decodings)
            return beam_search(step, states, sentences, options, vocabulary)._asdict()

    def _shortlist(self, request: Request) -> Shortlist | None:
        """The target pieces that the sentences may want; of PAD, as many as fill a block."""
        if self._lexicon is None:
            return None
        wanted = None if request.required is None else request.required.phrases
        ids, own = self._lexicon.shortlist(request.source_ids, wanted)
        lacking = -len(ids) % BLOCK
        return Shortlist(np.pad(ids, (0, lacking)), np.pad(own, ((0, 0), (0, lacking))))


def _lists(model: Decoder, lexicon: Lexicon) -> bool:
    """Whether a model takes shortlists of a lexicon."""
    return model.listed is not None and np.array_equal(model.listed, lexicon.listed)


def _strangers(shortlist: Shortlist | None) -> Arrays:
    """Which of the last columns are none of a sentence's own."""
    return {} if shortlist is None or shortlist.own.all() else {"strangers": ~shortlist.own}


def _sentences(request: Request, search: SearchConfig, given: tuple[Arrays, ...]) -> Sentences:
    sentences = sentences_of(given, request.source_ids, search.beam_size, search.max_length_ratio)
    if request.max_repeats is not None:
        sentences = sentences._replace(max_repeats=request.max_repeats)
    if request.beams is not None:
        sentences = sentences._replace(beams=request.beams)
    if request.required is not None:
        tokens = (request.required.phrases != PAD).sum(axis=(1, 2), dtype=np.int32)
        sentences = sentences._replace(
            max_lengths=sentences.max_lengths + tokens, required=(request.required,)
        )
    return sentences


def _mean(logits: Sequence[Floats]) -> Floats:
    """Logits of the mean of some distributions."""
    if len(logits) == 1:
        return logits[0]
    shape = logits[0].shape
    flat = [x.reshape(-1, shape[-1]) for x in logits]
    log_probs = [x - log_sum_exp(x)[:, None] for x in flat]
    mean: Floats = functools.reduce(np.logaddexp, log_probs).reshape(shape)
    return mean
