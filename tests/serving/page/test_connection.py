"""A server that is gone, busy or locked: told in words, and tried again."""

from __future__ import annotations

import re
import time

from browsing import answer_with, only_refusals, text_of, translate, translation_of
from playwright.sync_api import Page, expect


def notice(page: Page):
    return page.locator("#notice")


def test_a_server_that_stops_is_told_and_when_it_is_back_the_text_is_translated(
    open_page, serve, complaints: list[str]
) -> None:
    with serve(0) as address:
        page = open_page(server=address)
        translate(page, "uno dos", "dos uno")
    text_of(page).fill("uno dos tres")
    expect(page.get_by_role("alert")).to_have_text("The server cannot be reached.")
    expect(notice(page)).to_contain_text(re.compile(r"Next try in \d s"))
    expect(translation_of(page)).to_have_text("dos uno")
    with serve(int(address.rsplit(":")[-1].strip("/"))):
        expect(translation_of(page)).to_have_text("tres dos uno")
        expect(notice(page)).to_be_hidden()
        expect(page.locator("#told")).to_have_text("tres dos uno")
    only_refusals(complaints)


def test_waits_as_long_as_the_server_says(page: Page, complaints: list[str]) -> None:
    answer_with(page, "translate", 429, json={"error": "a"}, headers={"Retry-After": "2"})
    text_of(page).fill("uno dos")
    expect(page.get_by_role("alert")).to_have_text("Too many requests came from here.")
    start = time.monotonic()
    page.unroute("**/translate")
    # What is typed meanwhile does not go out earlier.
    text_of(page).fill("uno dos tres")
    expect(translation_of(page)).to_have_text("tres dos uno")
    assert time.monotonic() - start > 1.5
    only_refusals(complaints)


def test_a_reader_need_not_wait(page: Page, complaints: list[str]) -> None:
    answer_with(page, "translate", 503, json={"error": "a"}, headers={"Retry-After": "60"})
    text_of(page).fill("uno dos")
    expect(notice(page)).to_contain_text("Next try in")
    page.unroute("**/translate")
    page.get_by_role("button", name="Try now").click()
    expect(translation_of(page)).to_have_text("dos uno")
    only_refusals(complaints)


def test_another_text_waits_as_visibly(page: Page, complaints: list[str]) -> None:
    answer_with(page, "translate", 429, json={"error": "a"}, headers={"Retry-After": "60"})
    text_of(page).fill("uno dos")
    expect(notice(page)).to_contain_text("Next try in")
    page.unroute("**/translate")
    text_of(page).fill("")
    expect(notice(page)).to_be_hidden()
    page.get_by_label("From").select_option("ar")
    expect(notice(page)).to_be_hidden()  # There is nothing to ask for.
    text_of(page).fill("tres cuatro")
    expect(page.get_by_role("alert")).to_have_text("Too many requests came from here.")
    expect(notice(page)).to_contain_text(re.compile(r"Next try in [56]\d s"))
    page.get_by_role("button", name="Try now").click()
    expect(translation_of(page)).to_have_text("cuatro tres")
    only_refusals(complaints)


def test_a_server_that_starts_later_than_the_page(
    page: Page, address: str, complaints: list[str]
) -> None:
    answer_with(page, "languages", 503, json={"error": "a"}, headers={"Retry-After": "1"})
    page.reload()
    expect(page.get_by_role("alert")).to_have_text("The server cannot translate at the moment.")
    page.unroute("**/languages")
    expect(page.get_by_label("From")).to_be_enabled()
    expect(notice(page)).to_be_hidden()
    translate(page, "uno dos", "dos uno")
    only_refusals(complaints)


def test_a_server_without_models_says_so_until_it_has_one(page: Page) -> None:
    answer_with(page, "languages", json=[])
    page.clock.install()
    page.reload()
    expect(page.get_by_role("alert")).to_have_text(
        "This server has no model to translate with yet."
    )
    page.unroute("**/languages")
    page.clock.run_for(10_000)
    expect(page.get_by_label("From")).to_be_enabled()
    expect(notice(page)).to_be_hidden()
    translate(page, "uno dos", "dos uno")


def test_a_key_is_asked_for_kept_and_sent(open_page, complaints: list[str]) -> None:
    page = open_page(told={"apiKeys": True, "keyRequired": True})
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_label("API key").fill("secret")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    with page.expect_request("**/translate") as request:
        translate(page, "uno dos", "dos uno")
    assert request.value.post_data_json["api_key"] == "secret"
    answer_with(page, "translate", 403, json={"error": "Invalid API key"})
    text_of(page).fill("uno")
    expect(dialog.get_by_label("API key")).to_be_focused()
    expect(page.locator("#problem")).to_contain_text("Invalid API key")
    only_refusals(complaints)
