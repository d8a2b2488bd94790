"""What several tests of training share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


@pytest.fixture
def unsearched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validations write their sources backwards, as the toy task wants it, and search nothing.

    To make the graphs of a search takes longer than all else in a short run.
    """

    def backwards(*_: object) -> Callable[[Sequence[str]], list[str]]:
        return lambda texts: [text[::-1] for text in texts]

    monkeypatch.setattr("training.evaluation._translate_function", backwards)
