from __future__ import annotations

import dataclasses
import random
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from toy import read_pairs

from translator.batch import pad
from translator.config import SearchConfig
from translator.constants import EOS
from translator.engine import Engine, Request
from translator.errors import InputError, ModelFolderError
from translator.saved_model import SavedTranslator
from translator.signatures import search_inputs
from translator.texts.glossary import Glossary
from translator.tokenizer import train_tokenizer
from translator.translation import Hypothesis, Translation
from translator.translator import Translator

EDGE_CASES = [
    "😀👩‍🚀",
    "שלום עולם 12",
    "مرحبا",
    "日本語",
    "a\u0301\u0302\u0303",
    "<s></s><unk>",
    "12\t34\n56",
    "\u200d",
    "\U0010ffff",
    "." * 300,
]


@pytest.fixture(scope="module")
def translator(toy_model_folder: Path) -> Translator:
    return Translator.load(toy_model_folder / "xx-yy")


@pytest.fixture(scope="module")
def texts(toy_corpus: Path) -> list[str]:
    return [source for source, _ in read_pairs(toy_corpus / "test.tsv")]


def assert_same(found: list[Translation], expected: list[Translation]) -> None:
    """The same words; numbers may differ by the order in which floats were added."""
    assert [t.text for t in found] == [t.text for t in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.source_tokens == other.source_tokens
        assert one.truncated == other.truncated
        assert one.hypotheses[0].tokens == other.hypotheses[0].tokens
        assert one.hypotheses[0].score == pytest.approx(other.hypotheses[0].score, abs=1e-4)
        np.testing.assert_allclose(
            one.hypotheses[0].alignment, other.hypotheses[0].alignment, atol=1e-4
        )


def assert_consistent(translation: Translation) -> None:
    """What must hold of every translation, whatever the text."""
    for hypothesis in translation.hypotheses:
        length = len(hypothesis.tokens)
        assert length >= 1
        assert len(hypothesis.token_log_probs) == length
        assert all(log_prob <= 1e-6 for log_prob in hypothesis.token_log_probs)
        assert sum(hypothesis.token_log_probs) == pytest.approx(hypothesis.log_prob, abs=1e-4)
        assert hypothesis.alignment.shape == (length, len(translation.source_tokens))
        assert hypothesis.alignment.dtype == np.float32
        np.testing.assert_allclose(hypothesis.alignment.sum(axis=1), 1.0, atol=1e-4)
        assert (hypothesis.tokens[-1] == "</s>") == hypothesis.finished
        assert "</s>" not in hypothesis.tokens[:-1]
        assert not {"<pad>", "<unk>", "<s>"} & set(hypothesis.tokens)
    ranks = [(not h.finished, -h.score) for h in translation.hypotheses]
    assert ranks == sorted(ranks)


@pytest.fixture(scope="module")
def alone(translator: Translator, texts: list[str]) -> list[Translation]:
    return [translator.translate([text])[0] for text in texts[:80]]


class TestCompany:
    """What a sentence becomes depends on nothing that stands beside it."""

    @pytest.mark.parametrize("batch_size", [7, 64, 1000])
    def test_batches_in_any_order(
        self, batch_size: int, alone: list[Translation], translator: Translator, texts: list[str]
    ) -> None:
        order = random.Random(batch_size).sample(range(80), 80)
        together = translator.translate([texts[n] for n in order], batch_size=batch_size)

        assert_same(together, [alone[n] for n in order])

    def test_a_long_neighbour(
        self, alone: list[Translation], translator: Translator, texts: list[str]
    ) -> None:
        # It is searched for a hundred steps after the others have ended.
        together = translator.translate([*texts[:80], "1" * 100], batch_size=1000)

        assert_same(together[:80], alone)

    @pytest.mark.parametrize("width", [12, 40])
    def test_padding(
        self, width: int, alone: list[Translation], toy_model_folder: Path, texts: list[str]
    ) -> None:
        saved = SavedTranslator.load(toy_model_folder / "xx-yy")
        rows = [[*saved.source.encode(text), EOS] for text in texts[:80]]
        ids = pad(rows)
        ids = np.pad(ids, ((0, 0), (0, width - ids.shape[1])))
        search = Translator(saved).search_config()
        outputs = Engine([saved.decoder()], saved.lexicon).search(Request(ids), search)
        lengths = outputs["lengths"][:, 0]
        ids = [row[0, :n] for row, n in zip(outputs["output_ids"], lengths, strict=True)]

        assert [saved.target.pieces(row) for row in ids] == [t.hypotheses[0].tokens for t in alone]
        np.testing.assert_allclose(
            outputs["scores"][:, 0], [t.hypotheses[0].score for t in alone], atol=1e-4
        )
        # Padding is not looked at.
        for alignment, row in zip(outputs["alignments"], rows, strict=True):
            assert not alignment[..., len(row) :].any()

    def test_n_best(
        self, alone: list[Translation], translator: Translator, texts: list[str]
    ) -> None:
        five = translator.translate(texts[:80], translator.search_config(n_best=5))

        assert_same(five, alone)
        assert all(len(t.hypotheses) == 5 for t in five)
        assert all(len({h.tokens for h in t.hypotheses}) == 5 for t in five)

    def test_twice(self, translator: Translator, texts: list[str]) -> None:
        first, second = (translator.translate(texts[:20]) for _ in range(2))
        assert [t.hypotheses[0].score for t in first] == [t.hypotheses[0].score for t in second]


class TestBlank:
    @pytest.mark.parametrize(
        "text", ["", " ", "\t\r\n", "\u3000\u00a0\u2028", "\x00\x01", "\ufeff"], ids=ascii
    )
    def test_has_one_blank_translation(self, text: str, translator: Translator) -> None:
        [translation] = translator.translate([text], SearchConfig(n_best=5))

        assert translation.text == ""
        assert not translation.truncated
        [hypothesis] = translation.hypotheses
        assert hypothesis.tokens == ()
        assert hypothesis.log_prob == 0.0

    def test_keeps_its_place(self, translator: Translator) -> None:
        translations = translator.translate(["", "12", " ", "345", ""])
        assert [t.text for t in translations] == ["", "21", "", "543", ""]

    def test_nothing_to_translate(self, translator: Translator) -> None:
        assert translator.translate([]) == []


class TestText:
    @pytest.mark.parametrize("text", EDGE_CASES, ids=ascii)
    def test_any_text_is_translated(self, text: str, translator: Translator) -> None:
        [translation] = translator.translate([text], SearchConfig(n_best=3))

        assert translation.source_tokens[-1] == "</s>"
        assert_consistent(translation)
        translation.text.encode()

    def test_control_characters_are_no_part_of_it(self, translator: Translator) -> None:
        plain, marked = translator.translate(["314", "\ufeff3\x001\x7f4\x1b "])
        assert marked.text == plain.text == "413"
        assert marked.source_tokens == plain.source_tokens

    def test_a_very_long_word_is_cut_and_says_so(self, translator: Translator) -> None:
        translator.translate(["1"])
        started = time.monotonic()
        [translation] = translator.translate(["7" * 5000])

        assert time.monotonic() - started < 20
        assert translation.truncated
        assert len(translation.source_tokens) < 300
        assert_consistent(translation)

    def test_a_very_long_word_does_not_cut_its_neighbours(self, translator: Translator) -> None:
        long, short = translator.translate(["7" * 5000, "12"])
        assert (long.truncated, short.truncated) == (True, False)
        assert short.text == "21"

    @pytest.mark.parametrize("text", ["\ud800", "12 \udfff 34"], ids=ascii)
    def test_a_lone_surrogate_is_an_input_error(self, text: str, translator: Translator) -> None:
        with pytest.raises(InputError, match="lone surrogate"):
            translator.translate(["12", text])


class TestHypotheses:
    @pytest.mark.parametrize(
        "search",
        [
            SearchConfig(),
            SearchConfig(beam_size=1),
            SearchConfig(beam_size=8, n_best=8, length_penalty=0.0),
            SearchConfig(beam_size=3, n_best=3, coverage_penalty=0.3, length_penalty=2.0),
            SearchConfig(n_best=5, no_repeat_ngram_size=1),
            SearchConfig(n_best=2, min_length=6),
        ],
        ids=str,
    )
    def test_are_consistent(
        self, search: SearchConfig, translator: Translator, texts: list[str]
    ) -> None:
        for translation in translator.translate(texts[:30], search):
            assert 1 <= len(translation.hypotheses) <= search.n_best
            assert_consistent(translation)

    def test_a_score_is_the_log_probability_over_the_length_penalty(
        self, translator: Translator
    ) -> None:
        [translation] = translator.translate(["31415"], SearchConfig(n_best=5))
        for hypothesis in translation.hypotheses:
            penalty = (5 + len(hypothesis.tokens)) / 6
            assert hypothesis.score == pytest.approx(hypothesis.log_prob / penalty, abs=1e-5)

    def test_probabilities_are_those_of_the_score_signature(self, toy_model_folder: Path) -> None:
        saved = SavedTranslator.load(toy_model_folder / "xx-yy")
        source = pad([[*saved.source.encode(text), EOS] for text in ("314", "12345678")])
        found = saved.translate(**search_inputs(source, SearchConfig(n_best=5)))
        for place in range(5):
            target = found["output_ids"][:, place]
            scored = saved.score(source_ids=tf.constant(source), target_ids=target)
            np.testing.assert_allclose(
                scored["log_probs"].numpy(), found["log_probs"].numpy()[:, place], atol=1e-4
            )

    def test_the_alignment_of_a_reversal_runs_backwards(self, translator: Translator) -> None:
        [translation] = translator.translate(["12345678"])
        best = translation.hypotheses[0]
        looked_at = [
            int(row.argmax())
            for row, piece in zip(best.alignment, best.tokens, strict=True)
            if piece.strip("▁").isdigit()
        ]
        # Attention may look beside a digit, since the encoder reads both ways; not far, though.
        assert np.corrcoef(looked_at, range(len(looked_at)))[0, 1] < -0.8

    def test_a_cap_cuts_and_says_so(self, translator: Translator) -> None:
        search = SearchConfig(min_length=100, max_length_ratio=0.1)
        [translation] = translator.translate(["12"], search)
        best = translation.hypotheses[0]
        # Ten tokens and a tenth of the source; at the cap itself a halt is allowed again.
        assert len(best.tokens) == 10
        assert translation.truncated != best.finished
        assert_consistent(translation)

    def test_min_length_is_kept(self, translator: Translator) -> None:
        [translation] = translator.translate(["12"], SearchConfig(min_length=6))
        assert len(translation.hypotheses[0].tokens) >= 7

    def test_a_repetition_is_avoided(self, translator: Translator) -> None:
        [plain] = translator.translate(["1111"])
        [without] = translator.translate(["1111"], SearchConfig(no_repeat_ngram_size=1))
        assert plain.text == "1111"
        assert "11" not in without.text

    def test_are_values(self, translator: Translator) -> None:
        [translation] = translator.translate(["12"])
        with pytest.raises(dataclasses.FrozenInstanceError):
            translation.hypotheses[0].text = "other"  # type: ignore[misc]


class TestTruncated:
    finished = Hypothesis("a", -1.0, -1.0, ("a", "</s>"), (-0.5, -0.5), np.eye(2), True)
    cut = dataclasses.replace(finished, tokens=("a", "b"), finished=False)

    @pytest.mark.parametrize(
        ("best", "source_cut", "truncated"),
        [(finished, False, False), (cut, False, True), (finished, True, True)],
    )
    def test_by_either_end(self, best: Hypothesis, source_cut: bool, truncated: bool) -> None:
        translation = Translation(("a", "</s>"), (best, self.cut), source_cut)
        assert translation.truncated == truncated
        assert translation.text == "a"


class TestTexts:
    """Whole texts; the model knows digits only, so what it makes of words is of no account."""

    def test_items_stand_once_in_every_candidate(self, translator: Translator) -> None:
        search = translator.search_config(n_best=3)
        text = "ab {name} cd https://example.org ef"
        [result] = translator.translate_texts([text], search)
        assert len(result.candidates) > 1
        for candidate in result.candidates:
            assert candidate.count("{name}") == candidate.count("https://example.org") == 1

    def test_glossary(self, translator: Translator) -> None:
        [result] = translator.translate_texts(["ab cd ef"], glossary=Glossary({"cd": "12 34"}))
        assert "12 34" in result.candidates[0]

    def test_layout(self, translator: Translator) -> None:
        [result] = translator.translate_texts(["  ab\n\n\t- cd\n"])
        first, blank, second, end = result.candidates[0].split("\n")
        assert first.startswith("  ")
        assert second.startswith("\t- ")
        assert blank == end == ""

    def test_nothing_without_letters_reaches_the_model(self, translator: Translator) -> None:
        texts = ["31415", "😀 !?", "", "2024-05-01"]
        assert [r.candidates[0] for r in translator.translate_texts(texts)] == texts


def test_confidence_is_a_share(translator: Translator, texts: list[str]) -> None:
    translations = translator.translate([*texts[:20], "", "日本語"])
    confidences = [translator.confidence(translation) for translation in translations]
    assert all(0.0 <= confidence <= 1.0 for confidence in confidences)
    assert confidences[20] == 1.0


def test_searches_side_by_side_find_the_same(translator: Translator, texts: list[str]) -> None:
    one = translator.translate(texts[:90], batch_size=16)
    assert_same(translator.translate(texts[:90], batch_size=16, workers=3), one)


@pytest.mark.parametrize(("language", "joins"), [("yy", True), ("ja", False)])
def test_where_no_space_stands_any_piece_may_begin_a_word(
    toy_model_folder: Path, monkeypatch: pytest.MonkeyPatch, language: str, joins: bool
) -> None:
    saved = SavedTranslator.load(toy_model_folder / "xx-yy")
    monkeypatch.setattr(saved, "info", {**saved.info, "target_language": language})
    given: list[np.ndarray] = []
    monkeypatch.setattr("translator.translator.Engine", lambda *parts: given.append(parts[-1]))
    Translator(saved).prepare()
    assert [joining.any() for joining in given] == [joins]


def test_an_ensemble_wants_one_vocabulary(toy_model_folder: Path) -> None:
    saved = SavedTranslator.load(toy_model_folder / "xx-yy")
    other = SavedTranslator.load(toy_model_folder / "xx-yy")
    other.target = train_tokenizer(["another text"] * 5, 300)
    with pytest.raises(ModelFolderError, match="expected models of one target vocabulary"):
        Translator(saved, other)
