from __future__ import annotations

import random

import pytest
from fake_search import (
    Babbler,
    FakeSearch,
    backwards,
    doubling_placeholders,
    hypothesis,
    shuffled,
    without_placeholders,
)
from protected_sentences import PROTECTED_SENTENCES, ProtectedSentence

from translator.constants import PLACEHOLDERS
from translator.texts.sentence import Sentence, Translate
from translator.texts.translating import Format, translate_texts
from translator.translation import Translation


def translated(text: str, search: Translate, source: str = "es", target: str = "en") -> str:
    (result,) = translate_texts([text], source, target, search)
    return result.candidates[0]


def n_best(by_sentence: dict[str, list[tuple[str, float]]]) -> Translate:
    def translate(sentences: list[Sentence]) -> list[Translation]:
        return [
            Translation(("</s>",), tuple(hypothesis(*h) for h in by_sentence[sentence.text]))
            for sentence in sentences
        ]

    return translate


# Layout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uno dos", "DOS UNO"),
        ("uno dos\ntres cuatro", "DOS UNO\nCUATRO TRES"),
        ("uno dos\r\n\r\ntres cuatro\r\n", "DOS UNO\r\n\r\nCUATRO TRES\r\n"),
        ("\n\nuno dos\r", "\n\nDOS UNO\r"),
        ("uno dos\n \t \ntres", "DOS UNO\n \t \nTRES"),
        ("uno dos\u2028tres cuatro", "DOS UNO\u2028CUATRO TRES"),
        ("  Uno dos.  ¿Tres cuatro?\n", "  DOS. UNO  CUATRO? ¿TRES\n"),
        ("El Sr. Pérez", "PÉREZ SR. EL"),
        ("uno dos\ttres cuatro", "DOS UNO\tCUATRO TRES"),
        ("- uno dos\n  * tres cuatro\n", "- DOS UNO\n  * CUATRO TRES\n"),
        ("1. uno dos\n2) tres cuatro", "1. DOS UNO\n2) CUATRO TRES"),
        ("• uno dos\n> > tres cuatro", "• DOS UNO\n> > CUATRO TRES"),
        ("# uno dos\n- [ ] tres cuatro", "# DOS UNO\n- [ ] CUATRO TRES"),
        ("(uno dos)\n[tres <b>cuatro</b>]", "(DOS UNO)\n[<b>CUATRO</b> TRES]"),
        ("<i>(Uno dos.)</i>", "<i>(DOS. UNO)</i>"),
        ("(uno) dos (tres)", "(TRES) DOS (UNO)"),
        (r"uno dos\ntres cuatro", r"DOS UNO\nCUATRO TRES"),
        ("uno dos<br/>tres cuatro", "DOS UNO<br/>CUATRO TRES"),
        ("\n", "\n"),
        ("   ", "   "),
        ("", ""),
    ],
)
def test_layout_stays(text: str, expected: str) -> None:
    assert translated(text, FakeSearch(backwards)) == expected


def test_all_sentences_of_all_texts_go_in_one_call() -> None:
    search = FakeSearch()
    results = translate_texts(["a\n\nb. ¡C d!", " ", "e"], "es", "en", search)
    assert search.calls == [["a", "b.", "¡C d!", "e"]]
    assert [result.candidates for result in results] == [("A\n\nB. ¡C D!",), (" ",), ("E",)]
    assert [result.scores for result in results] == [(-4.0,), (0.0,), (-1.0,)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "...",
        "12",
        "3.5 kg",
        "RX-78",
        "😀 👩‍👩‍👧‍👦",
        "https://a.example",
        "{name}: %s",
        "<b>5</b>",
        "12/05/2024",
    ],
)
def test_what_has_no_words_is_not_sent(text: str) -> None:
    search = FakeSearch()
    assert translated(text, search) == text
    assert search.calls == []


@pytest.mark.parametrize(("target", "space"), [("en", " "), ("zh", "")])
def test_sentences_get_the_space_that_their_language_does_without(target: str, space: str) -> None:
    first, second = "こんにちは。", "元気ですか。"
    assert translated(f"{first}{second}\n", FakeSearch(), "ja", target) == (
        f"{first}{space}{second}\n"
    )


