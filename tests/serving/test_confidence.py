"""What an answer tells of how far it can be relied on.

A line of n words has a confidence of 1/n here, a word of n letters a probability of 1/n.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from requesting import post

from serving.answers import SentenceAlignment, SentenceConfidence
from serving.app import create_app
from serving.registry import Registry
from serving.settings import Settings
from translator.texts.translating import TranslatedSentence
from translator.translation import Hypothesis, Translation


def test_nothing_is_told_unasked(client: FlaskClient) -> None:
    assert list(post(client, q="a b").get_json()) == ["translatedText", "truncated"]


def test_a_text_has_the_mean_of_its_sentences_by_their_length(client: FlaskClient) -> None:
    # Two words on 5 letters and one word on 1 letter: (5 · 0.5 + 1 · 1) / 6.
    answer = post(client, q="uno a\nb", confidence=True).get_json()
    assert answer["confidence"] == pytest.approx(3.5 / 6, abs=1e-4)
    assert [sentence["confidence"] for sentence in answer["sentences"]] == [0.5, 1.0]


def test_sentences_tell_where_they_stand_and_of_every_token(client: FlaskClient) -> None:
    answer = post(client, q="  cuatro a\nuno", confidence="true").get_json()
    assert answer["sentences"] == [
        {
            "source": "cuatro a",
            "start": 2,
            "end": 10,
            "target": "a cuatro",
            "confidence": 0.5,
            "tokens": [
                {"text": "a", "probability": 1.0},
                {"text": " cuatro", "probability": 0.1667},
            ],
        },
        {
            "source": "uno",
            "start": 11,
            "end": 14,
            "target": "uno",
            "confidence": 1.0,
            "tokens": [{"text": "uno", "probability": 0.3333}],
        },
    ]


def test_a_list_for_a_list(client: FlaskClient) -> None:
    answer = post(client, q=["a b", "", "a"], confidence=True).get_json()
    assert answer["confidence"] == [0.5, 1.0, 1.0]
    assert [len(sentences) for sentences in answer["sentences"]] == [1, 0, 1]


def test_markup_stands_in_the_sentence_and_not_in_its_tokens(client: FlaskClient) -> None:
    fields = {"q": "<p>uno <b>dos</b></p>", "format": "html", "confidence": True}
    answer = post(client, **fields).get_json()
    (sentence,) = answer["sentences"]
    assert sentence["target"] == "<b>dos</b> uno"
    assert sentence["target"] in answer["translatedText"]
    assert "".join(token["text"] for token in sentence["tokens"]) == "dos uno"


def test_a_sentence_that_is_cut_short_tells_of_all_its_tokens(client: FlaskClient) -> None:
    # No end mark is taken away where there is none.
    answer = post(client, q="endless", confidence=True, alignment=True).get_json()
    texts = [token["text"] for token in answer["sentences"][0]["tokens"]]
    assert texts == ["endless", "</s>"]


def translation(source: tuple[str, ...], target: tuple[str, ...]) -> Translation:
    n, m = len(target) + 1, len(source) + 1
    best = Hypothesis(
        text="",
        score=0.0,
        log_prob=0.0,
        tokens=(*target, "</s>"),
        token_log_probs=(float(np.log(0.5)),) * n,
        alignment=np.eye(n, m, dtype=np.float32),
        finished=True,
    )
    return Translation((*source, "</s>"), (best,))


def test_pieces_of_words_and_bytes_of_characters() -> None:
    found = translation(("▁Li", "bros"), ("▁", "<0xC3>", "<0xB1>", "u", "▁b"))
    sentence = TranslatedSentence("Libros", 0, 6, "ñu b", found)
    tokens = SentenceConfidence.of(sentence, 0.123456).tokens
    assert [(token.text, token.probability) for token in tokens] == [
        ("", 0.5),
        ("ñ", 0.25),
        ("u", 0.5),
        (" b", 0.5),
    ]
    words = SentenceAlignment.of(found).words
    assert (words.source, words.target) == (["Libros"], ["ñu", "b"])


def test_words_are_paired_by_where_the_model_looked(client: FlaskClient) -> None:
    answer = post(client, q="uno dos tres", alignment=True).get_json()
    assert answer["alignment"][0]["words"] == {
        "source": ["uno", "dos", "tres"],
        "target": ["tres", "dos", "uno"],
        "pairs": [[2, 0], [1, 1], [0, 2]],
    }


def test_the_models_confidence_is_asked_only_on_request(engine: Any) -> None:
    def fail(translation: Translation) -> float:
        raise AssertionError

    engine.confidence = fail
    client = create_app(Settings(), Registry([engine])).test_client()
    assert post(client, q="a", scores=True, alignment=True).status_code == 200
