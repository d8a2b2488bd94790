"""Where the model looked: words that light up, in both ways of pointing, and the table."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import ANSWER, answer_with, text_of, translate, translation_of
from playwright.sync_api import Locator, Page, expect


def marks(page: Page) -> list[tuple[str, float]]:
    """The words of the source that are lit, and how strongly."""
    return [
        (mark["text"], float(mark["share"]))
        for mark in page.locator("#mirror mark").evaluate_all(
            "marks => marks.map((mark) => ({text: mark.textContent,"
            " share: mark.style.getPropertyValue('--share')}))"
        )
    ]


def word(page: Page, text: str) -> Locator:
    return translation_of(page).get_by_text(text, exact=True)


def test_each_word_lights_up_the_one_that_it_came_from(page: Page) -> None:
    source = "uno dos tres. cuatro cinco"
    with page.expect_response("**/translate") as response:
        text_of(page).fill(source)
    answer: dict[str, Any] = response.value.json()
    expect(page.locator(".word")).to_have_count(5)
    seen = []
    for alignment in answer["alignment"]:
        words = alignment["words"]
        for place, target in ((pair[0], words["target"][pair[1]]) for pair in words["pairs"]):
            word(page, target).hover()
            seen.append(marks(page))
            assert seen[-1] == [(words["source"][place], 1.0)]
    assert len(seen) == 5
    page.mouse.move(0, 0)
    assert marks(page) == []


def test_attention_that_is_spread_is_shown_by_its_strength(page: Page) -> None:
    answer_with(page, "translate", json=ANSWER)
    text_of(page).fill("😀 Yo no")
    # "don't" has two pieces, of which one gave "Yo" 0.2; "no" got 0.6 of one and 0.8 of the other.
    word(page, "don't").hover()
    assert marks(page) == [("Yo", 0.1), ("no", 0.7)]
    expect(page.locator("#inspector")).to_have_text(
        "don't from no 70% the end of the sentence 20% Yo 10% probability 20% · doubtful"
    )
    strength = "mark => getComputedStyle(mark).backgroundColor"
    assert len(set(page.locator("#mirror mark").evaluate_all(f"m => m.map({strength})"))) == 2


def test_a_text_that_is_typed_further_is_marked_only_when_it_is_translated(open_page) -> None:
    page = open_page(told={"frontendTimeout": 60_000})
    text_of(page).fill("uno dos")
    page.keyboard.press("Control+Enter")
    word(page, "uno").hover()
    assert marks(page) == [("uno", 1.0)]
    text_of(page).fill("otro uno dos")
    word(page, "dos").hover()
    assert marks(page) == []
    page.keyboard.press("Control+Enter")
    expect(word(page, "otro")).to_be_visible()
    word(page, "dos").hover()
    assert marks(page) == [("dos", 1.0)]


@pytest.mark.parametrize("width", [320, 1280])
def test_the_marks_lie_under_their_words(page: Page, width: int) -> None:
    """The copy of the text, which holds the marks, breaks its lines as the text area does."""
    page.set_viewport_size({"width": width, "height": 800})
    text_of(page).fill("\n".join("palabra otra más " * n for n in range(12)) + "\n\nfin")
    word(page, "fin").hover()
    expect(page.locator("#mirror mark")).to_have_count(1)
    metrics = """style => [style.fontSize, style.fontFamily, style.lineHeight, style.padding,
        style.letterSpacing, style.width]"""
    area, mirror = (
        page.locator(name).evaluate(f"one => ({metrics})(getComputedStyle(one))")
        for name in ("#text", "#mirror")
    )
    assert area == mirror
    # Neither is given a height, so that each has that of its lines.
    written = "area => { area.style.height = 0; return area.scrollHeight; }"
    copied = "mirror => { mirror.style.alignSelf = 'start'; return mirror.offsetHeight; }"
    lines = page.locator("#mirror").evaluate(copied)
    assert text_of(page).evaluate(written) == lines


def test_the_keyboard_walks_through_the_words(page: Page) -> None:
    translate(page, "uno dos tres", "tres dos uno")
    word(page, "tres").focus()
    assert marks(page) == [("tres", 1.0)]
    page.keyboard.press("ArrowRight")
    expect(word(page, "dos")).to_be_focused()
    assert marks(page) == [("dos", 1.0)]
    expect(page.locator("#told")).to_contain_text("dos from dos 100%")
    page.keyboard.press("End")
    expect(word(page, "uno")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(word(page, "uno")).to_be_focused()
    page.keyboard.press("Home")
    expect(word(page, "tres")).to_be_focused()
    # One stop of the Tab key for all words.
    page.keyboard.press("Tab")
    assert page.locator(".word:focus").count() == 0
    assert marks(page) == []


def test_right_to_left_text_is_walked_through_to_the_left(page: Page) -> None:
    page.get_by_label("From").select_option("en")
    page.get_by_label("To", exact=True).select_option("ar")
    translate(page, "مرحبا بالعالم", "بالعالم مرحبا")
    for pane in (text_of(page), translation_of(page)):
        assert pane.evaluate("pane => getComputedStyle(pane).direction") == "rtl"
    word(page, "بالعالم").focus()
    page.keyboard.press("ArrowLeft")
    expect(word(page, "مرحبا")).to_be_focused()


def test_the_table_holds_what_the_api_returned(page: Page) -> None:
    answer_with(page, "translate", json=ANSWER)
    text_of(page).fill("😀 Yo no")
    page.get_by_text("Where the model looked").click()
    table = page.get_by_role("table")
    assert table.get_by_role("columnheader").all_text_contents() == ["Yo", "no", "end"]
    rows = [
        [row.get_by_role("rowheader").text_content(), *row.get_by_role("cell").all_text_contents()]
        for row in table.get_by_role("row").all()[1:]
    ]
    assert rows == [["I", "70%", "20%", "10%"], ["don't", "10%", "70%", "20%"]]
    word(page, "don't").hover()
    expect(table.locator("tr.looking th")).to_have_text("don't")


def test_the_table_shows_the_sentence_that_is_chosen(page: Page) -> None:
    translate(page, "uno dos. tres", "dos. uno tres")
    page.get_by_text("Where the model looked").click()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(3)
    page.get_by_label("Sentence").select_option("2. tres")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)
    word(page, "uno").hover()
    expect(page.get_by_label("Sentence")).to_have_value("0")
