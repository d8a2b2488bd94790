"""How well the language of a few words is told, with the words that models know and without.

    python tests/benchmarks/detection.py --models saved_models \\
        --text es:en-es.test.tsv.gz:2 --text de:en-de.test.tsv.gz:2 ...

From each text some lines are drawn, and of each line some words in a row. The choice is among the
languages of the texts; for each there is a model that translates it.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from translator.detection import detect
from translator.files import read_file
from translator.saved_model import SavedTranslator

COUNTS = (1, 2, 3, 5, 8)


def main() -> None:
    """Prints a row for each number of words."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=ROOT / "saved_models")
    parser.add_argument("--text", action="append", required=True, metavar="LANGUAGE:FILE:COLUMN")
    parser.add_argument("--lines", type=int, default=1000, help="drawn from each text")
    arguments = parser.parse_args()
    texts = {}
    for text in arguments.text:
        language, path, column = text.split(":")
        texts[language] = [line.split("\t")[int(column) - 1] for line in read_file(path)]
    words = {language: words_of(arguments.models, language) for language in texts}
    print("| words | letters only | with known words |\n| --- | --- | --- |")
    for count in COUNTS:
        drawn = random.Random(count)
        right, total = [0, 0], 0
        for language, lines in texts.items():
            for line in drawn.sample(lines, min(arguments.lines, len(lines))):
                split = line.split()
                start = drawn.randrange(max(1, len(split) - count + 1))
                part = " ".join(split[start : start + count])
                if any(map(str.isalpha, part)):
                    total += 1
                    for n, known in enumerate((None, words)):
                        right[n] += detect(part, list(texts), known)[0].language == language
        print(f"| {count} | " + " | ".join(f"{100 * n / total:.1f} %" for n in right) + " |")


def words_of(models: Path, language: str) -> frozenset[str]:
    """What a model that translates this language knows of it."""
    folder = next(path for path in sorted(models.glob(f"{language}-*")))
    dictionary = SavedTranslator.load(folder).dictionary
    assert dictionary is not None
    return frozenset(dictionary.source_words)


if __name__ == "__main__":
    main()
