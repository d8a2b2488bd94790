"""Who is told what the server does with its models; metrics are made of it."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Is told of what happens in one process. Its methods return at once and raise nothing.

    A pair is written `<source>-<target>`, as the name of a model's folder.
    """

    def queued(self, change: int) -> None:
        """Texts came to wait for the model (`change` > 0), or wait no longer (`change` < 0)."""

    def searched(self, sentences: int, tokens: int, seconds: float) -> None:
        """One batch went through a model.

        Args:
            sentences: How many the batch held.
            tokens: Pieces that were written, of the best hypotheses.
            seconds: How long it took.
        """

    def looked_up(self, hits: int, misses: int) -> None:
        """Sentences were looked for in the cache."""

    def loaded(self, pair: str, version: int, seconds: float) -> None:
        """A model was loaded and answers from now on."""

    def unloaded(self, pair: str, version: int) -> None:
        """A model was let go."""

    def refused(self, pair: str, version: int) -> None:
        """A version was found that cannot be served."""


class Silent:
    """An observer that does nothing."""

    def queued(self, change: int) -> None:
        pass

    def searched(self, sentences: int, tokens: int, seconds: float) -> None:
        pass

    def looked_up(self, hits: int, misses: int) -> None:
        pass

    def loaded(self, pair: str, version: int, seconds: float) -> None:
        pass

    def unloaded(self, pair: str, version: int) -> None:
        pass

    def refused(self, pair: str, version: int) -> None:
        pass
