from __future__ import annotations

import pytest

from translator.wording import did_you_mean

KNOWN = ["epochs", "batch_tokens", "learning_rate"]


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