def test_a_sentence_begins_and_ends_as_its_source_does() -> None:
    search = n_best(
        {"Guardar": [("save.", -1.0)], "cerrar": [("close.", -1.0)], "Fin.": [("end.", -1.0)]}
    )
    assert translated("Guardar\ncerrar\nFin.", search) == "Save\nclose\nEnd."


def test_a_line_is_one_sentence_where_nothing_is_to_be_split() -> None:
    text = "  Uno dos. Tres {x}.  \n- Cuatro. Cinco.\n"
    (result,) = translate_texts([text], "es", "en", FakeSearch(backwards), split=False)
    assert result.candidates == ("  {x}. TRES DOS. UNO  \n- CINCO. CUATRO.\n",)


def test_sentences_tell_where_they_stand() -> None:
    text = "- Hola <b>{name}</b>.  Uno\n5\ndos"
    (result,) = translate_texts([text], "es", "en", FakeSearch())
    assert [sentence.source for sentence in result.sentences] == [
        "Hola <b>{name}</b>.",
        "Uno",
        "dos",
    ]
    assert all(text[s.start : s.end] == s.source for s in result.sentences)
    assert result.sentences[0].translation.text == "HOLA <b>{name}</b>."
    assert result.sentences[0].translation.source_tokens == ("▁Hola", "▁<b>{name}</b>.", "</s>")


def test_one_sentence_cut_short_marks_the_text() -> None:
    def translate(sentences: list[Sentence]) -> list[Translation]:
        return [
            Translation(("</s>",), (hypothesis("x"),), source_cut=sentence.text == "largo")
            for sentence in sentences
        ]

    results = translate_texts(["uno\nlargo", "uno\ndos"], "es", "en", translate)
    assert [result.truncated for result in results] == [True, False]


# Items


@pytest.mark.parametrize(
    "search",
    [
        FakeSearch(),
        FakeSearch(backwards),
        FakeSearch(shuffled),
        FakeSearch(without_placeholders),
        FakeSearch(doubling_placeholders),
        Babbler(),
    ],
    ids=["in order", "backwards", "shuffled", "dropped", "doubled", "babble"],
)
@pytest.mark.parametrize("target", ["en", "ja"])
def test_every_item_survives_exactly_once(search: Translate, target: str) -> None:
    texts = [sentence.text for sentence in PROTECTED_SENTENCES]
    results = translate_texts(texts, "en", target, search)
    lost = [
        (sentence.text, candidate, sentence.lost(candidate))
        for sentence, result in zip(PROTECTED_SENTENCES, results, strict=True)
        for candidate in result.candidates
        if sentence.lost(candidate)
    ]
    assert not lost


def test_there_are_many_protected_sentences_and_each_holds_its_items() -> None:
    assert len(PROTECTED_SENTENCES) >= 300
    assert len({sentence.text for sentence in PROTECTED_SENTENCES}) == len(PROTECTED_SENTENCES)
    assert all(
        sentence.items and not sentence.lost(sentence.text) for sentence in PROTECTED_SENTENCES
    )
    assert ProtectedSentence("%s and %s", ("%s", "%s")).lost("%s and s") == ["%s"]
    assert ProtectedSentence("%s and", ("%s",)).lost("%s %s") == ["%s"]


def test_an_item_goes_where_the_model_puts_it() -> None:
    search = FakeSearch(backwards)
    assert translated("Hola {name}, son 3.5 kg", search) == "3.5 kg SON {name}, HOLA"
    assert search.calls == [[f"Hola {PLACEHOLDERS[0]}, son {PLACEHOLDERS[1]}"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("copia %s en %s ahora", "COPIA %s EN %s AHORA"),
        ("copia {} en {} ahora", "COPIA {} EN {} AHORA"),
        ("copia %1$s en %2$s ahora", "AHORA %2$s EN %1$s COPIA"),
        ("copia {0} en {1} ahora", "AHORA {1} EN {0} COPIA"),
        ("hola %s %s bien", "BIEN %s %s HOLA"),
        ("van %d/%d ya", "YA %d/%d VAN"),
        ("van %d%% ya", "YA %d%% VAN"),
    ],
)
def test_what_takes_its_value_by_its_order_keeps_it(text: str, expected: str) -> None:
    assert translated(text, FakeSearch(backwards)) == expected


