"""The models in `saved_models` are whole, described, small, and translate."""

from __future__ import annotations

import gzip
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import ROOT

from serving.batcher import Batcher
from serving.cache import Cache
from serving.observer import Silent
from serving.served_model import ServedModel
from training.model_card import model_card
from training.scoring import score_pairs
from translator.alignment import align_words
from translator.batch import pad
from translator.constants import EOS
from translator.engine import Engine, Request
from translator.requests import max_repeats
from translator.saved_model import SavedTranslator
from translator.spelling import spell_words
from translator.texts.glossary import Glossary
from translator.translation import Translation
from translator.translator import Translator

SHIPPED = ROOT / "saved_models"
CORPORA = ROOT.parent / "shared" / "corpora" / "tatoeba"
SENTENCES = 250
pytestmark = pytest.mark.slow

# What each direction is sure to know, and a word that no right translation goes without.
EVERYDAY = {
    ("es", "en"): [
        ("¿Dónde está la estación?", "station"),
        ("Tengo hambre.", "hungry"),
        ("No hablo español.", "Spanish"),
        ("Ella es mi hermana.", "sister"),
    ],
    ("de", "en"): [
        ("Wo ist der Bahnhof?", "station"),
        ("Ich habe Hunger.", "hungry"),
        ("Ich spreche kein Deutsch.", "German"),
        ("Sie ist meine Schwester.", "sister"),
    ],
    ("fr", "en"): [
        ("Où est la gare ?", "station"),
        ("J'ai faim.", "hungry"),
        ("Je ne parle pas français.", "French"),
        ("C'est ma sœur.", "sister"),
    ],
    ("en", "de"): [
        ("Where is the station?", "Bahnhof"),
        ("I'm hungry.", "hung"),
        ("I don't speak German.", "Deutsch"),
        ("She is my sister.", "Schwester"),
    ],
    ("en", "fr"): [
        ("Where is the station?", "gare"),
        ("I'm hungry.", "faim"),
        ("I don't speak French.", "français"),
        ("She is my sister.", "sœur"),
    ],
    ("en", "es"): [
        ("Where is the station?", "estación"),
        ("I'm hungry.", "hambre"),
        ("I don't speak Spanish.", "español"),
        ("She is my sister.", "hermana"),
    ],
}


UNKNOWN = {
    "es": "Creo que Wozniak vive en Saskatoon.",
    "fr": "Je pense que Wozniak habite à Saskatoon.",
    "de": "Ich glaube, dass Wozniak in Saskatoon wohnt.",
    "en": "I think that Wozniak lives in Saskatoon.",
}
"""A person and a place that are in no pair."""

TERMS = {
    ("es", "en"): ("perro", "hound", "dog"),
    ("de", "en"): ("Hund", "hound", "dog"),
    ("fr", "en"): ("chien", "hound", "dog"),
    ("en", "es"): ("dog", "chucho", "perro"),
    ("en", "de"): ("dog", "Köter", "Hund"),
    ("en", "fr"): ("dog", "clébard", "chien"),
}
"""A term, the rare word that it is to become, and what a model says for it."""

WITH_PLACEHOLDERS = {
    "es": [
        "Hola {name}, mi perro es muy grande.",
        "El perro de {0} ladra toda la noche.",
        "Mi perro duerme en la casa, {name}.",
    ],
    "de": [
        "Hallo {name}, mein Hund ist sehr groß.",
        "Der Hund von {0} bellt die ganze Nacht.",
        "Mein Hund schläft im Haus, {name}.",
    ],
    "fr": [
        "Salut {name}, mon chien est très grand.",
        "Le chien de {0} aboie toute la nuit.",
        "Mon chien dort dans la maison, {name}.",
    ],
    "en": [
        "Hi {name}, my dog is very big.",
        "The dog of {0} barks all night.",
        "My dog sleeps in the house, {name}.",
    ],
}

ALONE = (
    {"es": "farmacia", "fr": "pharmacie", "de": "Apotheke", "en": "pharmacy"},
    {"es": "no", "fr": "non", "de": "nein", "en": "no"},
    {"es": "sí", "fr": "oui", "de": "ja", "en": "yes"},
)


def folders() -> list[Any]:
    found = [path for path in sorted(SHIPPED.glob("*")) if path.is_dir()]
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip("no model in saved_models"))]
    return [pytest.param(path, id=path.name) for path in found]


@pytest.fixture(scope="module", params=folders())
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(scope="module")
def translator(folder: Path) -> Translator:
    return Translator.load(folder)


