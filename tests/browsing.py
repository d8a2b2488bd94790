"""How the tests of the page use it, and answers that they give in the server's place."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect


def text_of(page: Page) -> Locator:
    return page.get_by_label("Text to translate")


def translation_of(page: Page) -> Locator:
    return page.get_by_role("group", name="Translation")


def translate(page: Page, text: str, expected: str) -> None:
    """Types a text and waits for what becomes of it."""
    text_of(page).fill(text)
    expect(translation_of(page)).to_have_text(expected)


def only_refusals(complaints: list[str]) -> None:
    """Takes away what the browser itself writes about requests that were refused."""
    assert all(line.startswith("Failed to load resource") for line in complaints), complaints
    complaints.clear()


def answer_with(page: Page, path: str, status: int = 200, **options: Any) -> None:
    """Answers requests to a path in the server's place: `json` or `body`, and `headers`."""
    page.route(f"**/{path}", lambda route: route.fulfill(status=status, **options))


def drop_file(page: Page, name: str) -> None:
    """Drops a small file on the page."""
    page.evaluate(
        """(name) => {
            const data = new DataTransfer();
            data.items.add(new File(["uno dos"], name));
            for (const type of ["dragover", "drop"]) {
                document.body.dispatchEvent(
                    new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
            }
        }""",
        name,
    )


ANSWER: dict[str, Any] = {
    "translatedText": "😀 I don't",
    "truncated": False,
    "alternatives": [],
    "scores": [-1.0],
    "confidence": 0.6,
    "sentences": [
        {
            "source": "Yo no",
            "start": 2,
            "end": 7,
            "target": "I don't",
            "confidence": 0.6,
            "tokens": [
                {"text": "I", "probability": 0.9},
                {"text": " don", "probability": 0.45},
                {"text": "'t", "probability": 0.2},
            ],
        }
    ],
    "alignment": [
        {
            "source": ["▁Yo", "▁n", "o", "</s>"],
            "target": ["▁I", "▁don", "'t", "</s>"],
            "weights": [
                [0.7, 0.1, 0.1, 0.1],
                [0.2, 0.5, 0.1, 0.2],
                [0, 0.4, 0.4, 0.2],
                [0, 0, 0, 1],
            ],
            "words": {"source": ["Yo", "no"], "target": ["I", "don't"], "pairs": [[0, 0], [1, 1]]},
        }
    ],
}
"""An answer to "😀 Yo no" whose words have two pieces each, and attention that is spread."""
