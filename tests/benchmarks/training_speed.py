"""Target tokens a second in training, beside JoeyNMT on the same pairs, sizes and machine.

    python tests/benchmarks/training_speed.py --peer-python VENV/bin/python --corpora FOLDER

The peer's environment holds JoeyNMT 2.3; its settings are the YAML file given by `--peer-config`,
in which WORKDIR stands for a folder that is made here: the same pairs, the same SentencePiece
model. The sides take turns; each figure is the median over the log's intervals, the first of which
(compilation, thread pools) are left out. Run nothing else meanwhile.

The share of the machine's rate is (operations that the matrix products of the model need, forwards
and backwards, for the tokens of a second, padding not counted) / (rate of a 2048 x 2048 x 2048
product in that precision, measured in the same run).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import sentencepiece

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from training.run import Run
from translator.constants import NUM_SPECIAL

SIZES = {
    "vocab_size": 8000,
    "embedding_size": 256,
    "encoder_size": 256,
    "decoder_size": 512,
    "attention_size": 256,
}
"""Given, because they would follow from the number of pairs; the peer's settings have the same."""
PAIRS = 11_000
BATCH_TOKENS = 1500
"""About 128 sentences, as the peer's batches have."""
INTERVAL = 10
SKIPPED = 2

_RATES = """
import json, sys, time
import tensorflow as tf

def rate(dtype):
    a = tf.cast(tf.random.normal((2048, 2048)), dtype)
    product = tf.function(lambda x: tf.matmul(x, a))
    product(a)
    seconds = []
    for _ in range(15):
        start = time.perf_counter()
        product(a).numpy()
        seconds.append(time.perf_counter() - start)
    return 2 * 2048**3 / sorted(seconds)[len(seconds) // 2]

print(json.dumps({"float32": rate("float32"), "mixed_bfloat16": rate("bfloat16")}))
"""


Speeds = dict[str, list[float]]


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--peer-config", type=Path, required=True)
    parser.add_argument("--corpora", type=Path, required=True, help="holds en-es.train.tsv.gz")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    speeds: Speeds = {"float32": [], "mixed_bfloat16": [], "JoeyNMT 2.3": []}
    rates: Speeds = {"float32": [], "mixed_bfloat16": []}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_pairs(work, arguments.corpora / "en-es.train.tsv.gz")
        for turn in range(arguments.rounds):
            for precision, rate in product_rates().items():
                rates[precision].append(rate)
            for precision in ("float32", "mixed_bfloat16"):
                speeds[precision].append(own_speed(work, work / f"{precision}-{turn}", precision))
            if turn == 0:
                configure_peer(work, work / "float32-0", arguments.peer_config)
            speeds["JoeyNMT 2.3"].append(peer_speed(arguments.peer_python, work))
            print({name: round(values[-1]) for name, values in speeds.items()}, flush=True)
        operations = operations_for_a_token(work / "float32-0")
    show(speeds, rates, operations)