@pytest.fixture(scope="module")
def sentences(translator: Translator) -> list[str]:
    """Sentences of a test split in the model's source language, none of them twice."""
    source, target = translator.source_language, translator.target_language
    for columns in ((source, target), (target, source)):
        path = CORPORA / f"{'-'.join(columns)}.test.tsv.gz"
        if path.exists():
            with gzip.open(path, "rt", encoding="utf-8") as file:
                lines = [line.rstrip("\n").split("\t") for line in file]
            side = columns.index(source)
            return list(dict.fromkeys(line[side] for line in lines))[:SENTENCES]
    pytest.skip(f"no test split of {source} and {target} in {CORPORA}")


@pytest.fixture(scope="module")
def alone(translator: Translator, sentences: list[str]) -> list[Translation]:
    return [translator.translate([sentence])[0] for sentence in sentences]


def test_all_of_them_are_small() -> None:
    sizes = [path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()]
    assert sum(sizes) < 200e6


def test_name_tells_the_languages(folder: Path, translator: Translator) -> None:
    assert folder.name == f"{translator.source_language}-{translator.target_language}"
    assert translator.version >= 1


def test_is_described(translator: Translator) -> None:
    training = translator.info["training"]
    assert training["data"]
    assert training["licence"]
    assert training["attribution"]
    assert translator.info["scores"]
    for report in translator.info["scores"]:
        assert report["sentences"] > 0
        signatures = {score["metric"]: score["signature"] for score in report["scores"]}
        assert set(signatures) == {"BLEU", "chrF"}
        assert all("version:" in signature for signature in signatures.values())


