"""Validation pairs that a run learns from as well: what they score says little of other text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from training.corpus import Chunk, Pair
from translator.wording import plural


class Overlap:
    """Finds the validation pairs that share a sentence with a training pair, on the same side.

    Case does not matter. Memory holds the validation sentences, nothing of the training pairs.

    Args:
        valid: The validation pairs.
    """

    def __init__(self, valid: Sequence[Pair]) -> None:
        self._valid = [_folded(pair) for pair in valid]
        self._sides = {source for source, _ in self._valid}, {target for _, target in self._valid}
        self._met: tuple[set[str], set[str]] = set(), set()

    def watch(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Yields the training pairs as they are, and looks at them."""
        for chunk in chunks:
            for side, met, texts in zip(
                self._sides, self._met, zip(*map(_folded, chunk.pairs), strict=True), strict=False
            ):
                met.update(side.intersection(texts))
            yield chunk

    @property
    def count(self) -> int:
        """How many validation pairs share a sentence with the pairs seen so far."""
        sources, targets = self._met
        return sum(source in sources or target in targets for source, target in self._valid)

    def __str__(self) -> str:
        count = self.count
        return (
            f"{count:,} of {len(self._valid):,} validation {plural('pair', len(self._valid))} "
            f"{'shares' if count == 1 else 'share'} a sentence with the training pairs: "
            f"{'its' if count == 1 else 'their'} scores flatter"
        )


def _folded(pair: Pair) -> Pair:
    return pair[0].casefold(), pair[1].casefold()
