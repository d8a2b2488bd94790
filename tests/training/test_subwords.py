import math
import random
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.rows import Rows
from training.subwords import BPEDropout, SubwordSampler, UnigramSampler, make_sampler
from translator.tokenizer import train_tokenizer

_rng = random.Random(3)
_STEMS = ["casa", "perro", "come", "cana", "pera", "cama", "rosa", "cosa", "jardín", "la", "pasa"]
_WORDS = [stem + end for stem in _STEMS for end in ("", "s", "da", "das", "ron")]
TEXTS = [" ".join(_rng.choices(_WORDS, k=_rng.randint(1, 9))) for _ in range(300)]
HARD = ["日本 casas 13 el", "<bt> <s>perro", "😀", "la", "ñandú ▁ casas", "x" * 60]

TOKENIZERS = {
    name: train_tokenizer(TEXTS, 370, name)  # type: ignore[arg-type]
    for name in ("unigram", "bpe")
}

each = pytest.mark.parametrize("name", TOKENIZERS)


def sampler(name: Any, amount: float) -> SubwordSampler:
    return make_sampler(name, TOKENIZERS[name], amount)


def sample(
    name: str, amount: float, texts: list[str], seed: int = 0
) -> tuple[list[list[int]], list[list[int]]]:
    """Rows as they were, and as they were drawn."""
    rows = TOKENIZERS[name].encode_all(texts)
    drawn = sampler(name, amount).sample(
        [np.array(row, np.uint16) for row in rows], np.random.default_rng(seed)
    )
    return rows, [row.tolist() for row in drawn]


@each
@pytest.mark.parametrize("amount", [0.05, 0.3, 1.0])
def test_texts_stay_what_they_are(name: str, amount: float) -> None:
    texts = TEXTS[:50] + HARD
    rows, drawn = sample(name, amount, texts)
    assert rows != drawn
    decode = TOKENIZERS[name].decode
    assert [decode(row) for row in drawn] == [decode(row) for row in rows]


@each
def test_without_chance_it_is_the_best_segmentation(name: str) -> None:
    """No merge is left out; and of p(x)^1000, all is with the most likely one."""
    rows, drawn = sample(name, {"bpe": 0.0, "unigram": 1000.0}[name], TEXTS + HARD)
    assert drawn == rows


@each
def test_bytes_and_special_tokens_stay(name: str) -> None:
    tokenizer = TOKENIZERS[name]
    assert tokenizer.tag is not None
    japanese = tokenizer.encode("日")
    row = [tokenizer.tag, *tokenizer.encode("las casas"), *japanese[1:], 2, 0, 3]
    for seed in range(20):
        (drawn,) = sampler(name, 0.3).sample([np.array(row)], np.random.default_rng(seed))
        assert drawn[0] == tokenizer.tag
        assert drawn[-len(japanese) - 2 :].tolist() == [*japanese[1:], 2, 0, 3]
        assert tokenizer.decode(drawn) == tokenizer.decode(row)


@each
def test_empty_rows(name: str) -> None:
    empty = np.array([], np.uint16)
    row = np.array(TOKENIZERS[name].encode("la casa"), np.uint16)
    drawn = sampler(name, 0.3).sample([empty, row, empty], np.random.default_rng(0))
    assert [len(r) > 0 for r in drawn] == [False, True, False]
    assert [len(r) for r in sampler(name, 0.3).sample([empty], np.random.default_rng(0))] == [0]