def test_the_readme_tells_the_scores_of_the_test_split(translator: Translator) -> None:
    names = {"en": "English", "es": "Spanish", "de": "German", "fr": "French"}
    source, target = (
        names[code] for code in (translator.source_language, translator.target_language)
    )
    row = re.search(
        rf"^\| {source} → {target} \| beam 5 \| ([\d.]+) \| ([\d.]+) \|$",
        (ROOT / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert row, f"{source} → {target}"
    tested = translator.info["scores"][-1]
    scores = {score["metric"]: score["value"] for score in tested["scores"]}
    assert [float(told) for told in row.groups()] == [
        pytest.approx(scores[metric], abs=0.051) for metric in ("BLEU", "chrF")
    ]


def test_has_a_card(folder: Path, translator: Translator) -> None:
    if "command" not in translator.info["training"]:
        pytest.skip("exported before there were cards")
    card = (folder / str(translator.version) / "README.md").read_text("utf-8")
    # What `model_card` writes, and below it what people found.
    assert card.startswith(model_card(translator.info))


def test_everyday_sentences(translator: Translator) -> None:
    known = EVERYDAY.get((translator.source_language, translator.target_language))
    if known is None:
        pytest.skip("no sentences are written down for this direction")
    translations = translator.translate([text for text, _ in known])
    for translation, (text, word) in zip(translations, known, strict=True):
        assert word.lower() in translation.text.lower(), text
        assert not translation.truncated


def test_a_term_takes_the_place_of_a_word_where_there_is_a_placeholder(
    translator: Translator,
) -> None:
    known = TERMS.get((translator.source_language, translator.target_language))
    if known is None:
        pytest.skip("no term is written down for this direction")
    term, target, own = known
    texts = WITH_PLACEHOLDERS[translator.source_language]
    for text, result in zip(
        texts, translator.translate_texts(texts, glossary=Glossary({term: target})), strict=True
    ):
        assert target in result.candidates[0], text
        assert own.lower() not in result.candidates[0].lower(), text


def test_capitals_are_read_as_ordinary_letters(translator: Translator) -> None:
    languages = translator.source_language, translator.target_language
    known = EVERYDAY.get(languages)
    if known is None:
        pytest.skip("no sentences are written down for this direction")
    results = translator.translate_texts([text.upper() for text, _ in known])
    for result, (text, word) in zip(results, known, strict=True):
        assert word.upper() in result.candidates[0], text
        assert result.candidates[0].isupper()


def assert_same_texts(found: list[str], alone: list[Translation]) -> None:
    different = [
        (one, other.text) for one, other in zip(found, alone, strict=True) if one != other.text
    ]
    assert different == []


def test_batches_do_not_matter(
    translator: Translator, sentences: list[str], alone: list[Translation]
) -> None:
    order = random.Random(1).sample(range(len(sentences)), len(sentences))
    together = translator.translate([sentences[n] for n in order], batch_size=64)

    assert_same_texts([t.text for t in together], [alone[n] for n in order])


def test_padding_does_not_matter(
    folder: Path, sentences: list[str], alone: list[Translation]
) -> None:
    saved = SavedTranslator.load(folder)
    engine = Engine([saved.decoder()], saved.lexicon, only_required=saved.target.placeholders)
    search = Translator(saved).search_config()
    rows = [[*saved.source.encode(text), EOS] for text in sentences]
    by_length = sorted(range(len(rows)), key=lambda n: len(rows[n]))
    for start in range(0, len(rows), 64):
        batch = by_length[start : start + 64]
        source_ids = np.pad(pad([rows[n] for n in batch]), ((0, 0), (0, 20)))
        limits = max_repeats(source_ids, [search.max_repeats] * len(source_ids))
        outputs = engine.search(Request(source_ids, limits), search)
        found = [saved.target.decode(ids[0]) for ids in outputs["output_ids"]]
        assert_same_texts(found, [alone[n] for n in batch])


def test_n_best_does_not_matter(
    translator: Translator, sentences: list[str], alone: list[Translation]
) -> None:
    one = alone[:200]
    five = translator.translate(sentences[:200], translator.search_config(n_best=5))

    assert_same_texts([t.text for t in five], one)
    scores = [[t.hypotheses[0].score for t in translations] for translations in (five, one)]
    np.testing.assert_allclose(scores[0], scores[1], atol=0.01)  # bfloat16 has three digits


def test_shortlists_hardly_matter(
    folder: Path, sentences: list[str], alone: list[Translation]
) -> None:
    """A lexicon lists so much that hardly a translation changes: 1 in 100 at the most."""
    if SavedTranslator.load(folder).lexicon is None:
        pytest.skip("no lexicon")
    whole = Translator.load(folder, shortlist=False).translate(sentences)
    changed = [(a.text, b.text) for a, b in zip(alone, whole, strict=True) if a.text != b.text]

    assert len(changed) <= len(sentences) / 100, changed


def test_all_halt(alone: list[Translation]) -> None:
    """A sentence of a test split is translated to its end, with very few exceptions."""
    assert sum(t.truncated for t in alone) <= len(alone) / 100


class TestMending:
    """What the search alone would make up or lose."""

    @pytest.fixture(autouse=True)
    @staticmethod
    def has_dictionary(translator: Translator) -> None:
        if not translator.info.get("mending"):
            pytest.skip("without a dictionary")

    def test_names_that_no_pair_has_are_kept(self, translator: Translator) -> None:
        text = UNKNOWN[translator.source_language]
        [result] = translator.translate_texts([text])
        assert {"Wozniak", "Saskatoon"} <= {*re.findall(r"\w+", result.candidates[0])}
        assert "Wozniak" not in translator.translate([text])[0].text

    @pytest.mark.parametrize("words", ALONE)
    def test_a_word_alone(self, translator: Translator, words: dict[str, str]) -> None:
        source, target = translator.source_language, translator.target_language
        text = f"({words[source].capitalize()})"
        [result] = translator.translate_texts([text])
        assert result.candidates[0] == f"({words[target].capitalize()})"


class TestWhereItIsMended:
    """The parts that call it, with one model."""

    @pytest.fixture(scope="class")
    @staticmethod
    def saved() -> SavedTranslator:
        return SavedTranslator.load(SHIPPED / "es-en")

    @pytest.fixture(scope="class")
    @staticmethod
    def translator(saved: SavedTranslator) -> Translator:
        return Translator(saved)

    def test_words_are_aligned_with_those_that_they_are_of(self, translator: Translator) -> None:
        text = UNKNOWN[translator.source_language]
        [result] = translator.translate_texts([text])
        [sentence] = result.sentences
        best = sentence.translation.hypotheses[0]
        source, target = (
            spell_words(x[:-1]) for x in (sentence.translation.source_tokens, best.tokens)
        )
        pairs = {(source[i], target[j]) for i, j in align_words(sentence.translation, best)}
        assert ("Wozniak", "Wozniak") in pairs

    def test_markup_stays_around_them(self, translator: Translator) -> None:
        text = UNKNOWN[translator.source_language].replace("Wozniak", "<b>Wozniak</b>")
        [result] = translator.translate_texts([text], text_format="html")
        assert "<b>Wozniak</b>" in result.candidates[0]

    def test_in_the_server(self, translator: Translator) -> None:
        batcher = Batcher(1, observer=Silent())
        served = ServedModel(translator, batcher, Cache(10_000, Silent()))
        text = UNKNOWN[translator.source_language]
        [result] = served.translate_texts([text], served.search_config())
        batcher.close()
        assert "Wozniak" in result.candidates[0]

    def test_in_scores(self, translator: Translator) -> None:
        pairs = [(UNKNOWN[translator.source_language], "Wozniak")]
        _, [translation] = score_pairs(translator, pairs, [""], translator.search_config())
        assert "Wozniak" in translation.text

    def test_not_where_it_is_told(self, saved: SavedTranslator) -> None:
        without = Translator(saved, mending=False)
        other = SavedTranslator.load(SHIPPED / "es-en")
        other.info = {**other.info, "mending": False}
        for one in (without, Translator(other)):
            [result] = one.translate_texts([UNKNOWN[one.source_language]])
            assert "Wozniak" not in result.candidates[0]
