"""Translation speed beside JoeyNMT 2.3, and what each part of our speed-up gives.

    python tests/benchmarks/translation_speed.py --peer-python VENV/bin/python \
        --peer-model FOLDER --model saved_models/es-en --test FILE --columns 2,1

The peer's environment holds JoeyNMT 2.3; its folder is one that its training wrote, `config.yaml`
and a checkpoint in it, and the paths that the settings name still hold. A model that knows where a
sentence ends is needed: how long the translations are decides how long they take.

Every system is a process of its own, which reads its weights and translates everything once before
anything is measured; then they take turns. Each figure is a median, of the rounds or of the calls;
in brackets, the least and the most. Both sides have 64 sentences in a batch and all cores. The time
until the first translation is that of the commands, from the start of the process to its first
line. Target tokens are pieces and EOS; of memory, the largest resident set of a process is told.
Run nothing else meanwhile. Without a peer, ours is measured alone.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sacrebleu.metrics import BLEU
from sacrebleu.metrics.bleu import BLEUScore
from translation_process import System

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from translator.files import read_file

PEER = "JoeyNMT 2.3"
SPEED_UPS = {
    "none": "the signature `serving_default`: one graph, float32, batches in the order of the text",
    "in NumPy": "the search in NumPy, over steps as graphs",
    "sorted": "batches of like length",
    "side by side": "a search for each core, in place of one on all cores",
    "shortlists": "shortlists of target pieces",
    "bfloat16": "products in bfloat16",
    "compiled": "compiled for LiteRT, weights of int8, in place of graphs",
}
"""Those of `translation_own.py`; each has those before it."""
OURS = "compiled"
"""That which the batch command uses."""
BEAMS = {5: "beam 5", 1: "greedy"}
SHORT_WORDS = 10
SHORT_BEAM = 5
STARTS = 5

Pairs = list[tuple[str, str]]
Command = Sequence[str | Path]


@dataclasses.dataclass
class Figures:
    """What was measured of a system; dictionaries are by beam size.

    Attributes:
        seconds: Of the test split, one for each round.
        outputs: Translations of the test split.
        tokens: Target tokens of all of them.
        alone: Seconds of each call with the short sentence.
        peak: Bytes.
    """

    seconds: dict[int, list[float]] = dataclasses.field(default_factory=dict)
    outputs: dict[int, list[str]] = dataclasses.field(default_factory=dict)
    tokens: dict[int, int] = dataclasses.field(default_factory=dict)
    alone: list[float] = dataclasses.field(default_factory=list)
    peak: int = 0


def main() -> None:
    """Measures, and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", type=Path, help="without it, ours is measured alone")
    parser.add_argument("--peer-model", type=Path)
    parser.add_argument("--model", type=Path, default=ROOT / "saved_models" / "es-en")
    parser.add_argument("--test", type=Path, required=True, help="TSV, gzipped or not")
    parser.add_argument("--columns", default="1,2", help="of source and target")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=200, help="with the sentence alone")
    parser.add_argument("--sentences", type=int, help="only so many, to try the benchmark out")
    arguments = parser.parse_args()
    if (arguments.peer_python is None) != (arguments.peer_model is None):
        parser.error("expected --peer-python and --peer-model together")
    model = arguments.model.resolve()
    pairs = read_pairs(arguments.test, arguments.columns)[: arguments.sentences]
    commands: dict[str, Command] = {
        name: [sys.executable, script("translation_own.py"), model, name] for name in SPEED_UPS
    }
    starting: dict[str, Command] = {
        OURS: [sys.executable, "-m", "translator", "--quiet", "--model", model]
    }
    if arguments.peer_python is not None:
        python = arguments.peer_python.absolute()  # as a link, it knows its environment
        peer_model = arguments.peer_model.resolve()
        commands[PEER] = [python, script("translation_joeynmt.py"), peer_model]
        starting[PEER] = [python, "-m", "joeynmt", "translate", peer_model / "config.yaml"]
    figures = measure(commands, pairs, arguments.rounds, arguments.calls)
    short = short_sentence(pairs)
    starts = starting_times(starting, short)
    references = [reference for _, reference in pairs]
    print(f"BLEU: {bleu_signature()}\n")
    if PEER in figures:
        show_comparison(figures[PEER], figures[OURS], starts, references)
    else:
        ours = figures[OURS]
        print(f"until the first translation, s: {spread(starts[OURS])}")
        print(f"the sentence alone, ms: {spread([1000 * seconds for seconds in ours.alone])}")
    print(f'\nThe sentence alone: "{short}"\n')
    show_speed_ups({name: figures[name] for name in SPEED_UPS}, references)


def script(name: str) -> Path:
    """A program beside this one."""
    return Path(__file__).with_name(name)


def read_pairs(path: Path, columns: str) -> Pairs:
    """Source and target of each line."""
    source, target = (int(column) - 1 for column in columns.split(","))
    rows = [line.split("\t") for line in read_file(path)]
    return [(row[source], row[target]) for row in rows]


def short_sentence(pairs: Pairs) -> str:
    """The first source of ten words."""
    return next(source for source, _ in pairs if len(source.split()) == SHORT_WORDS)