def test_a_better_hypothesis_that_swaps_values_gives_way_to_one_that_does_not() -> None:
    first, second = PLACEHOLDERS[:2]
    search = n_best(
        {
            f"De {first} a {second}": [
                (f"To {second} from {first}", -1.0),
                (f"From {first} to {second}", -2.0),
            ]
        }
    )
    assert translated("De %s a %s", search) == "From %s to %s"


def test_what_stands_between_items_is_translated_where_the_search_loses_one() -> None:
    search = FakeSearch(without_placeholders)
    assert translated("Hola {name}, son <b>las 10:30</b> ya", search) == (
        "HOLA {name}, SON <b>LAS 10:30</b> YA"
    )
    assert search.calls[1:] == [["Hola", ", son las", "ya"]]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{}s are", "{x} s are"),
        ("the{}", "the {x}"),
        ("the {}'s name", "the {x}'s name"),
        ("the ( {} ) one", "the ({x}) one"),
    ],
)
def test_white_space_around_an_item_is_sensible(written: str, expected: str) -> None:
    symbol = PLACEHOLDERS[0]
    search = n_best({f"el ({symbol}) uno": [(written.replace("{}", symbol), -1.0)]})
    assert translated("el ({x}) uno", search) == expected


def test_a_word_that_touched_an_item_may_touch_it_again() -> None:
    symbol = PLACEHOLDERS[0]
    search = n_best({f"son {symbol}s más": [(f"{symbol}s more", -1.0)]})
    assert translated("son {n}s más", search) == "{n}s more"


def test_the_placeholders_themselves_survive() -> None:
    text = f"uno {PLACEHOLDERS[5]} dos {PLACEHOLDERS[5]} \U000f0001 tres"
    assert translated(text, FakeSearch(backwards)) == (
        f"TRES \U000f0001 {PLACEHOLDERS[5]} DOS {PLACEHOLDERS[5]} UNO"
    )


def test_more_items_than_placeholders() -> None:
    neighbours = "ve " + ", ".join(f"{{n{n}}}" for n in range(20)) + " ya"
    search = FakeSearch(backwards)
    assert translated(neighbours, search) == "YA " + neighbours[3:-3] + " VE"
    apart = " y ".join(f"{{n{n}}}" for n in range(20))
    assert translated(apart, FakeSearch()) == apart.upper().replace("{N", "{n")


def test_short_plain_integers_are_the_models_business() -> None:
    search = FakeSearch()
    translated("tengo 5 perros y 12 gatos desde 2020", search)
    assert search.calls == [[f"tengo 5 perros y 12 gatos desde {PLACEHOLDERS[0]}"]]


# Long sentences


def test_a_long_sentence_is_cut_at_its_marks() -> None:
    search = FakeSearch(backwards)
    text = "uno dos; tres cuatro, cinco seis siete ocho"
    (result,) = translate_texts([text], "es", "en", search, fits=lambda s: len(s.split()) <= 3)
    assert search.calls == [["uno dos;", "tres cuatro,", "cinco seis", "siete ocho"]]
    assert result.candidates == ("DOS; UNO CUATRO, TRES SEIS CINCO OCHO SIETE",)


@pytest.mark.parametrize("text", ["x" * 1000, "x " * 500, "x, " * 300, "<b>x</b> {y} " * 100])
def test_nothing_of_a_long_sentence_is_lost(text: str) -> None:
    search = FakeSearch()
    (result,) = translate_texts([text], "es", "en", search, fits=lambda s: len(s) <= 40)
    assert result.candidates[0] == text.replace("x", "X")
    assert all(len(sentence) <= 40 for call in search.calls for sentence in call)


# n-best


def test_candidates_change_the_sentence_whose_change_costs_least() -> None:
    search = n_best({"a": [("A", -1.0), ("Á", -2.0), ("Â", -4.0)], "b": [("B", -8.0), ("V", -8.5)]})
    (result,) = translate_texts(["a\nb"], "es", "en", search)
    assert result.candidates == ("A\nB", "A\nV", "Á\nB")
    assert result.scores == (-9.0, -9.5, -10.0)


