import sys
import time
import unicodedata

import pytest

from translator.errors import InputError
from translator.text import normalize, split_sentences


def wide(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if character != " " else " " for character in text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \t\n ", ""),
        ("Buenos días.", "Buenos días."),
        ("  a \t\t b  ", "a b"),
        ("a\r\nb", "a b"),
        ("a\u00a0b\u202fc\u3000d", "a b c d"),
        ("a\u2028b\u2029c\x0bd\x0ce\x85f", "a b c d e f"),
        ("\ufeffa\ufeffb", "ab"),
        ("a\x00b\x1b[0m\x7f\x9f", "ab[0m"),
        ("a \x00 b", "a b"),
        ("cafe\u0301", "caf\u00e9"),
        ("cafe\x00\u0301", "caf\u00e9"),
        ("½ ² ㎏ 😀", "½ ² ㎏ 😀"),
        ("co\u00adop \u200ea\u200bb\u2060c\u202e \u2067d\u2069", "coop abc d"),
        ("क्\u200dष 👩\u200d🚀 م\u200cن ❤\ufe0f", "क्\u200dष 👩\u200d🚀 م\u200cن ❤\ufe0f"),
        ("e\u00ad\u0301", "\u00e9"),
        ("ﬁn de oﬃcio, ﬂor, ﬅ", "fin de officio, flor, st"),
        ("ﬁ\u0301", "f\u00ed"),
        (wide("!Hola, 5% ~"), "!Hola, 5% ~"),
        (wide("A") + "\u0301", "\u00c1"),
        (wide("A!") + "さん", wide("A!") + "さん"),
    ],
    ids=[
        "empty",
        "blank",
        "unchanged",
        "runs and ends",
        "line ends",
        "no-break and wide spaces",
        "separators",
        "byte order marks",
        "control characters",
        "control between spaces",
        "composed",
        "composed across a control",
        "compatibility forms stay",
        "invisible characters",
        "joiners and selectors stay",
        "composed across a soft hyphen",
        "ligatures",
        "composed with a ligature",
        "full width",
        "composed with full width",
        "full width among its own",
    ],
)
def test_normalize(text: str, expected: str) -> None:
    assert normalize(text) == expected


def test_of_all_characters_only_these_vanish_or_change_more_than_nfc() -> None:
    invisible = {0xFEFF, 0xAD, 0x200B, 0x200E, 0x200F, 0x2060}
    invisible |= {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    spelt = {*range(0xFB00, 0xFB07), *range(0xFF01, 0xFF5F)}
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Cs":
            continue
        if character.isspace():
            expected = "x x"
        elif category == "Cc" or code in invisible:
            expected = "xx"
        else:
            form = "NFKC" if code in spelt else "NFC"
            expected = unicodedata.normalize(form, f"x{character}x")  # type: ignore[arg-type]
        assert normalize(f"x{character}x") == expected, f"U+{code:04X}"


@pytest.mark.parametrize(
    "text",
    [
        *("e\x00\u0301", " \u0301", "\u2000\u0301", "\ufeff \u0301a", "a\x00\u0327\u0301"),
        *("e\u00ad\u0301", "ﬁ\u200b\u0301", wide("A") + "\u3000", wide("A") + "日", "\u200b ﬁ"),
    ],
)
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@pytest.mark.parametrize("surrogate", ["\ud800", "\udbff", "\udc00", "\udfff"])
def test_a_lone_surrogate_is_refused_with_its_position(surrogate: str) -> None:
    with pytest.raises(InputError) as caught:
        normalize(f"año {surrogate}!")
    message = str(caught.value)
    assert f"U+{ord(surrogate):04X} at position 4, counted from 0" in message
    message.encode("utf-8")  # the message itself can be printed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ", [("", " ")]),
        ("Hola", [("Hola", "")]),
        ("Hola. ¿Qué tal?\n", [("Hola.", " "), ("¿Qué tal?", "\n")]),
        ("  El Sr. Gil llegó.  Bien.", [("", "  "), ("El Sr. Gil llegó.", "  "), ("Bien.", "")]),
        ("uno\n\n dos", [("uno", "\n"), ("", "\n"), ("", " "), ("dos", "")]),
        ("Fui al mar. Luego volví.", [("Fui al mar.", " "), ("Luego volví.", "")]),
        ("Dijo que no. ¿Y tú?", [("Dijo que no.", " "), ("¿Y tú?", "")]),
        ("El 5 de mar. de 2020 y el no. 5", [("El 5 de mar. de 2020 y el no. 5", "")]),
        ("A las 8.30 h en www.example.com", [("A las 8.30 h en www.example.com", "")]),
    ],
)
def test_split_sentences(text: str, expected: list[tuple[str, str]]) -> None:
    assert split_sentences(text, "es") == expected


@pytest.mark.parametrize("language", ["es", "en", "ja", "xx", ""])
def test_sentences_joined_are_the_text(language: str) -> None:
    text = "a. b\r\n\x00c!? \u2028\t«d.» e\u3002f\x85 1. g\n \x1c h" * 3
    assert "".join(map("".join, split_sentences(text, language))) == text


def test_a_long_run_of_spaces_takes_no_time() -> None:
    # Linear takes milliseconds here; quadratic takes a quarter of a minute.
    start = time.monotonic()
    assert len(split_sentences("a" + " " * 50_000 + "b", "en")) == 1
    assert time.monotonic() - start < 5