def measure(
    commands: Mapping[str, Command], pairs: Pairs, rounds: int, calls: int
) -> dict[str, Figures]:
    """Figures of every system; they take turns."""
    texts, short = [source for source, _ in pairs], short_sentence(pairs)
    figures = {name: Figures() for name in commands}
    with contextlib.ExitStack() as stack:
        systems = {}
        for name, command in commands.items():
            systems[name] = System([str(part) for part in command])
            stack.callback(systems[name].close)
        for name, system in systems.items():
            for beam in BEAMS:
                answer = system.translate(texts, beam)
                figures[name].outputs[beam] = answer["outputs"]
                figures[name].tokens[beam] = sum(answer["tokens"])
                figures[name].seconds[beam] = []
            system.translate([short], SHORT_BEAM)
        for turn in range(rounds):
            for beam in BEAMS:
                for name, system in systems.items():
                    figures[name].seconds[beam] += system.translate(texts, beam)["seconds"]
            for name in systems.keys() & {PEER, OURS}:
                answer = systems[name].translate([short], SHORT_BEAM, math.ceil(calls / rounds))
                figures[name].alone += answer["seconds"]
            print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
        for name, system in systems.items():
            figures[name].peak = 1024 * system.translate([short], SHORT_BEAM)["peak_kib"]
    return figures


def starting_times(commands: Mapping[str, Command], text: str) -> dict[str, list[float]]:
    """Seconds from the start of each command until it has translated a line."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(STARTS):
        for name, command in commands.items():
            start = time.perf_counter()
            with subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            ) as process:
                assert process.stdin
                assert process.stdout
                process.stdin.write(f"{text}\n")
                process.stdin.close()
                line = process.stdout.readline()
                seconds[name].append(time.perf_counter() - start)
            assert line.strip(), f"{name} translated nothing"
    return seconds


def show_comparison(
    peer: Figures, ours: Figures, starts: Mapping[str, list[float]], references: Sequence[str]
) -> None:
    """Prints a table of both systems, and of their quotients."""
    count = len(references)
    print(f"| {count:,} sentences | {PEER} | ours | ours / {PEER} |")
    print("| --- | --- | --- | --- |")
    for beam, name in BEAMS.items():
        rows = {
            "sentences/s": [rates(one, beam, count) for one in (peer, ours)],
            "target tokens/s": [rates(one, beam, one.tokens[beam]) for one in (peer, ours)],
            "target tokens a sentence": [[one.tokens[beam] / count] for one in (peer, ours)],
        }
        for what, (its, mine) in rows.items():
            show_row(f"{what}, {name}", its, mine)
        scores = [bleu(one.outputs[beam], references) for one in (peer, ours)]
        show_row(f"words / those of the references, {name}", *([one.ratio] for one in scores))
        show_row(f"BLEU, {name}", *([one.score] for one in scores))
    alone = ([1000 * seconds for seconds in one.alone] for one in (peer, ours))
    show_row(f"one sentence of {SHORT_WORDS} words, {BEAMS[SHORT_BEAM]}, ms", *alone)
    show_row("until the first translation, s", starts[PEER], starts[OURS])
    show_row("largest resident set, MB", [peer.peak / 1e6], [ours.peak / 1e6])


def show_row(name: str, peer: Sequence[float], ours: Sequence[float]) -> None:
    """Prints a row of the comparison."""
    quotient = statistics.median(ours) / statistics.median(peer)
    print(f"| {name} | {spread(peer)} | {spread(ours)} | {quotient:.2f} |")


def show_speed_ups(figures: Mapping[str, Figures], references: Sequence[str]) -> None:
    """Prints what each part of the speed-up gives."""
    beams = list(BEAMS.items())
    columns = [f"{name}: {what}" for _, name in beams for what in ("sentences/s", "times", "BLEU")]
    print("| | " + " | ".join([*columns, "MB"]) + " |")
    print("| --- " * (len(columns) + 2) + "|")
    first = next(iter(figures.values()))
    for name, one in figures.items():
        cells = []
        for beam, _ in beams:
            seconds = statistics.median(one.seconds[beam])
            times = statistics.median(first.seconds[beam]) / seconds
            score = bleu(one.outputs[beam], references).score
            cells += [spread(rates(one, beam, len(references))), f"{times:.2f}", f"{score:.2f}"]
        cells.append(f"{one.peak / 1e6:,.0f}")
        print(f"| {SPEED_UPS[name]} | " + " | ".join(cells) + " |")


def rates(figures: Figures, beam: int, count: int) -> list[float]:
    """So many a second, in each round."""
    return [count / seconds for seconds in figures.seconds[beam]]


def bleu(outputs: Sequence[str], references: Sequence[str]) -> BLEUScore:
    """Corpus BLEU: cased, tokenised by 13a."""
    return BLEU().corpus_score(outputs, [references])


def bleu_signature() -> str:
    """What makes the scores comparable."""
    metric = BLEU()
    metric.corpus_score(["a"], [["a"]])  # before, the signature does not know the references
    return str(metric.get_signature())


def spread(values: Sequence[float]) -> str:
    """The median, and the least and the most where there are several."""
    digits = 0 if statistics.median(values) >= 100 else 2
    told = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return told
    return f"{told} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


if __name__ == "__main__":
    main()
