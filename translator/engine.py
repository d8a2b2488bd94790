"""The search over models that are taken apart: one model, or an ensemble of one vocabulary."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from translator.config import SearchConfig
from translator.constants import BOS, EOS, PAD, UNK
from translator.remainder import Remainder, remainder
from translator.search.alone import Trace, read_back_alone
from translator.search.hypotheses import NEVER, Required
from translator.search.rules import LONGEST_REPEATED
from translator.search.sentences import NO_LIMIT
from translator.search.top import BLOCK
from translator.searches import INPUTS, OPTIONAL, Searches
from translator.shortlist import Lexicon
from translator.signatures import Stepwise, settings_inputs

Tensor = Any
Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Request:
    """Sentences that are searched together.

    Attributes:
        source_ids: batch x source_length, int32: pieces, then EOS, 0-padded.
        max_repeats: batch x LONGEST_REPEATED, int32, how often in a row a sequence of 1, 2, ...
            tokens may stand; None is no limit.
        beams: batch, int32, hypotheses kept at each step; None is what the settings say.
        required: What the translations must hold, as arrays; None where nothing is required.
    """

    source_ids: Array
    max_repeats: Array | None = None
    beams: Array | None = None
    required: Required | None = None


_RULES = OPTIONAL - {"coverage_penalty"}
"""Settings that the graph for a sentence alone does not know."""

_COLUMNS_STEP = 8 * BLOCK
"""Columns are filled up to a multiple of this, so that products come in few shapes: oneDNN keeps a
kernel, and some 300 kB, for each shape of a product in bfloat16 that it has met."""

_MOST_BEAMS_ALONE = 10
"""The graph for a sentence alone is traced for each number of beams, so only for usual ones."""


class Engine:
    """Searches with the mean of the probabilities that its models give.

    Args:
        models: At least one; all of one target vocabulary.
        lexicon: Restricts the output layer to the pieces that a sentence may want; what the others
            have of the probability is estimated. None is all pieces.
        only_required: Ids that are put out only where a phrase asks for them.
        joining: target vocabulary, bool: pieces that go on with the word before them.
    """

    def __init__(
        self,
        models: Sequence[Stepwise],
        lexicon: Lexicon | None = None,
        only_required: Sequence[int] = (),
        joining: Array | None = None,
    ) -> None:
        self._models = models
        self._lexicon = lexicon
        self._joining = joining
        self._searches = Searches.of(models, (PAD, UNK, BOS, *only_required))
        self._weights: list[Mapping[str, Tensor]] = []
        self.refresh()

    def refresh(self) -> None:
        """Reads the weights of the models anew."""
        self._weights = [model.weights() for model in self._models]
        self._remainders: list[Remainder] = []
        if self._lexicon is not None:
            everywhere = tf.constant([EOS, *self._lexicon.common], tf.int32)
            self._remainders = [
                remainder(given["output"], given["output_bias"], everywhere)
                for given in self._weights
            ]

    def search(self, request: Request, search: SearchConfig) -> dict[str, Array]:
        """Searches for the best translations.

        Returns:
            The fields of `search.hypotheses.Hypotheses`, by name.
        """
        batch = len(request.source_ids)
        inputs = {
            "source_ids": request.source_ids,
            "max_repeats": np.full((batch, LONGEST_REPEATED), NO_LIMIT, np.int32)
            if request.max_repeats is None
            else request.max_repeats,
            "beams": np.full(batch, search.beam_size, np.int32)
            if request.beams is None
            else request.beams,
        }
        if request.required is not None:
            inputs |= request.required._asdict()
        if self._joining is not None:
            inputs["joining"] = self._joining
        if self._lexicon is not None:
            inputs |= self._columns(request)
        tensors = {name: tf.constant(x, INPUTS[name].dtype) for name, x in inputs.items()}
        tensors |= {
            name: tensor
            for name, tensor in settings_inputs(search).items()
            if name not in OPTIONAL or getattr(search, name)
        }
        given = self._weights, self._remainders, tensors
        beams = int(inputs["beams"].max(initial=search.n_best))
        ruled = _RULES & tensors.keys() or request.required is not None
        if batch == 1 and not ruled and beams <= _MOST_BEAMS_ALONE:
            trace = Trace(*(x.numpy() for x in self._searches.graph(given, beams)(*given)))
            limits = inputs["max_repeats"][0]
            found = read_back_alone(trace, inputs.get("columns"), search.n_best, limits)
            if found is not None:
                return found._asdict()
        outputs = self._searches.graph(given)(*given)
        return {name: tensor.numpy() for name, tensor in outputs._asdict().items()}

    def _columns(self, request: Request) -> dict[str, Array]:
        """The target pieces that the sentences may want, and 0 or -inf for each sentence."""
        assert self._lexicon is not None
        ids, members = self._lexicon.shortlist(request.source_ids)
        if request.required is not None:
            ids, members = _widen(ids, members, request.required.phrases)
        # The last column is repeated up to a width that other batches have, too; the repeats
        # stand for nothing.
        lacking = -len(ids) % _COLUMNS_STEP
        ids = np.pad(ids, (0, lacking), mode="edge")
        members = np.pad(members, ((0, 0), (0, lacking)))
        return {"columns": ids, "members": np.where(members, np.float32(0), np.float32(NEVER))}


def _widen(ids: Array, members: Array, phrases: Array) -> tuple[Array, Array]:
    """A shortlist with the tokens of each sentence's phrases."""
    everyone = np.union1d(ids, phrases)
    wider = np.zeros((len(members), len(everyone)), np.bool_)
    wider[:, np.searchsorted(everyone, ids)] = members
    rows = np.arange(len(members))[:, None, None]
    wider[rows, np.searchsorted(everyone, phrases)] = True
    return everyone.astype(np.int32), wider
