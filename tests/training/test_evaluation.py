from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sacrebleu
import tensorflow as tf
from click.testing import CliRunner, Result
from toy import read_pairs

from training.__main__ import main
from training.config import TrainConfig
from training.evaluation import LiveModel, Score, Validator, corpus_scores
from training.run import Run
from translator.batch import pad
from translator.constants import EOS
from translator.errors import CorpusError
from translator.saved_model import SavedTranslator
from translator.translator import Translator

HYPOTHESES = ["The cat sat on the mat.", "It is raining today.", "Hello"]
REFERENCES = ["The cat is on the mat.", "It is raining today.", "Good morning"]


class TestCorpusScores:
    def test_are_those_of_sacrebleu(self) -> None:
        assert corpus_scores(HYPOTHESES, REFERENCES) == [
            Score(
                "BLEU",
                round(sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES]).score, 2),
                f"nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:{sacrebleu.__version__}",
            ),
            Score(
                "chrF",
                round(sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES]).score, 2),
                f"nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:{sacrebleu.__version__}",
            ),
        ]

    def test_one_bigram_by_hand(self) -> None:
        # Of 6 + 5 + 4 + 3 = 18 n-grams of the hypothesis all but those with "sat" are right:
        # 5/6, 3/5, 2/4, 1/3; lengths are equal, so there is no brevity penalty.
        [bleu, _] = corpus_scores(["the cat sat on a mat"], ["the cat sat on the mat"])
        assert bleu.value == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25, abs=0.01)

    @pytest.mark.parametrize(
        ("language", "tokenizer"),
        [
            ("", "13a"),
            ("de", "13a"),
            ("zh", "zh"),
            ("zh-TW", "zh"),
            ("cmn", "zh"),
            ("ja", "char"),
            ("th", "char"),
        ],
    )
    def test_bleu_counts_what_the_language_has(self, language: str, tokenizer: str) -> None:
        # Of 6 + 5 + 4 + 3 n-grams of characters all but those with the last one are right.
        [bleu, _] = corpus_scores(["我们都喜欢猫"], ["我们都喜欢狗"], language)
        right = 100 * (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25
        assert bleu.value == pytest.approx(0 if tokenizer == "13a" else right, abs=0.01)
        assert f"|tok:{tokenizer}|" in bleu.signature

    def test_the_same_text_has_100(self) -> None:
        assert [score.value for score in corpus_scores(REFERENCES, REFERENCES)] == [100.0, 100.0]


class TestValidator:
    @pytest.fixture
    def run(self, toy_run: Path) -> Run:
        return Run.open(toy_run)

    @pytest.fixture
    def pairs(self, toy_corpus: Path) -> list[tuple[str, str]]:
        return read_pairs(toy_corpus / "valid.tsv")[:60]

    def validator(self, run: Run, pairs: list[tuple[str, str]], **settings: Any) -> Validator:
        config = TrainConfig(**{"max_length": 40, "batch_tokens": 256, **settings})
        return Validator(run.best_model(), run.source, run.target, pairs, config)

    def test_loss_is_that_of_the_score_signature(
        self, run: Run, pairs: list[tuple[str, str]], toy_model_folder: Path
    ) -> None:

        source = pad([[*run.source.encode(text), EOS] for text, _ in pairs])
        target = pad([[*run.target.encode(text), EOS] for _, text in pairs])
        saved = SavedTranslator.load(toy_model_folder / "xx-yy")
        scored = saved.score(source_ids=tf.constant(source), target_ids=tf.constant(target))
        log_probs = scored["log_probs"].numpy()
        expected = -log_probs.sum() / (target != 0).sum()

        figures = self.validator(run, pairs).measure()
        # The folder's weights are rounded.
        assert figures["valid_loss"] == pytest.approx(expected, abs=1e-3)
        assert figures["valid_chrf"] > 99

    @pytest.mark.usefixtures("unsearched")
    def test_bleu_is_of_the_language(self, run: Run, pairs: list[tuple[str, str]]) -> None:
        """Digits in a row: one word, or characters."""
        config = TrainConfig(max_length=40, batch_tokens=256)
        wrong = [(source, f"{target}0") for source, target in pairs]
        scores = [
            Validator(run.best_model(), run.source, run.target, wrong, config, language).measure()
            for language in ("yy", "ja")
        ]
        assert scores[0]["valid_bleu"] < 1 < 50 < scores[1]["valid_bleu"]

    @pytest.mark.usefixtures("unsearched")
    def test_batches_do_not_matter(self, run: Run, pairs: list[tuple[str, str]]) -> None:
        losses = [
            self.validator(run, pairs, batch_tokens=size).measure()["valid_loss"]
            for size in (41, 5000)
        ]
        assert losses[0] == pytest.approx(losses[1], rel=1e-5)

    def test_follows_the_weights(self, run: Run, pairs: list[tuple[str, str]]) -> None:
        model = run.best_model()
        config = TrainConfig(max_length=40, batch_tokens=256)
        validator = Validator(model, run.source, run.target, pairs, config)
        before = validator.measure()
        for weight in model.weights:
            weight.assign(np.zeros(weight.shape))
        after = validator.measure()

        assert before["valid_loss"] < 1
        # Without weights every piece is as likely as any other.
        assert after["valid_loss"] == pytest.approx(math.log(run.target.size), rel=1e-4)
        assert after["valid_chrf"] < 50

    @pytest.mark.parametrize(
        ("select", "quality"), [("chrf", 60.0), ("bleu", 20.0), ("loss", -1.5)]
    )
    @pytest.mark.usefixtures("unsearched")
    def test_quality(
        self, select: str, quality: float, run: Run, pairs: list[tuple[str, str]]
    ) -> None:
        figures = {"valid_loss": 1.5, "valid_bleu": 20.0, "valid_chrf": 60.0}
        assert self.validator(run, pairs, select=select).quality(figures) == quality

    def test_a_valid_split_of_too_long_pairs_is_an_error(self, run: Run) -> None:
        with pytest.raises(CorpusError, match="expected pairs of at most 40 pieces"):
            self.validator(run, [("1" * 50, "1" * 50)])


def test_a_live_model_translates_as_its_folder(toy_run: Path, toy_model_folder: Path) -> None:
    run = Run.open(toy_run)
    live = Translator(LiveModel(run.best_model(), run.source, run.target))
    folder = Translator.load(toy_model_folder / "xx-yy")
    texts = ["314", "", "1", "98765432"]

    assert [t.text for t in live.translate(texts)] == [t.text for t in folder.translate(texts)]


def test_a_model_of_no_numbers_has_no_quality(toy_run: Path) -> None:
    """What NaN in the weights gives must not become the best checkpoint."""
    run = Run.open(toy_run)
    model = run.best_model()
    for weight in model.weights:
        weight.assign(np.full(weight.shape, np.nan))
    config = TrainConfig(max_length=40, batch_tokens=256)
    validator = Validator(model, run.source, run.target, [("12", "21")], config)

    assert not validator.quality(validator.measure()) > -math.inf


class TestCommand:
    def evaluate(self, *arguments: object) -> Result:
        return CliRunner().invoke(main, ["evaluate", *map(str, arguments)], catch_exceptions=False)

    def test_json(self, toy_model_folder: Path, toy_corpus: Path) -> None:
        model, test = toy_model_folder / "xx-yy", toy_corpus / "test.tsv"
        result = self.evaluate(model, "--test", test, "--json", "--beam-size", 2)
        report = json.loads(result.stdout)

        assert result.exit_code == 0
        assert report["data"] == ["test.tsv"]
        assert report["sentences"] == 200
        assert report["truncated"] == 0
        assert report["search"]["beam_size"] == 2
        scores = {score["metric"]: score for score in report["scores"]}
        assert scores["chrF"]["value"] > 99
        assert scores["BLEU"]["signature"].startswith("nrefs:1|")

    def test_text(self, toy_model_folder: Path, tmp_path: Path) -> None:
        # Swapped, and wrong: the source is written where its reverse should be.
        (tmp_path / "test.tsv").write_text("123456\t654321\n7\t7\n\t\n")
        result = self.evaluate(
            toy_model_folder / "xx-yy", "--test", tmp_path / "test.tsv", "--columns", "2,1"
        )
        summary, bleu, chrf = result.stdout.splitlines()

        assert result.exit_code == 0
        assert summary.startswith("2 sentences, beam 5, ")
        assert bleu.startswith("BLEU ")
        assert chrf.startswith("chrF 100.00  nrefs:1|")

    def test_a_missing_model(self, toy_corpus: Path, tmp_path: Path) -> None:
        result = self.evaluate(tmp_path / "missing", "--test", toy_corpus / "test.tsv")

        assert result.exit_code == 2
        assert result.stderr.startswith(f"Error: {tmp_path / 'missing'}: ")

    def test_a_missing_test_file(self, toy_model_folder: Path, tmp_path: Path) -> None:
        result = self.evaluate(toy_model_folder / "xx-yy", "--test", tmp_path / "missing.tsv")

        assert result.exit_code == 2
        assert "missing.tsv: expected a readable file." in result.stderr

    @pytest.mark.parametrize(
        ("option", "value", "told"),
        [
            ("--beam-size", 0, "beam_size: expected from 1 to 100. Received: 0"),
            ("--length-penalty", -1, "length_penalty: expected from 0 to 10."),
            ("--length-penalty", "nan", "length_penalty: expected from 0 to 10."),
            ("--columns", "1;2", "--columns: expected two numbers"),
        ],
    )
    def test_a_bad_option(
        self, option: str, value: object, told: str, toy_model_folder: Path, toy_corpus: Path
    ) -> None:
        model, test = toy_model_folder / "xx-yy", toy_corpus / "test.tsv"
        result = self.evaluate(model, "--test", test, option, value)

        assert result.exit_code == 2
        assert told in result.stderr
