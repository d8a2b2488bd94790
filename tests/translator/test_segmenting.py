from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.segmenting import segment_line

ONE_SENTENCE = {
    "fr": """M. Dupont est là.|Le Dr. Martin.|Le Prof. Martin est là.|Me. Blanc plaide.
    |Il est à St. Malo.|Ste. Anne.|Les Ets. Michelin sont là.|Mlle. Durand.|Le No. 5 est là.
    |J. Dupont est là.|J.-P. Dupont est là.|En 50 av. J.-C. il est mort.|J. Le Goff est là.
    |Le Dr. M. Dupont|En 50 av. J.-C. Rome était grande.|Le 1er janv. 2020.""",
    "de": """Im 19. Jahrhundert war das so.|Der 2. Weltkrieg war schlimm.|Das ist mein 3. Auto.
    |Der 1. FC Köln.|Fa. Müller ist da.|100 Euro inkl. MwSt. sind viel.|Frl. Maier
    |Dipl.-Ing. Maier""",
    "es": """Sale a las 5 a.m. y vuelve.|Vivo en el 2.º piso.|La 1.ª vez.|Son aprox. 5 km.
    |5 hrs. después|Son 5 mill. de euros.|En 50 d. C. murió.|Fco. Ruiz está aquí.|Dña. Ana
    |D. Juan está aquí.|J. García vino.|El profesor J. R. García vino.|Cía. Ltda.|Dres. Gil
    |Vio al Tte. \U000f0000 aquí.""",
    "en": """It is approx. five.|It is approx. 5.|Approx. 5 came.|See vol. 5.|On Tues. is a party.
    |Mon. Nov. 5 is.|Mx. Smith is here.""",
}
TWO_SENTENCES = {
    "fr": """C'est le plan B. |Il est là.
    Il vit à Paris. |iPhone est cher.
    Venez le 5 sept. |Il pleut.
    C'est la vitamine C. |C’est bon.
    bonjour. |ça va.""",
    "de": """Er ist 19. |Sie ist 20.
    Dr. Müller kommt. |Er ist da.""",
    "es": """Sale a las 5 p.m. |Luego vuelve.
    Es el plan B. |Tú también.
    Me gusta Apple. |iPhone es caro.
    hola. |qué tal.
    Dijo que no. |¿Y tú?""",
    "en": """I live on plan B. |You too.
    Come on Tues. |He left.
    hello. |how are you.""",
}


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (language, line)
        for language, lines in ONE_SENTENCE.items()
        for line in lines.replace("\n    |", "|").split("|")
    ],
)
def test_a_full_stop_that_ends_no_sentence(language: str, line: str) -> None:
    assert list(segment_line(line, language)) == [line]


@pytest.mark.parametrize(
    ("language", "line"),
    [(language, line) for language, lines in TWO_SENTENCES.items() for line in lines.split("\n")],
)
def test_a_full_stop_that_ends_one(language: str, line: str) -> None:
    sentences = line.strip().split("|")
    assert list(segment_line("".join(sentences), language)) == sentences


def test_in_doubt_a_sentence_goes_on() -> None:
    line = "Er ist 19. Maria ist 20."
    assert list(segment_line(line, "de")) == [line]


def test_white_space_that_sentencex_cannot_take() -> None:
    line = "Vino J.\u00a0García.\u3000Luego se fue."
    assert list(segment_line(line, "es")) == ["Vino J.\u00a0García.\u3000", "Luego se fue."]
    assert list(segment_line("x B\u00a0. C", "es")) == ["x B\u00a0. C"]  # it panics at this one


@pytest.mark.parametrize("language", ["es", "de", "fr", "en", "ja", "xx", ""])
@given(st.text(st.sampled_from("aBñ .,!?«»\"'()5\u3002\x00\t\u00a0\u2003J-ºé\u200b…\U000f0000")))
def test_joined_they_are_the_line(language: str, line: str) -> None:
    assert "".join(segment_line(line, language)) == line


def test_long_lines_are_cut_where_short_ones_are() -> None:
    # Quotations, whose end stands in another window if this is taken apart carelessly.
    sentences = ['Dijo "no sé" y calló. ', "Es así. ", '"¿Y tú?", dijo. ', "El Sr. Gil llegó. "]
    cut = list(segment_line("".join(sentences), "es"))
    assert len(cut) == 4
    assert list(segment_line("".join(sentences) * 500, "es")) == cut * 500


@pytest.mark.parametrize("text", ["«", "“", "‘", "`", "<?", "M. ", "J. ", "5. ", "a. ", "J.-"])
def test_no_line_takes_long(text: str) -> None:
    # Linear takes a second or two here; quadratic took two minutes.
    start = time.monotonic()
    list(segment_line(text * (400_000 // len(text)), "fr"))
    assert time.monotonic() - start < 20
