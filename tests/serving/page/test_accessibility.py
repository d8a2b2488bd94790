"""The page without a mouse, and by the rules of WCAG 2.1 AA, as axe-core checks them.

axe-core comes from npm: `npm install --no-save axe-core` in the project's folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browsing import (
    ANSWER,
    answer_with,
    drop_file,
    only_refusals,
    text_of,
    translate,
    translation_of,
)
from playwright.sync_api import Page, expect

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]

needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="no axe-core: npm install --no-save axe-core"
)


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now, with where it is."""
    # What moves in is half transparent, and so has not its colours yet.
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{violation['id']}: {node['html']}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@needs_axe
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing(open_page, scheme: str, width: int, complaints: list[str]) -> None:
    page = open_page(
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
        told={"apiKeys": True, "charLimit": 200},
    )
    assert violations(page) == []

    answer = {**ANSWER, "alternatives": ["😀 I do not"], "scores": [-1.0, -2.0]}
    mismatch = {"sourceMismatch": True, "detectedLanguage": {"language": "ar", "confidence": 90}}
    answer_with(page, "translate", json={**answer, **mismatch})
    text_of(page).fill("😀 Yo no")
    page.locator("summary").click()
    page.get_by_role("button", name="Suggest a better translation").click()
    drop_file(page, "notes.exe")
    translation_of(page).get_by_text("don't").hover()
    expect(page.get_by_role("table").locator("tr.looking")).to_have_count(1)
    assert violations(page) == []

    for name in ("History", "Glossary", "Settings"):
        page.get_by_role("button", name=name).click()
        assert violations(page) == []
        page.keyboard.press("Escape")

    answer_with(page, "translate", 503, json={"error": "a"}, headers={"Retry-After": "60"})
    text_of(page).fill("x" * 199)
    expect(page.get_by_role("alert").first).not_to_be_empty()
    assert violations(page) == []
    answer_with(page, "translate", 400, json={"error": "Invalid request: glossary: a"})
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#problem")).to_contain_text("glossary")
    text_of(page).fill("x" * 201)
    assert violations(page) == []
    only_refusals(complaints)


def test_everything_is_reached_with_the_keyboard(page: Page) -> None:
    expect(text_of(page)).to_be_focused()
    page.keyboard.type("uno dos")
    page.keyboard.press("Control+Enter")
    expect(translation_of(page)).to_have_text("dos uno")

    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """(() => {
                const element = document.activeElement;
                const label = element.labels?.[0]?.textContent;
                if (element === document.body) {
                    return "";
                }
                // The source text has a line above it instead of a ring.
                const line = element.id === "text"
                    && getComputedStyle(element.parentElement, "::before").content === '""';
                const ring = getComputedStyle(element).outlineStyle !== "none";
                if (!ring && !line) {
                    throw new Error(`no focus ring: ${element.outerHTML}`);
                }
                return (element.ariaLabel || label || element.textContent).trim();
            })()"""
        )
        reached.append(name)
        if name == "Text to translate":
            break
    assert [name for name in reached if name] == [
        "Translate a file",
        "Clear the text",
        "dos",
        "Suggest a better translation",
        "Copy a link to this translation",
        "Copy the translation",
        "Copy this translation",
        "Copy this translation",
        "Copy this translation",
        "Where the model looked",
        "For programs: the HTTP interface",
        "History",
        "Glossary",
        "Settings",
        "From",
        "Swap languages",
        "To",
        "Text to translate",
    ]


def test_a_drawer_keeps_the_focus_and_gives_it_back(page: Page) -> None:
    opener = page.get_by_role("button", name="Glossary")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Glossary")
    for _ in range(8):
        page.keyboard.press("Tab")
        outside = (
            "document.activeElement !== document.body && !document.activeElement.closest('dialog')"
        )
        assert not page.evaluate(outside)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_screen_readers_are_told_what_happens(page: Page) -> None:
    translate(page, "uno dos", "dos uno")
    status = page.locator("#told")
    expect(status).to_have_role("status")
    expect(status).to_have_text("dos uno")
    # A long translation is not read out at every pause.
    translate(page, "uno " * 100, "uno " * 99 + "uno")
    expect(status).to_have_text("Translated")
