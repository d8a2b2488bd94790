from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from requesting import PAIR, post, refusal

from serving.app import create_app
from serving.registry import Registry
from serving.settings import Settings
from translator.config import SearchConfig

# Answers


def test_a_text_for_a_text(client: FlaskClient) -> None:
    response = post(client, q="hola mundo")
    assert response.status_code == 200
    assert response.get_json() == {"translatedText": "mundo hola", "truncated": False}


def test_a_list_for_a_list(client: FlaskClient) -> None:
    answer = post(client, q=["hola mundo", "", "uno dos"]).get_json()
    assert answer["translatedText"] == ["mundo hola", "", "dos uno"]
    assert answer["truncated"] == [False, False, False]


def test_html_keeps_its_structure(client: FlaskClient) -> None:
    document = '<p class="x">uno <b>dos tres</b> &amp; cuatro</p>\n<p>cinco</p><!-- seis -->'
    answer = post(client, q=[document, "uno dos"], format="html").get_json()
    assert answer["translatedText"] == [
        '<p class="x">cuatro &amp; <b>tres dos</b> uno</p>\n<p>cinco</p><!-- seis -->',
        "dos uno",
    ]


def test_what_must_survive_survives(client: FlaskClient) -> None:
    answer = post(client, q="Hola {name}, uno <b>dos</b> https://a.example/?b=1.").get_json()
    assert answer["translatedText"] == "https://a.example/?b=1. <b>dos</b> uno {name}, Hola"


def test_form_query_string_and_json_are_the_same(client: FlaskClient) -> None:
    fields = {"q": "año nuevo", **PAIR}
    answers = [
        client.post("/translate", json=fields),
        client.post("/translate", data=fields),
        client.post("/translate", data=fields, content_type="multipart/form-data"),
        client.post("/translate", query_string=fields),
        client.post("/translate", query_string=PAIR, data={"q": "año nuevo"}),
    ]
    assert [answer.get_json()["translatedText"] for answer in answers] == ["nuevo año"] * 5


@pytest.mark.parametrize("nothing", [None, ""])
def test_unknown_fields_and_empty_ones_are_ignored(client: FlaskClient, nothing: Any) -> None:
    fields = {"api_key": nothing, "format": nothing, "alternatives": nothing, "color": {"a": [1]}}
    answer = post(client, q="hola mundo", self=1, **fields).get_json()
    assert answer["translatedText"] == "mundo hola"


def test_alternatives(client: FlaskClient) -> None:
    assert post(client, q="a b", alternatives=2).get_json()["alternatives"] == ["b a!", "b a!!"]
    answer = post(client, q=["a b", "c"], alternatives=1).get_json()
    assert answer["translatedText"] == ["b a", "c"]
    assert answer["alternatives"] == [["b a!"], ["c!"]]


def test_scores_are_those_of_the_best_and_of_each_alternative(client: FlaskClient) -> None:
    assert post(client, q="a b\nc", scores=True).get_json()["scores"] == [-3.0]
    answer = post(client, q=["a b", ""], scores=True, alternatives=1).get_json()
    assert answer["scores"] == [[-2.0, -3.0], [0.0]]


