"""What the search promises, measured with a model folder on the test split of a corpus.

    python tests/benchmarks/search_acceptance.py --model saved_models/es-en --columns 2,1 \\
        --train en-es.train.tsv.gz --test en-es.test.tsv.gz [--only shortlist hostile ...]

Shortlist: how many sentences change. Hostile: ten thousand inputs that nobody would translate.
Protected: items that must survive. Glossary: required terms, against references that hold them.
Confidence: how well it tells good translations from bad ones. Text: ten thousand characters at
once. Alternatives: how much they differ, and how good the best of them is. Ensemble: two models
(`--ensemble FOLDER`) against each of them.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from protected_sentences import PROTECTED_SENTENCES
from sacrebleu.metrics import BLEU, CHRF

from translator.graph_decoder import GraphDecoder
from translator.saved_model import SavedTranslator
from translator.texts.glossary import Glossary, with_terms
from translator.texts.sentence import Sentence
from translator.translation import Translation
from translator.translator import Translator

Pairs = list[tuple[str, str]]


def main() -> None:
    """Runs the parts that are asked for and prints their figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--columns", default="1,2")
    parser.add_argument("--ensemble", type=Path)
    parser.add_argument("--hostile", type=int, default=10_000)
    parser.add_argument("--only", nargs="+", default=list(PARTS))
    arguments = parser.parse_args()
    arguments.translator = Translator.load(arguments.model)
    arguments.pairs = read(arguments.test, arguments.columns)
    for name in arguments.only:
        print(f"## {name}", flush=True)
        PARTS[name](arguments)


def read(path: Path, columns: str) -> Pairs:
    """Source and target of each line."""
    source, target = (int(column) - 1 for column in columns.split(","))
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [(row[source], row[target]) for row in rows]


def bleu(texts: Sequence[str], references: Sequence[str]) -> float:
    """Cased, detokenised."""
    return float(BLEU().corpus_score(list(texts), [list(references)]).score)


def chrf(texts: Sequence[str], references: Sequence[str]) -> float:
    """Of a corpus."""
    return float(CHRF().corpus_score(list(texts), [list(references)]).score)


def shortlist(arguments: Any) -> None:
    """Sentences of the test split that become others by the shortlist, and by weights of int8."""
    saved = SavedTranslator.load(arguments.model)
    sources = [source for source, _ in arguments.pairs]
    references = [target for _, target in arguments.pairs]
    outputs = {}
    models: dict[str, Any] = {"float32": Graphs(saved), "int8": saved}
    for name, model in models.items():
        for short in (False, True):
            translated = Translator(model, shortlist=short).translate(sources)
            outputs[name, short] = [one.text for one in translated]
        free, short_ones = outputs[name, False], outputs[name, True]
        print(
            f"{name}: {share(free, short_ones)} change with the shortlist; "
            f"BLEU {bleu(free, references):.2f} without, {bleu(short_ones, references):.2f} with it"
        )
    print(f"int8 changes {share(outputs['float32', True], outputs['int8', True])}")


def share(some: Sequence[str], others: Sequence[str]) -> str:
    """How many differ."""
    count = sum(a != b for a, b in zip(some, others, strict=True))
    return f"{count} of {len(some)} ({100 * count / len(some):.2f} %)"


class Graphs:
    """A model folder whose searches run graphs of TensorFlow in float32."""

    def __init__(self, saved: SavedTranslator) -> None:
        self.info, self.version = saved.info, saved.version
        self.source, self.target = saved.source, saved.target
        self.lexicon, self.dictionary = saved.lexicon, None
        self._saved = saved

    def decoder(self) -> GraphDecoder:
        assert self.lexicon is not None
        return GraphDecoder(self._saved.stepwise("float32"), self.lexicon.listed)