def test_candidates_that_read_the_same_are_one() -> None:
    search = n_best({"a": [("A", -1.0), ("A", -2.0), ("Á", -3.0)]})
    (result,) = translate_texts(["a"], "es", "en", search)
    assert result.candidates == ("A", "Á")
    assert result.scores == (-1.0, -3.0)


def test_every_candidate_keeps_the_items() -> None:
    symbol = PLACEHOLDERS[0]
    search = n_best(
        {f"ve {symbol}": [(f"go {symbol}", -1.0), ("go", -2.0), (f"{symbol} go", -3.0)]}
    )
    (result,) = translate_texts(["ve {x}"], "es", "en", search)
    assert result.candidates == ("go {x}", "{x} go")


# Everything at once


_WORDS = ["uno", "Dos.", "¡tres!", "cuatro,", "日本", "&", "<", "5", "12.", "(", '"']
_ITEMS = ["3.5 kg", "20 %", "{n}", "%s", "%d", "%1$s", "$V", "&nbsp;", "@jo", "`a b`", "🇪🇸", "\\n"]
_TAGS = ["b", "i", "a"]


def random_text(rng: random.Random, depth: int = 0) -> str:
    parts = []
    for _ in range(rng.randint(1, 8)):
        kind = rng.random()
        if kind < 0.3:
            parts.append(rng.choice(_ITEMS))
        elif kind < 0.5 and depth < 3:
            tag = rng.choice(_TAGS)
            parts.append(f"<{tag}>{random_text(rng, depth + 1)}</{tag}>")
        else:
            parts.append(rng.choice(_WORDS))
        parts.append(rng.choice([" ", " ", "\n", "  "]))
    return "".join(parts)


@pytest.mark.parametrize(
    "search", [FakeSearch(shuffled), FakeSearch(without_placeholders), Babbler()]
)
def test_nothing_is_lost_of_any_text(search: Translate) -> None:
    for seed in range(100):
        text = random_text(random.Random(seed))
        result = translated(text, search)
        for part in (
            *_ITEMS,
            *(f"<{tag}>" for tag in _TAGS),
            *(f"</{tag}>" for tag in _TAGS),
            "\n",
        ):
            assert result.count(part) == text.count(part), (seed, part)


# Sentences


@pytest.mark.parametrize(
    ("text", "text_format", "expected"),
    [
        (
            "  Uno dos.\n- Tres https://a.example cuatro",
            "text",
            [
                ("Uno dos.", "DOS. UNO"),
                ("Tres https://a.example cuatro", "CUATRO https://a.example TRES"),
            ],
        ),
        (
            '<p title="uno dos">tres <b>cuatro</b> &amp; cinco</p>',
            "html",
            [
                ("uno dos", "DOS UNO"),
                ("tres <b>cuatro</b> &amp; cinco", "CINCO &amp; <b>CUATRO</b> TRES"),
            ],
        ),
    ],
)
def test_sentences_tell_what_became_of_them(
    text: str, text_format: Format, expected: list[tuple[str, str]]
) -> None:
    (result,) = translate_texts([text], "es", "en", FakeSearch(backwards), text_format=text_format)
    assert [(s.source, s.target) for s in result.sentences] == expected
    for sentence in result.sentences:
        assert text[sentence.start : sentence.end] == sentence.source
        assert sentence.target in result.candidates[0]


def test_the_first_hypothesis_of_a_sentence_is_the_one_that_is_used() -> None:
    symbol = PLACEHOLDERS[0]
    search = n_best({f"uno {symbol}": [("lost", -1.0), (f"{symbol} kept", -2.0)]})
    (result,) = translate_texts(["uno %s"], "es", "en", search)
    (sentence,) = result.sentences
    assert result.candidates == ("%s kept",)
    assert [h.text for h in sentence.translation.hypotheses] == ["%s kept"]


def test_a_sentence_in_stretches_tells_of_each() -> None:
    (result,) = translate_texts(["uno %s dos"], "es", "en", FakeSearch(without_placeholders))
    assert [(s.source, s.target) for s in result.sentences] == [("uno", "UNO"), ("dos", "DOS")]
