"""Which target pieces a search need look at, for each source sentence.

A sentence is translated into few pieces of a vocabulary: those that its own pieces translate to,
and some that may stand anywhere. Without the others the output layer is a fraction of its size
(Jean et al., arXiv 1412.2007; L'Hostis et al., arXiv 1610.00072).
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from translator.atomic import atomic_writer
from translator.batch import Ids, pad
from translator.constants import BOS, EOS, NUM_SPECIAL, PAD, UNK
from translator.damage import NPZ_DAMAGE
from translator.errors import ModelFolderError

Mask = npt.NDArray[np.bool_]


class Shortlist(NamedTuple):
    """The target pieces of a batch.

    Attributes:
        ids: int32: those that every sentence has (`Lexicon.listed`), then the others.
        own: bool, batch x others: which of the others are a sentence's own. They follow from the
            sentence alone, whatever else stands in its batch.
    """

    ids: Ids
    own: Mask


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What each source piece may translate to.

    Attributes:
        common: int32, target pieces of every sentence.
        table: int32, source vocabulary x most candidates: target pieces of a source piece, best
            first, 0-padded. Special tokens have none, so padding adds nothing.

    Raises:
        ModelFolderError: They are of another type or shape, hold what no search may put out
            (negative ids, UNK or BOS), or candidates of a special token.
    """

    common: Ids
    table: Ids

    def __post_init__(self) -> None:
        for name, rank in (("common", 1), ("table", 2)):
            array = getattr(self, name)
            if array.dtype != np.int32 or array.ndim != rank:
                raise ModelFolderError(
                    f"{name}: expected int32 of rank {rank}. "
                    f"Received: {array.dtype} of rank {array.ndim}"
                )
            if (array < 0).any() or np.isin(array, (UNK, BOS)).any():
                raise ModelFolderError(f"{name}: expected ids of pieces, or 0. Received: others")
        if self.table[:NUM_SPECIAL].any():
            raise ModelFolderError("table: expected 0 for special tokens. Received: candidates")

    @classmethod
    def load(cls, path: str | os.PathLike[str], source_size: int, target_size: int) -> Lexicon:
        """Reads what `save` wrote.

        Args:
            path: The file.
            source_size: Of the source vocabulary.
            target_size: Of the target vocabulary.

        Raises:
            ModelFolderError: The file is missing or damaged, or of other vocabularies.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                lexicon = cls(arrays["common"], arrays["table"])
        except OSError as error:
            reason = error.strerror or error
            raise ModelFolderError(f"{path}: cannot be read: {reason}") from error
        except NPZ_DAMAGE as error:
            raise ModelFolderError(f"{path}: expected a lexicon. Received: {error}") from error
        except ModelFolderError as error:
            raise ModelFolderError(f"{path}: {error}") from error
        if len(lexicon.table) != source_size or lexicon.width > target_size:
            raise ModelFolderError(
                f"{path}: expected a lexicon of {source_size} source and {target_size} target "
                f"pieces. Received: one of {len(lexicon.table)} and at least {lexicon.width}"
            )
        return lexicon

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it to an .npz file, whole or not at all.

        Raises:
            OSError: The disk is full, or the file cannot be written.
        """
        with atomic_writer(path) as file:
            np.savez_compressed(file, common=self.common, table=self.table)

    def merged(self, other: Lexicon) -> Lexicon:
        """What either of two lexicons of the same vocabularies has; this one's candidates first."""
        rows = [
            [*dict.fromkeys(piece for piece in (*mine, *its) if piece != PAD)]
            for mine, its in zip(self.table.tolist(), other.table.tolist(), strict=True)
        ]
        return Lexicon(np.union1d(self.common, other.common).astype(np.int32), pad(rows))

    @cached_property
    def width(self) -> int:
        """One more than the highest target id."""
        return 1 + int(max(EOS, self.common.max(initial=PAD), self.table.max(initial=PAD)))

    @cached_property
    def listed(self) -> Ids:
        """The target pieces that every shortlist begins with: PAD, EOS, the common ones."""
        return np.union1d([PAD, EOS], self.common).astype(np.int32)

    def shortlist(self, source_ids: Ids, wanted: Ids | None = None) -> Shortlist:
        """The target pieces that a search for these sentences need look at.

        Args:
            source_ids: batch x source_length, pieces below the size of the source vocabulary, in
                any order; PAD and EOS add nothing.
            wanted: batch x any shape, target pieces that a sentence needs, too; PAD adds nothing.
        """
        batch = len(source_ids)
        pieces = [self.table[source_ids]] + ([] if wanted is None else [wanted])
        flat = [x.reshape(batch, math.prod(x.shape[1:])) for x in pieces]
        candidates = np.concatenate(flat, axis=1)
        own = np.zeros((batch, 1 + candidates.max(initial=self.width - 1)), np.bool_)
        np.put_along_axis(own, candidates, True, axis=1)
        own[:, self.listed] = False
        others = np.flatnonzero(own.any(axis=0)).astype(np.int32)
        return Shortlist(np.concatenate([self.listed, others]), own[:, others])
