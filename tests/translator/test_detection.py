from __future__ import annotations

import pytest

from translator.detection import detect, find_mismatch, same_language

SENTENCES = {
    "es": [
        "¿A qué hora sale el próximo tren?",
        "Mi hermana vive en una casa pequeña.",
        "No tengo tiempo para leer el periódico.",
    ],
    "en": [
        "When does the next train leave?",
        "My sister lives in a small house.",
        "I have no time to read the paper.",
    ],
    "de": [
        "Wann fährt der nächste Zug ab?",
        "Meine Schwester wohnt in einem kleinen Haus.",
        "Ich habe keine Zeit, die Zeitung zu lesen.",
    ],
    "fr": [
        "À quelle heure part le prochain train ?",
        "Ma sœur habite dans une petite maison.",
        "Je n'ai pas le temps de lire le journal.",
    ],
}
CASES = [(language, text) for language, texts in SENTENCES.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), CASES)
def test_a_sentence_is_recognised_among_all_languages(language: str, text: str) -> None:
    found = detect(text)
    assert found[0].language == language
    assert len(found) > 100
    assert sum(one.confidence for one in found) == pytest.approx(1.0, abs=0.01)
    assert found == sorted(found, key=lambda one: -one.confidence)


@pytest.mark.parametrize(("language", "text"), CASES)
def test_a_sentence_under_the_wrong_name_is_noticed(language: str, text: str) -> None:
    assert find_mismatch(text, language) is None
    for other in SENTENCES.keys() - {language}:
        found = find_mismatch(text, other)
        assert found is not None
        assert found.language == language


def test_only_the_languages_wanted_are_told() -> None:
    found = detect("Wann fährt der nächste Zug ab?", ["es", "de"])
    assert [one.language for one in found] == ["de", "es"]
    assert found[0].confidence > 0.9
    # It is neither, and the numbers say so.
    assert all(one.confidence < 0.1 for one in detect("いま何時ですか。", ["es", "de"]))


def test_codes_with_a_region_or_script() -> None:
    found = detect("Onde fica a estação de comboios?", ["es", "pt-PT", "pt_BR"])
    assert [one.language for one in found] == ["pt-PT", "pt_BR", "es"]
    assert found[0].confidence == found[1].confidence
    assert find_mismatch("Onde fica a estação de comboios?", "pt-BR") is None
    assert same_language("pt-BR", "pt")
    assert same_language("nb", "no")
    assert not same_language("pt", "es")


@pytest.mark.parametrize("text", ["", " \n", "123 + 456", "😀", "¿...?"])
def test_without_letters_there_is_no_language(text: str) -> None:
    assert detect(text) == []
    assert detect(text, ["es"]) == []
    assert find_mismatch(text, "es") is None


def test_a_word_that_could_be_anything_is_not_doubted() -> None:
    assert find_mismatch("no", "es") is None
    assert detect("no")[0].confidence < 0.1


def test_an_unknown_language_is_left_out() -> None:
    assert detect("When does the next train leave?", ["xx", "en"])[0].language == "en"
    assert detect("When does the next train leave?", ["xx"]) == []
    assert find_mismatch("When does the next train leave?", "xx") is None


def test_words_that_a_language_is_known_to_have_speak_for_it() -> None:
    words = {"de": {"hallo", "die"}, "es": {"hola", "no"}}
    before = {one.language: one.confidence for one in detect("Hola", ["de", "es"])}
    found = detect("Hola", ["de", "es"], words)
    assert found[0].language == "es"
    # Ten times the odds: p' / (1 - p') = 10 p / (1 - p).
    odds = 10 * before["es"] / (1 - before["es"])
    assert found[0].confidence == pytest.approx(odds / (1 + odds), rel=1e-3)
    assert sum(one.confidence for one in detect("Hola", None, words)) == pytest.approx(1, abs=0.01)


def test_known_words_do_not_outweigh_a_sentence() -> None:
    words = {"en": {"die", "in"}, "de": {"meine"}}
    assert detect("Meine Schwester wohnt in einem kleinen Haus.", ["en", "de"], words)[0][0] == "de"
    assert detect("die " * 10_000, ["en", "de"], words)[0].confidence <= 1
    assert detect("123", ["en"], words) == []
