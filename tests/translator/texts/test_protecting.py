from __future__ import annotations

import pytest

from translator.errors import ConfigError
from translator.texts.hypertext import read_hypertext
from translator.texts.plain import read_plain
from translator.texts.protecting import compile_protect, find_tokens


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


@pytest.mark.parametrize("pattern", ["(", "[", "a*", "|x", "(?P<n"])
def test_patterns_that_cannot_be_used(pattern: str) -> None:
    with pytest.raises(ConfigError, match="protect: expected a"):
        compile_protect([pattern])
