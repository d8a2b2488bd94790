"""What the models that ship are worth, measured on test splits and on everyday sentences.

    python tests/benchmarks/models_acceptance.py --corpora FOLDER [--only scores long ...]

Scores: BLEU and chrF of each test split, and the translations that failed whatever the reference.
Long: chrF of two and of three neighbouring test sentences at once, beside the sentences alone.
Everyday: what becomes of `everyday.tsv` (100 sentences in four languages), to be read by a person;
and of `everyday_unseen.tsv` (58), whose author had seen neither phrasebook nor mistakes.
Mending: how many translations hold words that no pair has, and what becomes of them.
Names: the test sentences about Tom, with names that no pair has in his place.
Capitals: the test split in capitals, against its references in capitals.
Memory: of a server that loads on demand, with all models loaded, and each first translation.

FOLDER holds test splits of pairs as `en-es.test.tsv.gz` or, from `make models`,
`tatoeba.es-en.test.tsv.gz`.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parent))
from serving_load import ROOT, memory_of, serving

sys.path.insert(0, str(ROOT))
from training.corpus import Pair
from training.evaluation import corpus_scores
from training.scoring import read_test, score_pairs
from translator.dictionary import WORD, Dictionary
from translator.saved_model import SavedTranslator
from translator.texts.sentence import Sentence
from translator.translator import Translator

NAMES = (
    *("Wozniak", "Okonkwo", "Lindqvist", "Ferreira", "Nakamura", "Kowalczyk", "Haddad"),
    *("Papadopoulos", "Schwarzenbeck", "Oyelaran", "Bergström", "Tchaikovsky", "Guadalajara"),
    *("Reykjavik", "Ulaanbaatar", "Montevideo", "Brandenburg", "Saskatoon", "Lausanne", "Wrocław"),
    *("Kazantzakis", "Delacroix", "Abernathy", "Vandenberg"),
)
"""People and places that hardly any sentence of Tatoeba is about."""

TOM = re.compile(r"\bTom\b")
TOM_WITHIN = re.compile(r"\w,? Tom\b")

EVERYDAY = sorted(Path(__file__).parent.glob("everyday*.tsv"))


def main() -> None:
    """Runs the parts that are asked for and prints their figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=ROOT / "saved_models")
    parser.add_argument("--corpora", type=Path, default=ROOT / "data")
    parser.add_argument("--directions", nargs="+", help="Such as es-en; all that are there.")
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=PARTS)
    options = parser.parse_args()
    for name in options.only:
        print(f"## {name}", flush=True)
        PARTS[name](options)


def scores(options: argparse.Namespace) -> None:
    """Each test split, beam 5."""
    for translator in translators(options):
        pairs, path = test_split(translator, options.corpora)
        report, _ = score_pairs(translator, pairs, [str(path)], translator.search_config())
        values = ", ".join(f"{score['metric']} {score['value']}" for score in report["scores"])
        failed = ", ".join(f"{report[x]} {x}" for x in ("truncated", "empty", "looping", "copied"))
        print(f"{direction(translator)}: {report['sentences']} sentences, {values}; {failed}")


def long(options: argparse.Namespace) -> None:
    """Neighbours, joined by a space."""
    for translator in translators(options):
        pairs, _ = test_split(translator, options.corpora)
        for count in (1, 2, 3):
            joined = [join(pairs[n : n + count]) for n in range(0, len(pairs), count)]
            sources, references = zip(*joined, strict=True)
            ones = [t.text for t in translator.translate(sources)]
            texts = [r.candidates[0] for r in translator.translate_texts(sources)]
            one, text = (corpus_scores(found, references)[1] for found in (ones, texts))
            print(
                f"{direction(translator)}, {count} at once: {one.metric} {one.value} as one "
                f"sentence, {text.value} as a text",
                flush=True,
            )


def everyday(options: argparse.Namespace) -> None:
    """Each sentence, its translation, and one that a person wrote."""
    for translator in translators(options):
        for path in EVERYDAY:
            print(f"### {direction(translator)}, {path.name}")
            everyday_of(translator, path)


def everyday_of(translator: Translator, path: Path) -> None:
    """The sentences of one file."""
    with path.open(encoding="utf-8", newline="") as file:
        sentences = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    source, target = translator.source_language, translator.target_language
    if not {source, target} <= sentences[0].keys():
        print(f"{path.name} has no {source} and {target}")
        return
    results = translator.translate_texts([row[source] for row in sentences])
    for row, result in zip(sentences, results, strict=True):
        print(f"{row[source]}\t{result.candidates[0]}\t{row[target]}")


def mending(options: argparse.Namespace) -> None:
    """The test splits, as they are searched and as they are mended."""
    for folder in folders(options):
        saved = SavedTranslator.load(folder)
        translator = Translator(saved)
        if saved.dictionary is None:
            print(f"{folder.name}: no dictionary")
            continue
        pairs, _ = test_split(translator, options.corpora)
        sentences = [Sentence(source) for source, _ in pairs]
        references = [reference for _, reference in pairs]
        begun = time.perf_counter()
        first = translator.translate(sentences)
        searched = time.perf_counter()
        second = translator.mended(translator.translate)(sentences)
        ended = time.perf_counter()
        made_up = [
            (words, reference)
            for (source, reference), translation in zip(pairs, first, strict=True)
            if (words := unknown(translation.text, saved.dictionary, source))
        ]
        right = sum(len(words & {*words_of(reference)}) for words, reference in made_up)
        changed = [n for n in range(len(pairs)) if first[n].text != second[n].text]
        print(
            f"{folder.name}: {len(made_up)} of {len(pairs)} translations have "
            f"{sum(len(words) for words, _ in made_up)} made-up words, of which {right} stand in "
            f"the reference; {len(changed)} mended; {ended - searched:.1f} s instead of "
            f"{searched - begun:.1f}"
        )
        for name, places in (("all", range(len(pairs))), ("mended ones", changed)):
            values = [
                told([found[n].text for n in places], [references[n] for n in places])
                for found in (first, second)
            ]
            print(f"  {name}: {values[0]} before, {values[1]} after", flush=True)


