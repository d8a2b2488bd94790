"""Pairs of single words, learnt from sentences small enough to read."""

from __future__ import annotations

import shutil
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from toy import train_arguments, write_pairs

from training.__main__ import main
from training.config import TrainConfig
from training.leaving import leave_dictionary
from training.run import Data, Run
from training.words import learn_dictionary, learn_words, read_words, write_words
from translator.dictionary import Dictionary
from translator.saved_model import SavedTranslator
from translator.tokenizer import train_tokenizer

GERMAN = {"hund": "Hund", "katze": "Katze", "haus": "Haus", "garten": "Garten"}
ENGLISH = {"hund": "dog", "katze": "cat", "haus": "house", "garten": "garden"}
SENTENCES = [
    *[(("Rojo", "Red"), other, other) for other in (("y", "and"), ("o", "or")) for _ in range(5)],
    *permutations([("Dos", "Two"), ("rojo", "red"), ("y", "and")]),
]
PAIRS = [
    (f"Mein {GERMAN[a]} sieht {GERMAN[b]}.", f"My {ENGLISH[a]} sees {ENGLISH[b]}.")
    for a, b in product(GERMAN, repeat=2)
]

DICTIONARY = Dictionary(frozenset({"dog"}), {"hund": "dog"})


def test_words_that_stand_together_are_pairs_as_they_are_written() -> None:
    learnt = learn_words(PAIRS)
    assert {(GERMAN[word], ENGLISH[word]) for word in GERMAN} <= {*learnt}
    # A noun with its own capital is not repeated.
    assert ("Hund", "Dog") not in learnt


def test_a_word_in_lower_case_is_a_pair_with_capitals_too() -> None:
    learnt = learn_words([(target, source) for source, target in PAIRS])
    assert {("dog", "Hund"), ("Dog", "Hund")} <= {*learnt}


def test_words_that_stand_too_seldom_or_are_too_unsure_are_none() -> None:
    assert learn_words(PAIRS, least_count=1000) == []
    assert learn_words(PAIRS, least=1.0) == []


def test_the_surest_come_first_and_no_word_comes_twice() -> None:
    learnt = learn_words(PAIRS, least=0.0)
    assert learnt == learn_words(PAIRS, least=0.0)
    sources = [source for source, _ in learnt]
    assert len({*sources}) == len(sources)
    for most in (0.2, 0.25):
        surer = learn_words(PAIRS, least=most)
        assert surer
        assert surer == learnt[: len(surer)]


def test_a_capital_that_a_sentence_gave_is_not_the_word_s_own() -> None:
    # Each of these words stands at a beginning far more often than inside.
    pairs = [(f"{a} {b} {c}", f"{x} {y} {z}") for (a, x), (b, y), (c, z) in SENTENCES]
    learnt = learn_words(pairs, least=0.01, least_count=1)
    assert {("rojo", "red"), ("Rojo", "Red")} <= {*learnt}


def test_marks_do_not_part_a_word() -> None:
    pairs = [("हिन्दी किताब", "Hindi book"), ("हिन्दी", "Hindi"), ("किताब", "book")] * 3
    assert {*learn_words(pairs, least=0.1)} == {
        ("हिन्दी", "Hindi"),
        ("किताब", "book"),
    }


def test_they_are_read_as_they_were_written(tmp_path: Path) -> None:
    words = [("perro", "dog"), ("Perro", "Dog")]
    write_words(tmp_path / "words.tsv", words)
    assert read_words(tmp_path / "words.tsv") == words
    write_words(tmp_path / "words.tsv", [])
    assert read_words(tmp_path / "words.tsv") == []


def test_no_words_no_pairs() -> None:
    assert learn_words([]) == []
    assert learn_words([("1", "2"), ("!", "?")] * 5) == []


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


@pytest.mark.slow
@pytest.mark.usefixtures("unsearched")
def test_a_run_learns_them_once_and_trains_on_them(tmp_path: Path) -> None:
    pairs = [(f"{source} {n}", f"{target} {n}") for n in range(20) for source, target in PAIRS]
    files = [write_pairs(tmp_path / name, pairs) for name in ("train.tsv", "valid.tsv")]
    arguments = [
        *train_arguments(tmp_path / "run", *files, vocab_size=300, word_pairs=True, epochs=1)
    ]
    first = invoke(*arguments)
    assert first.exit_code == 0, first.stderr
    words = read_words(tmp_path / "run" / "words.tsv")
    assert ("Hund", "dog") in words
    assert f"{len(words)} pairs of single words learnt" in first.stderr
    assert f"{len(pairs) + len(words)} pairs of at most" in first.stderr

    again = invoke(*arguments)
    assert again.exit_code == 0, again.stderr
    assert "learnt" not in again.stderr
    assert f"{len(pairs) + len(words)} pairs of at most" in again.stderr


