from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from matplotlib.image import imread
from toy import settings, toy_pairs, write_pairs

from training.__main__ import main
from training.config import TrainConfig
from training.report.examples import Example, Examples, by_length, with_attention, worst_and_best
from training.report.panels import curves
from training.report.record import histogram, read_lengths
from training.report.write import attended
from translator.config import SearchConfig
from translator.translation import Hypothesis, Translation

# What would break a page, a drawing or a template that took it as it is.
HOSTILE = [
    ('<script>alert("1")</script> & </td>', "</title><img src=x onerror=alert(2)>"),
    ("{{ 7 * 7 }} {% raw %} $x_1$ costs $5", "\\frac $a$ 'q' \"w\""),
    ("شكرا جزيلا لك", "תודה רבה"),
    ("猫は魚が好きです。", "&lt;b&gt; \u05d0reversed"),
]
TINY = {
    "embedding_size": 8,
    "encoder_size": 8,
    "decoder_size": 8,
    "attention_size": 8,
    "vocab_size": 348,
    "epochs": 2,
    "warmup": 0,
    "log_every": 1,
}
CURVES = {
    *("loss", "quality", "teacher_forcing", "learning_rate", "speed"),
    *("gradient_norm", "clipped"),
}
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Reads a page strictly: every tag closed in its place, every id and attribute once."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert html.startswith("<!DOCTYPE html>")
        assert self.open == []
        ids = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        links = [a["href"] for tag, a in self.elements if tag == "use"]
        assert set(links) <= {f"#{name}" for name in ids}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), attrs
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


def train(output: Path, corpus: tuple[Path, Path], *options: str, **changes: object) -> Result:
    return invoke(
        *("train", "--source", "xx", "--target", "yy", "--output", output),
        *("--train", corpus[0], "--valid", corpus[1], "--threads", 1, *options),
        *settings(**{**TINY, **changes}),
    )


def draw(run: Path) -> Page:
    result = invoke("report", run)
    assert result.exit_code == 0, result.stderr
    return page(run)


def page(run: Path) -> Page:
    return Page((run / "report.html").read_text("utf-8"))


def pictures(run: Path) -> set[str]:
    return {path.stem for path in (run / "report").iterdir()}