@each
def test_follows_from_the_generator_in_any_process(name: str, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(TOKENIZERS[name].serialized)
    code = (
        "import sys, numpy as np\n"
        "from training.subwords import make_sampler\n"
        "from translator.tokenizer import Tokenizer\n"
        f"tokenizer = Tokenizer.load({str(tmp_path / 'model')!r})\n"
        f"rows = [np.array(row) for row in tokenizer.encode_all({TEXTS[:20]!r})]\n"
        f"sampler = make_sampler({name!r}, tokenizer, 0.2)\n"
        "print([row.tolist() for row in sampler.sample(rows, np.random.default_rng((7, 8)))])\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for _ in range(3)
    }
    here = sampler(name, 0.2).sample(
        [np.array(row) for row in TOKENIZERS[name].encode_all(TEXTS[:20])],
        np.random.default_rng((7, 8)),
    )
    assert outputs == {f"{[row.tolist() for row in here]}\n"}


def segmentations(pieces: dict[str, tuple[int, float]], word: str) -> dict[tuple[str, ...], float]:
    """All of a word, with the sums of their scores."""
    if not word:
        return {(): 0.0}
    return {
        (word[:n], *rest): pieces[word[:n]][1] + score
        for n in range(1, len(word) + 1)
        if word[:n] in pieces
        for rest, score in segmentations(pieces, word[n:]).items()
    }


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_unigram_draws_in_proportion_to_the_smoothed_probability(alpha: float) -> None:
    words = ["".join(_rng.choices("ab", k=_rng.randint(1, 5))) for _ in range(900)]
    tokenizer = train_tokenizer([" ".join(words[n : n + 3]) for n in range(900)], 303)
    scores = segmentations(tokenizer.text_pieces(), "▁abba")
    weights = {pieces: math.exp(alpha * score) for pieces, score in scores.items()}
    total = sum(weights.values())
    assert len(weights) > 5

    count = 8000
    row = np.array(tokenizer.encode("abba"))
    drawn = make_sampler("unigram", tokenizer, alpha).sample(
        [row] * count, np.random.default_rng(0)
    )
    met = Counter(map(tokenizer.pieces, drawn))
    assert set(met) <= set(weights)
    for pieces, weight in weights.items():
        share = weight / total
        assert abs(met[pieces] / count - share) < 5 * math.sqrt(share * (1 - share) / count)


def reference_dropout(word: str, amount: float, count: int) -> Counter[tuple[str, ...]]:
    """Algorithm 1 of the paper, word for word, many times."""
    pieces = TOKENIZERS["bpe"].text_pieces()
    rng = random.Random(5)

    def once() -> tuple[str, ...]:
        symbols = list(word)
        while True:
            merges = [
                (-pieces[left + right][1], n)
                for n, (left, right) in enumerate(pairwise(symbols))
                if left + right in pieces and rng.random() >= amount
            ]
            if not merges:
                return tuple(symbols)
            _, n = min(merges)
            symbols[n : n + 2] = [symbols[n] + symbols[n + 1]]

    return Counter(once() for _ in range(count))


@pytest.mark.parametrize("amount", [0.1, 0.5])
@pytest.mark.parametrize("neighbour", ["", " perrodas jardín日本"])
def test_bpe_dropout_draws_as_the_paper_does(amount: float, neighbour: str) -> None:
    """Whatever else is in the batch: a word is done when none of its own pairs is left in."""
    count = 6000
    expected = reference_dropout("▁casadas", amount, count)
    assert len(expected) > 5
    tokenizer = TOKENIZERS["bpe"]
    _, drawn = sample("bpe", amount, [f"casadas{neighbour}"] * count)
    met: Counter[tuple[str, ...]] = Counter()
    for pieces in map(tokenizer.pieces, drawn):
        ends = [n for n, piece in enumerate(pieces) if n and piece.startswith("▁")]
        met[pieces[: ends[0]] if ends else pieces] += 1
    for pieces in expected | met:
        share = (expected[pieces] + met[pieces]) / (2 * count)
        spread = math.sqrt(2 * share * (1 - share) / count)
        assert abs(met[pieces] - expected[pieces]) / count < 5 * spread


def test_kinds() -> None:
    assert isinstance(sampler("unigram", 0.1), UnigramSampler)
    assert isinstance(sampler("bpe", 0.1), BPEDropout)


class TestRows:
    def test_gather(self) -> None:
        rows = Rows([[5, 6], [], [7], [8, 9]])
        ids, places = rows.gather(np.array([3, 1, 0, 3]))
        assert ids.tolist() == [8, 9, 5, 6, 8, 9]
        assert places.tolist() == [0, 0, 2, 2, 3, 3]

    @pytest.mark.parametrize(("size", "bytes_an_id"), [(65536, 2), (65537, 4)])
    def test_width_follows_from_the_vocabulary(self, size: int, bytes_an_id: int) -> None:
        rows = Rows([[1, size - 1]], size)
        assert rows.flat.itemsize == bytes_an_id
        assert rows[0].tolist() == [1, size - 1]

    def test_nothing(self) -> None:
        assert len(Rows()) == 0
        assert Rows().lengths.tolist() == []