class TestDictionary:
    def test_it_has_all_target_words_and_what_source_words_become(self) -> None:
        dictionary = learn_dictionary(PAIRS, [*(target for _, target in PAIRS), "One MORE, here's"])
        assert dictionary.known == {"my", "sees", *ENGLISH.values(), "one", "more", "here", "s"}
        assert {word: dictionary.translate(word) for word in GERMAN.values()} == {
            GERMAN[word]: ENGLISH[word] for word in GERMAN
        }

    def test_it_has_the_words_that_stand_twice_in_a_row(self) -> None:
        targets = ["Nous nous levons.", "Que que ce soit ? Non, non !", "un unique cas as"]
        known = learn_dictionary(PAIRS, targets).known
        assert {word for word in known if " " in word} == {"nous nous", "que que"}

    def test_two_words_may_become_the_same(self) -> None:
        pairs = [("Gross.", "Big."), ("Riesig.", "Big."), ("Klein.", "Small.")] * 3
        dictionary = learn_dictionary(pairs, ["Big.", "Small."])
        assert (dictionary.translate("gross"), dictionary.translate("riesig")) == ("Big", "Big")

    def test_what_an_apostrophe_divides_is_no_translation(self) -> None:
        pairs = [("Geh nicht.", "Don't go."), ("Iss nicht.", "Don't eat."), ("Lies.", "Read.")] * 3
        pairs += [
            ("Heute.", "Aujourd'hui."),
            ("Wasser.", "L'eau."),
            ("Toms Hut.", "Tom's hat."),
        ] * 3
        dictionary = learn_dictionary(pairs, [])
        assert {*dictionary.translations.values()}.isdisjoint({"Don", "don", "t", "Aujourd", "hui"})
        assert dictionary.translate("wasser") == "eau"
        assert dictionary.translate("toms") == "Tom"

    def test_the_end_of_a_number_is_no_translation(self) -> None:
        pairs = [("Mayo.", "1st."), ("Junio.", "2nd.")] * 3
        assert learn_dictionary(pairs, []).translations == {}

    def test_a_word_that_ends_as_a_half_does_is_one(self) -> None:
        pairs = [("Mein Hut.", "My hat."), ("Dein Hut.", "Your hat.")] * 3
        pairs += [("Das reicht.", "That'll do.")] * 20
        assert learn_dictionary(pairs, []).translate("hut") == "hat"

    def test_what_a_word_becomes_that_stands_alone_is_another_matter(self) -> None:
        pairs = [("No voy.", "Not going."), ("No como.", "Not eating.")] * 9
        pairs += [("No, gracias.", "No, thanks."), ("¡No!", "No!"), ("¿No? Bien.", "No? Well.")]
        dictionary = learn_dictionary(pairs, [])
        assert dictionary.translate("no") == "Not"
        assert dictionary.translate_alone("No") == "No"
        assert dictionary.translate_alone("voy") == dictionary.translate("voy") == "going"

    def test_that_is_what_it_mostly_becomes(self) -> None:
        pairs = [("No, voy.", "No, going."), ("¡No!", "Not at all!"), ("No.", "It is not.")] * 3
        dictionary = learn_dictionary(pairs, [])
        assert dictionary.translate_alone("no") == dictionary.translate("no")

    def test_a_capital_letter_is_no_translation_of_a_word(self) -> None:
        pairs = [("Vitamin.", "C."), ("E.", "And."), ("Und.", "Y."), ("Ich.", "I.")] * 2
        pairs += [("Du und ich.", "You y I.")]
        translations = learn_dictionary(pairs, []).translations
        assert "vitamin" not in translations
        assert (translations["e"], translations["und"], translations["ich"]) == ("And", "y", "I")

    def test_the_unsure_is_left_out(self) -> None:
        assert learn_dictionary(PAIRS, [], least=1.0).translations == {}

    def test_of_nothing(self) -> None:
        assert learn_dictionary([], []) == Dictionary(frozenset(), {})


