"""Sentences that run over several cues of subtitles."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator

import pysubs2
import pytest
from filled_files import filled, leave, segments
from hypothesis import given, settings
from hypothesis import strategies as st

from translator.formats.registry import named
from translator.formats.segment import Fill, FillAll, Languages, Segment
from translator.formats.wrapping import split_caption

SRT, VTT = named("srt"), named("vtt")
SENTENCE = ("The old man who", "lives by the sea", "has a dog.")


def cues(*texts: str) -> str:
    """A file of subtitles that show some texts."""
    return "\n".join(
        f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{text}\n"
        for n, text in enumerate(texts, start=1)
    )


def filling(translate: Callable[[str], str]) -> FillAll:
    def fill(given: Iterable[Segment]) -> Iterator[Fill]:
        return (Fill(translate(segment.text)) for segment in given)

    return fill


def reverse(text: str) -> str:
    return " ".join(reversed(text.split()))


def translated(content: str, translate: Callable[[str], str] = str.upper) -> str:
    return filled(SRT, content.encode(), filling(translate)).decode()


def texts(content: str) -> list[str]:
    kind = VTT if content.startswith("WEBVTT") else SRT
    return [segment.text for segment in segments(kind, content.encode())]


def test_a_sentence_that_runs_over_cues_is_one() -> None:
    first, second = segments(SRT, cues(*SENTENCE, "It barks.").encode())

    assert first.text == "The old man who lives by the sea has a dog."
    assert (first.place, first.text_format) == ("cues at lines 3 to 11", "text")
    assert (second.text, second.place) == ("It barks.", "cue at line 15")


@pytest.mark.parametrize(
    ("translate", "expected"),
    [
        (str.upper, ["THE OLD MAN WHO", "LIVES BY THE SEA", "HAS A DOG."]),
        (reverse, ["dog. a has sea", "the by lives who", "man old The"]),
        (lambda _: "ja", ["ja", "...", "..."]),
        (lambda _: "ja doch", ["ja", "doch", "..."]),
        (lambda _: " ", ["...", "...", "..."]),
        (lambda _: "a\n\n4\nb", ["a", "4", "b"]),
    ],
)
def test_each_cue_takes_its_share(translate: Callable[[str], str], expected: list[str]) -> None:
    assert translated(cues(*SENTENCE), translate) == cues(*expected)


@pytest.mark.parametrize("fill", [leave, filling(str)])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_is_not_translated_stays(fill: FillAll, end: str) -> None:
    content = cues("<i> The old,\nold  man </i>", "who  lives", "here.\n\n").replace("\n", end)
    assert len(texts(content)) == 1
    assert filled(SRT, content.encode(), fill) == content.encode()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("He came", "and went"),
        ("He came,", "and went"),
        ("He came –", "and went"),
        ("He came\nhome", "and\nwent"),
        ('He said "no"', "and went"),
        ("In 1984", "he came"),
        ("<i>He came</i>", "<i>and went</i>"),
        ("<i>He came", "and went</i>"),
        ("{\\an8}He came", "and went"),
        ("Он пришёл", "и ушёл"),
    ],
)
def test_what_runs_on(first: str, second: str) -> None:
    (text,) = texts(cues(first, second))
    plain = " ".join(f"{first} {second}".split())
    for code in ("<i>", "</i>", "{\\an8}"):
        plain = plain.replace(code, "")
    assert text == plain


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("He came.", "and went"),
        ("He came;", "and went"),
        ("Wait...", "and see"),
        ("Wait…", "and see"),
        ("He came", "...and went"),
        ('He said "no."', "and went"),
        ("(door opens)", "and closes"),
        ("He came", "Anna went"),
        ("ROME", "where it began"),
        ("Ich sah", "Häuser im Tal"),
        ("- Who came", "and went?"),
        ("Who came", "- and went?"),
        ("He came\n- Who", "and went?"),
        ("♪ la la la", "in the sun"),
        ("la la la ♪", "in the sun"),
        ("He <b>really</b> came", "and went"),
        ("He came", "and <b>really</b> went"),
        ("He came", "<i></i>"),
        ("<i></i>", "and went"),
        ("他昨天", "去了"),
        ("هو ذهب", "ثم عاد"),
        ("კაცი", "მოვიდა"),  # has capitals, but no sentence begins with one
    ],
)
def test_what_does_not_run_on(first: str, second: str) -> None:
    apart = texts(cues(first)) + texts(cues(second))
    assert texts(cues(first, second)) == apart


def test_nothing_runs_on_over_a_cue_without_text() -> None:
    assert texts(cues("He came", "", "and went")) == ["He came", "and went"]


def test_cues_need_neither_numbers_nor_lines_between_them() -> None:
    time = "00:00:01,000 --> 00:00:02,000\n"
    content = f"{time}He came\n{time}and went\n"
    assert translated(content) == f"{time}HE CAME\n{time}AND WENT\n"
    assert len(texts(content)) == 1


def test_a_text_without_full_stops_is_no_single_sentence() -> None:
    words = ["aa", "bb", "cc", "dd", "ee", "ff", "gg"]
    assert texts(cues(*words)) == ["aa bb cc dd ee", "ff gg"]
    long = "a" * 120
    assert texts(cues(long, long, long)) == [f"{long} {long}", long]


def test_codes_and_lines_are_those_of_the_cue() -> None:
    content = cues(
        "<i>When the long night came we\ndid not know the way</i>", "{\\an8}back to our home."
    )
    expected = cues(
        "<i>WHEN THE LONG NIGHT CAME\nWE DID NOT KNOW THE WAY</i>", "{\\an8}BACK TO OUR HOME."
    )
    assert translated(content) == expected
    assert translated(content.replace("\n", "\r\n")) == expected.replace("\n", "\r\n")


WEBVTT = """WEBVTT

