"""Languages of texts over HTTP: POST /detect, `source=auto` and `check_source`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from requesting import post, refusal

from serving.app import create_app
from serving.registry import Registry
from serving.settings import Settings

SENTENCES = {
    "es": "Mi hermana vive en una casa pequeña",
    "en": "My sister lives in a small house",
    "de": "Meine Schwester wohnt in einem kleinen Haus",
    "fr": "Ma sœur habite dans une petite maison",
}


@pytest.fixture
def client(settings: Settings, make_engine: Callable[..., Any]) -> FlaskClient:
    """Serves es-en, de-en and en-es."""
    pairs = [("es", "en"), ("de", "en"), ("en", "es")]
    registry = Registry([make_engine(*pair) for pair in pairs])
    return create_app(settings, registry).test_client()


def backwards(text: str) -> str:
    """What becomes of a sentence; it begins with a capital, as the sentence does."""
    written = " ".join(reversed(text.split()))
    return written[0].upper() + written[1:]


# The endpoint


@pytest.mark.parametrize("language", list(SENTENCES))
def test_detect(client: FlaskClient, language: str) -> None:
    text = SENTENCES[language]
    answers = [
        client.post("/detect", json={"q": text, "api_key": ""}).get_json(),
        client.post("/detect", data={"q": text}).get_json(),
        client.post("/detect", query_string={"q": text}).get_json(),
    ]
    assert answers[0] == answers[1] == answers[2]
    best = answers[0][0]
    assert list(best) == ["confidence", "language"]
    assert best["language"] == language
    assert isinstance(best["confidence"], int)
    confidences = [one["confidence"] for one in answers[0]]
    assert confidences == sorted(confidences, reverse=True)
    assert 50 <= sum(confidences) <= 101
    assert all(confidences)


@pytest.mark.parametrize(
    "text", ["12:30", " \n", "😀", "https://example.org/la-casa-de-mi-hermana"]
)
def test_detect_without_words(client: FlaskClient, text: str) -> None:
    answer = client.post("/detect", json={"q": text}).get_json()
    assert answer == [{"confidence": 0, "language": "und"}]


def test_detect_refuses(client: FlaskClient) -> None:
    def ask(**fields: Any) -> Any:
        return client.post("/detect", json=fields)

    assert refusal(ask()) == "Invalid request: missing q parameter"
    assert refusal(ask(q="")) == "Invalid request: missing q parameter"
    assert refusal(ask(q=5)).startswith("Invalid request: q")
    assert refusal(ask(q=["a"])).startswith("Invalid request: q")
    assert refusal(ask(q="a" * 20_001)) == (
        "Invalid request: request (20001) exceeds text limit (20000)"
    )


# Sources that are detected


@pytest.mark.parametrize("language", ["es", "de"])
def test_auto_finds_the_source(client: FlaskClient, language: str) -> None:
    text = SENTENCES[language]
    answer = post(client, q=text, source="auto").get_json()
    assert answer["translatedText"] == backwards(text)
    assert answer["detectedLanguage"]["language"] == language
    assert isinstance(answer["detectedLanguage"]["confidence"], int)
    assert answer["detectedLanguage"]["confidence"] > 50
    assert "sourceMismatch" not in answer


def test_each_text_of_a_list_has_its_own_source(
    settings: Settings, make_engine: Callable[..., Any]
) -> None:
    spanish, german = make_engine("es", "en"), make_engine("de", "en")
    client = create_app(settings, Registry([spanish, german])).test_client()
    texts = [SENTENCES["de"], SENTENCES["es"], "Das Haus meiner Schwester ist klein"]
    answer = post(client, q=texts, source="auto", confidence=True).get_json()
    assert answer["translatedText"] == [backwards(text) for text in texts]
    assert [one["language"] for one in answer["detectedLanguage"]] == ["de", "es", "de"]
    assert answer["confidence"] == [pytest.approx(1 / len(t.split()), abs=1e-4) for t in texts]
    assert [texts for texts, _ in spanish.calls] == [texts[1:2]]
    assert [texts for texts, _ in german.calls] == [[texts[0], texts[2]]]


def test_single_words_are_looked_up_in_what_the_models_have_learnt(
    settings: Settings, make_engine: Callable[..., Any]
) -> None:
    words = {"es": {"hola", "casa"}, "de": {"hallo", "haus"}, "fr": {"bonjour", "maison"}}
    engines = {language: make_engine(language, "en") for language in words}
    client = create_app(settings, Registry(engines.values())).test_client()

    def found() -> list[str]:
        texts = ["Hola", "hallo", "bonjour", "CASA", "Haus", "maison"]
        answer = post(client, q=texts, source="auto").get_json()
        return [one["language"] for one in answer["detectedLanguage"]]

    by_letters = found()
    for language, engine in engines.items():
        assert found() == by_letters  # as long as one of them does not know its words
        engine.words = frozenset(words[language])
    assert found() == ["es", "de", "fr"] * 2
    assert by_letters != found()


def test_a_text_in_the_language_wanted_stays_as_it_is(client: FlaskClient) -> None:
    texts = [SENTENCES["en"], SENTENCES["es"]]
    fields = {"q": texts, "source": "auto", "alternatives": 1, "scores": True, "alignment": True}
    answer = post(client, **fields).get_json()
    assert answer["translatedText"] == [texts[0], backwards(texts[1])]
    assert [one["language"] for one in answer["detectedLanguage"]] == ["en", "es"]
    assert [len(one) for one in answer["alternatives"]] == [0, 1]
    assert answer["scores"][0] == [0.0]
    assert answer["alignment"][0] == []


def test_auto_chooses_among_the_sources_that_are_served(client: FlaskClient) -> None:
    text = SENTENCES["fr"]
    answer = post(client, q=text, source="auto").get_json()
    assert answer["translatedText"] == backwards(text)
    assert answer["detectedLanguage"]["language"] in ("es", "de")
    # The numbers say that it is neither.
    assert answer["detectedLanguage"]["confidence"] < 5
    answer = post(client, q=text, source="auto", check_source=True).get_json()
    assert answer["sourceMismatch"] is True


@pytest.mark.parametrize("text", ["12:30", "...", "http://a.example"])
def test_auto_with_nothing_to_tell_by(client: FlaskClient, text: str) -> None:
    answer = post(client, q=[text], source="auto").get_json()
    assert answer["translatedText"] == [text]
    assert answer["detectedLanguage"] == [{"confidence": 0, "language": "de"}]


def test_auto_looks_at_words_not_at_markup(client: FlaskClient) -> None:
    text = f'<div class="this is the title of the page">{SENTENCES["de"]}</div>'
    answer = post(client, q=text, source="auto", format="html").get_json()
    assert answer["detectedLanguage"]["language"] == "de"


@pytest.mark.parametrize(("target", "error"), [("zz", "zz is not supported"), ("auto", "auto is")])
def test_auto_to_an_unknown_language(client: FlaskClient, target: str, error: str) -> None:
    assert refusal(post(client, q="a", source="auto", target=target)).startswith(error)


def test_auto_to_a_language_that_is_only_a_source(client: FlaskClient) -> None:
    assert refusal(post(client, q="a", source="auto", target="de")) == (
        "German (de) is not available as a target language: expected one of en, es"
    )


def test_auto_and_the_target_as_people_write_them(client: FlaskClient) -> None:
    texts = [SENTENCES["en"], SENTENCES["es"]]
    answer = post(client, q=texts, source="AUTO", target="en-GB").get_json()
    assert answer["translatedText"] == [texts[0], backwards(texts[1])]
    assert [one["language"] for one in answer["detectedLanguage"]] == ["en", "es"]


# Sources that are checked


def test_a_source_that_is_right(client: FlaskClient) -> None:
    answer = post(client, q=SENTENCES["es"], check_source=True).get_json()
    assert answer["translatedText"] == backwards(SENTENCES["es"])
    assert answer["detectedLanguage"]["language"] == "es"
    assert answer["sourceMismatch"] is False


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_another_language_than_the_source(client: FlaskClient, language: str) -> None:
    text = SENTENCES[language]
    answer = client.post(
        "/translate", data={"q": text, "source": "es", "target": "en", "check_source": "true"}
    ).get_json()
    # It is translated all the same: whoever asks may know better.
    assert answer["translatedText"] == backwards(text)
    assert answer["detectedLanguage"]["language"] == language
    assert answer["detectedLanguage"]["confidence"] >= 30
    assert answer["sourceMismatch"] is True


def test_each_text_of_a_list_is_checked(client: FlaskClient) -> None:
    texts = [SENTENCES["es"], SENTENCES["fr"], "no", "12"]
    answer = post(client, q=texts, check_source=True).get_json()
    assert answer["sourceMismatch"] == [False, True, False, False]
    languages = [one["language"] for one in answer["detectedLanguage"]]
    assert languages == ["es", "fr", "es", "es"]
    assert answer["detectedLanguage"][3]["confidence"] == 0


def test_a_language_that_cannot_be_told_is_not_doubted(
    settings: Settings, make_engine: Callable[..., Any]
) -> None:
    client = create_app(settings, Registry([make_engine("xx", "en")])).test_client()
    answer = post(client, q=SENTENCES["en"], source="xx", check_source=True).get_json()
    assert answer["detectedLanguage"] == {"confidence": 0, "language": "xx"}
    assert answer["sourceMismatch"] is False
