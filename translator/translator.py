"""The library's front: texts in, translations out."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from translator.batch import pad
from translator.config import SearchConfig
from translator.constants import EOS
from translator.saved_model import SavedTranslator
from translator.signatures import search_inputs
from translator.tokenizer import Tokenizer

MAX_SOURCE_LENGTH = 256
"""Source pieces that are read; what stands past them is left out, and the translation says so."""

_MAX_CELLS = 20_480
"""Sentences x source pieces x beam of one batch: 64 sentences of 64 pieces with a beam of 5."""


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """One translation of a text.

    Attributes:
        text: The translation.
        score: What the search ranks by: length-penalised log-probability.
        log_prob: Log-probability, summed over the tokens.
        tokens: Target pieces, `</s>` included where the translation halted.
        token_log_probs: Log-probability of each.
        alignment: float32, target tokens x source tokens, rows sum to 1.
        finished: Ended by the halt token, not cut at the cap.
    """

    text: str
    score: float
    log_prob: float
    tokens: tuple[str, ...]
    token_log_probs: tuple[float, ...]
    alignment: npt.NDArray[np.float32]
    finished: bool


@dataclasses.dataclass(frozen=True)
class Translation:
    """What became of one text.

    Attributes:
        source_tokens: Source pieces that were read, and `</s>`.
        hypotheses: Best first.
        source_cut: The text was longer than the model reads, and its end was left out.
    """

    source_tokens: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    source_cut: bool = False

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text

    @property
    def truncated(self) -> bool:
        """Whether something may be missing at the end of the best translation."""
        return self.source_cut or not self.hypotheses[0].finished


_BLANK = Translation((), (Hypothesis("", 0.0, 0.0, (), (), np.zeros((0, 0), np.float32), True),))


class Model(Protocol):
    """What translates ids: a loaded model folder, or a model in training."""

    info: Mapping[str, Any]
    version: int
    source: Tokenizer
    target: Tokenizer

    def translate(self, **inputs: Any) -> dict[str, Any]:
        """See `inference.translate`."""
        ...


class Translator:
    """Translates texts with a model.

    Args:
        model: The model; `load` makes one of a folder.
    """

    def __init__(self, model: Model) -> None:
        self._model = model

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Translator:
        """Loads `saved_models/es-en` (its highest version) or one version of it.

        Raises:
            ModelFolderError: The folder is missing, damaged, or of an unknown format.
        """
        return cls(SavedTranslator.load(path))

    @property
    def info(self) -> Mapping[str, Any]:
        """What `model.json` says."""
        return self._model.info

    @property
    def source_language(self) -> str:
        """Code of the source language."""
        return str(self.info["source_language"])

    @property
    def target_language(self) -> str:
        """Code of the target language."""
        return str(self.info["target_language"])

    @property
    def version(self) -> int:
        """Number of the version that was loaded."""
        return self._model.version

    def translate(
        self,
        texts: Sequence[str],
        search: SearchConfig = SearchConfig(),
        *,
        batch_size: int = 64,
    ) -> list[Translation]:
        """Translates texts, each on its own, whatever else stands in its batch.

        Args:
            texts: A sentence each. A blank one becomes a blank translation.
            search: Settings of the search.
            batch_size: Sentences that are searched together, at most; long ones are fewer.

        Returns:
            One translation for each text, in their order.

        Raises:
            InputError: A text holds a lone surrogate.
        """
        rows = [self._model.source.encode(text) for text in texts]
        translations = [_BLANK] * len(rows)
        for batch in _batches([len(row) for row in rows], search.beam_size, batch_size):
            translated = self._translate_batch([rows[n] for n in batch], search)
            for n, translation in zip(batch, translated, strict=True):
                translations[n] = translation
        return translations

    def _translate_batch(
        self, rows: Sequence[Sequence[int]], search: SearchConfig
    ) -> Iterator[Translation]:
        read = [[*row[:MAX_SOURCE_LENGTH], EOS] for row in rows]
        outputs = self._model.translate(**search_inputs(pad(read), search))
        arrays = {name: tensor.numpy() for name, tensor in outputs.items()}
        for n, row in enumerate(rows):
            places = range(arrays["lengths"].shape[1])
            found = [k for k in places if arrays["lengths"][n, k] > 0]
            yield Translation(
                self._model.source.pieces(read[n]),
                tuple(self._hypothesis(arrays, n, k, len(read[n])) for k in found),
                source_cut=len(row) > MAX_SOURCE_LENGTH,
            )

    def _hypothesis(
        self, arrays: Mapping[str, npt.NDArray[Any]], n: int, k: int, source_length: int
    ) -> Hypothesis:
        length = int(arrays["lengths"][n, k])
        ids = arrays["output_ids"][n, k, :length].tolist()
        log_probs = arrays["log_probs"][n, k, :length].tolist()
        return Hypothesis(
            text=self._model.target.decode(ids),
            score=float(arrays["scores"][n, k]),
            log_prob=float(sum(log_probs)),
            tokens=self._model.target.pieces(ids),
            token_log_probs=tuple(log_probs),
            alignment=arrays["alignments"][n, k, :length, :source_length],
            finished=bool(arrays["finished"][n, k]),
        )


def _batches(lengths: Sequence[int], beam_size: int, batch_size: int) -> Iterator[list[int]]:
    """Cuts texts into batches of like length, as indices; blank texts are in none.

    The memory of a search grows with sentences x source length x beam, so that is bounded too.
    """
    batch: list[int] = []
    for n in sorted((n for n, length in enumerate(lengths) if length), key=lengths.__getitem__):
        cells = (len(batch) + 1) * (min(lengths[n], MAX_SOURCE_LENGTH) + 1) * beam_size
        if batch and (len(batch) == batch_size or cells > _MAX_CELLS):
            yield batch
            batch = []
        batch.append(n)
    if batch:
        yield batch