def test_alignment_has_an_entry_for_each_sentence(client: FlaskClient) -> None:
    line = {
        "source": ["▁a", "▁b", "</s>"],
        "target": ["▁b", "▁a", "</s>"],
        "weights": [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
        "words": {"source": ["a", "b"], "target": ["b", "a"], "pairs": [[1, 0], [0, 1]]},
    }
    assert post(client, q="a b\n", alignment=True).get_json()["alignment"] == [line]
    answer = post(client, q=["a b\n\na b", ""], alignment=True).get_json()
    assert answer["alignment"] == [[line, line], []]


def test_a_translation_that_is_cut_short_says_so(client: FlaskClient) -> None:
    answer = post(client, q=["endless", "uno"]).get_json()
    assert answer["truncated"] == [True, False]


def test_the_search_is_what_the_request_names_and_else_the_models_own(
    client: FlaskClient, engine: Any
) -> None:
    post(client, q="a", beam_size=3, length_penalty=0.5, alternatives=1)
    client.post("/translate", data=PAIR | {"q": "a", "beam_size": "2", "scores": "true"})
    assert [search for _, search in engine.calls] == [
        SearchConfig(beam_size=3, n_best=2, length_penalty=0.5, coverage_penalty=0.25),
        SearchConfig(beam_size=2, length_penalty=0.75, coverage_penalty=0.25),
    ]


def test_more_alternatives_than_the_usual_beam_widen_it(client: FlaskClient, engine: Any) -> None:
    assert len(post(client, q="a", alternatives=9).get_json()["alternatives"]) == 9
    assert engine.calls[-1][1].beam_size == 10


@pytest.mark.parametrize(
    ("fields", "beam_size"),
    [
        ({"alternatives": 3}, 12),
        ({"alternatives": 3, "beam_size": 4}, 4),
        ({"alternatives": 1}, 6),
        ({"alternatives": 0}, 5),
        # No larger than the limit, which is 20.
        ({"alternatives": 10}, 20),
    ],
)
def test_alternatives_that_differ_are_chosen_from_a_wider_beam(
    client: FlaskClient, engine: Any, fields: dict[str, int], beam_size: int
) -> None:
    answer = post(client, q="a", diversity=0.5, **fields).get_json()
    assert len(answer.get("alternatives", [])) == fields["alternatives"]
    search = engine.calls[-1][1]
    assert (search.diversity, search.beam_size) == (0.5, beam_size)


# Odd texts


@pytest.mark.parametrize(
    "text",
    [
        "\x01\x02\x7f\x1b[31m",
        "😀👩‍👩‍👧‍👦🏳️‍🌈",
        "x" * 5000,
        "שלום",
        "\ufeff",
        "<b>&amp;</b>",
        "\U0010ffff",
    ],
)
def test_odd_texts_pass(client: FlaskClient, text: str) -> None:
    assert post(client, q=text).get_json()["translatedText"] == text
    assert post(client, q=[text, "a b"]).get_json()["translatedText"] == [text, "b a"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a\x00b", "ab"),
        ("\u202e\u0645\u0631\u062d\u0628\u0627\u202c", "\u0645\u0631\u062d\u0628\u0627"),
        ("e\u0301\u0323", "\u1eb9\u0301"),
    ],
)
def test_words_are_translated_as_the_model_reads_them(
    client: FlaskClient, text: str, read: str
) -> None:
    assert post(client, q=text).get_json()["translatedText"] == read
    assert post(client, q=[text, "a b"]).get_json()["translatedText"] == [read, "b a"]


def test_right_to_left_words_are_translated(client: FlaskClient) -> None:
    assert post(client, q="שלום עולם").get_json()["translatedText"] == "עולם שלום"


@pytest.mark.parametrize("text", [b"Ma%F1ana", b"Ma\xf1ana", b"a%ff+b"])
def test_a_form_that_is_not_utf_8_is_refused_and_not_guessed(
    client: FlaskClient, text: bytes
) -> None:
    form = "application/x-www-form-urlencoded"
    body = b"q=" + text + b"&source=es&target=en"
    message = "Invalid request: the fields are not in UTF-8"
    assert refusal(client.post("/translate", data=body, content_type=form)) == message
    query = quote(body, safe="%=&+")
    assert refusal(client.post(f"/translate?{query}", content_type=form)) == message
    whole = b"q=Ma%C3%B1ana&source=es&target=en"
    assert client.post("/translate", data=whole, content_type=form).status_code == 200


# Refusals


@pytest.mark.parametrize("name", ["q", "source", "target"])
@pytest.mark.parametrize("value", ["absent", None, "", []])
def test_a_missing_field_is_named(client: FlaskClient, name: str, value: Any) -> None:
    fields = {"q": "hola", **PAIR, name: value}
    if value == "absent":
        del fields[name]
    response = client.post("/translate", json=fields)
    assert refusal(response) == f"Invalid request: missing {name} parameter"


def test_no_body_at_all(client: FlaskClient) -> None:
    assert refusal(client.post("/translate")) == "Invalid request: missing q parameter"


def test_a_body_of_another_type_is_not_read(client: FlaskClient) -> None:
    body = json.dumps({"q": "hola", **PAIR})
    response = client.post("/translate", data=body, content_type="text/plain")
    assert refusal(response).startswith("Invalid request: missing q parameter")