def hostile(arguments: Any) -> None:
    """Inputs that nobody would translate: no crash, no loop, and time that grows with length."""
    translator = arguments.translator
    texts = list(hostile_texts(arguments.pairs, arguments.hostile))
    looping = cut = 0
    begun = time.monotonic()
    for start in range(0, len(texts), 500):
        some = texts[start : start + 500]
        for text, translation in zip(some, translator.translate(some), strict=True):
            looping += repeats(translation.text, [4]) and not repeats(text, [1, 2, 3, 4])
            cut += translation.truncated
    seconds = time.monotonic() - begun
    print(
        f"{len(texts)} inputs in {seconds:.0f} s: {looping} loop, {cut} end without the halt "
        "token and are marked as truncated"
    )
    words = " ".join(source for source, _ in arguments.pairs).split()
    lengths = (30, 60, 120, 180, 240)
    by_length = {n: [" ".join(words[k * n : (k + 1) * n]) for k in range(8)] for n in lengths}
    times = defaultdict(list)
    tokens = {}
    for _ in range(6):
        for length, some in by_length.items():
            begun = time.monotonic()
            translations = translator.translate(some)
            times[length].append(1000 * (time.monotonic() - begun))
            tokens[length] = sum(len(t.hypotheses[0].tokens) for t in translations)
    for length in lengths:
        milliseconds = statistics.median(times[length][1:])
        print(
            f"{length} words: {milliseconds / 8 / length:.2f} ms for each, "
            f"{milliseconds / tokens[length]:.2f} for each target token"
        )
    for length in (*lengths, 480, 960):
        some = [" ".join(words[k * length : (k + 1) * length]) for k in range(4)]
        seconds = []
        for _ in range(4):
            begun = time.monotonic()
            translator.translate_texts(some)
            seconds.append(time.monotonic() - begun)
        milliseconds = 1000 * statistics.median(seconds[1:])
        print(f"as texts, {length} words: {milliseconds / 4 / length:.2f} ms for each")


def hostile_texts(pairs: Pairs, count: int) -> Iterator[str]:
    """Random words, one word many times, other scripts, very long ones, punctuation alone."""
    rng = random.Random(0)
    words = sorted({word for source, _ in pairs for word in source.split()})
    scripts = (
        "abcdefgh",
        "абвгдежз",
        "αβγδεζη",
        "אבגדהוז",
        "ابتثجح",
        "日本語漢字",
        "한국어말",
        "ก ข ค ง",
    )
    kinds: list[Callable[[], str]] = [
        lambda: " ".join(rng.choices(words, k=rng.randint(1, 40))),
        lambda: " ".join([rng.choice(words)] * rng.randint(2, 200)),
        lambda: " ".join(rng.sample(words, 3) * rng.randint(2, 20)),
        lambda: "".join(rng.choices(rng.choice(scripts), k=rng.randint(1, 60))),
        lambda: "".join(rng.choices("!?.,;:-()[]{}«»\"'/\\…¿¡", k=rng.randint(1, 80))),
        lambda: "".join(chr(rng.randrange(32, 0x2FFF)) for _ in range(rng.randint(1, 40))),
        lambda: "".join(rng.choices("0123456789", k=rng.randint(1, 60))),
        lambda: "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(1, 120))),
        lambda: rng.choice(["😀", "👩‍🚀", "🇪🇸", "❤️"]) * rng.randint(1, 30),
        lambda: " ".join(source for source, _ in rng.choices(pairs, k=rng.randint(2, 12))),
    ]
    for n in range(count):
        yield kinds[n % len(kinds)]()


def repeats(text: str, lengths: Sequence[int]) -> bool:
    """Whether the same words, so many of them, stand more than three times in a row."""
    words = text.split()
    return any(
        all(
            words[start + k * n : start + (k + 1) * n] == words[start : start + n]
            for k in (1, 2, 3)
        )
        for n in lengths
        for start in range(len(words) - 4 * n + 1)
    )


def protected(arguments: Any) -> None:
    """Items that must survive; and ordinary sentences, as sentences and as texts."""
    translator = arguments.translator
    wanted = PROTECTED_SENTENCES
    results = translator.translate_texts([one.text for one in wanted])
    lost = [one for one, r in zip(wanted, results, strict=True) if one.lost(r.candidates[0])]
    print(f"{len(wanted)} sentences, {len(lost)} with an item lost or doubled")
    for one in lost[:5]:
        print("   ", one.text)
    sources, references = zip(*arguments.pairs, strict=True)
    plain = [t.text for t in translator.translate(sources)]
    whole = [r.candidates[0] for r in translator.translate_texts(sources)]
    print(f"BLEU of the test split {bleu(plain, references):.2f}")
    print(f"as texts {bleu(whole, references):.2f}")


