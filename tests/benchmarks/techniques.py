"""What each technique buys: small equal runs on Multi30k, English to German.

    python tests/benchmarks/techniques.py --corpora FOLDER --results FILE --output docs

Every run has the same number of updates of the same batches, three seeds each, and differs from the
first row in what its name says. Two runs go side by side. The file of results is added to, so that
the benchmark can be stopped and taken up; the table shows what is there.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multi30k_data import read
from technique_runs import Job, run_all

SEEDS = (1, 2, 3)

PAIRS = 20_000

BASE: dict[str, Any] = {
    "vocab_size": 2000,
    "embedding_size": 128,
    "encoder_size": 96,
    "decoder_size": 192,
    "attention_size": 96,
    "batch_tokens": 1000,
    "embedding_dropout": 0.2,
    "state_dropout": 0.2,
    "output_dropout": 0.2,
    "learning_rate": 0.004,
    "warmup": 100,
    "epochs": 2,
    "teacher_forcing": "constant",
    "precision": "float32",
    "log_every": 20,
    "validate_every": 1_000_000,
    "checkpoint_every": 1_000_000,
}
"""The last update is what is scored."""

FREE_RUNNING = {"teacher_forcing_k": 0.0, "teacher_forcing_floor": 0.0}
SCHEDULED = {"teacher_forcing_warmup": 0.5, "teacher_forcing_floor": 0.5}

GROUPS: dict[str, dict[str, Mapping[str, Any]]] = {
    "the base": {"LSTM, bidirectional, one layer, additive attention": {}},
    "cell": {
        "tanh": {"cell": "tanh"},
        "GRU": {"cell": "gru"},
    },
    "encoder": {
        "one direction": {"bidirectional": False, "encoder_size": 192},
        "two layers in encoder and decoder": {"encoder_layers": 2, "decoder_layers": 2},
    },
    "attention": {
        "none": {"attention": "none"},
        "multiplicative": {"attention": "multiplicative"},
    },
    "clipping": {
        "none": {"clip_norm": 0.0},
        "by value, 0.1": {"clip_norm": 0.0, "clip_value": 0.1},
        "tanh, none": {"cell": "tanh", "clip_norm": 0.0},
    },
    "teacher forcing": {
        "linear to 0.5": {"teacher_forcing": "linear", **SCHEDULED},
        "exponential to 0.5": {"teacher_forcing": "exponential", **SCHEDULED},
        "inverse sigmoid to 0.5": {"teacher_forcing": "inverse_sigmoid", **SCHEDULED},
        "free running": {**FREE_RUNNING, "teacher_forcing_warmup": 0.0},
    },
    "regularisation": {
        "no dropout": {name: 0.0 for name in BASE if name.endswith("_dropout")},
        "no label smoothing": {"label_smoothing": 0.0},
        "subword sampling 0.3": {"subword_sampling": 0.3},
    },
    "averaging": {
        "moving average 0.99": {"average": 0.99},
        "constant rate": {"decay": "constant"},
        "constant rate, moving average 0.99": {"decay": "constant", "average": 0.99},
    },
    "truncated backpropagation": {
        "K = 2": {"truncate_bptt": 2},
        "K = 5": {"truncate_bptt": 5},
        "K = 10": {"truncate_bptt": 10},
    },
}


def main() -> None:
    """Makes the runs that are missing, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="folder of the page")
    parser.add_argument("--table-only", action="store_true", help="make no run")
    arguments = parser.parse_args()
    done = {(line["name"], line["seed"]) for line in read(arguments.results)}
    jobs = [
        Job(f"{group}: {name}", seed, {**BASE, **changes})
        for seed in SEEDS
        for group, variants in GROUPS.items()
        for name, changes in variants.items()
        if (f"{group}: {name}", seed) not in done and not arguments.table_only
    ]
    for line in run_all(jobs, arguments.corpora, PAIRS, at_once=2):
        with open(arguments.results, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        shown = line.get("bleu", line.get("failed"))
        print(f"{line['name']}, seed {line['seed']}: {shown}", flush=True)
    figures = read(arguments.results)
    (arguments.output / "techniques.md").write_text(table(figures), "utf-8")
    draw_norms(figures, arguments.output / "gradient-norms.png")


def table(figures: list[dict[str, Any]]) -> str:
    """A page of Markdown: mean and deviation of the seeds, and the difference from the base."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for line in figures:
        by_name.setdefault(line["name"], []).append(line)
    base_name = "the base: " + next(iter(GROUPS["the base"]))
    base = statistics.fmean(line["bleu"] for line in by_name[base_name])
    text = _HEAD
    for group, variants in GROUPS.items():
        for name in variants:
            lines = by_name.get(f"{group}: {name}", [])
            scored = [line for line in lines if "failed" not in line]
            if not scored:
                continue
            bleu = _spread([line["bleu"] for line in scored])
            chrf = _spread([line["chrf"] for line in scored])
            difference = statistics.fmean(line["bleu"] for line in scored) - base
            seeds = f"{len(scored)} of {len(lines)}"
            text += f"| {group} | {name} | {bleu} | {difference:+.1f} | {chrf} | {seeds} |\n"
    return text


_CLIPPED = {
    next(iter(GROUPS["the base"])): "LSTM, clipped to norm 1",
    "none": "LSTM, not clipped",
    "by value, 0.1": "LSTM, each entry clipped to 0.1",
    "tanh, none": "tanh, not clipped",
}


def draw_norms(figures: list[dict[str, Any]], path: Path) -> None:
    """Draws the largest gradient norm of each log interval, of the first seed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    _, axes = plt.subplots(figsize=(8, 3.5), layout="constrained")
    for line in figures:
        if line["seed"] == SEEDS[0] and line["name"].startswith(("the base", "clipping")):
            updates, norms = zip(*line["gradient_norms"], strict=True)
            axes.plot(updates, norms, label=_CLIPPED[line["name"].split(": ")[1]])
    axes.set(yscale="log", xlabel="update", ylabel="largest gradient norm in 20 updates")
    axes.set_yticks([0.5, 1, 2, 5], ["0.5", "1", "2", "5"])
    axes.minorticks_off()
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    plt.savefig(path, dpi=120)


def _spread(values: list[float]) -> str:
    mean = statistics.fmean(values)
    return f"{mean:.1f} ± {statistics.stdev(values):.1f}" if len(values) > 1 else f"{mean:.1f}"


_HEAD = f"""# What each technique buys

Multi30k, English to German: two epochs of its first {PAIRS:,} pairs (872 updates of up to 1,000
tokens), with a small model: embeddings 128, encoder 96 in each direction, decoder 192,
vocabulary 2,000. The base has reference tokens only (full teacher forcing), label smoothing
0.1, dropout 0.2, a learning rate that falls from 0.004 to 0, and gradients clipped to norm 1.
Each row changes only what it names; the encoder of one direction is 192 wide. "To 0.5": from
half of the run on, the share of reference tokens falls to 0.5. Free running: always the model's
own tokens. K: the steps of a chunk (`truncate_bptt`). Seeds: runs that ended, of those begun.

Scored on test_2016_flickr, beam 5, sacreBLEU cased and detokenised. Mean and standard deviation
over the seeds; the difference is that of the mean BLEU from the first row. Runs as short as
these say how fast a technique learns, not what it reaches.

    python tests/benchmarks/techniques.py --corpora FOLDER --results docs/techniques.jsonl \\
        --output docs

FOLDER holds train, val and test_2016_flickr, each as .en.gz, .de.gz and .fr.gz (arXiv
1605.00459); the package sacremoses is needed. Runs whose figures stand in the results are not
made again.

![The norm of the gradient over the run, with and without clipping](gradient-norms.png)

| what | how | BLEU | difference | chrF | seeds |
| --- | --- | --- | --- | --- | --- |
"""


if __name__ == "__main__":
    main()
