from __future__ import annotations

import re

import numpy as np
import pytest
from fake_search import END, FakeSearch, backwards, hypothesis

from translator.texts.alignment import piece_spans
from translator.texts.sentence import Sentence
from translator.texts.translating import translate_texts
from translator.translation import Translation


def translated(text: str, search: object, target: str = "en") -> str:
    (result,) = translate_texts([text], "es", target, search)  # type: ignore[arg-type]
    return result.candidates[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uno <b>dos</b> tres", "TRES <b>DOS</b> UNO"),
        ("uno <b>dos tres</b>", "<b>TRES DOS</b> UNO"),
        ("<b>uno dos</b>", "<b>DOS UNO</b>"),
        ("<b>uno</b> <i>dos</i>", "<i>DOS</i> <b>UNO</b>"),
        ("<b>uno <i>dos</i> tres</b> cuatro", "CUATRO <b>TRES <i>DOS</i> UNO</b>"),
        ("<p><b>uno</b> dos</p>", "<p>DOS <b>UNO</b></p>"),
        ("<b><i>uno</i></b> dos", "DOS <b><i>UNO</i></b>"),
        ("uno <b> dos </b> tres", "TRES <b>DOS</b> UNO"),
        ("uno <a href='x>y'>dos</a> tres", "TRES <a href='x>y'>DOS</a> UNO"),
        ("uno <wbr>dos tres", "TRES <wbr>DOS UNO"),
        ("uno dos<wbr> tres", "TRES DOS<wbr> UNO"),
        ("<img src='x'/>uno dos", "<img src='x'/>DOS UNO"),
        ("<b>Uno dos. Tres cuatro.</b>", "<b>DOS. UNO CUATRO. TRES</b>"),
        ("Uno <b>dos. Tres</b> cuatro.", "<b>DOS. UNO </b>CUATRO. TRES"),
        ("uno <b>{name}</b> dos", "DOS <b>{name}</b> UNO"),
        ("uno <name> dos", "DOS <name> UNO"),
        ("uno </b> dos <i> tres", "TRES <i> DOS </b> UNO"),
    ],
)
def test_tags_follow_the_words_that_they_surround(text: str, expected: str) -> None:
    assert translated(text, FakeSearch(backwards)) == expected


def search_with(
    source: list[str], target: list[str], text: str, alignment: list[list[float]]
) -> object:
    def translate(sentences: list[Sentence]) -> list[Translation]:
        weights = np.array(alignment, np.float32)
        best = hypothesis(text, -1.0, (*target, END), weights)
        return [Translation((*source, END), (best,)) for _ in sentences]

    return translate


def test_words_of_several_pieces_and_soft_attention() -> None:
    search = search_with(
        ["▁la", "▁ca", "sa", "▁roja"],
        ["▁the", "▁re", "d", "▁hou", "se", "."],
        "the red house.",
        [
            [0.7, 0.1, 0.1, 0.1, 0.0],
            [0.1, 0.2, 0.1, 0.6, 0.0],
            [0.0, 0.1, 0.2, 0.6, 0.1],
            [0.1, 0.6, 0.2, 0.1, 0.0],
            [0.0, 0.3, 0.4, 0.3, 0.0],
            [0.0, 0.0, 0.1, 0.1, 0.8],
            [0.0, 0.0, 0.0, 0.0, 1.0],
        ],
    )
    assert translated("la <b>casa</b> roja.", search) == "the red <b>house</b>."
    assert translated("la casa <i>roja</i>.", search) == "the <i>red</i> house."
    assert translated("la <b>casa roja</b>.", search) == "the <b>red house</b>."


def test_a_piece_is_a_word_where_the_target_has_no_spaces() -> None:
    search = search_with(
        ["▁un", "▁gato", "▁negro"],
        ["▁", "黒", "い", "猫"],
        "黒い猫",
        [[0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]],
    )
    assert translated("un <b>gato</b> negro", search, "ja") == "黒い<b>猫</b>"
    assert translated("un gato <b>negro</b>", search, "ja") == "<b>黒い</b>猫"


@pytest.mark.parametrize("weights", [np.zeros((4, 4)), np.full((4, 4), 0.25), np.zeros((0, 0))])
def test_without_an_alignment_tags_go_where_they_were(weights: np.ndarray) -> None:
    search = search_with(["▁a", "▁b", "▁c"], ["▁x", "▁y", "▁z"], "x y z", weights.tolist())
    assert translated("a <b>b</b> c", search) == "x <b>y</b> z"
    assert translated("<b>a</b> b <i>c</i>", search) == "<b>x</b> y <i>z</i>"


@pytest.mark.parametrize("text", ["", "x"])
def test_tags_stay_where_words_are_missing(text: str) -> None:
    search = search_with(["▁a", "▁b"], [], text, [[0, 0, 1]])
    result = translated("a <b>b <i>c</i></b> <u>d</u> e", search)
    assert re.sub("[x ]", "", result) in {
        "<b><i></i></b><u></u>",
        "<u></u><b><i></i></b>",
    }


def test_no_element_becomes_punctuation_alone() -> None:
    search = search_with(
        ["▁la", "▁casa", "."],
        ["▁home", "."],
        "home.",
        [[0.9, 0.1, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]],
    )
    assert translated("la <i>casa</i>.", search) == "<i>home</i>."
    assert translated("<b>la</b> <i>casa</i>.", search) == "<b>home</b>.<i></i>"


def test_an_element_ends_with_punctuation_only_where_it_did() -> None:
    search = search_with(
        ["▁«", "hola", "»", "▁digo"],
        ["▁hello", "»", "▁i", "▁say"],
        "hello» i say",
        [
            [0.0, 1.0, 0.0, 0.0, 0.0],
            [0.1, 0.5, 0.4, 0.0, 0.0],
            [0.0, 0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0],
        ],
    )
    assert translated("<b>«hola»</b> digo", search) == "<b>hello»</b> i say"
    assert translated("«<b>hola</b>» digo", search) == "<b>hello</b>» i say"


def test_thousands_of_elements_may_stand_in_each_other() -> None:
    text = "uno " + "<b>x" * 3000 + "</b>" * 3000 + " dos"
    expected = "DOS " + "<b>" * 3000 + "X" * 3000 + "</b>" * 3000 + " UNO"
    assert translated(text, FakeSearch(backwards)) == expected


def test_thousands_of_tags_may_stand_beside_each_other() -> None:
    text = "uno " + "<wbr> " * 3000 + "<b>dos</b>" * 3000
    result = translated(text, FakeSearch())
    assert [result.count(tag) for tag in ("<wbr>", "<b>", "</b>")] == [3000, 3000, 3000]


def test_an_element_that_falls_apart_stays_one() -> None:
    search = search_with(
        ["▁a", "▁b"],
        ["▁x", "▁y", "▁x"],
        "x y x",
        [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    )
    assert translated("a <b>b</b>", search) == "<b>x</b> y x"


def test_pieces_are_found_in_their_text() -> None:
    pieces = ["▁Ca", "fé", "▁<0x41>", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>", "!", "</s>"]
    assert piece_spans("Café 😀!", [*pieces[:2], *pieces[3:]]) == [
        (0, 2),
        (2, 4),
        *[(5, 6)] * 4,
        (6, 7),
        (7, 7),
    ]
    assert piece_spans("Hola", ["▁ho", "la"]) == [(0, 2), (2, 4)]
    assert piece_spans("a", ["▁zz", "▁a"]) == [(0, 0), (0, 1)]
