"""How the page looks: light and dark, narrow, in other languages, without motion."""

from __future__ import annotations

import pytest
from browsing import text_of, translate, translation_of
from playwright.sync_api import Page, expect


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


LIGHT, DARK = "rgb(245, 244, 240)", "rgb(18, 22, 21)"


def test_is_light_or_dark_as_the_system_is_or_as_the_reader_says(open_page) -> None:
    page = open_page(color_scheme="dark")
    assert background(page) == DARK
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Light").check()
    assert background(page) == LIGHT
    page.reload()
    assert background(page) == LIGHT
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Automatic").check()
    assert background(page) == DARK
    page.emulate_media(color_scheme="light")
    assert background(page) == LIGHT


def overflowing(page: Page) -> int:
    """How far the page or an open drawer is wider than the screen, in pixels."""
    return int(
        page.evaluate(
            """Math.max(...[document.documentElement, ...document.querySelectorAll("dialog[open]")]
                .map((element) => element.scrollWidth - element.clientWidth))"""
        )
    )


def test_fits_a_narrow_screen_in_every_state(open_page) -> None:
    page = open_page(viewport={"width": 320, "height": 640}, locale="de")
    assert overflowing(page) <= 0
    text_of_german = page.get_by_label("Zu übersetzender Text")
    text_of_german.fill("a" * 60 + " dos tres cuatro cinco seis siete ocho nueve diez\n\nuno")
    expect(page.locator(".word").last).to_have_text("uno")
    page.locator(".word").first.hover()
    assert overflowing(page) <= 0
    page.locator("summary").click()
    page.get_by_role("button", name="Bessere Übersetzung vorschlagen").click()
    assert overflowing(page) <= 0
    for name in ("Verlauf", "Glossar", "Einstellungen"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert overflowing(page) <= 0
        page.keyboard.press("Escape")


@pytest.mark.parametrize(
    ("locale", "title", "spanish"),
    [("es-MX", "Traducir", "Español"), ("de-AT", "Übersetzen", "Spanisch"),
     ("fr", "Traduire", "Espagnol"), ("nl", "Translate", "Spanish")],
)  # fmt: skip
def test_speaks_the_language_of_the_reader(
    open_page, locale: str, title: str, spanish: str
) -> None:
    page = open_page(locale=locale)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("html")).to_have_attribute("lang", locale[:2].replace("nl", "en"))
    expect(page.locator("#source option[value=es]")).to_have_text(spanish)


def test_speaks_the_language_that_is_chosen(page: Page) -> None:
    translate(page, "uno dos", "dos uno")
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Language of this page").select_option("Français")
    expect(page.get_by_role("heading", level=1)).to_have_text("Traduire")
    # The text is not lost, and neither is the choice.
    expect(page.get_by_label("Texte à traduire")).to_have_value("uno dos")
    expect(page.get_by_text("Pointez un mot pour voir d’où il vient.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Traduire")


def test_moves_nothing_where_motion_is_not_wanted(open_page) -> None:
    page = open_page(reduced_motion="reduce")
    page.get_by_role("button", name="History").click()
    duration = "dialog => parseFloat(getComputedStyle(dialog).animationDuration)"
    assert page.get_by_role("dialog").evaluate(duration) < 0.001


def test_right_to_left_and_left_to_right_stand_side_by_side(page: Page) -> None:
    page.get_by_label("From").select_option("ar")
    translate(page, "سلام one", "one سلام")
    direction = "pane => getComputedStyle(pane).direction"
    assert text_of(page).evaluate(direction) == "rtl"
    assert translation_of(page).evaluate(direction) == "ltr"


def test_begins_with_the_language_that_the_reader_understands(open_page) -> None:
    page = open_page("", locale="es-AR")
    expect(page.locator("#source")).to_have_value("auto")
    expect(page.locator("#target")).to_have_value("es")