def glossary(arguments: Any) -> None:
    """Required terms that stand in the references, most of which the model would not choose."""
    translator = arguments.translator
    associated = associations(read(arguments.train, arguments.columns))
    free = translator.translate([source for source, _ in arguments.pairs])
    chosen: list[tuple[Sentence, str, str]] = []
    for (source, reference), translation in zip(arguments.pairs, free, strict=True):
        terms = terms_of(source, reference, translation.text, associated)
        if terms:
            sentence = with_terms(Sentence(source), Glossary(terms))
            chosen.append((sentence, reference, translation.text))
    chosen = chosen[:200]
    sentences = [sentence for sentence, _, _ in chosen]
    translator.translate(sentences)
    seconds = []
    for given in (sentences, [Sentence(s.text) for s in sentences]):
        begun = time.monotonic()
        outputs = translator.translate(given)
        seconds.append(time.monotonic() - begun)
        if given is sentences:
            obeyed = outputs
    required = [(t.target, o.text) for s, o in zip(sentences, obeyed, strict=True) for t in s.terms]
    count = sum(
        len(re.findall(rf"(?<!\w){re.escape(t)}(?!\w)", o, re.IGNORECASE)) > 0 for t, o in required
    )
    references = [reference for _, reference, _ in chosen]
    print(
        f"{len(chosen)} sentences, {len(required)} terms, {count} obeyed "
        f"({100 * count / len(required):.1f} %); "
        f"chrF {chrf([o.text for o in obeyed], references):.2f} with them, "
        f"{chrf([text for _, _, text in chosen], references):.2f} without; "
        f"{seconds[0] / seconds[1]:.1f} times the time"
    )
    for (sentence, _, before), after in list(zip(chosen, obeyed, strict=True))[:6]:
        print(
            "   ", sentence.text, [t.target for t in sentence.terms], "|", before, "→", after.text
        )


Associations = dict[str, dict[str, float]]


def associations(pairs: Pairs) -> Associations:
    """Dice coefficients of words that stand in pairs together."""
    sources, targets, both = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for source, target in pairs:
        some, others = (
            set(re.findall(r"\w+", source.lower())),
            set(re.findall(r"\w+", target.lower())),
        )
        sources.update(some)
        targets.update(others)
        both.update((s, t) for s in some for t in others)
    found: Associations = defaultdict(dict)
    for (s, t), count in both.items():
        if count >= 3:
            found[s][t] = 2 * count / (sources[s] + targets[t])
    return found


def terms_of(source: str, reference: str, free: str, associated: Associations) -> dict[str, str]:
    """Up to three words of the source with the words of the reference that they became.

    The first of them is one that the model would have translated otherwise.
    """
    words = [w for w in re.findall(r"\w+", source) if len(w) > 3]
    others = [w for w in re.findall(r"\w+", reference) if len(w) > 3 and w.islower()]
    output = set(re.findall(r"\w+", free.lower()))
    terms: dict[str, str] = {}
    missed = 0
    for word in words:
        known = associated.get(word.lower(), {})
        best = max(others, key=lambda t: known.get(t, 0.0), default="")
        rivals = [associated.get(w.lower(), {}).get(best, 0.0) for w in words if w != word]
        if known.get(best, 0.0) > max([0.05, *rivals]) and words.count(word) == 1:
            terms[word] = best
            missed += best not in output
    return dict(list(terms.items())[:3]) if missed else {}


def confidence(arguments: Any) -> None:
    """Rank correlation of the confidence with the chrF of each sentence."""
    translator = arguments.translator
    translations = translator.translate([source for source, _ in arguments.pairs])
    metric = CHRF()
    quality = np.array(
        [
            metric.sentence_score(t.text, [reference]).score
            for t, (_, reference) in zip(translations, arguments.pairs, strict=True)
        ]
    )
    tenth = len(quality) // 10
    worst = set(np.argsort(quality)[:tenth].tolist())
    for name, estimate in (
        ("confidence", translator.confidence),
        ("mean log-probability", mean_log_probability),
    ):
        values = np.array([estimate(translation) for translation in translations])
        caught = len(worst & set(np.argsort(values)[:tenth].tolist()))
        print(
            f"{name}: rank correlation {correlation(values, quality):.3f}, "
            f"{100 * caught / tenth:.0f} % of the worst tenth in its lowest tenth"
        )


