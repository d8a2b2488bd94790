"""The page in a real browser, over a real server whose translator writes words backwards."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server

from serving.app import create_app
from serving.registry import Engine, Registry
from serving.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture
def server(make_engine: Callable[..., Engine]) -> Iterator[BaseWSGIServer]:
    registry = Registry([make_engine("es", "en"), make_engine("en", "es")])
    server = make_server("127.0.0.1", 0, create_app(Settings(), registry), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(server: BaseWSGIServer) -> Iterator[Page]:
    """The page, opened; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        page.on("console", lambda line: complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{server.port}/")
        expect(page.get_by_role("button", name="Translate")).to_be_enabled()
        yield page
        browser.close()
    assert complaints == []


def translate(page: Page, text: str) -> None:
    page.get_by_label("Text to translate").fill(text)
    page.get_by_role("button", name="Translate").click()


def test_translates_between_the_languages_it_offers(page: Page) -> None:
    page.get_by_label("From").select_option(label="Spanish")
    page.get_by_label("To", exact=True).select_option(label="English")
    translate(page, "uno dos tres\n\ncuatro cinco")
    expect(page.get_by_label("Translation")).to_have_value("tres dos uno\n\ncinco cuatro")


def test_swaps_languages_and_texts(page: Page) -> None:
    page.get_by_label("From").select_option(label="Spanish")
    translate(page, "uno dos")
    expect(page.get_by_label("Translation")).to_have_value("dos uno")
    page.get_by_role("button", name="Swap").click()
    expect(page.get_by_label("From")).to_have_value("en")
    expect(page.get_by_label("Text to translate")).to_have_value("dos uno")


def test_works_with_the_keyboard_alone(page: Page) -> None:
    expect(page.get_by_label("Text to translate")).to_be_focused()
    page.keyboard.type("uno dos")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("Translation")).to_have_value("dos uno")


def test_markup_stays_text(page: Page) -> None:
    translate(page, "<img src=x onerror=alert(1)> hola")
    expect(page.get_by_label("Translation")).to_have_value("hola onerror=alert(1)> src=x <img")
    assert page.locator("img").count() == 0


def test_fits_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 320


def test_a_lost_server_is_told_in_words(page: Page) -> None:
    page.route("**/translate", lambda route: route.fulfill(status=200, body="no JSON"))
    translate(page, "hola")
    expect(page.get_by_role("status")).not_to_be_empty()
    expect(page.get_by_role("button", name="Translate")).to_be_enabled()
    expect(page.get_by_label("Text to translate")).to_have_value("hola")
