"""What a search drives: a model that takes one step after another, arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from translator.batch import Ids

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Arrays = Mapping[str, Array]


class Decoding(Protocol):
    """The sentences of a batch in a model, for the time of one search."""

    @property
    def source(self) -> Arrays:
        """What the model knows of the sentences, batch x ...."""
        ...

    @property
    def state(self) -> Arrays:
        """Before BOS, batch x 1 x ...."""
        ...

    def step(self, tokens: Ids, state: Arrays, source: Arrays) -> tuple[Floats, Arrays, Floats]:
        """One step for every hypothesis.

        Args:
            tokens: batch x beams, the ones before.
            state: batch x beams x ....
            source: Of the sentences that are left; the same object while these are the same.

        Returns:
            Logits of the columns (batch x beams x columns, the caller's to change), the new state,
            and attention (batch x beams x source_length).
        """
        ...


class Decoder(Protocol):
    """A model, as a search sees it."""

    @property
    def listed(self) -> Ids | None:
        """The pieces that shortlists for it begin with; None where it takes none."""
        ...

    def decoding(self, source_ids: Ids, columns: Ids | None) -> AbstractContextManager[Decoding]:
        """Reads the sentences of a batch, and holds what their search needs until it ends.

        Args:
            source_ids: batch x source_length, 0-padded.
            columns: Target pieces whose logits are wanted; None is all. They begin with `listed`,
                and the first, PAD, stands for what all pieces without a column have together.
        """
        ...

    def refresh(self) -> None:
        """Reads the weights anew."""
        ...
