"""A file in, its translation out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from browsing import answer_with, drop_file, only_refusals
from playwright.sync_api import Page, expect


def choose(page: Page, name: str, content: bytes = b"uno dos") -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Translate a file").click()
    chooser.value.set_files({"name": name, "mimeType": "text/plain", "buffer": content})


def translated(page: Page, **told: Any) -> None:
    # As a server does that does not know the name that it is reached by.
    url = "http://inside.example:8080/download_file/a-translated-file"
    answer_with(page, "translate_file", json={"translatedFileUrl": url, **told})


def test_a_file_that_is_chosen_comes_back_as_a_download(page: Page) -> None:
    translated(page)
    with page.expect_download() as download, page.expect_request("**/translate_file") as request:
        choose(page, "notes.txt")
    assert download.value.path().read_text() == "dos uno"
    assert download.value.suggested_filename == "notes_en.txt"
    sent = request.value.post_data_buffer or b""
    assert b'filename="notes.txt"' in sent
    for field in (b'name="source"\r\n\r\nes\r\n', b'name="target"\r\n\r\nen\r\n', b"uno dos"):
        assert field in sent
    files = page.get_by_role("region", name="Files")
    expect(files.get_by_role("listitem")).to_contain_text("Translated")
    expect(files.get_by_role("link", name="Download")).to_be_visible()


def test_a_file_is_found_behind_a_proxy_that_adds_to_the_path(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("behind/a/proxy/#source=es&target=en")
    translated(page)
    with page.expect_download() as download:
        choose(page, "notes.txt")
    assert download.value.url.endswith("/behind/a/proxy/download_file/a-translated-file")
    assert download.value.path().read_text() == "dos uno"


def test_a_file_that_is_dropped_comes_back_too(page: Page) -> None:
    translated(page)
    with page.expect_download():
        drop_file(page, "notes.txt")
    expect(page.locator("#drop")).to_be_hidden()


def test_a_file_may_be_compressed(page: Page) -> None:
    translated(page)
    expect(page.get_by_label("File to translate")).to_have_attribute("accept", ".txt,.html,.gz")
    with page.expect_download():
        drop_file(page, "letters.TXT.gz")
    drop_file(page, "letters.exe.gz")
    item = page.get_by_role("region", name="Files").get_by_role("listitem").first
    expect(item).to_contain_text("Files of this kind cannot be translated")


def test_what_the_server_says_of_places_in_a_file_is_listed(page: Page) -> None:
    places = ["line 3: <img src=x onerror=alert(1)>", "line 5: the translation was cut short"]
    translated(page, untranslated=places)
    with page.expect_download():
        choose(page, "notes.txt")
    card = page.get_by_role("region", name="Files").locator(".file")
    expect(card).to_contain_text("Worth checking")
    expect(card.get_by_role("listitem")).to_have_text(places)


def test_a_file_of_a_kind_that_is_not_translated(page: Page) -> None:
    drop_file(page, "<img src=x onerror=alert(1)>.exe")
    item = page.get_by_role("region", name="Files").get_by_role("listitem")
    expect(item).to_contain_text("<img src=x onerror=alert(1)>.exe")
    expect(item).to_contain_text("these can: .txt, .html")


def test_a_file_that_is_refused_says_why_and_can_be_tried_again(
    page: Page, complaints: list[str]
) -> None:
    answer_with(page, "translate_file", status=503, json={"error": "busy"})
    choose(page, "notes.txt")
    item = page.get_by_role("region", name="Files").get_by_role("listitem")
    expect(item).to_contain_text("The server cannot translate at the moment.")
    translated(page)
    with page.expect_download():
        item.get_by_role("button", name="Try again").click()
    only_refusals(complaints)
