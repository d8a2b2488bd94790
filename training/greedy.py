"""Greedy search on any Keras backend, for validations where there is no TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from training.dataset import Batches, EncodedPairs, widths_to_compile
from training.rows import Rows
from translator.config import SearchConfig
from translator.constants import BOS, EOS, EXTRA_LENGTH, PAD
from translator.layers.decoder import State
from translator.layers.numerics import valid_mask
from translator.model import Seq2Seq
from translator.tokenizer import Tokenizer

Tensor = Any


class GreedyTranslator:
    """What `Translator` is with a beam of 1, as far as its texts go.

    Args:
        model: The model, as it stands at each call.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side.
        max_length: Source pieces that are read.
        batch_tokens: Source tokens of a batch.
    """

    def __init__(
        self,
        model: Seq2Seq,
        source: Tokenizer,
        target: Tokenizer,
        max_length: int,
        batch_tokens: int,
    ) -> None:
        self._search = GreedySearch(model)
        self._source = source
        self._target = target
        self._max_length = max_length
        self._batch_tokens = batch_tokens

    def translate(self, texts: Sequence[str]) -> list[str]:
        """One translation for each text, in their order."""
        rows = Rows([self._source.encode(text)[: self._max_length] for text in texts])
        batches = Batches(
            EncodedPairs(rows, rows), self._batch_tokens, widths=widths_to_compile(least=32)
        )
        translations = [""] * len(texts)
        for indices in batches.order(0):
            inputs, _ = batches.batch(indices)
            ids = np.asarray(self._search.predict_on_batch(inputs["source_ids"]))
            for n, row in zip(indices, ids, strict=False):  # rows of padding come last
                translations[n] = self._target.decode(row)
        return translations


class GreedySearch(keras.Model):
    """The likeliest token at each step: source_ids, batch x source_length, to ids, 0-padded."""

    def __init__(self, model: Seq2Seq) -> None:
        super().__init__(autocast=False, name="greedy")
        self.model = model

    def call(self, source_ids: Tensor) -> Tensor:
        source, start = self.model.encode(source_ids)
        kernels, layers = self.model.decoder.kernels(), len(start.h)
        ratio = SearchConfig.max_length_ratio
        lengths = ops.sum(ops.cast(valid_mask(source_ids), "float32"), axis=1)
        limits = ops.cast(ratio * lengths + 1e-3, "int32") + EXTRA_LENGTH
        longest = int(ratio * source_ids.shape[1]) + EXTRA_LENGTH

        def body(t: Tensor, fed: Tensor, alive: Tensor, ids: Tensor, *states: Tensor) -> Any:
            state = State(tuple(states[:layers]), tuple(states[layers:]))
            logits, state, _ = self.model.step(fed[:, None], state, source, kernels)
            # PAD, UNK and BOS, which stand before EOS, are never put out.
            best = ops.cast(ops.argmax(logits[:, 0, EOS:], axis=-1), "int32") + EOS
            best = ops.where(alive, best, PAD)
            ids = ops.slice_update(ids, (t, 0), best[None])
            alive = ops.logical_and(alive, ops.logical_and(best != EOS, t + 1 < limits))
            return (t + 1, best, alive, ids, *state.h, *state.c)

        batch = ops.shape(source_ids)[0]
        ids = ops.zeros((longest, batch), "int32")
        begin = (ops.full((batch,), BOS, "int32"), lengths > 0, ids, *start.h, *start.c)
        _, _, _, ids, *_ = ops.while_loop(
            lambda *carried: ops.any(carried[2]),
            body,
            (ops.convert_to_tensor(0, "int32"), *begin),
            maximum_iterations=longest,
        )
        return ops.transpose(ids)
