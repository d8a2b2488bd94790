from __future__ import annotations

import pytest

from translator.errors import InputError
from translator.texts.glossary import Glossary, tidy
from translator.texts.sentence import Term


def found(terms: dict[str, str], text: str) -> list[tuple[str, str]]:
    """The parts of a text that are terms, and what they must become."""
    return [(text[t.start : t.stop], t.target) for t in Glossary(terms).find(text)]


class TestFind:
    def test_where_it_stands(self) -> None:
        assert Glossary({"perro": "hound"}).find("El perro ladra.") == (Term(3, 8, "hound"),)

    def test_whole_words_only(self) -> None:
        assert found({"sol": "sun"}, "El sol, la soledad y el parasol.") == [("sol", "sun")]

    def test_a_name_does_not_hide_a_word(self) -> None:
        terms = {"Casa Blanca": "White House", "casa": "home"}
        assert found(terms, "la casa blanca") == [("casa", "home")]
        assert found(terms, "la Casa Blanca") == [("Casa Blanca", "White House")]

    def test_the_longest_term_wins(self) -> None:
        terms = {"base": "base", "base de datos": "database", "datos": "data"}
        assert found(terms, "La base de datos tiene datos.") == [
            ("base de datos", "database"),
            ("datos", "data"),
        ]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("el banco", "bench"),
            ("Banco libre", "bench"),  # the translation may start otherwise
            ("¿Banco?", "bench"),
            ("el Banco", "Bench"),
            ("EL BANCO", "BENCH"),
        ],
    )
    def test_small_letters_are_found_in_any_case(self, text: str, expected: str) -> None:
        assert [target for _, target in found({"banco": "bench"}, text)] == [expected]

    def test_capitals_are_found_as_they_are(self) -> None:
        assert found({"Go": "Go (language)"}, "Go go GO") == [("Go", "Go (language)")]

    def test_a_script_without_spaces(self) -> None:
        assert found({"日本": "Japan"}, "私は日本人です") == [("日本", "Japan")]

    def test_what_looks_like_a_pattern_is_text(self) -> None:
        assert found({"C++": "C++", "a.c": "x"}, "C++ abc a.c") == [("C++", "C++"), ("a.c", "x")]

    def test_empty(self) -> None:
        assert not Glossary({})
        assert Glossary({}).find("text") == ()


@pytest.mark.parametrize("terms", [{"": "x"}, {"x": " "}, {"x" * 101: "x"}])
def test_bad_terms(terms: dict[str, str]) -> None:
    with pytest.raises(InputError, match="glossary: expected terms of 1 to 100 characters"):
        Glossary(terms)


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("hound and cat.", "Perro y gato.", "Hound and cat."),
        ("hound", "perro", "hound"),
        ("¿ perro?", "Dog?", "¿Perro?"),
        ("the ( hound)", "el (perro)", "the (hound)"),
        ("123", "Uno", "123"),
    ],
)
def test_tidy(text: str, source: str, expected: str) -> None:
    assert tidy(text, source) == expected
