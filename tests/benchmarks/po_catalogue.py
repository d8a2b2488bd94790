"""A Debian program's catalogue, translated by the batch command: placeholders, time, confidence.

    python tests/benchmarks/po_catalogue.py --model saved_models/en-es [--package wget ...]

The package is fetched by `apt-get download`, its messages are taken from the `.mo` file of the
target language by `msgunfmt`, and their translations removed; those are then the references. A
message with a `%` directive is marked `c-format`, so that `msgfmt --check` looks at it. Needs
Debian or Ubuntu, and the packages dpkg and gettext. Nothing of it is kept.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polib
from sacrebleu.metrics import BLEU, CHRF

ROOT = Path(__file__).resolve().parents[2]

DIRECTIVE = re.compile(
    r"%(?!%)(?:\d+\$)?[-+ #0']*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?(?:hh?|ll?|[Lqjzt])?"
    r"[diouxXeEfFgGaAcspn]"
)


def main() -> None:
    """Translates the catalogue of each package, and prints a row of a table for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "saved_models" / "en-es")
    parser.add_argument("--language", default="es", help="target language, as the .mo is named")
    parser.add_argument("--package", nargs="+", default=["wget"])
    arguments = parser.parse_args()
    rows = []
    for package in arguments.package:
        with tempfile.TemporaryDirectory() as name:
            rows.append(measure(package, arguments.language, arguments.model.resolve(), Path(name)))
    for name in rows[0]:
        print(f"| {name} | " + " | ".join(row[name] for row in rows) + " |")


def measure(package: str, language: str, model: Path, folder: Path) -> dict[str, str]:
    """What became of a package's catalogue."""
    references = fetch(package, language, folder)
    source = folder / "untranslated.po"
    write_untranslated(references, source)
    target, stats = folder / "translated.po", folder / "stats.json"
    started = time.monotonic()
    command = [sys.executable, "-m", "translator", "--model", model, source]
    done = subprocess.run(
        [*command, "--output", target, "--stats", stats, "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    assert done.returncode in (0, 1), done.stderr
    print(done.stderr, file=sys.stderr, end="")
    check = ["msgfmt", "--check-format", "--check-header", "--use-fuzzy", "-o", "/dev/null", target]
    checked = subprocess.run(check, capture_output=True, text=True, check=False)
    print(checked.stderr, file=sys.stderr, end="")
    made, told = polib.pofile(str(target)), json.loads(stats.read_text("utf-8"))
    broken = [entry for entry in made if not keeps_directives(entry)]
    for entry in broken:
        print(f"broken: {entry.msgid!r}: {entry.msgstr or entry.msgstr_plural!r}", file=sys.stderr)
    with_directives = sum(bool(DIRECTIVE.search(entry.msgid)) for entry in made)
    return {
        "": f"{package}, {Path(model).name}",
        "entries": f"{len(made):,}",
        "segments": f"{told['segments']:,}",
        "with placeholders": f"{with_directives:,}",
        "placeholders damaged": f"{len(broken)}",
        "left untranslated": f"{sum(not is_translated(entry) for entry in made)}",
        "`msgfmt --check-format`": "passes" if checked.returncode == 0 else "fails",
        "seconds, the start included": f"{seconds:.1f}",
        "segments/s, without the start": f"{told['segments'] / told['seconds']:.1f}",
        "mean confidence": f"{told['confidence']['mean']:.2f}",
        **confidence_rows(told),
        **scores(references, made),
    }


def fetch(package: str, language: str, folder: Path) -> polib.POFile:
    """The package's catalogue in a language, as its people have translated it."""
    run(["apt-get", "download", package], folder)
    run(["dpkg-deb", "-x", str(next(folder.glob("*.deb"))), "content"], folder)
    files = sorted(folder.glob(f"content/usr/share/locale/{language}/LC_MESSAGES/*.mo"))
    assert files, f"{package} has no catalogue in {language}"
    largest = max(files, key=lambda path: path.stat().st_size)
    run(["msgunfmt", "--output-file", "reference.po", str(largest)], folder)
    return polib.pofile(str(folder / "reference.po"))


def run(command: Sequence[str], folder: Path) -> None:
    """Runs a command quietly."""
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def write_untranslated(references: polib.POFile, path: Path) -> None:
    """The same messages without translations."""
    catalogue = polib.POFile(wrapwidth=78)
    catalogue.metadata = {
        **references.metadata,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for entry in references:
        directives = DIRECTIVE.search(entry.msgid + entry.msgid_plural)
        catalogue.append(
            polib.POEntry(
                msgctxt=entry.msgctxt,
                msgid=entry.msgid,
                msgid_plural=entry.msgid_plural,
                msgstr_plural=dict.fromkeys(entry.msgstr_plural, ""),
                flags=["c-format"] if directives else [],
            )
        )
    catalogue.save(str(path))


def keeps_directives(entry: polib.POEntry) -> bool:
    """Whether every directive stands in each translation that there is, as often, in order."""
    sources = [entry.msgid, entry.msgid_plural] if entry.msgid_plural else [entry.msgid]
    wanted = [DIRECTIVE.findall(source) for source in sources]
    targets = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    return all(not target or DIRECTIVE.findall(target) in wanted for target in targets)


def is_translated(entry: polib.POEntry) -> bool:
    """Whether something was put there."""
    return all(entry.msgstr_plural.values()) if entry.msgid_plural else bool(entry.msgstr)


def confidence_rows(told: dict[str, Any]) -> dict[str, str]:
    """How the confidences are divided."""
    counts = Counter({float(key): count for key, count in told["confidence"]["from"].items()})
    total = sum(counts.values())
    bounds = [(0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.1)]
    rows = {}
    for least, most in bounds:
        count = sum(n for value, n in counts.items() if least - 1e-9 <= value < most - 1e-9)
        name = f"confidence from {least:.1f}" + (f" to {most:.1f}" if most <= 1 else "")
        rows[name] = f"{100 * count / total:.1f} %"
    return rows


def scores(references: polib.POFile, made: polib.POFile) -> dict[str, str]:
    """BLEU and chrF against what people have written, plural forms left out."""
    known = {(entry.msgctxt, entry.msgid): entry.msgstr for entry in references}
    pairs = [
        (entry.msgstr, known[entry.msgctxt, entry.msgid])
        for entry in made
        if not entry.msgid_plural
    ]
    outputs, wanted = [out for out, _ in pairs], [[reference for _, reference in pairs]]
    return {
        "BLEU": f"{BLEU().corpus_score(outputs, wanted).score:.1f}",
        "chrF": f"{CHRF().corpus_score(outputs, wanted).score:.1f}",
    }


if __name__ == "__main__":
    main()