def log(run: Path) -> list[dict[str, str]]:
    with open(run / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def write_log(run: Path, rows: Iterable[dict[str, str]]) -> None:
    rows = list(rows)
    with open(run / "log.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, pairs = tmp_path_factory.mktemp("corpus"), toy_pairs(48, seed=3)
    train_file = write_pairs(folder / "train.tsv", pairs[:40] + HOSTILE)
    return train_file, write_pairs(folder / "valid.tsv", pairs[40:] + HOSTILE)


@pytest.fixture(scope="module")
def trained(corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    result = train(folder, corpus)
    assert result.exit_code == 0, result.stderr
    assert "the report is" in result.stderr
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A run of one's own, to spoil."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


class TestPage:
    def test_asks_for_nothing_else(self, trained: Path) -> None:
        read = page(trained)
        assert "script" not in read.tags
        for _, attributes in read.elements:
            for name in ("src", "href", "xlink:href", "data", "action"):
                assert (attributes.get(name) or "#").startswith(("#", "data:"))
        assert "http" not in read.html
        assert "@import" not in read.html
        assert len(read.html) < 2_000_000

    def test_tells_the_figures_of_the_log(self, trained: Path) -> None:
        read, rows = page(trained), log(trained)
        valid = [row for row in rows if row["valid_loss"]]
        best = max(valid, key=lambda row: float(row["valid_chrf"]))

        assert f"Valid chrF {float(best['valid_chrf']):.1f} " in read.text
        assert f"Valid loss {float(best['valid_loss']):.2f} " in read.text
        assert f"Best validation update {best['update']} " in read.text
        losses = [row["loss"] for row in rows if row["loss"]]
        assert f"training {float(losses[-1]):.2f}" in read.text
        assert f"Updates {rows[-1]['update']} of {rows[-1]['update']} " in read.text
        assert f"all {rows[-1]['update']} updates are done" in read.text
        assert "44 of 44 read" in read.text

    def test_names_the_settings_that_are_not_the_default(self, trained: Path) -> None:
        assert "decoder_size 8 512 " in page(trained).text
        assert "label_smoothing 0.0 0.1 " in page(trained).text
        assert "decoder_layers" not in page(trained).text

    def test_shows_text_of_users_as_text(self, trained: Path) -> None:
        read = page(trained)
        for source, reference in HOSTILE:
            assert source in read.text
            assert reference in read.text
        assert "img" not in read.tags
        sentences = [a for tag, a in read.elements if tag == "td" and "lang" in a]
        assert len(sentences) == 3 * 12
        assert all(attributes["dir"] == "auto" for attributes in sentences)

    def test_pictures_open(self, trained: Path) -> None:
        others = {"lengths_source", "lengths_target", "chrf_histogram", "chrf_by_length"}
        maps = {name for name in pictures(trained) if name.startswith("attention_")}
        assert pictures(trained) == CURVES | others | maps
        assert maps
        for name in pictures(trained):
            height, width, _ = imread(trained / "report" / f"{name}.png").shape
            assert min(height, width) > 100

    def test_made_again_it_is_the_same(self, run: Path) -> None:
        before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
        invoke("report", run)
        after = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
        assert after.keys() == before.keys()
        assert [path.name for path in before if before[path] != after[path]] == []


class TestHowMuchThereIs:
    def test_nothing_but_the_beginning(self, run: Path) -> None:
        for path in [*(run / "checkpoints").iterdir(), run / "best.npz", run / "log.csv"]:
            path.unlink()
        read = draw(run)

        assert "The run has logged nothing yet." in read.text
        assert "expected a run that was validated at least once" in read.text
        assert pictures(run) == {"lengths_source", "lengths_target"}

    def test_one_row_and_no_validation(self, run: Path) -> None:
        write_log(run, log(run)[:1])
        (run / "best.npz").unlink()
        assert "Best validation none yet" in draw(run).text
        assert pictures(run) >= CURVES - {"quality"}

    def test_a_row_that_is_being_written(self, run: Path) -> None:
        (run / "best.npz").unlink()
        with open(run / "log.csv", "a") as file:
            file.write("99,12.5")
        last = log(run)[-2]["update"]
        assert f"Updates {last} of" in draw(run).text

    def test_a_run_that_kept_no_lengths_and_no_status(self, run: Path) -> None:
        (run / "best.npz").unlink()
        (run / "lengths.json").unlink()
        (run / "status.json").write_text("{")
        text = draw(run).text
        assert "The run has not kept the lengths of its pairs." in text
        assert "How the run ended is not recorded." in text

    def test_two_valid_sentences(self, run: Path, tmp_path: Path) -> None:
        stored = json.loads((run / "run.json").read_text())
        valid = write_pairs(tmp_path / "two.tsv", [("12", "21"), ("345", "543")])
        stored["data"]["valid"] = [str(valid)]
        (run / "run.json").write_text(json.dumps(stored))
        assert "All 2 sentences" in draw(run).text

    def test_no_valid_split(self, run: Path, tmp_path: Path) -> None:
        stored = json.loads((run / "run.json").read_text())
        stored["data"]["valid"] = [str(tmp_path / "lost.tsv")]
        (run / "run.json").write_text(json.dumps(stored))
        assert "lost.tsv" in draw(run).text
        assert pictures(run) >= CURVES

    def test_figures_that_are_no_numbers(self, run: Path) -> None:
        rows = log(run)
        rows[-1] |= {"valid_loss": "nan", "valid_bleu": "", "valid_chrf": ""}
        rows[-2] |= {"loss": "inf"}
        write_log(run, rows)
        (run / "best.npz").unlink()
        read = draw(run)
        assert "Best validation none yet" in read.text
        assert pictures(run) >= CURVES - {"quality"}

    def test_gradients(self, run: Path) -> None:
        gradient = {"gradient_norm": "0.5", "gradient_norm_max": "2.5", "clipped": "0.25"}
        write_log(run, [row | gradient for row in log(run)])
        (run / "best.npz").unlink()
        text = draw(run).text
        assert pictures(run) >= CURVES
        for label in ("mean 0.5", "largest 2.5", "clip 1", "mean 25%"):
            assert label in text

    def test_no_run(self, tmp_path: Path) -> None:
        result = invoke("report", tmp_path)
        assert result.exit_code == 2
        assert "expected the folder of a run" in result.stderr


@pytest.mark.usefixtures("unsearched")
class TestTraining:
    def test_of_a_run_that_broke_off(self, corpus: tuple[Path, Path], tmp_path: Path) -> None:
        unbound = {"learning_rate": 1e38, "clip_norm": 0, "decay": "constant", "epochs": 5}
        assert train(tmp_path / "run", corpus, **unbound).exit_code == 2
        assert "was no number after update" in page(tmp_path / "run").text

    def test_trouble_in_drawing_is_told_and_costs_nothing(
        self, corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / ".lock").touch()  # it was begun
        (tmp_path / "run" / "report").write_text("in the way")
        result = train(tmp_path / "run", corpus, "--quiet")

        assert result.exit_code == 0
        assert "no report was made: FileExistsError" in result.stderr
        assert "python -m training report" in result.stderr
        assert (tmp_path / "run" / "best.npz").exists()


class TestRecord:
    def test_histogram(self) -> None:
        counted = histogram(np.array([0, 1, 1, 3]), 3)
        assert counted.bins == (0, 1, 2, 3, 4)
        assert counted.counts == (1, 2, 0, 1)

    def test_wide_bins_hold_every_length(self) -> None:
        counted = histogram(np.arange(1000), 999)
        assert counted.bins[:3] == (0, 8, 16)
        assert counted.counts[0] == 8
        assert sum(counted.counts) == 1000

    def test_lengths_of_the_training_pairs(self, trained: Path) -> None:
        lengths = read_lengths(trained)
        assert lengths is not None
        assert sum(lengths["source"].counts) == sum(lengths["target"].counts) == 44
        assert lengths["source"].bins == lengths["target"].bins


class TestExamples:
    @staticmethod
    def example(length: int, score: float = 50.0, look: float = 1.0) -> Example:
        tokens = (*("a",) * length, "</s>")
        alignment = np.full((length + 1, length + 1), look, np.float32)
        best = Hypothesis("a", 0.0, 0.0, tokens, (0.0,) * (length + 1), alignment, True)
        return Example("a" * length, "a", Translation(tokens, (best,)), score)

    def test_worst_and_best(self) -> None:
        scores = [30.0, 100.0, 0.0, 100.0, 70.0]
        sentences = [self.example(length, score) for length, score in enumerate(scores, start=2)]
        worst, best = worst_and_best(sentences, most=2)
        assert [(e.score, e.length) for e in worst] == [(0.0, 4), (30.0, 2)]
        assert [(e.score, e.length) for e in best] == [(100.0, 5), (100.0, 3)]

    @pytest.mark.parametrize(("count", "shown"), [(1, (1, 0)), (2, (1, 1)), (3, (2, 1))])
    def test_no_sentence_is_in_both(self, count: int, shown: tuple[int, int]) -> None:
        worst, best = worst_and_best([self.example(4)] * count)
        assert (len(worst), len(best)) == shown

    def test_by_length(self) -> None:
        buckets = by_length([self.example(length) for length in (1, 5, 6, 10, 51, 80)])
        assert {name: count for name, (count, _) in buckets.items()} == {
            "1–5": 2,
            "6–10": 2,
            "51+": 2,
        }
        assert buckets["1–5"][1] == pytest.approx(100.0)

    def test_attention_of_short_and_long_sentences(self) -> None:
        sentences = [self.example(length) for length in (3, 3, 12, 24, 25, 60)]
        assert [e.length for e in with_attention(sentences)] == [3, 12, 24]
        assert [e.length for e in with_attention(sentences, most=2)] == [3, 24]

    def test_a_model_without_attention_has_none(self) -> None:
        assert with_attention([self.example(7, look=0.0)]) == []

    @pytest.mark.parametrize(("attention", "drawn"), [("additive", 1), ("none", 0)])
    def test_one_that_looks_everywhere_alike_has_none(self, attention: Any, drawn: int) -> None:
        examples = Examples([self.example(7)], 1, SearchConfig(), [])
        config = TrainConfig(attention=attention)
        assert attended(config, examples) == examples.sentences[:drawn]
        assert attended(config, None) == []


@pytest.mark.parametrize("clip_norm", [0.0, 1.0])
def test_clipping_is_drawn_where_the_norm_is_clipped(clip_norm: float) -> None:
    """Older logs hold zeros where values were clipped."""
    rows = [{"update": f"{n}", "loss": "1", "clipped": "0"} for n in (1, 2)]
    config = TrainConfig(clip_norm=clip_norm, clip_value=0.0 if clip_norm else 1.0)
    names = [drawing.name for drawing in curves(rows, config)]
    assert names == (["loss", "clipped"] if clip_norm else ["loss"])


def test_the_training_loss_is_labelled() -> None:
    [loss] = curves([{"update": "1", "loss": "1", "valid_loss": "2"}], TrainConfig())
    assert "training with dropout" in loss.svg
