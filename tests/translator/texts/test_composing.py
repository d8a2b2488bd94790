from __future__ import annotations

import numpy as np
import pytest
from fake_search import END, FakeSearch, backwards, hypothesis
from hypothesis import given
from hypothesis import strategies as st

from translator.text import compose, normalize
from translator.texts.composing import composed
from translator.texts.glossary import Glossary, with_terms
from translator.texts.hypertext import read_hypertext
from translator.texts.pairing import pair_words
from translator.texts.plain import read_plain
from translator.texts.sentence import Sentence
from translator.texts.translating import translate_texts
from translator.translation import Translation


@pytest.mark.parametrize(
    ("text", "read", "raw"),
    [
        ("uno", "uno", ["u", "n", "o"]),
        ("a\u00adb", "ab", ["a\u00ad", "b"]),
        ("\u200ea \u200bb", "a b", ["\u200ea", " \u200b", "b"]),
        ("ﬁn", "fin", ["ﬁ", "", "n"]),
        ("oﬃ\u00adcio", "officio", ["o", "ﬃ\u00ad", "", "", "c", "i", "o"]),
        ("e\u0301a", "éa", ["e\u0301", "a"]),
        ("e\u00ad\u0301", "é", ["e\u00ad\u0301"]),
        ("\u200b", "\u200b", ["\u200b"]),
        ("\u200b<b>\u200b", "\u200b<b>", ["\u200b", "<", "b", ">\u200b"]),
    ],
)
def test_each_character_beside_what_it_was(text: str, read: str, raw: list[str]) -> None:
    found, was = composed(text, list(text))
    assert (found, list(was)) == (read, raw)


@given(st.text(st.sampled_from("aeﬁﬃ<\u00ad\u200b\u0301\u0327\x00 \n")))
def test_nothing_is_lost(text: str) -> None:
    read, raw = composed(text, list(text))
    assert len(read) == len(raw)
    assert "".join(raw) == text
    assert compose(read) == compose(text)


@pytest.mark.parametrize(
    "item",
    [
        "👩\u200d🚀",
        "❤\ufe0f",
        "https://a.com/c\u00adb",
        "ﬁle.pdf",
        "{n}",
        "\uff12\uff10\uff12\uff14",
        "x\u00ad@y.com",
        "%s",
    ],
)
def test_items_survive_as_they_were(item: str) -> None:
    text = f"u\u00adno {item} dos"
    assert read_plain(text).items == [item]
    assert read_hypertext(text).body.items == [item]
    (result,) = translate_texts([text], "es", "en", FakeSearch(backwards))
    assert result.candidates == (f"DOS {item} UNO",)


def test_full_width_marks_are_read_as_plain_ones_but_make_no_markup() -> None:
    wide = "".join(chr(ord(character) + 0xFEE0) for character in "<b>Hola{n}!")
    passage = read_plain(wide)
    assert passage.text == "<b>Hola{n}!"
    assert passage.items == []
    assert "".join(passage.raw) == wide


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("la <b>ca\u00adsa</b> roja", "red <b>house</b> THE"),
        ("\u200ela <b>\u00adcasa\u200b</b> roja", "red <b>\u00adhouse</b> THE"),
        ("la ca\u00adsa <b>ro\u00adja</b>", "<b>red</b> house THE"),
        ("la casa <b>ro\u00adja</b>\u200b", "<b>red</b>\u200b house THE"),
    ],
)
def test_offsets_of_what_the_model_reads(text: str, expected: str) -> None:
    """Its pieces are those of the normalised sentence: a word of one piece has to be found."""

    def search(sentences: list[Sentence]) -> list[Translation]:
        weights = np.eye(4, dtype=np.float32)[[2, 1, 0, 3]]
        assert [normalize(sentence.text) for sentence in sentences] == ["la casa roja"]
        best = hypothesis("red house THE", -1.0, ("▁red", "▁house", "▁THE", END), weights)
        return [Translation(("▁la", "▁casa", "▁roja", END), (best,))]

    (result,) = translate_texts([text], "es", "en", search)
    assert result.candidates == (expected,)
    pairs = pair_words(result.details[0])
    assert pairs == [(2, 0), (1, 1), (0, 2)]


def test_sentences_stand_where_they_stood() -> None:
    text = "\u200eUno de o\u00adﬃcio.\u200b Dos\u00ad tres."
    (result,) = translate_texts([text], "es", "en", FakeSearch(backwards))
    assert [s.source for s in result.sentences] == [
        "\u200eUno de o\u00adﬃcio.\u200b",
        "Dos\u00ad tres.",
    ]
    assert all(text[s.start : s.end] == s.source for s in result.sentences)
    assert result.candidates == ("OFFICIO. DE UNO TRES. DOS",)


def test_terms_of_a_glossary_stand_where_the_model_reads_them() -> None:
    glossary = Glossary({"Kauf\u00adhaus": "store", "oﬃcio": "trade"})
    sentence = with_terms(Sentence("ein Kauf\u00adhaus, \u200boﬃcio"), glossary)
    assert sentence.text == "ein Kaufhaus, officio"
    assert [sentence.text[t.start : t.stop] for t in sentence.terms] == ["Kaufhaus", "officio"]
