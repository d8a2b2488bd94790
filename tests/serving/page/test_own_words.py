"""The glossary, suggestions, the history: what readers bring themselves, and where it is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browsing import answer_with, only_refusals, text_of, translate, translation_of
from playwright.sync_api import Page, expect

from serving.suggestions import Suggestions


def add_term(page: Page, source: str, target: str) -> None:
    page.get_by_role("button", name="Glossary").click()
    dialog = page.get_by_role("dialog", name="Glossary")
    dialog.get_by_label("Term in").last.fill(source)
    dialog.get_by_label("Its translation into").last.fill(target)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_term_of_the_glossary_is_translated_as_it_says(page: Page) -> None:
    translate(page, "el perro duerme", "duerme perro el")
    add_term(page, "perro", "hound")
    expect(translation_of(page)).to_have_text("duerme hound el")
    expect(page.get_by_role("button", name="Glossary")).to_contain_text("1")
    page.reload()
    expect(translation_of(page)).to_have_text("duerme hound el")


def test_a_term_belongs_to_its_languages_and_can_be_removed(page: Page) -> None:
    add_term(page, "perro", "hound")
    page.get_by_label("From").select_option("ar")
    translate(page, "el perro", "perro el")
    page.get_by_label("From").select_option("es")
    expect(translation_of(page)).to_have_text("hound el")
    page.get_by_role("button", name="Glossary").click()
    page.get_by_role("button", name="Remove this term").click()
    page.get_by_role("button", name="Close").click()
    expect(translation_of(page)).to_have_text("perro el")


def test_the_glossary_of_a_detected_language_is_used(page: Page) -> None:
    add_term(page, "llaves", "keys")
    page.get_by_label("From").select_option("auto")
    translate(page, "dónde están las llaves del coche", "coche del keys las están dónde")


def test_what_is_wrong_with_the_glossary_stands_there(page: Page, complaints: list[str]) -> None:
    refusal = "Invalid request: glossary: expected at most 100 terms. Received: 101"
    answer_with(page, "translate", status=400, json={"error": refusal})
    text_of(page).fill("uno")
    expect(page.get_by_role("alert").filter(has_text=refusal)).to_be_visible()
    page.get_by_role("button", name="Glossary").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(refusal)
    only_refusals(complaints)


def test_the_history_stays_in_the_browser_and_can_be_cleared_and_switched_off(page: Page) -> None:
    translate(page, "uno", "uno")
    translate(page, "uno dos", "dos uno")  # the same text, typed further
    translate(page, "tres", "tres")
    history = page.get_by_role("dialog", name="History")
    page.get_by_role("button", name="History").click()
    expect(history.get_by_role("listitem")).to_have_count(2)
    history.get_by_role("button", name="uno dos").click()
    expect(text_of(page)).to_have_value("uno dos")
    expect(translation_of(page)).to_have_text("dos uno")

    page.get_by_role("button", name="History").click()
    history.get_by_role("button", name="Clear the history").click()
    expect(history.get_by_text("What you translate is listed here.")).to_be_visible()
    history.get_by_role("switch").uncheck()
    history.get_by_role("button", name="Close").click()
    translate(page, "cuatro", "cuatro")
    page.get_by_role("button", name="History").click()
    expect(history.get_by_role("listitem")).to_have_count(0)


def test_a_shorter_text_replaces_none_of_the_history(page: Page) -> None:
    translate(page, "la casa es roja", "roja es casa la")
    translate(page, "la", "la")
    translate(page, "la mesa", "mesa la")
    kept = page.evaluate("JSON.parse(localStorage['translate.history']).map(({text}) => text)")
    assert kept == ["la mesa", "la casa es roja"]


def test_a_full_browser_loses_the_oldest_of_the_history_and_nothing_else(page: Page) -> None:
    page.evaluate(
        """() => {
            const entry = {source: "es", target: "en", translation: "", at: 0};
            const long = "x".repeat(2_000_000);
            localStorage.setItem("translate.history", JSON.stringify(
                [{...entry, text: "new"}, {...entry, text: long}, {...entry, text: "y" + long}]));
        }"""
    )
    translate(page, "z" * 1500, "z" * 1500)
    kept = page.evaluate("JSON.parse(localStorage.getItem('translate.history')).length")
    assert kept >= 2


def test_suggests_a_better_translation(page: Page) -> None:
    answer_with(page, "suggest", json={"success": True})
    translate(page, "uno dos", "dos uno")
    page.get_by_role("button", name="Suggest a better translation").click()
    field = page.get_by_label("How would you translate it?")
    expect(field).to_have_value("dos uno")
    field.fill("one two")
    with page.expect_request("**/suggest") as request:
        page.get_by_role("button", name="Send").click()
    assert json.loads(request.value.post_data or "") == {
        "q": "uno dos",
        "s": "one two",
        "source": "es",
        "target": "en",
    }
    expect(page.locator("#toast")).to_have_text("Thank you for the suggestion")


def test_a_suggestion_is_kept_by_a_server_that_takes_them(open_page, serve, tmp_path: Path) -> None:
    database = tmp_path / "suggestions.db"
    with serve(0, database=database, suggestions=True) as address:
        page = open_page(server=address)
        translate(page, "uno dos", "dos uno")
        page.get_by_role("button", name="Suggest a better translation").click()
        page.get_by_label("How would you translate it?").fill("one two")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#toast")).to_have_text("Thank you for the suggestion")
    suggestions = Suggestions(database)
    assert list(suggestions.pairs("es", "en")) == [("uno dos", "one two")]
    suggestions.close()


def test_a_server_of_few_terms_and_no_alternatives_gets_no_more(open_page, serve) -> None:
    with serve(0, alternatives_limit=0, glossary_limit=1) as address:
        page = open_page(server=address)
        page.get_by_role("button", name="Glossary").click()
        dialog = page.get_by_role("dialog")
        for n, (source, target) in enumerate([("uno", "one"), ("dos", "two")]):
            dialog.get_by_label("Term in").nth(n).fill(source)
            dialog.get_by_label("Its translation into").nth(n).fill(target)
            # A new line for the next term.
            page.keyboard.press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text("The most that this server takes is 1")
        page.keyboard.press("Escape")
        translate(page, "uno dos", "dos one")
        expect(page.get_by_role("region", name="Other translations")).to_be_hidden()


@pytest.mark.parametrize("limit", [0, 1])
def test_terms_that_a_server_does_not_take_are_kept(open_page, serve, limit: int) -> None:
    terms = [["uno", "one"], ["dos", "two"]]
    with serve(0, glossary_limit=limit) as address:
        page = open_page(server=address)
        page.evaluate(
            "terms => localStorage.setItem('translate.glossary', JSON.stringify({'es-en': terms}))",
            terms,
        )
        page.get_by_role("button", name="Glossary").click()
        dialog = page.get_by_role("dialog", name="Glossary")
        expect(dialog.get_by_label("Term in")).to_have_count(2)
        expect(dialog.get_by_role("alert")).to_contain_text(
            f"The most that this server takes is {limit}"
        )
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        assert page.evaluate("JSON.parse(localStorage['translate.glossary'])") == {"es-en": terms}
        translate(page, "uno dos", "dos one" if limit else "dos uno")


def test_what_the_server_does_not_do_is_not_offered(open_page) -> None:
    page = open_page(told={"suggestions": False, "filesTranslation": False})
    translate(page, "uno dos", "dos uno")
    expect(page.get_by_role("button", name="Suggest a better translation")).to_have_count(0)
    expect(page.get_by_role("button", name="Translate a file")).to_have_count(0)