intro
00:01.000 --> 00:02.000 align:start
<v Bob>{}

{}00:03.000 --> 00:04.000 line:0
<v Bob>{}</v>
"""


@pytest.mark.parametrize("name", ["", "2\n", "intro 2\n"])
def test_names_settings_and_voices_of_webvtt_stay(name: str) -> None:
    content = WEBVTT.format("Tom &amp; Jerry", name, "are here now.")
    assert texts(content) == ["Tom & Jerry are here now."]
    assert filled(VTT, content.encode(), filling(str.upper)).decode() == WEBVTT.format(
        "TOM &amp; JERRY", name, "ARE HERE NOW."
    )


def test_nothing_runs_on_over_a_note_or_to_another_voice() -> None:
    apart = ["Tom", "and I"]
    for between in ("NOTE\n\n", "NOTE he pauses\n\n", "NOTE\nhe pauses\n\n"):
        assert texts(WEBVTT.format("Tom", between, "and I")) == apart
    assert texts(WEBVTT.replace("Bob", "Ann", 1).format("Tom", "", "and I")) == apart
    assert texts(WEBVTT.replace("<v Bob>", "", 1).format("Tom", "", "and I")) == apart


def test_a_letter_that_the_encoding_lacks_is_refused_in_any_cue() -> None:
    kind = named("srt", encoding="latin-1")
    content = cues("One", "is ÿ.").encode("latin-1")
    (segment,) = segments(kind, content)

    assert segment.check("ONE IS Ÿ.") == "'Ÿ' is not in ISO8859-1"
    assert filled(kind, content, filling(str.upper)) == content
    assert segment.check("ONE") == ""
    assert filled(kind, content, filling(lambda _: "É")) == cues("É", "...").encode("latin-1")


def test_a_language_without_spaces_is_divided_between_letters() -> None:
    output = io.BytesIO()
    fill = filling(lambda _: "他说他明天不会来。")
    source = io.BytesIO(cues("He said that he", "will not").encode())
    SRT.translate(source, output, fill, Languages("en", "zh-CN"))
    assert output.getvalue().decode() == cues("他说他明天不", "会来。")


@pytest.mark.parametrize(
    ("text", "lengths", "expected"),
    [
        ("one two three four five", [1, 1], ["one two three", "four five"]),
        ("one two three four five", [1, 5], ["one", "two three four five"]),
        ("one two, three four five", [1, 1], ["one two,", "three four five"]),
        ("one, two three four five six", [1, 1], ["one, two three", "four five six"]),
        ("this was it. Then Mr. X came", [1, 1], ["this was it.", "Then Mr. X came"]),
        ("one two – three four", [1, 1], ["one two –", "three four"]),
        ("one two -3 four", [1, 1], ["one two -3", "four"]),
        ("déjà vu ? oui", [1, 1], ["déjà vu ?", "oui"]),
        ("a bbbbbbbbbbbbbbb c", [1, 1, 1], ["a", "bbbbbbbbbbbbbbb", "c"]),
        (" one ", [9], ["one"]),
    ],
)
def test_where_a_text_is_divided(text: str, lengths: list[int], expected: list[str]) -> None:
    assert split_caption(text, lengths, spaced=True) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他说，他明天不会来", ["他说，", "他明天不会来"]),
        ("他在2024年", ["他在", "2024年"]),
        ("我用 Linux", ["我用", "Linux"]),
        ("「好」", ["「好」", "..."]),
    ],
)
def test_where_a_text_without_spaces_is_divided(text: str, expected: list[str]) -> None:
    assert split_caption(text, [1, 1], spaced=False) == expected


_SHOWN = ["Aa bb", "cc dd,", "ee ff gg hh\nii", "jj.", "<i>kk ll</i>", "- mm\n- nn", "oo <b>pp</b>"]


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(st.sampled_from(_SHOWN), min_size=1, max_size=15), st.integers(0, 12))
def test_each_cue_is_kept_and_no_word_is_lost(shown: list[str], count: int) -> None:
    words = [f"{chr(65 + n)}{',' * (n % 3 == 0)}" for n in range(count)]
    content = cues(*shown)
    fill = filling(lambda text: text if "<" in text else " ".join(words))
    before, after = (
        pysubs2.SSAFile.from_string(each.decode(), format_="srt")
        for each in (content.encode(), filled(SRT, content.encode(), fill))
    )
    assert [(each.start, each.end) for each in before] == [(each.start, each.end) for each in after]
    assert all(each.plaintext.strip() for each in after)
    found = [word for each in after for word in each.plaintext.split() if word.isupper()]
    assert found == [word for text in texts(content) if "<" not in text for word in words]
