"""The page as the server makes it: its language, its catalogues, what it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask.testing import FlaskClient

import serving

FOLDER = Path(serving.__file__).parent
CATALOGUES = sorted((FOLDER / "locale").glob("*.po"))
# The documentation of the HTTP interface has a page of its own.
SCRIPTS = sorted(path for path in (FOLDER / "web").glob("*.js") if path.name != "docs.js")
PAGE = (FOLDER / "templates" / "index.html").read_text()


def said() -> set[str]:
    """The messages that stand in the page and its scripts."""
    methods = [("templates/**.html", "jinja2"), ("web/**.js", "javascript")]
    return {str(message) for _, _, message, _, _ in extract_from_dir(str(FOLDER), methods)}


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def test_there_is_a_catalogue_for_each_language_of_the_shipped_models_and_more() -> None:
    assert [path.stem for path in CATALOGUES] == ["de", "es", "fr"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_has_every_message_and_no_other(path: Path) -> None:
    messages = {str(one.id): one for one in catalogue(path) if one.id}
    assert set(messages) == said()
    for message, one in messages.items():
        assert one.string, message
        assert not one.fuzzy, message
        holes = re.findall(r"\{\w+\}", message)
        assert sorted(re.findall(r"\{\w+\}", str(one.string))) == sorted(holes), message


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_says_which_messages_scripts_say(path: Path) -> None:
    methods = [("**.js", "javascript")]
    in_scripts = {str(found[2]) for found in extract_from_dir(str(FOLDER / "web"), methods)}
    told = {
        str(one.id)
        for one in catalogue(path)
        if any(place.endswith(".js") for place, _ in one.locations)
    }
    assert told == in_scripts


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"Accept-Language": "de"}, "de"),
        ({"Accept-Language": "fr-CA, en;q=0.5"}, "fr"),
        ({"Accept-Language": "ja, es;q=0.3"}, "es"),
        ({"Accept-Language": "ja"}, "en"),
        ({"Accept-Language": "en;q=0.5, de"}, "de"),
    ],
)
def test_the_page_comes_in_the_language_of_its_reader(
    client: FlaskClient, headers: dict[str, str], language: str
) -> None:
    response = client.get("/", headers=headers)
    assert f'<html lang="{language}">' in response.text
    assert {"Accept-Language", "Cookie"} <= set(response.vary)


@pytest.mark.parametrize(("chosen", "language"), [("es", "es"), ("../../x", "de")])
def test_the_page_comes_in_the_language_that_was_chosen(
    client: FlaskClient, chosen: str, language: str
) -> None:
    client.set_cookie("language", chosen)
    page = client.get("/", headers={"Accept-Language": "de"}).text
    assert f'<html lang="{language}">' in page


def test_the_page_comes_in_the_colours_that_were_chosen(client: FlaskClient) -> None:
    assert "data-theme" not in client.get("/").text
    client.set_cookie("theme", "dark")
    assert '<html lang="en" data-theme="dark">' in client.get("/").text
    client.set_cookie("theme", '"><img>')
    assert "data-theme" not in client.get("/").text


def test_the_page_and_all_that_it_names_are_served(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.mimetype == "text/html"
    named = set(re.findall(r'(?:src|href)="([^"#]+)"', page.text))
    assert len(named) == 8
    for script in SCRIPTS:
        named |= {f"web/{name}" for name in re.findall(r'from "\./(\w+\.js)"', script.read_text())}
    assert {f"web/{script.name}" for script in SCRIPTS} <= named, "a script that nothing names"
    for path in named:
        assert client.get("/" + path).status_code == 200, path


def test_every_icon_that_is_named_is_there() -> None:
    scripts = "".join(script.read_text() for script in SCRIPTS)
    used = set(re.findall(r'\{\{ icon\("(\w+)"\)', PAGE))
    used |= set(re.findall(r'(?:icon|iconButton)\("(\w+)"', scripts))
    assert used == set(re.findall(r'<symbol id="i-(\w+)"', PAGE))


def test_the_page_keeps_to_its_own_policy() -> None:
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?:", PAGE)
    assert not re.search(r'<script(?![^>]*\s(src=|type="application/json"))', PAGE)
    for script in SCRIPTS:
        text = script.read_text()
        ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|setHTML"
        assert not re.search(ways, text), script


def test_every_control_of_the_page_has_a_name() -> None:
    labelled = set(re.findall(r'<label[^>]*\sfor="([^"]+)"', PAGE))
    for tag in re.findall(r"<(?:select|textarea|input)\s[^>]*>", PAGE):
        name = re.search(r'\sid="([^"]+)"', tag)
        inside = 'type="radio"' in tag or 'role="switch"' in tag
        assert inside or "aria-label=" in tag or (name and name[1] in labelled), tag