def test_an_export_hands_it_on(toy_run: Path, tmp_path: Path) -> None:
    assert not (toy_run / "dictionary.tsv.gz").exists()  # its pairs have no words
    run = shutil.copytree(toy_run, tmp_path / "run")
    DICTIONARY.save(run / "dictionary.tsv.gz")
    done = invoke("export", run, tmp_path / "model")
    assert done.exit_code == 0, done.stderr
    saved = SavedTranslator.load(tmp_path / "model")
    assert saved.dictionary == DICTIONARY
    assert "mending" in saved.info  # measured on the valid split


def test_it_is_learnt_once(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "pairs.tsv", PAIRS)
    data = Data((str(path),), (str(path),), "de", "en")
    tokenizer = train_tokenizer(["ab"] * 50, 300, "bpe")
    run = Run(tmp_path, TrainConfig(), data, tokenizer, tokenizer, {})
    said: list[str] = []
    leave_dictionary(run, data.stream(1), said.append)
    assert "dictionary of 6 words in" in said[0]
    dictionary = run.dictionary()
    assert dictionary is not None
    assert dictionary.known == {"my", "sees", *ENGLISH.values()}
    leave_dictionary(run, data.stream(1), said.append)
    assert len(said) == 1


def test_words_that_a_machine_wrote_are_no_words(tmp_path: Path) -> None:
    real = write_pairs(tmp_path / "real.tsv", PAIRS)
    made = write_pairs(tmp_path / "made.tsv", [("nadia", "swampy"), ("die nadia", "the swampy")])
    data = Data((str(real),), (str(real),), "de", "en", tagged=(str(made),))
    tokenizer = train_tokenizer(["ab"] * 50, 300, "bpe")
    run = Run(tmp_path, TrainConfig(), data, tokenizer, tokenizer, {})
    leave_dictionary(run, data.stream(1), lambda _: None)
    dictionary = run.dictionary()
    assert dictionary is not None
    assert dictionary.translate("hund") == "dog"
    assert dictionary.translate("nadia") is None
    assert "swampy" in dictionary.known


@pytest.mark.parametrize("attention", ["none", "additive"])
def test_not_without_attention(tmp_path: Path, attention: Any) -> None:
    path = write_pairs(tmp_path / "pairs.tsv", PAIRS)
    data = Data((str(path),), (str(path),), "de", "en")
    tokenizer = train_tokenizer(["ab"] * 50, 300, "bpe")
    config = TrainConfig(attention=attention)
    run = Run(tmp_path, config, data, tokenizer, tokenizer, {})
    leave_dictionary(run, data.stream(1), lambda _: None)
    assert (run.dictionary() is not None) == (attention != "none")


@pytest.mark.parametrize(("languages", "learnt"), [(("es", "en"), True), (("ja", "en"), False)])
def test_not_where_letters_in_a_row_are_no_word(
    tmp_path: Path, languages: tuple[str, str], learnt: bool
) -> None:
    path = write_pairs(tmp_path / "pairs.tsv", PAIRS)
    for init_from in ("", "other"):
        folder = tmp_path / f"run-{init_from}"
        folder.mkdir()
        data = Data((str(path),), (str(path),), *languages, init_from=init_from)
        tokenizer = train_tokenizer(["ab"] * 50, 300, "bpe")
        run = Run(folder, TrainConfig(), data, tokenizer, tokenizer, {})
        leave_dictionary(run, data.stream(1), lambda _: None)
        assert (run.dictionary() is not None) == (learnt and not init_from)


@pytest.mark.parametrize("origin_has_one", [True, False])
def test_a_run_that_continues_a_model_adds_to_its_words(
    tmp_path: Path, origin_has_one: bool
) -> None:
    origin, folder = tmp_path / "origin", tmp_path / "run"
    origin.mkdir()
    folder.mkdir()
    (origin / "run.json").write_text("{}")
    if origin_has_one:
        Dictionary(frozenset({"whale"}), {"wal": "whale"}).save(origin / "dictionary.tsv.gz")
    path = write_pairs(tmp_path / "pairs.tsv", PAIRS)
    data = Data((str(path),), (str(path),), "de", "en", init_from=str(origin))
    tokenizer = train_tokenizer(["ab"] * 50, 300, "bpe")
    run = Run(folder, TrainConfig(), data, tokenizer, tokenizer, {})
    leave_dictionary(run, data.stream(1), lambda _: None)
    dictionary = run.dictionary()
    assert (dictionary is not None) == origin_has_one
    if dictionary is not None:
        assert dictionary.translate("wal") == "whale"
        assert len(dictionary.known) > 1
