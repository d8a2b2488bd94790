from __future__ import annotations

import pytest

from translator.wording import did_you_mean, plural

KNOWN = ["epochs", "batch_tokens", "learning_rate"]


def test_a_noun_behind_a_number() -> None:
    assert [plural("line", count) for count in (0, 1, 2)] == ["lines", "line", "lines"]
    assert [plural("batch", count, "batches") for count in (1, 2)] == ["batch", "batches"]


@pytest.mark.parametrize(
    ("received", "question"),
    [
        (["epoch"], ". Did you mean epochs?"),
        (["EPOCHS"], ". Did you mean epochs?"),
        (["learning-rate"], ". Did you mean learning_rate?"),
        (["batch_size", "epoch"], ". Did you mean batch_tokens and epochs?"),
        (["epoch", "epochss"], ". Did you mean epochs?"),
        (["epoch", "colour"], ". Did you mean epochs?"),
        (["colour"], ""),
        ([""], ""),
        ([], ""),
    ],
)
def test_the_closest_name_is_asked_for(received: list[str], question: str) -> None:
    assert did_you_mean(received, KNOWN) == question