def mean_log_probability(translation: Translation) -> float:
    """What length-normalised search scores tell."""
    return statistics.mean(translation.hypotheses[0].token_log_probs)


def correlation(some: Any, others: Any) -> float:
    """Spearman's, ties in their order."""
    ranks = [np.argsort(np.argsort(x, kind="stable"), kind="stable") for x in (some, others)]
    return float(np.corrcoef(*ranks)[0, 1])


def text(arguments: Any) -> None:
    """A text of 10,000 characters in 40 paragraphs, in one request and as sentences."""
    translator = arguments.translator
    sources = [source for source, _ in arguments.pairs]
    paragraphs, n = [], 0
    for _ in range(40):
        paragraph: list[str] = []
        while sum(map(len, paragraph)) < 250:
            paragraph.append(sources[n])
            n += 1
        paragraphs.append(" ".join(paragraph))
    whole = "\n\n".join(paragraphs)[:10_000]
    [result] = translator.translate_texts([whole])
    sentences = [Sentence(sentence.source) for sentence in result.sentences]
    mended = translator.mended(translator.translate)
    kept = result.candidates[0].count("\n\n") == whole.count("\n\n")
    times: dict[str, list[float]] = {"text": [], "sentences": [], "mended": []}
    for _ in range(7):
        for name, run in (
            ("text", lambda: translator.translate_texts([whole])),
            ("sentences", lambda: translator.translate(sentences)),
            ("mended", lambda: mended(sentences)),
        ):
            begun = time.monotonic()
            run()
            times[name].append(time.monotonic() - begun)
    seconds, searched, searched_again = (statistics.median(times[name]) for name in times)
    print(
        f"{len(whole)} characters, {len(sentences)} sentences, paragraphs kept: {kept}; "
        f"{seconds:.2f} s, {seconds / searched_again:.2f} times its sentences in one batch, mended "
        f"as it is, and {seconds / searched:.2f} times the search alone"
    )


def alternatives(arguments: Any) -> None:
    """Four translations of each sentence: of the beam the best, or some that differ."""
    sources = [source for source, _ in arguments.pairs]
    references = [target for _, target in arguments.pairs]
    metric = CHRF(word_order=2)

    def likeness(one: str, other: str) -> float:
        return float(metric.sentence_score(one, [other]).score)

    for beam, diversity in ((5, 0.0), (12, 0.0), (12, 1.0), (12, 2.0)):
        settings = {"beam_size": beam, "n_best": 4, "diversity": diversity}
        search = arguments.translator.search_config(**settings)
        translations = arguments.translator.translate(sources, search)
        four = [[one.text for one in each.hypotheses] for each in translations]
        best = statistics.mean(
            max(likeness(text, reference) for text in texts)
            for texts, reference in zip(four, references, strict=True)
        )
        alike = statistics.mean(
            likeness(one, other) for texts in four for one, other in combinations(texts, 2)
        )
        print(
            f"beam {beam}, diversity {diversity}: BLEU of the first "
            f"{bleu([texts[0] for texts in four], references):.2f}; chrF++ of the best of four "
            f"{best:.2f}, of each two of them against each other {alike:.2f}",
            flush=True,
        )


def ensemble(arguments: Any) -> None:
    """Two models and both together."""
    if arguments.ensemble is None:
        print("no second model: --ensemble FOLDER")
        return
    sources, references = zip(*arguments.pairs, strict=True)
    for folders in (
        (arguments.model,),
        (arguments.ensemble,),
        (arguments.model, arguments.ensemble),
    ):
        texts = [t.text for t in Translator.load(*folders).translate(sources)]
        names = " + ".join(map(str, folders))
        print(f"{names}: BLEU {bleu(texts, references):.2f}, chrF {chrf(texts, references):.2f}")


PARTS: dict[str, Callable[[Any], None]] = {
    "shortlist": shortlist,
    "hostile": hostile,
    "protected": protected,
    "glossary": glossary,
    "confidence": confidence,
    "text": text,
    "alternatives": alternatives,
    "ensemble": ensemble,
}


if __name__ == "__main__":
    main()
