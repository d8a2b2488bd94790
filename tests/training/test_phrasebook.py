"""The phrasebook: what stands in it, and what pairs it makes."""

from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from toy import run_module

from training import phrasebook
from translator.errors import ConfigError
from translator.text import normalize

LANGUAGES = ("en", "de", "fr", "es")
FOLDER = Path(phrasebook.__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    with open(FOLDER / name, encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def made(text: str, monkeypatch: pytest.MonkeyPatch, *, copies: int = 1) -> list[tuple[str, str]]:
    """Pairs of one phrase, English to French."""
    read = phrasebook._read
    phrase = dict(zip(LANGUAGES, text.split(" / "), strict=False))
    monkeypatch.setattr(
        phrasebook, "_read", lambda name: [phrase] if name == "phrases.tsv" else read(name)
    )
    return [*phrasebook.pairs("en", "fr", copies, seed=1)]


def test_each_way_to_say_it_goes_with_the_first_of_the_other_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert made("Hi. | Hello. / - / Salut. | Bonjour.", monkeypatch) == [
        ("Hi.", "Salut."),
        ("Hello.", "Salut."),
    ]


def test_a_phrase_is_there_as_often_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert made("Hi. | Hello. / - / Salut.", monkeypatch, copies=3) == [
        ("Hi.", "Salut."),
        ("Hello.", "Salut."),
        ("Hi.", "Salut."),
    ]


def test_a_name_is_the_same_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = made("I am {name}. / - / Je suis {name}.", monkeypatch, copies=5)
    names = [re.fullmatch(r"I am (\w+)\.", source)[1] for source, _ in pairs]  # type: ignore[index]
    assert [target for _, target in pairs] == [f"Je suis {name}." for name in names]
    assert len({*names}) > 10


def test_a_city_has_its_name_in_each_language(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = made("I live in {city}. / - / Je vis à {city}.", monkeypatch, copies=100)
    assert ("I live in London.", "Je vis à Londres.") in pairs
    assert ("I live in Lyon.", "Je vis à Lyon.") in pairs


def test_french_drops_an_e_before_a_vowel(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = made("{name}'s bag / - / Le sac de {name}", monkeypatch, copies=200)
    assert ("Anna's bag", "Le sac d'Anna") in pairs
    assert ("Paul's bag", "Le sac de Paul") in pairs


def test_the_same_seed_makes_the_same_pairs() -> None:
    first, again, other = ([*phrasebook.pairs("de", "en", 1, seed)] for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(("source", "target"), [*permutations(LANGUAGES, 2)])
def test_every_phrase_is_whole_in_every_language(source: str, target: str) -> None:
    pairs = [*phrasebook.pairs(source, target, copies=1, seed=1)]
    assert len(pairs) > 1000
    for pair in pairs:
        for text in pair:
            assert text == normalize(text) != ""
            assert not re.search(r'[{}|"\t]|  ', text)


def test_cells_agree_in_their_slots() -> None:
    for row in rows("phrases.tsv"):
        slots = {
            tuple(sorted(re.findall(r"\{\w*\}", text)))
            for cell in row.values()
            for text in cell.split(" | ")
        }
        assert len(slots) == 1, row
        found = slots.pop()
        assert len({*found}) == len(found), row
        assert {*found} <= {"{name}", "{city}", "{number}"}, row


def test_no_phrase_stands_there_twice() -> None:
    counts = Counter(row["en"] for row in rows("phrases.tsv"))
    assert [text for text, count in counts.items() if count > 1] == []


def test_no_phrase_is_one_of_the_everyday_sentences() -> None:
    """By which the models are judged."""

    def bare(text: str) -> str:
        return re.sub(r"\W+", " ", text.lower()).strip()

    judged = {
        bare(text)
        for path in Path(__file__).parents[1].glob("benchmarks/everyday*.tsv")
        for row in csv.DictReader(
            path.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE
        )
        for text in row.values()
    }
    assert len(judged) > 600  # of 158 sentences in four languages
    found = {bare(t) for row in rows("phrases.tsv") for c in row.values() for t in c.split(" | ")}
    assert found & judged == set()


def test_a_language_without_phrases() -> None:
    with pytest.raises(ConfigError, match=r"expected one of de, en, es, fr\. Received: 'ja'"):
        [*phrasebook.pairs("ja", "en", 1, 1)]


def test_a_language_twice() -> None:
    with pytest.raises(ConfigError, match=r"expected two languages\. Received: 'en' twice"):
        [*phrasebook.pairs("en", "en", 1, 1)]


class TestCommand:
    def test_writes_pairs(self, tmp_path: Path) -> None:
        file = tmp_path / "phrases.tsv"
        done = run_module(
            *("training", "phrases", "--source", "es", "--target", "en"),
            *("--copies", "1", "--output", file),
        )
        assert done.returncode == 0, done.stderr
        lines = file.read_text("utf-8").splitlines()
        assert f"{file}: {len(lines):,} pairs" in done.stderr
        assert [*map(tuple, (line.split("\t") for line in lines))] == [
            *phrasebook.pairs("es", "en", 1, 1)
        ]

    def test_columns_may_be_the_other_way_round(self, tmp_path: Path) -> None:
        options = ("training", "phrases", "--source", "en", "--target", "fr", "--output")
        run_module(*options, tmp_path / "a.tsv")
        run_module(*options, tmp_path / "b.tsv", "--columns", "2,1")
        first, other = ((tmp_path / f"{name}.tsv").read_text("utf-8") for name in "ab")
        assert [line.split("\t")[::-1] for line in first.splitlines()] == [
            line.split("\t") for line in other.splitlines()
        ]

    def test_an_unknown_language_leaves_no_file(self, tmp_path: Path) -> None:
        file = tmp_path / "phrases.tsv"
        done = run_module(
            *("training", "phrases", "--source", "ja", "--target", "en", "--output", file)
        )
        assert done.returncode == 2
        assert done.stderr == "Error: expected one of de, en, es, fr. Received: 'ja'\n"
        assert not file.exists()
