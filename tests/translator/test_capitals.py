"""Sentences in capitals, with a search that is written down."""

from __future__ import annotations

import numpy as np
import pytest

from translator.capitals import Capitals
from translator.constants import PLACEHOLDERS
from translator.texts.sentence import Sentence, Term
from translator.tokenizer import Tokenizer, train_tokenizer
from translator.translation import Hypothesis, Translation

FIRST = PLACEHOLDERS[0]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    words = ["la casa de Tom es de la vez", "Tom ve la casa", "TV Ää é ß İ"] * 50
    return train_tokenizer(words, 330, "bpe")


def searched(tokenizer: Tokenizer, *sentences: str | Sentence) -> tuple[list[str], list[str]]:
    """What is searched for some sentences, and what they become by a model that adds "yes"."""
    asked: list[str] = []

    def translate(given: list[Sentence]) -> list[Translation]:
        asked.extend(one.text for one in given)
        return [
            Translation(
                (*one.text.split(), "<0xE2>", "</s>"),
                (
                    Hypothesis(
                        f"{one.text} yes",
                        -1.0,
                        -1.0,
                        ("▁yes", "<0xE2>", "</s>"),
                        (-0.5, -0.5, 0.0),
                        np.zeros((3, 3), np.float32),
                        True,
                    ),
                ),
            )
            for one in given
        ]

    given = [one if isinstance(one, Sentence) else Sentence(one) for one in sentences]
    found = Capitals(tokenizer).set_aside(translate)(given)
    return asked, [one.text for one in found]


@pytest.mark.parametrize(
    ("text", "ordinary"),
    [
        ("LA CASA ES DE TOM.", "La casa es de Tom."),
        ("¿CASITA?", "¿Casita?"),
        ("LA TV DE TOM'S", "La TV de Tom's"),
        (f"LA CASA DE {FIRST} Y 3 MÁS", f"La casa de {FIRST} y 3 más"),
    ],
)
def test_they_are_searched_in_ordinary_letters(
    tokenizer: Tokenizer, text: str, ordinary: str
) -> None:
    asked, found = searched(tokenizer, text)
    assert asked == [ordinary]
    assert found == [f"{text} YES"]


@pytest.mark.parametrize(
    "text",
    [
        *("La casa", "la casa", "A", "A 1", "U.S.", "5 %", "猫", FIRST),
        *("USA", "CASA", "TV 1", "NHKのニュースです。", "IBM에서 일해요.", "أعمل في IBM COMPANY"),
    ],
)
def test_others_are_searched_as_they_are(tokenizer: Tokenizer, text: str) -> None:
    assert searched(tokenizer, text) == ([text], [f"{text} yes"])


def test_each_on_its_own(tokenizer: Tokenizer) -> None:
    asked, found = searched(tokenizer, "La casa", "LA CASA", "la casa")
    assert asked == ["La casa", "La casa", "la casa"]
    assert found == ["La casa yes", "LA CASA YES", "la casa yes"]


def test_what_would_be_longer_in_small_letters_stays(tokenizer: Tokenizer) -> None:
    asked, _ = searched(tokenizer, "LA İSLA DE LA CASA")
    assert asked == ["La İSLA de la casa"]


def test_terms_stay_where_and_as_they_are(tokenizer: Tokenizer) -> None:
    sentence = Sentence("VER LA CASA", (Term(7, 11, "iHome"),))
    kept: list[Sentence] = []

    def translate(given: list[Sentence]) -> list[Translation]:
        kept.extend(given)
        text, nothing = "see iHome, semihomeless, iHome2, iHomeを", np.zeros((0, 0), np.float32)
        best = Hypothesis(text, -1.0, -1.0, (), (), nothing, True)
        return [Translation((), (best,)) for _ in given]

    (found,) = Capitals(tokenizer).set_aside(translate)([sentence])
    assert kept == [Sentence("Ver la casa", sentence.terms)]
    assert found.text == "SEE iHome, SEMIHOMELESS, IHOME2, iHomeを"


def test_pieces_are_in_capitals_too_but_for_bytes_and_the_end(tokenizer: Tokenizer) -> None:
    def translate(given: list[Sentence]) -> list[Translation]:
        tokens = ("▁casa", "<0xC3>", "</s>")
        weights = np.zeros((3, 3), np.float32)
        best = Hypothesis("casa", -1.0, -1.0, tokens, (-0.5, -0.5, 0.0), weights, True)
        return [Translation(tokens, (best,)) for _ in given]

    (found,) = Capitals(tokenizer).set_aside(translate)([Sentence("CASITA")])
    assert found.source_tokens == ("▁CASA", "<0xC3>", "</s>")
    assert found.hypotheses[0].tokens == ("▁CASA", "<0xC3>", "</s>")
