"""Glossaries over HTTP: how they come in, what they do, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from requesting import PAIR, post, refusal

from serving.app import create_app
from serving.registry import Registry
from serving.settings import Settings

TERMS = {"perro": "hound", "gato negro": "panther"}


def test_terms_are_obeyed_in_every_text(client: FlaskClient) -> None:
    answer = post(client, q=["el perro.\nEl gato negro", "un gato"], glossary=TERMS).get_json()
    assert answer["translatedText"] == ["hound. el\nPanther El", "gato un"]


def test_an_object_or_the_json_of_one_is_the_same(client: FlaskClient) -> None:
    fields = {"q": "el perro", **PAIR}
    text = json.dumps(TERMS)
    answers = [
        client.post("/translate", json=fields | {"glossary": TERMS}),
        client.post("/translate", json=fields | {"glossary": text}),
        client.post("/translate", data=fields | {"glossary": text}),
        client.post("/translate", query_string=fields | {"glossary": text}),
    ]
    assert [answer.get_json()["translatedText"] for answer in answers] == ["hound el"] * 4


@pytest.mark.parametrize("nothing", [None, "", {}, "{}"])
def test_an_empty_glossary_is_none(client: FlaskClient, nothing: Any) -> None:
    assert post(client, q="el perro", glossary=nothing).get_json()["translatedText"] == "perro el"


@pytest.mark.parametrize(
    "glossary",
    [
        [],
        ["perro", "hound"],
        5,
        True,
        {"perro": 5},
        {"perro": None},
        {"perro": ["hound"]},
        {"perro": ""},
        {" ": "hound"},
        {"perro": "x" * 101},
        {"\ud800": "hound"},
        {"perro": "\udfff"},
        "perro",
        "{",
        "[" * 10_000,
        '["perro"]',
        '{"perro": 5}',
    ],
)
def test_what_is_no_glossary_is_refused(client: FlaskClient, glossary: Any) -> None:
    error = refusal(post(client, q="el perro", glossary=glossary))
    assert error.startswith("Invalid request: glossary: expected")
    assert "Received: " in error


def test_a_long_term_is_not_repeated_in_full(client: FlaskClient) -> None:
    assert len(refusal(post(client, q="a", glossary={"x" * 10_000: "y"}))) < 250


def test_the_number_of_terms_is_limited(engine: Any) -> None:
    client = create_app(Settings(glossary_limit=2), Registry([engine])).test_client()
    assert post(client, q="el perro", glossary=TERMS).status_code == 200
    assert refusal(post(client, q="el perro", glossary=TERMS | {"el": "the"})) == (
        "Invalid request: glossary: expected at most 2 terms. Received: 3"
    )
