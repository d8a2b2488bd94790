import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training import lexicon as module
from training.config import TrainConfig
from training.dataset import EncodedPairs, encode_pairs
from training.leaving import leave_lexicon
from training.lexicon import NULL, best_of_each, learn_lexicon, model1, sample
from training.rows import Rows
from training.run import Data, Run
from translator.constants import PLACEHOLDERS
from translator.errors import CheckpointError
from translator.shortlist import Lexicon
from translator.tokenizer import Tokenizer, train_tokenizer

A, B = 4, 5
X, Y = 6, 7


def make_pairs(*pairs: tuple[Sequence[int], Sequence[int]]) -> EncodedPairs:
    return EncodedPairs(Rows(source for source, _ in pairs), Rows(target for _, target in pairs))


TOY = make_pairs(([A, B], [X, Y]), ([A], [X]))


def learnt(pairs: EncodedPairs, iterations: int) -> dict[tuple[int, int], float]:
    """t(target | source), by (source, target)."""
    found = model1(pairs, np.arange(len(pairs)), iterations)
    keys = zip(found.source.tolist(), found.target.tolist(), strict=True)
    return dict(zip(keys, found.probability.tolist(), strict=True))


class TestModel1:
    def test_one_iteration(self) -> None:
        # X is shared by NULL, A and B in the first pair, by NULL and A in the second: A gets
        # 1/3 + 1/2 of it, and 1/3 of Y; B gets 1/3 of each.
        assert learnt(TOY, iterations=1) == pytest.approx(
            {
                (NULL, X): 5 / 7,
                (NULL, Y): 2 / 7,
                (A, X): 5 / 7,
                (A, Y): 2 / 7,
                (B, X): 1 / 2,
                (B, Y): 1 / 2,
            }
        )

    def test_the_second_iteration_learns_from_the_first(self) -> None:
        # In the first pair B gets (1/2) / (5/7 + 5/7 + 1/2) = 7/27 of X and
        # (1/2) / (2/7 + 2/7 + 1/2) = 7/15 of Y, so of its sum 27/42 is Y.
        found = learnt(TOY, iterations=2)
        assert found[B, Y] == pytest.approx(27 / 42)
        assert found[B, X] == pytest.approx(15 / 42)

    def test_blocks_make_no_difference(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rng = np.random.default_rng(0)
        rows = [[rng.integers(4, 30, k).tolist() for k in rng.integers(0, 9, 2)] for _ in range(99)]
        pairs = make_pairs(*[(source, target) for source, target in rows])
        whole = learnt(pairs, 3)
        monkeypatch.setattr(module, "_LINKS_OF_A_BLOCK", 50)
        assert learnt(pairs, 3) == pytest.approx(whole)

    def test_best_first_and_only_what_may_stand_there(self) -> None:
        table = model1(TOY, np.arange(2), 2)
        assert best_of_each(table, 6, 2, []).tolist()[A:] == [[X, Y], [Y, X]]
        assert best_of_each(table, 6, 1, []).tolist()[A:] == [[X], [Y]]
        assert best_of_each(table, 6, 2, [Y]).tolist()[A:] == [[X, 0], [X, 0]]

    def test_what_is_unlikely_is_left_out(self) -> None:
        # Once among 2000 times that A becomes X, it becomes Y.
        pairs = make_pairs(*[([A], [X])] * 2000, ([A], [Y]))
        assert best_of_each(model1(pairs, np.arange(2001), 1), 5, 2, []).tolist()[A] == [X, 0]


class TestSample:
    def test_is_all_of_a_small_corpus(self) -> None:
        assert sample(TOY).tolist() == [0, 1]

    def test_is_bounded_in_pairs_and_in_links(self) -> None:
        pairs = make_pairs(*[([A], [X, Y])] * 100)  # with NULL, four links each
        assert len(sample(pairs, most=30)) == len(set(sample(pairs, most=30).tolist())) == 30
        assert len(sample(pairs, most_links=80)) == 20

    def test_is_never_empty(self) -> None:
        assert len(sample(TOY, most_links=1)) == 1


TEXTS = [
    ("el perro come", "the dog eats"),
    ("el perro duerme", "the dog sleeps"),
    ("el gato come", "the cat eats"),
    ("el gato duerme", "the cat sleeps"),
    ("un perro", "a dog"),
    ("un gato", "a cat"),
] * 3


class TestLearnLexicon:
    @pytest.fixture(scope="class")
    @classmethod
    def tokenizer(cls) -> Tokenizer:
        words = [word for pair in TEXTS for text in pair for word in text.split()]
        return train_tokenizer(words, 360, "bpe")  # enough for whole words

    @staticmethod
    def learn(
        texts: Sequence[tuple[str, str]], source: Tokenizer, target: Tokenizer, **options: Any
    ) -> Lexicon:
        return learn_lexicon(encode_pairs(texts, source, target, 50), source, target, **options)

    def test_translates_words(self, tokenizer: Tokenizer) -> None:
        learnt = self.learn(TEXTS, tokenizer, tokenizer, candidates=1, coverage=0.2)
        for word, translation in (("perro", "dog"), ("gato", "cat"), ("come", "eats")):
            (piece,) = tokenizer.encode(word)
            assert learnt.table[piece].tolist() == [piece, *tokenizer.encode(translation)]

    def test_common_are_the_most_frequent(self, tokenizer: Tokenizer) -> None:
        # Of 16 words "the" makes up 4, "dog" and "cat" 3 each: 10 of 16 are above 0.6.
        learnt = self.learn(TEXTS, tokenizer, tokenizer, coverage=0.6)
        assert tokenizer.decode(learnt.common[:1]) == "the"
        assert set(tokenizer.decode(learnt.common).split()) == {"the", "dog", "cat"}
        assert not set(learnt.common) & set(learnt.table[:, 1:].ravel())

    def test_a_placeholder_becomes_itself_and_nothing_else(self, tokenizer: Tokenizer) -> None:
        one, other = PLACEHOLDERS[:2]
        texts = [*TEXTS, (f"perro {one} {other}", f"dog {one} {other}")] * 2
        learnt = self.learn(texts, tokenizer, tokenizer, coverage=1.0)
        symbols = dict(zip(PLACEHOLDERS, tokenizer.placeholders, strict=True))
        for text, held in (("el perro", set()), (f"{other} gato", {symbols[other]})):
            ids, own = learnt.shortlist(np.array([tokenizer.encode(text)], np.int32))
            assert own.all()
            assert set(ids.tolist()) & set(symbols.values()) == held

    def test_a_piece_of_both_vocabularies_may_be_copied(self, tokenizer: Tokenizer) -> None:
        target = train_tokenizer([word for _, t in TEXTS for word in t.split()], 310, "bpe")
        learnt = self.learn(TEXTS, tokenizer, target, coverage=0.0)
        for symbol, copy in zip(tokenizer.placeholders, target.placeholders, strict=True):
            assert set(learnt.table[symbol]) == {copy, 0}
        (piece,) = tokenizer.encode("7")[-1:]
        assert target.pieces(learnt.table[piece, :1]) == ("7",)
        (piece,) = tokenizer.encode("perro")
        assert learnt.table[piece, 0] == 0

    def test_special_tokens_translate_to_nothing(self, tokenizer: Tokenizer) -> None:
        learnt = self.learn(TEXTS, tokenizer, tokenizer)
        assert not learnt.table[:4].any()
        assert learnt.table[tokenizer.tag, 0] == 0


class TestInARun:
    @pytest.fixture
    @classmethod
    def run(cls, tmp_path: Path) -> Run:
        words = [word for pair in TEXTS for text in pair for word in text.split()]
        tokenizer = train_tokenizer(words, 360, "bpe")
        data = Data(("train.tsv",), ("valid.tsv",), "es", "en")
        return Run(tmp_path, TrainConfig(), data, tokenizer, tokenizer, {})

    @staticmethod
    def leave(run: Run, texts: Sequence[tuple[str, str]] = TEXTS) -> str:
        said: list[str] = []
        leave_lexicon(run, encode_pairs(texts, run.source, run.target, 50), said.append)
        return "".join(said)

    def test_it_is_learnt_once(self, run: Run) -> None:
        assert run.lexicon() is None
        assert re.fullmatch(r"lexicon learnt in \d+\.\d s", self.leave(run))
        first = (run.folder / "lexicon.npz").read_bytes()
        assert self.leave(run, TEXTS[:2]) == ""
        assert (run.folder / "lexicon.npz").read_bytes() == first

        lexicon = run.lexicon()
        assert lexicon is not None
        assert run.target.decode(lexicon.common[:1]) == "the"

    def test_a_run_that_continues_a_model_without_has_none(self, run: Run) -> None:
        self.leave(dataclasses.replace(run, data=dataclasses.replace(run.data, init_from="other")))
        assert run.lexicon() is None

    def test_says_where_it_cannot_be_written(self, run: Run) -> None:
        gone = dataclasses.replace(run, folder=run.folder / "gone")
        with pytest.raises(CheckpointError, match=r"gone/lexicon\.npz: cannot be written: no such"):
            self.leave(gone)


def test_train_and_export_hand_it_on(toy_run: Path, toy_model_folder: Path) -> None:
    exported = toy_model_folder / "xx-yy" / "1" / "assets" / "lexicon.npz"
    assert exported.read_bytes() == (toy_run / "lexicon.npz").read_bytes()
