from __future__ import annotations

import pytest

from translator.errors import ConfigError
from translator.texts.glossary import Glossary
from translator.texts.hypertext import read_hypertext
from translator.texts.plain import read_plain
from translator.texts.protecting import ExceptTerms, compile_protect, find_tokens


def test_a_users_pattern_comes_before_all_others() -> None:
    protect = compile_protect([r"key: \d+", r"\d+ km \w+"])

    found = [token[:3] for token in find_tokens("key: 12 km away, 34 km far, 5 km", protect)]

    assert found == [(0, 7, "item"), (17, 26, "item"), (28, 32, "item")]


def test_of_patterns_that_begin_together_the_longest_match_is_taken() -> None:
    protect = compile_protect(["ab", "abc", "cd"])

    assert [token[:2] for token in find_tokens("abcd cd", protect)] == [(0, 3), (5, 7)]


def test_groups_and_flags_of_a_pattern_are_its_own() -> None:
    protect = compile_protect([r"(?i)(?P<item>acme) (x+)-\2", "(y)\\1"])

    items = read_plain("an ACME xx-xx or Acme x-xx yy", protect).items

    assert items == ["ACME xx-xx", "Acme x-x", "yy"]


def test_what_is_protected_is_so_in_html() -> None:
    protect = compile_protect(["acme"])
    document = read_hypertext('<p title="acme uno">dos acme</p>', protect)

    assert document.body.items == ["acme"]
    assert document.attributes[0].passage.items == ["acme"]
    assert "".join(document.body.raw) == '<p title="acme uno">dos acme</p>'


def items_beside(terms: list[str], text: str, *, across_lines: bool = False) -> list[str]:
    """What survives in a text beside some terms."""
    protect = ExceptTerms((), Glossary(dict.fromkeys(terms, "x")), across_lines)
    return [text[token.start : token.end] for token in find_tokens(text, protect)]


@pytest.mark.parametrize(
    ("terms", "text", "items"),
    [
        (["CO2"], "El CO2 de 2030", ["2030"]),
        (["co2"], "El CO2 de 2030", ["2030"]),
        (["Plan 2030"], "El Plan 2030 de 2030", ["2030"]),
        (["Plan 2030"], "El Plan\u00a02030 y el Plan  2030", []),
        (["node.js"], "Usa node.js o vue.js", ["vue.js"]),
    ],
)
def test_an_item_gives_way_to_a_term_that_covers_it(
    terms: list[str], text: str, items: list[str]
) -> None:
    assert items_beside(terms, text) == items


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/gato",
        "gato.com",
        "#gato",
        "{gato}",
        "`gato`",
        "<gato>",
        '<a title="gato">',
        "2030 km",
    ],
)
def test_a_term_breaks_nothing(text: str) -> None:
    terms = ["gato", "<gato>", "de 2030", "con 2030", "2030"]
    assert items_beside(terms, f"de {text} con {text}") == [text, text]


def test_a_term_goes_on_in_the_next_line_where_the_sentence_does() -> None:
    assert items_beside(["Plan 2030"], "el Plan\n2030", across_lines=True) == []
    assert items_beside(["Plan 2030"], "el Plan\n2030") == ["2030"]


def test_a_term_comes_before_a_users_pattern() -> None:
    protect = ExceptTerms(compile_protect([r"ACME-\w+"]), Glossary({"ACME-X": "x"}), False)
    assert [token[:2] for token in find_tokens("ACME-X ACME-Y", protect)] == [(7, 13)]


@pytest.mark.parametrize("pattern", ["(", "[", "a*", "|x", "(?P<n"])
def test_patterns_that_cannot_be_used(pattern: str) -> None:
    with pytest.raises(ConfigError, match="protect: expected a"):
        compile_protect([pattern])