def write_pairs(work: Path, corpus: Path) -> None:
    """Writes Spanish-English pairs, evenly from the whole corpus, for both sides."""
    with gzip.open(corpus, "rt", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t")[1::-1] for line in file]
    rows = lines[:: len(lines) // (PAIRS + 100)]
    for name, part in {
        "train": rows[:PAIRS],
        "valid": rows[PAIRS : PAIRS + 50],
        "test": rows[PAIRS + 50 :],
    }.items():
        (work / f"{name}.tsv").write_text("".join(f"{s}\t{t}\n" for s, t in part), "utf-8")
        for side, texts in zip(("es", "en"), zip(*part, strict=True), strict=True):
            (work / f"{name}.{side}").write_text("".join(f"{t}\n" for t in texts), "utf-8")


def own_speed(work: Path, run: Path, precision: str) -> float:
    """Target tokens a second of one epoch of the training command."""
    settings = {
        **SIZES,
        "batch_tokens": BATCH_TOKENS,
        "embedding_dropout": 0.2,
        "state_dropout": 0.2,
        "output_dropout": 0.2,
        "word_dropout": 0.0,
        "epochs": 1,
        "log_every": INTERVAL,
        "teacher_forcing": "constant",
        "precision": precision,
    }
    command = [
        *(sys.executable, "-m", "training", "train", "--quiet", "--no-report"),
        *("--train", work / "train.tsv", "--valid", work / "valid.tsv"),
        *("--source", "es", "--target", "en", "--output", run),
        *(part for key, value in settings.items() for part in ("--set", f"{key}={value}")),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with open(run / "log.csv", newline="", encoding="utf-8") as file:
        logged = [row["tokens_per_second"] for row in csv.DictReader(file)]
    return statistics.median(float(speed) for speed in logged[SKIPPED:] if speed)


def configure_peer(work: Path, run: Path, template: Path) -> None:
    """Gives the peer our run's vocabulary, and its settings."""
    serialized = (run / "source.model").read_bytes()
    (work / "spm.model").write_bytes(serialized)
    processor = sentencepiece.SentencePieceProcessor(model_proto=serialized)
    pieces = [processor.id_to_piece(n) for n in range(NUM_SPECIAL, processor.get_piece_size())]
    (work / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), "utf-8")
    settings = template.read_text("utf-8").replace("WORKDIR", str(work))
    settings = re.sub(r"logging_freq: \d+", f"logging_freq: {INTERVAL}", settings)
    settings = re.sub(r"updates: \d+", f"updates: {PAIRS // 128}", settings)
    (work / "peer.yaml").write_text(settings, "utf-8")


def peer_speed(python: Path, work: Path) -> float:
    """Target tokens a second, as the peer logs them."""
    command = [str(python), "-m", "joeynmt", "train", str(work / "peer.yaml"), "--skip-test"]
    done = subprocess.run(command, cwd=work, check=True, capture_output=True, text=True)
    logged = re.findall(r"Tokens per Sec: +([\d.]+)", done.stdout + done.stderr)
    return statistics.median(float(speed) for speed in logged[SKIPPED:])


def product_rates() -> dict[str, float]:
    """Operations a second of a large matrix product, all cores, by precision."""
    done = subprocess.run(
        [sys.executable, "-c", _RATES], check=True, capture_output=True, text=True
    )
    rates: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return rates


def operations_for_a_token(run: Path) -> float:
    """Multiplications and additions of the matrix products of an update, by target token.

    Forwards one product, backwards two, for each weight matrix and each token that it sees.
    """
    model, pairs = Run.open(run).model_config, json.loads((run / "lengths.json").read_text())
    tokens = {}
    for side in ("source", "target"):
        counts, edges = pairs[side]["counts"], pairs[side]["bins"]
        tokens[side] = sum((edge + 1) * count for edge, count in zip(edges, counts, strict=False))
    gates, decoder, embedding = 4, model.decoder_size, model.embedding_size
    directions = model.memory_size // model.encoder_size
    encoder = directions * (embedding + model.encoder_size) * gates * model.encoder_size
    keys = model.memory_size * model.attention_size
    cell = (embedding + model.memory_size + decoder) * gates * decoder
    output = (decoder + model.memory_size + embedding) * embedding
    output += embedding * model.target_vocab_size
    per_target = cell + decoder * model.attention_size + output
    per_source = encoder + keys
    return 6 * (per_target + per_source * tokens["source"] / tokens["target"])


def show(speeds: Speeds, rates: Speeds, operations: float) -> None:
    """Prints the table."""
    peer = statistics.median(speeds["JoeyNMT 2.3"])
    print("| | target tokens/s (least to most) | times JoeyNMT | share of the product rate |")
    print("| --- | --- | --- | --- |")
    for name, values in speeds.items():
        speed = statistics.median(values)
        share = ""
        if name in rates:
            rate = statistics.median(rates[name])
            share = f"{speed * operations / rate:.0%} of {rate / 1e9:.0f} GFLOP/s"
        spread = f"{min(values):,.0f} to {max(values):,.0f}"
        print(f"| {name} | {speed:,.0f} ({spread}) | {speed / peer:.2f} | {share} |")


if __name__ == "__main__":
    main()
