from __future__ import annotations

import time

import pytest
from fake_search import FakeSearch

from translator.errors import InputError
from translator.texts.glossary import Glossary, tidy
from translator.texts.sentence import Sentence, Term
from translator.texts.translating import Format, translate_texts
from translator.translation import Translation


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

    @pytest.mark.parametrize(
        ("term", "text", "there"),
        [
            (".net", "asp.net .NET", [".net", ".NET"]),
            ("c++", "C++ c++x", ["C++", "c++"]),
            ("gato", "_gato gato_ gato2 gato-", ["gato"]),
            ("x_", "x_y ax_", ["x_"]),
            ("日x", "日xy 私日x", ["日x"]),
            ("straße", "Straße STRAẞE STRASSE", ["Straße", "STRAẞE"]),
        ],
    )
    def test_where_terms_begin_and_end(self, term: str, text: str, there: list[str]) -> None:
        assert [one for one, _ in found({term: "x"}, text)] == there

    def test_the_first_of_those_that_overlap(self) -> None:
        terms = {"a b": "1", "b c d": "2", "c": "3"}
        assert found(terms, "a b c d") == [("a b", "1"), ("c", "3")]

    def test_a_shorter_term_where_the_longer_one_does_not_end(self) -> None:
        assert found({"sol": "sun", "sol y": "sun and"}, "sol yermo") == [("sol", "sun")]

    def test_the_time_does_not_grow_with_the_terms(self) -> None:
        glossary = Glossary({f"el {n}": "x" for n in range(10_000)})
        start = time.process_time()
        for _ in range(1000):  # some 0.02 s; all terms tried at each place, 15 s
            glossary.find("el gato y el perro y el 7")
        assert time.process_time() - start < 2

    def test_empty(self) -> None:
        assert not Glossary({})
        assert Glossary({}).find("text") == ()


@pytest.mark.parametrize(
    ("terms", "text", "text_format", "sentence", "items"),
    [
        ({"CO2": "dioxide"}, "El CO2 es malo.", "text", "El CO2 es malo.", ()),
        ({"CO2": "dioxide"}, "<p>El <b>CO2</b> es malo.</p>", "html", "El CO2 es malo.", ()),
        ({"Plan 2030": "x"}, "el Plan\n2030", "html", "el Plan 2030", ()),
        ({"AT&T 2": "x"}, "a AT&amp;T&nbsp;2", "html", "a AT&T 2", ()),
        (
            {"gato": "feline"},
            "un gato en x.com/gato",
            "text",
            "un gato en \U0010ff00",
            ("x.com/gato",),
        ),
    ],
)
def test_terms_come_before_what_survives(
    terms: dict[str, str], text: str, text_format: Format, sentence: str, items: tuple[str, ...]
) -> None:
    search, seen = FakeSearch(), list[Sentence]()

    def translate(sentences: list[Sentence]) -> list[Translation]:
        seen.extend(sentences)
        return search(sentences)

    (result,) = translate_texts(
        [text], "es", "en", translate, text_format=text_format, glossary=Glossary(terms)
    )

    ((term, target),) = terms.items()
    start = sentence.index(term)
    assert seen == [Sentence(sentence, (Term(start, start + len(term), target),))]
    assert result.items == items


@pytest.mark.parametrize("terms", [{"": "x"}, {"x": " "}, {"x" * 101: "x"}])
def test_bad_terms(terms: dict[str, str]) -> None:
    with pytest.raises(InputError, match="glossary: expected terms of 1 to 100 characters"):
        Glossary(terms)


@pytest.mark.parametrize(
    ("text", "source", "language", "expected"),
    [
        ("hound and cat.", "Perro y gato.", "en", "Hound and cat."),
        ("hound", "perro", "en", "hound"),
        ("¿ perro?", "Dog?", "es", "¿Perro?"),
        ("the ( hound)", "el (perro)", "en", "the (hound)"),
        ("123", "Uno", "en", "123"),
        ("pour l interruption d un ami", "", "fr", "pour l'interruption d'un ami"),
        ("L œuvre qu il a vue", "", "fr", "L'œuvre qu'il a vue"),
        ("le plan, la vitamine C aussi, il y a", "", "fr", "le plan, la vitamine C aussi, il y a"),
        ("c'est un d homme", "", "fr", "c'est un d'homme"),
        ("nell acqua, dall isola, un amico", "", "it", "nell'acqua, dall'isola, un amico"),
        ("l interruption", "", "en", "l interruption"),
    ],
)
def test_tidy(text: str, source: str, language: str, expected: str) -> None:
    assert tidy(text, source, language) == expected