def test_json_that_is_not_utf_8(client: FlaskClient) -> None:
    body = '{"q": "mañana", "source": "es", "target": "en"}'.encode("latin-1")
    response = client.post("/translate", data=body, content_type="application/json")
    assert refusal(response) == "Invalid request: the body is not in UTF-8"


@pytest.mark.parametrize("body", ["", "{", "hola", "{'q': 1}", "[" * 100_000])
def test_a_body_that_is_not_json(client: FlaskClient, body: str | bytes) -> None:
    response = client.post("/translate", data=body, content_type="application/json")
    assert refusal(response) == "Invalid request: the body is not valid JSON"


@pytest.mark.parametrize("body", [[], ["hola"], "hola", 1, None, True])
def test_a_body_that_is_not_an_object(client: FlaskClient, body: Any) -> None:
    response = client.post("/translate", data=json.dumps(body), content_type="application/json")
    assert refusal(response) == "Invalid request: the body is not a JSON object"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q", 1),
        ("q", True),
        ("q", False),
        ("q", {"text": "hola"}),
        ("q", ["hola", 1]),
        ("q", ["hola", None]),
        ("q", [["hola"]]),
        ("source", 1),
        ("source", ["es"]),
        ("target", {"code": "en"}),
        ("target", False),
        ("format", 1),
        ("alternatives", -1),
        ("alternatives", 1.5),
        ("alternatives", True),
        ("alternatives", "some"),
        ("alternatives", [1]),
        ("alternatives", 11),
        ("alternatives", 10**30),
        ("alternatives", float("inf")),
        ("beam_size", 0),
        ("beam_size", -3),
        ("beam_size", 21),
        ("beam_size", True),
        ("beam_size", "wide"),
        ("diversity", -0.1),
        ("diversity", 10.1),
        ("diversity", "much"),
        ("diversity", float("nan")),
        ("length_penalty", -0.1),
        ("length_penalty", 10.1),
        ("length_penalty", True),
        ("length_penalty", "long"),
        ("length_penalty", float("nan")),
        ("length_penalty", float("inf")),
        ("scores", "perhaps"),
        ("scores", 2),
        ("alignment", []),
        ("confidence", "high"),
        ("check_source", 2),
        ("length_penalty", []),
    ],
)
def test_a_wrong_value_is_named(client: FlaskClient, name: str, value: Any) -> None:
    error = refusal(post(client, **{"q": "hola", name: value}))
    assert error.startswith(f"Invalid request: {name}")
    assert "expected" in error
    assert ". Received: " in error


def test_a_wrong_value_is_not_repeated_in_full(client: FlaskClient) -> None:
    assert len(refusal(post(client, q="hola", alternatives="9" * 10_000))) < 250
    assert len(refusal(post(client, q=[1] * 10_000))) < 250


def test_a_beam_too_small_for_the_alternatives(client: FlaskClient) -> None:
    assert refusal(post(client, q="hola", beam_size=2, alternatives=2)) == (
        "Invalid request: alternatives: expected less than beam_size (2). Received: 2"
    )


