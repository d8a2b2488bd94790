from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from serving.passages import translate_texts
from serving.registry import Engine
from translator.config import SearchConfig
from translator.translator import Hypothesis, Translation


def hypothesis(text: str, score: float) -> Hypothesis:
    return Hypothesis(
        text=text,
        score=score,
        log_prob=score,
        tokens=("</s>",),
        token_log_probs=(score,),
        alignment=np.ones((1, 1), np.float32),
        finished=True,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uno dos", "dos uno"),
        ("uno dos\ntres cuatro", "dos uno\ncuatro tres"),
        ("uno dos\r\n\r\ntres cuatro\r\n", "dos uno\r\n\r\ncuatro tres\r\n"),
        ("\n\nuno dos\r", "\n\ndos uno\r"),
        ("uno dos\n \t \ntres", "dos uno\n \t \ntres"),
        ("uno dos\u2028tres cuatro", "dos uno\u2028cuatro tres"),
        ("  Uno dos.  ¿Tres cuatro?\n", "  dos. Uno  cuatro? ¿Tres\n"),
        ("El Sr. Pérez", "Pérez Sr. El"),
        ("\n", "\n"),
        ("   ", "   "),
        ("", ""),
    ],
)
def test_line_breaks_and_blank_lines_stay(engine: Engine, text: str, expected: str) -> None:
    (result,) = translate_texts(
        [text], "es", "en", lambda lines: engine.translate(lines, SearchConfig())
    )
    assert result.candidates == (expected,)


def test_all_lines_of_all_texts_go_in_one_call_without_the_blank_ones() -> None:
    calls: list[list[str]] = []

    def translate(lines: list[str]) -> list[Translation]:
        calls.append(lines)
        return [Translation(("</s>",), (hypothesis(line.upper(), -1.0),)) for line in lines]

    results = translate_texts(["a\n\nb", " ", "c"], "es", "en", translate)
    assert calls == [["a", "b", "c"]]
    assert [result.candidates for result in results] == [("A\n\nB",), (" ",), ("C",)]
    assert [result.scores for result in results] == [(-2.0,), (0.0,), (-1.0,)]


def test_nothing_is_called_for_blank_texts_only() -> None:
    def translate(lines: list[str]) -> list[Translation]:
        raise AssertionError("not to be called")

    assert [result.candidates for result in translate_texts(["", "\n"], "es", "en", translate)] == [
        ("",),
        ("\n",),
    ]


def test_candidates_join_lines_rank_by_rank_and_leave_out_what_reads_the_same() -> None:
    by_line = {
        "a": (hypothesis("A", -1.0), hypothesis("Á", -2.0), hypothesis("Á", -4.0)),
        "b": (hypothesis("B", -8.0),),
    }
    (result,) = translate_texts(
        ["a\nb"],
        "es",
        "en",
        lambda lines: [Translation(("</s>",), by_line[line]) for line in lines],
    )
    assert result.candidates == ("A\nB", "Á\nB")
    assert result.scores == (-9.0, -10.0)


def test_one_line_cut_short_marks_the_text(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    results = translate_texts(
        ["uno\nendless", "uno\ndos"],
        "es",
        "en",
        lambda lines: engine.translate(lines, SearchConfig()),
    )
    assert [result.truncated for result in results] == [True, False]


@pytest.mark.parametrize(("target", "space"), [("en", " "), ("zh", "")])
def test_sentences_get_the_space_that_their_language_does_without(target: str, space: str) -> None:
    first, second = "こんにちは。", "元気ですか。"

    def translate(sentences: list[str]) -> list[Translation]:
        return [Translation(("</s>",), (hypothesis(s, -1.0),)) for s in sentences]

    (result,) = translate_texts([f"{first}{second}\n"], "ja", target, translate)
    assert result.candidates == (f"{first}{space}{second}\n",)
