"""Type and see: the translation, its languages, its limits, and what is told of it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlparse

import pytest
from browsing import ANSWER, answer_with, only_refusals, text_of, translate, translation_of
from playwright.sync_api import Page, Route, expect

MARKUP = "<img src=x onerror=alert(1)>"


def test_translates_what_is_typed(page: Page) -> None:
    page.get_by_label("From").select_option(label="Spanish")
    page.get_by_label("To", exact=True).select_option(label="English")
    translate(page, "uno dos tres\n\ncuatro cinco", "tres dos uno\n\ncinco cuatro")


def test_asks_once_for_what_is_typed_without_a_pause(open_page) -> None:
    page = open_page(told={"frontendTimeout": 300})
    asked = []
    page.on("request", lambda request: asked.append(request) if request.post_data else None)
    text_of(page).press_sequentially("uno dos")
    expect(translation_of(page)).to_have_text("dos uno")
    assert [json.loads(request.post_data)["q"] for request in asked] == ["uno dos"]


def test_an_answer_that_comes_too_late_is_dropped(page: Page) -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/translate", hold_the_first)
    text_of(page).fill("uno dos")
    expect(translation_of(page)).to_have_attribute("aria-busy", "true")
    translate(page, "uno dos tres", "tres dos uno")
    assert held[0].request.failure, "the request is not cancelled"


def test_swaps_languages_and_texts(page: Page) -> None:
    translate(page, "uno dos", "dos uno")
    page.get_by_role("button", name="Swap languages").click()
    expect(page.get_by_label("From")).to_have_value("en")
    expect(page.get_by_label("To", exact=True)).to_have_value("es")
    expect(text_of(page)).to_have_value("dos uno")
    expect(translation_of(page)).to_have_text("uno dos")


def test_a_text_that_has_no_translation_yet_is_swapped_as_it_is(open_page) -> None:
    page = open_page(told={"frontendTimeout": 60_000})
    text_of(page).fill("uno dos")
    page.keyboard.press("Control+Enter")
    expect(translation_of(page)).to_have_text("dos uno")
    text_of(page).fill("tres cuatro")
    page.get_by_role("button", name="Swap languages").click()
    expect(text_of(page)).to_have_value("tres cuatro")
    expect(translation_of(page)).to_have_text("cuatro tres")


def test_detects_the_language_and_swaps_to_it(page: Page) -> None:
    page.get_by_label("From").select_option("auto")
    text = "No sé dónde están las llaves del coche"
    translate(page, text, "Coche del llaves las están dónde sé No")
    expect(page.get_by_label("From").locator("option:checked")).to_have_text("Spanish – detected")
    expect(text_of(page)).to_have_attribute("lang", "es")
    page.get_by_role("button", name="Swap languages").click()
    expect(page.get_by_label("To", exact=True)).to_have_value("es")


def test_a_text_in_another_language_is_told_and_mended_with_one_click(page: Page) -> None:
    text = "Where are the keys of the car that I bought yesterday in the city?"
    page.get_by_label("From").select_option("ar")
    text_of(page).fill(text)
    expect(page.get_by_text("This looks like English.")).to_be_visible()
    expect(page.get_by_role("button", name="Translate from English")).to_have_count(0)
    page.get_by_label("From").select_option("es")
    expect(page.get_by_text("This looks like English.")).to_be_visible()
    page.get_by_label("From").select_option("auto")
    expect(page.get_by_text("This text is in English already.")).to_be_visible()
    expect(translation_of(page)).to_have_text(text)


def test_offers_the_language_that_a_text_is_in(page: Page) -> None:
    page.get_by_label("From").select_option("ar")
    text_of(page).fill("No sé dónde están las llaves del coche de mi hermana")
    page.get_by_role("button", name="Translate from Spanish").click()
    expect(page.get_by_label("From")).to_have_value("es")
    expect(page.get_by_text("This looks like")).to_have_count(0)


def test_alternatives_with_their_scores_and_what_is_different(page: Page) -> None:
    translate(page, "uno dos", "dos uno")
    others = page.get_by_role("region", name="Other translations").get_by_role("listitem")
    expect(others).to_have_count(3)
    expect(others.nth(1)).to_contain_text("dos uno!!")
    expect(others.nth(1).locator("mark")).to_have_text("uno!!")
    # Two words cost 2, two marks another 2.
    expect(others.nth(1)).to_contain_text("Score −4.00")


def test_how_sure_the_model_is_stands_in_words_and_underlines(page: Page) -> None:
    answer_with(page, "translate", json=ANSWER)
    text_of(page).fill("😀 Yo no")
    expect(page.get_by_text("Worth checking")).to_be_visible()
    word = translation_of(page).get_by_text("don't")
    # Its least probable token counts, which has 0.2.
    line = "word => getComputedStyle(word).textDecorationLine"
    style = "word => getComputedStyle(word).textDecorationStyle"
    assert word.evaluate(line) == "underline"
    assert word.evaluate(style) == "wavy"
    sure = translation_of(page).get_by_text("I", exact=True)
    assert sure.evaluate(line) == "none"


def test_copies_and_clears(open_page) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    translate(page, "uno dos", "dos uno")
    page.get_by_role("button", name="Copy the translation").click()
    expect(page.locator("#toast")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "dos uno"
    page.get_by_role("button", name="Clear the text").click()
    expect(text_of(page)).to_be_focused()
    expect(translation_of(page)).to_have_text("The translation appears as you type")
    expect(page.get_by_role("region", name="Other translations")).to_be_hidden()


def test_counts_characters_as_the_server_does_and_tells_the_limit(open_page) -> None:
    page = open_page(told={"charLimit": 8})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    translate(page, "uno 😀", "uno 😀")
    expect(page.get_by_text("5 / 8")).to_be_visible()
    del asked[:]
    text_of(page).fill("uno dos tres")
    expect(page.get_by_text("Too long by 4 characters").first).to_be_visible()
    expect(text_of(page)).to_have_attribute("aria-invalid", "true")
    page.wait_for_timeout(100)
    assert asked == []


def test_a_link_carries_languages_and_text_past_the_server(open_page) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("From").select_option("en")
    page.get_by_label("To", exact=True).select_option("es")
    translate(page, "a b & c", "c & b a")
    page.get_by_role("button", name="Copy a link").click()
    expect(page.locator("#toast")).to_have_text("Link copied")
    link = urlparse(page.evaluate("navigator.clipboard.readText()"))
    assert link.query == ""
    fields = parse_qs(link.fragment)
    assert fields == {"source": ["en"], "target": ["es"], "text": ["a b & c"]}

    opened = open_page(f"#{link.fragment}")
    expect(opened.get_by_label("From")).to_have_value("en")
    expect(opened.get_by_label("To", exact=True)).to_have_value("es")
    expect(translation_of(opened)).to_have_text("c & b a")


def test_a_link_without_a_text_changes_the_languages_of_the_one_that_is_there(page: Page) -> None:
    page.get_by_label("From").select_option("en")
    translate(page, "uno dos", "dos uno")
    with page.expect_request("**/translate") as request:
        page.evaluate("location.hash = 'source=en&target=es'")
    fields = request.value.post_data_json
    assert (fields["q"], fields["source"], fields["target"]) == ("uno dos", "en", "es")
    expect(translation_of(page)).to_have_text("dos uno")
    expect(translation_of(page)).to_have_attribute("lang", "es")


def test_a_text_survives_loading_the_page_again(page: Page) -> None:
    translate(page, "uno dos", "dos uno")
    page.reload()
    expect(text_of(page)).to_have_value("uno dos")
    expect(translation_of(page)).to_have_text("dos uno")


def test_markup_stays_text(page: Page) -> None:
    translate(page, f"{MARKUP} hola", f"{MARKUP} hola")
    assert page.locator("img").count() == 1  # that of the title
    page.get_by_role("button", name="History").click()
    expect(page.get_by_role("dialog")).to_contain_text(MARKUP)


def test_markup_in_an_error_stays_text(page: Page, complaints: list[str]) -> None:
    answer_with(page, "translate", status=400, json={"error": MARKUP})
    text_of(page).fill("hola")
    expect(page.get_by_role("alert")).to_have_text(f"The server refused: {MARKUP}")
    assert page.locator("img").count() == 1
    only_refusals(complaints)


@pytest.mark.parametrize("answer", [{"body": "no JSON"}, {"json": {"error": "a"}, "status": 500}])
def test_an_answer_that_is_none_is_told_in_words(
    page: Page, answer: dict, complaints: list[str]
) -> None:
    answer_with(page, "translate", **answer)
    text_of(page).fill("hola")
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(text_of(page)).to_have_value("hola")
    only_refusals(complaints)