def names(options: argparse.Namespace) -> None:
    """How many names are in the translations, as they are searched and as they are mended."""
    for translator in translators(options):
        pairs, _ = test_split(translator, options.corpora)
        about = [pair for pair in pairs if TOM_WITHIN.search(pair[0]) and TOM.search(pair[1])]
        who = [NAMES[n % len(NAMES)] for n in range(len(about))]
        renamed = [
            (TOM.sub(name, source), TOM.sub(name, reference))
            for name, (source, reference) in zip(who, about, strict=True)
        ]
        sentences = [Sentence(source) for source, _ in renamed]
        references = [reference for _, reference in renamed]
        print(f"{direction(translator)}: {len(renamed)} names")
        searched = translator.translate(sentences)
        for how, found in (
            ("searched", searched),
            ("mended", translator.mended(translator.translate)(sentences)),
        ):
            texts = [translation.text for translation in found]
            kept = sum(name in text for name, text in zip(who, texts, strict=True))
            print(f"  {how}: {kept} kept, {told(texts, references)}", flush=True)


def capitals(options: argparse.Namespace) -> None:
    """As the search finds them, as they are searched in ordinary letters, and what these make."""
    for translator in translators(options):
        pairs, _ = test_split(translator, options.corpora)
        references = [reference.upper() for _, reference in pairs]
        ordinary = [Sentence(source) for source, _ in pairs]
        shouted = [Sentence(source.upper()) for source, _ in pairs]
        careful = translator.mended(translator.translate)
        found = {
            "searched in capitals": translator.translate(shouted),
            "set aside": careful(shouted),
            "of ordinary letters": careful(ordinary),
        }
        values = (
            f"{told([one.text.upper() for one in translations], references)} {how}"
            for how, translations in found.items()
        )
        print(f"{direction(translator)}: {', '.join(values)}", flush=True)


def told(texts: list[str], references: list[str]) -> str:
    """The scores of some translations."""
    scores = corpus_scores(texts, references)
    return " ".join(f"{score.metric} {score.value}" for score in scores)


def unknown(text: str, dictionary: Dictionary, source: str) -> set[str]:
    """Words of a translation that neither the pairs nor its source have."""
    return {*words_of(text)} - dictionary.known - {*words_of(source)}


def words_of(text: str) -> list[str]:
    """Words, in lower case."""
    return [word.lower() for word in WORD.findall(text)]


def memory(options: argparse.Namespace) -> None:
    """One server, which has loaded none of them; and what each adds."""
    os.environ["TRANSLATE_MODEL_MEMORY_MB"] = "100000"
    with serving("batching", options) as port:
        print(f"no model: {memory_of(port):.0f} MB")
        for folder in folders(options):
            source, target = folder.name.split("-")

            def ask(number: int, source: str = source, target: str = target) -> None:
                fields = {"q": f"Tom {number}.", "source": source, "target": target}
                url = f"http://127.0.0.1:{port}/translate"
                requests.post(url, json=fields, timeout=60).raise_for_status()

            begun = time.perf_counter()
            ask(0)
            seconds = time.perf_counter() - begun
            with ThreadPoolExecutor(8) as callers:  # so that every search process has made one
                list(callers.map(ask, range(1, 100)))
            print(f"{folder.name}: first translation {seconds:.2f} s, {memory_of(port):.0f} MB")


def folders(options: argparse.Namespace) -> list[Path]:
    """The folders of the models that were asked for."""
    names = options.directions or sorted(path.name for path in options.models.glob("*-*"))
    return [options.models / name for name in names]


def translators(options: argparse.Namespace) -> Iterator[Translator]:
    """The models that were asked for."""
    for folder in folders(options):
        yield Translator.load(folder)


def test_split(translator: Translator, corpora: Path) -> tuple[list[Pair], Path]:
    """Sources and references of a model's test split, and its file."""
    languages = (translator.source_language, translator.target_language)
    for columns in ((1, 2), (2, 1)):
        first, second = (languages[column - 1] for column in columns)
        for path in (
            corpora / f"{first}-{second}.test.tsv.gz",
            corpora / f"tatoeba.{first}-{second}.test.tsv.gz",
        ):
            if path.exists():
                return read_test([str(path)], columns, languages), path
    sys.exit(f"No test split of {' and '.join(languages)} in {corpora}")


def join(pairs: Sequence[Pair]) -> Pair:
    """One pair of several."""
    sources, targets = zip(*pairs, strict=True)
    return " ".join(sources), " ".join(targets)


def direction(translator: Translator) -> str:
    """Such as es-en."""
    return f"{translator.source_language}-{translator.target_language}"


PARTS = {
    "scores": scores,
    "long": long,
    "everyday": everyday,
    "mending": mending,
    "names": names,
    "capitals": capitals,
    "memory": memory,
}


if __name__ == "__main__":
    main()
