from __future__ import annotations

import random

import numpy as np
import pytest
from fake_search import (
    END,
    Babbler,
    FakeSearch,
    backwards,
    hypothesis,
    shuffled,
    without_placeholders,
)
from protected_sentences import PROTECTED_SENTENCES

from translator.constants import PLACEHOLDERS
from translator.texts.candidate import Candidate
from translator.texts.pairing import pair_words
from translator.texts.sentence import Sentence, Translate
from translator.texts.translating import Format, translate_texts
from translator.translation import Translation


def candidate(
    text: str, search: Translate, target: str = "en", text_format: Format = "text"
) -> Candidate:
    (result,) = translate_texts([text], "es", target, search, text_format=text_format)
    return result.details[0]


def pairs(text: str, search: Translate, text_format: Format = "text") -> str:
    found = pair_words(candidate(text, search, text_format=text_format))
    return " ".join(f"{i}-{j}" for i, j in found)


@pytest.mark.parametrize(
    ("text", "expected", "paired"),
    [
        ("uno dos tres", "TRES DOS UNO", "2-0 1-1 0-2"),
        # Sentences, and places counted over all of them.
        ("Uno dos. Tres cuatro.", "DOS. UNO CUATRO. TRES", "1-0 0-1 3-2 2-3"),
        ("  uno dos\ttres  ", "  DOS UNO\tTRES  ", "1-0 0-1 2-2"),
        # Signs of a list, and what has no words, are paired with themselves.
        ("1. uno dos", "1. DOS UNO", "0-0 2-1 1-2"),
        ("Uno dos. 12 5. Tres.", "DOS. UNO 12 5. TRES.", "1-0 0-1 2-2 3-3 4-4"),
        # Items: word by word, whatever the search thought.
        ("pesa 3.5 kg ya", "YA 3.5 kg PESA", "3-0 1-1 2-2 0-3"),
        ("a {x} b", "B {x} A", "2-0 1-1 0-2"),
        ("pesa 3.5 kg.", "3.5 kg. PESA", "1-0 2-1 0-2"),
        ("({x}) a", "A ({x})", "1-0 0-1"),
        # Markup is paired with nothing, and the words that it touches are words.
        ("uno <b>dos tres</b>", "<b>TRES DOS</b> UNO", "2-0 1-1 0-2"),
        ("uno <a href='x'>dos</a>", "<a href='x'>DOS</a> UNO", "2-1 0-2"),
        ("", "", ""),
        ("   ", "   ", ""),
    ],
)
def test_words_of_a_whole_line(text: str, expected: str, paired: str) -> None:
    assert candidate(text, FakeSearch(backwards)).text == expected
    assert pairs(text, FakeSearch(backwards)) == paired


def test_html() -> None:
    text = '<p>uno &amp; <img alt="dos tres"> cuatro</p>'
    assert candidate(text, FakeSearch(backwards), text_format="html").text == (
        '<p><img alt="TRES DOS"> CUATRO &amp; UNO</p>'
    )
    # Words of the text: <p>uno, &amp;, <img, alt="dos, tres">, cuatro</p>.
    assert pairs(text, FakeSearch(backwards), "html") == "5-3 1-4 0-5"


def test_what_is_translated_between_items() -> None:
    search = FakeSearch(without_placeholders)
    text = "Hola {name}, son las 10:30 ya"
    assert candidate(text, search).text == "HOLA {name}, SON LAS 10:30 YA"
    assert pairs(text, search) == "0-0 1-1 2-2 3-3 4-4 5-5"


def test_pieces_of_words_and_the_end_of_the_sentence() -> None:
    # "casas" is two pieces; "the" looks at the end most, "houses" at both of its own pieces.
    attention = np.array(
        [[0.1, 0.1, 0.2, 0.6], [0.4, 0.3, 0.3, 0.0], [0.4, 0.2, 0.4, 0.0], [0, 0, 0, 1.0]]
    )

    def search(sentences: list[Sentence]) -> list[Translation]:
        best = hypothesis("the houses", -1.0, ("▁the", "▁house", "s", END), attention)
        return [Translation(("▁las", "▁cas", "as", END), (best,))]

    assert pairs("las casas", search) == "1-1"


def test_a_word_that_looks_at_an_item_came_from_all_its_words() -> None:
    symbol = PLACEHOLDERS[0]
    attention = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])

    def search(sentences: list[Sentence]) -> list[Translation]:
        best = hypothesis(f"weighs {symbol}", -1.0, ("▁weighs", "▁" + symbol, END), attention)
        return [Translation(("▁pesa", "▁" + symbol, END), (best,))]

    # "weighs" looked at "3.5 kg"; that itself is paired word by word.
    assert pairs("pesa 3.5 kg", search) == "1-0 2-0 1-1 2-2"


def test_a_language_without_spaces_is_one_word() -> None:
    assert pair_words(candidate("uno dos", FakeSearch(backwards), "ja")) == [(1, 0), (0, 1)]


@pytest.mark.parametrize("search", [FakeSearch(shuffled), Babbler()], ids=["shuffled", "babble"])
@pytest.mark.parametrize("text_format", ["text", "html"])
def test_there_is_such_a_word_on_both_sides(search: Translate, text_format: Format) -> None:
    texts = [sentence.text for sentence in PROTECTED_SENTENCES]
    rng = random.Random(1)
    texts += [" ".join(rng.sample(texts, 3)) for _ in range(50)]
    results = translate_texts(texts, "en", "es", search, text_format=text_format)
    for text, result in zip(texts, results, strict=True):
        (found,) = result.details
        assert found.text == result.candidates[0]
        source, target = len(text.split()), len(found.text.split())
        assert all(0 <= i < source and 0 <= j < target for i, j in pair_words(found))


def test_every_candidate_has_its_own() -> None:
    straight, crossed = np.eye(3), np.eye(3)[[1, 0, 2]]

    def search(sentences: list[Sentence]) -> list[Translation]:
        hypotheses = (
            hypothesis("A B", -1.0, ("▁A", "▁B", END), straight),
            hypothesis("B A", -2.0, ("▁B", "▁A", END), crossed),
        )
        return [Translation(("▁a", "▁b", END), hypotheses)]

    (result,) = translate_texts(["a b"], "es", "en", search)
    assert [pair_words(found) for found in result.details] == [[(0, 0), (1, 1)], [(1, 0), (0, 1)]]