@pytest.mark.parametrize("path", ["/translate", "/detect"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", None])
def test_json_that_does_not_say_so(client: FlaskClient, path: str, kind: str | None) -> None:
    body = json.dumps(PAIR | {"q": "a=b&q"}, indent=1) + "\n"
    assert refusal(client.post(path, data=body, content_type=kind)) == (
        "Invalid request: missing q parameter: the body looks like JSON, which needs the header "
        "Content-Type: application/json"
    )


@pytest.mark.parametrize("body", ["", "p=uno", "p={}", "[]"])
def test_what_does_not_look_like_json_is_only_missing(client: FlaskClient, body: str) -> None:
    answer = client.post("/translate", data=body, content_type="application/x-www-form-urlencoded")
    assert refusal(answer) == "Invalid request: missing q parameter"


@pytest.mark.parametrize("q", ["a\ud800b", ["a", "\udfff"]])
def test_a_lone_surrogate(client: FlaskClient, q: Any) -> None:
    error = refusal(post(client, q=q))
    assert error.startswith("Invalid request: q")
    assert "surrogates" in error


@pytest.mark.parametrize("name", ["source", "target", "format"])
def test_a_lone_surrogate_in_a_code(client: FlaskClient, name: str) -> None:
    assert "surrogates" in refusal(post(client, **{"q": "a", name: "\ud800"}))


@pytest.mark.parametrize("code", ["zz", "pt", "es ", "../../etc/passwd", "\x00"])
def test_an_unknown_language(client: FlaskClient, code: str) -> None:
    expected = f"{code} is not supported"
    assert refusal(post(client, q="a", source=code)) == expected
    assert refusal(post(client, q="a", target=code)) == expected


@pytest.mark.parametrize(("source", "target"), [("ES", "EN"), ("es-MX", "en_US")])
@pytest.mark.parametrize("check", [False, True])
def test_codes_as_people_write_them(
    client: FlaskClient, source: str, target: str, check: bool
) -> None:
    text = "Esta es una casa muy grande, y en ella vive toda mi familia."
    answer = post(client, q=text, source=source, target=target, check_source=check).get_json()
    assert answer["translatedText"].endswith("es Esta")
    if check:
        assert answer["detectedLanguage"]["language"] == "es"


@pytest.mark.parametrize(("source", "target"), [("en", "es"), ("es", "es"), ("pt-BR", "en")])
def test_a_pair_without_a_model(client: FlaskClient, source: str, target: str) -> None:
    error = refusal(post(client, q="a", source=source, target=target))
    assert f"({target}) is not available as a target language from" in error
    told = {"en": "expected one of pt-BR", "es": "expected one of en"}
    assert error.endswith(f"({source}): {told.get(source, 'that is only a target')}")


@pytest.mark.parametrize("text_format", ["pdf", "HTML", "markdown"])
def test_an_unknown_format(client: FlaskClient, text_format: str) -> None:
    error = refusal(post(client, q="a", format=text_format))
    assert error.startswith(f"{text_format} format is not supported")


def test_characters_are_limited_over_all_texts(client: FlaskClient) -> None:
    assert post(client, q=["a" * 10_000, "b" * 10_000]).status_code == 200
    assert refusal(post(client, q=["a" * 10_000, "b" * 10_001])) == (
        "Invalid request: request (20001) exceeds text limit (20000)"
    )


def test_the_number_of_texts_is_limited(client: FlaskClient) -> None:
    assert len(post(client, q=["a"] * 50).get_json()["translatedText"]) == 50
    assert refusal(post(client, q=["a"] * 100_000)) == (
        "Invalid request: request (100000) exceeds text limit (50)"
    )


@pytest.mark.parametrize("kind", ["json", "data"])
def test_a_body_over_the_limit(client: FlaskClient, kind: str) -> None:
    fields = PAIR | {"q": "a" * 10_000_000}
    assert refusal(client.post("/translate", **{kind: fields}), status=413) == (
        "The body is too large: a body may have at most 1048576 bytes (TRANSLATE_MAX_BODY_BYTES)"
    )


def test_a_form_of_too_many_parts(client: FlaskClient) -> None:
    data = PAIR | {"q": ["uno"] * 1_001}
    response = client.post("/translate", data=data, content_type="multipart/form-data")
    assert refusal(response, status=413).endswith(", a form at most 1000 fields")


@pytest.mark.parametrize("kind", ["json", "data"])
def test_a_body_just_under_the_limit_is_read_in_either_form(engine: Any, kind: str) -> None:
    client = create_app(Settings(char_limit=1_000_000), Registry([engine])).test_client()
    fields = PAIR | {"q": "a" * 1_000_000, "target": "zz"}
    error = refusal(client.post("/translate", **{kind: fields}))
    assert error.startswith("zz is not supported")


@pytest.mark.parametrize("source", ["es", "auto"])
def test_no_model_is_ready(empty_client: FlaskClient, source: str) -> None:
    response = post(empty_client, q="hola", source=source)
    assert refusal(response, status=503) == "No model is ready"
    assert int(response.headers["Retry-After"]) > 0


def test_a_defect_tells_the_client_nothing_and_the_log_everything(
    settings: Settings, engine: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(texts: list[str], search: SearchConfig, **options: object) -> None:
        raise RuntimeError("in /srv/models: secret text")

    engine.translate = fail
    client = create_app(settings, Registry([engine])).test_client()
    assert refusal(post(client, q="a"), status=500) == "Internal server error"
    assert "in /srv/models: secret text" in caplog.text
