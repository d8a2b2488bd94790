"""What the page costs. (Whom it talks to, and that nothing complains, every test watches.)"""

from __future__ import annotations

from typing import Any

from browsing import translate
from playwright.sync_api import Page, Response

MOST_BYTES = 150_000
FIRST_PAINT_MS = 300


def test_all_its_files_together_are_small(open_page, address: str) -> None:
    page: Page = open_page()
    received: dict[str, Response] = {}
    page.on("response", lambda response: received.setdefault(response.url, response))
    # In German, with its catalogue, and without what the browser has already.
    page.context.add_cookies([{"name": "language", "value": "de", "url": address}])
    session = page.context.new_cdp_session(page)
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.reload()
    page.locator("#source:enabled").wait_for()
    sizes = {url: len(response.body()) for url, response in received.items()}
    assert f"{address}web/app.js" in sizes
    assert sum(sizes.values()) < MOST_BYTES, sizes


def test_it_is_painted_at_once(open_page) -> None:
    page = open_page()
    translate(page, "uno dos", "dos uno")
    # One of some: a machine that is busy with something else adds to the others.
    assert any(first_paint(page) < FIRST_PAINT_MS for _ in range(5))


def first_paint(page: Page) -> float:
    """Loads the page again and gives the time of its first paint, in milliseconds."""
    page.reload()
    page.locator("#source:enabled").wait_for()
    entries: list[dict[str, Any]] = page.evaluate(
        "performance.getEntriesByType('paint').map((entry) => entry.toJSON())"
    )
    return float(next(e["startTime"] for e in entries if e["name"] == "first-contentful-paint"))


def test_its_policy_lets_nothing_in(open_page, address: str, complaints: list[str]) -> None:
    page = open_page()
    policy = page.request.get(address).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    # Markup that got in all the same would run nothing.
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            const image = "<img src=x onerror='window.ran = true'>";
            document.body.insertAdjacentHTML("beforeend", image);
        }"""
    )
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert complaints, "the browser says what it refused"
    complaints.clear()
