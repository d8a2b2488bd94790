from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.texts.hypertext import read_hypertext
from translator.texts.patterns import PLAIN, TOKEN, is_ordered
from translator.texts.plain import read_plain


def items(text: str) -> list[str]:
    return [match[0] for match in TOKEN.finditer(text)]


@pytest.mark.parametrize(
    "item",
    """3.5 kg|20 %|€1,000.50|5km|1,000,000|1 000 000|12/05/2024|2024-05-12T10:30:00Z|10:30|10:30 am
    |+34 912 345 678|(555) 123-4567|v2.3.1|2.3.1|3.10|RX-78|A4-1234|{name}|{0}|{{var}}|%s|%*s|%1$s
    |%(count)d|%%|%.2f|%@|%username%|$VAR|${VAR}|&nbsp;|&#8364;|@user|#tag|/etc/hosts|~/docs|./run.sh
    |C:\\Users\\x.txt|src/main.py|report.pdf|`code x`|👩‍👩‍👧‍👦|🇪🇸|👍🏽|1️⃣|🏴󠁧󠁢󠁥󠁮󠁧󠁿|COVID-19|mp3|UTF-8
    |https://example.com/a?b=c&d=e#f|http://x.org/wiki/Foo_(bar)|a.b@c.co|www.site.de|example.com|2020
    |-5 °C|50 m²|H2O|3D|{count, plural, one {# item} other {# items}}|192.168.0.1:8080|90 km/h|$5
    |5 $|snake_case|foo()|0xFF|f47ac10b-58cc-4372-a567-0e02b2c3d479|300 EUR|100 MB/s|<!-- uno -->
    |\\u00e9|\\n|<code>a b</code>""".replace("\n    |", "|").split("|"),
)
def test_an_item_is_found_whole_and_without_what_is_around_it(item: str) -> None:
    assert items(f"uno {item} dos") == [item]
    assert items(f"uno ({item}), dos") == [item]
    assert items(f"uno {item}.") == [item]


@pytest.mark.parametrize(
    "text",
    [
        "5 perros y 12 gatos",
        "and/or, he/she",
        "e.g. the U.S. and 1st, 2nd, 21º",
        "a 5-star hotel, a 16-year-old",
        "tengo 5 en total, 3 a 2",
        "a < b and c > d",
        "Fin.Es todo",
        "100th, 5ème",
        "don't; l'eau: \"sí\"",
        "¿Qué? 50/50... no",
        "Desde 1990 ha crecido, el 737 ha salido",
        "In 2005 bit players, in 1990 Pa died, since 2010 bits of it",
        "Er hat 2000 bar bezahlt, um 10:30 am Bahnhof, um 10:30 am 5. Mai",
    ],
)
def test_words_are_left_to_the_model(text: str) -> None:
    assert [item for item in items(text) if any(map(str.isalpha, item))] == []


def test_a_unit_that_is_a_word_too_touches_its_number() -> None:
    assert items("5ha 64bit 2bar 3Pa") == ["5ha", "64bit", "2bar", "3Pa"]
    assert items("5 hPa, 2 mbar, 64 kB") == ["5 hPa", "2 mbar", "64 kB"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cuesta $%s.", ["$%s"]),
        ("Cuesta {n} €.", ["{n} €"]),
        ("Cuesta €{n}.", ["€{n}"]),
        ("{n}€ aquí", ["{n}€"]),
        ("{n}\u00a0€ y £ {m}", ["{n}\u00a0€", "£ {m}"]),
        ("%s€ %s€", ["%s€", "%s€"]),
        ("$ {a} {b} €", ["$ {a}", "{b} €"]),
        ("$%s %s", ["$%s %s"]),
        ("{n} €uro", ["{n}"]),
        ("{a} {b} 5 $", ["{a}", "{b}", "5 $"]),
    ],
)
def test_signs_of_a_currency_belong_to_the_placeholder_beside_them(
    text: str, expected: list[str]
) -> None:
    for passage in (read_plain(text), read_hypertext(text).body):
        assert passage.items == expected
        assert "".join(passage.raw) == text


@pytest.mark.parametrize(
    "item",
    ["<!-- a\nb -->", "<?php a ?>", "{% a %}", "{# a #}", "${{ a }}", "<![CDATA[a]]>"],
)
def test_an_end_belongs_to_the_last_start_before_it(item: str) -> None:
    start = item[:3].strip("p a")
    assert items(f"{item} {item}") == [item, item]
    assert items(f"{start} b {item} c")[-1] == item


def test_messages_nest() -> None:
    files = "{n, plural, one {# file in {folder}} other {# of {s, select, a {x} b {y {z}}}}}"
    assert items(f"You have {files} left") == [files]


def test_values_by_order_and_by_name() -> None:
    assert all(map(is_ordered, ["%s", "%d", "%.2f", "%5.1f", "%*s", "{}", "%%%s", "%s/%s"]))
    assert not any(map(is_ordered, ["%1$s", "%(n)d", "%%", "%%s", "{0}", "{n}", "$s", "20 %"]))


@pytest.mark.parametrize(
    "text",
    [
        *("a", "1 ", "-", "a.", "@a", "a@", "<", "{", "%", "`", "http://(", "x_"),
        *(".", "/", "A.", "A/", "_/", "{a,plural", "{a,plural{", "<a ", "<!--", "<!>"),
        *("{%", "{#", "<?", "${{", "<![CDATA[", "<code>", "\u00ad", "ﬁ", "$ ", "%s "),
    ],
)
def test_no_text_takes_long(text: str) -> None:
    # Linear takes some hundredths of a second here; quadratic ones took ten seconds.
    start = time.monotonic()
    read_plain(text * (20_000 // len(text)))
    read_hypertext(text * (20_000 // len(text)))
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("text", ["<!--", "{%", "{#", "<?"])
def test_a_start_without_an_end_takes_no_time(text: str) -> None:
    # Linear takes two seconds here; quadratic took a minute.
    start = time.monotonic()
    assert items(text * (200_000 // len(text))) == []
    assert time.monotonic() - start < 8


@given(st.text(st.sampled_from("aZñß ,;!?¿¡\"“”«».\n\t\u2139©1/:%@_-'")))
def test_plain_texts_have_no_tokens(text: str) -> None:
    if PLAIN.fullmatch(text):
        assert TOKEN.search(text) is None


def test_most_sentences_are_plain() -> None:
    assert PLAIN.fullmatch('¿Dónde está? «No lo sé», dijo. "Sí." Ya.')
    for text in ("a.b", "3", "it's 5", "\u2139", "a_b", "x@y", "www.a", "a...b"):
        assert not PLAIN.fullmatch(text)
