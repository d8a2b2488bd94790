"""The page to try the interface, under the server's own policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect


@pytest.fixture
def page(browser: Browser, serve: Callable[..., Any], complaints: list[str]) -> Iterator[Page]:
    """The page, opened; whatever the browser complains of fails the test."""
    with serve(0, metrics_token="let-me-in") as address:
        context = browser.new_context()
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}docs")
        paths = requests.get(f"{address}spec", timeout=60).json()["paths"].values()
        expect(page.locator("details")).to_have_count(sum(map(len, paths)))
        yield page
        context.close()


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
