"""The page to try the interface, in a real browser, under the server's own policy."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from serving.app import create_app
from serving.metrics import Metrics
from serving.registry import Registry
from serving.served_model import Engine
from serving.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture
def page(make_engine: Callable[..., Engine]) -> Iterator[Page]:
    """The page, opened; whatever the browser complains of fails the test."""
    app = create_app(
        Settings(metrics_token="let-me-in"), Registry([make_engine("es", "en")]), metrics=Metrics()
    )
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    complaints: list[str] = []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            page = browser.new_page()
            page.on("console", lambda line: complaints.append(line.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(f"http://127.0.0.1:{server.port}/docs")
            spec = app.test_client().get("/spec").get_json()
            operations = sum(map(len, spec["paths"].values()))
            expect(page.locator("details")).to_have_count(operations)
            yield page
            browser.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert complaints == []


def test_every_operation_can_be_tried(page: Page) -> None:
    translate = page.locator("details", has_text=re.compile(r"POST /translate\b(?!_)"))
    translate.locator("summary").click()
    translate.get_by_label("q (required)").fill("uno <b>dos</b>")
    translate.get_by_label("source (required)").select_option("es")
    translate.get_by_label("target (required)").select_option("en")
    translate.get_by_label("alternatives").fill("2")
    translate.get_by_label("scores").check()
    translate.get_by_role("button", name="Send").click()
    answer = translate.get_by_role("status")
    expect(answer).to_contain_text("200, ")
    expect(answer).to_contain_text('"translatedText": "<b>dos</b> uno"')
    expect(answer).to_contain_text('"scores": [')
    expect(answer).to_contain_text("X-Request-ID: ")

    metrics = page.locator("details", has_text="GET /metrics")
    metrics.locator("summary").click()
    metrics.get_by_label("token").fill("let-me-in")
    metrics.get_by_role("button", name="Send").click()
    expect(metrics.get_by_role("status")).to_contain_text("translate_requests_total")
