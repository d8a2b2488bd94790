from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from training.corpus import Chunk
from training.dataset import Batches, EncodedPairs, Sampling, encode_chunks, encode_pairs
from training.rows import Rows
from training.subwords import make_sampler
from translator.errors import ConfigError, CorpusError
from translator.tokenizer import Tokenizer, train_tokenizer


def always(update: int) -> float:
    return 1.0


def random_pairs(count: int = 200, seed: int = 0, longest: int = 20) -> EncodedPairs:
    """Pairs that can be told apart: the first id of each side is the number of the pair."""
    rng = np.random.default_rng(seed)

    def side() -> Rows:
        lengths = rng.integers(1, longest + 1, count)
        return Rows([[100 + n, *rng.integers(4, 90, k - 1)] for n, k in enumerate(lengths)])

    return EncodedPairs(side(), side())


def epochs_of(batches: Batches, epoch: int) -> list[list[int]]:
    return [indices.tolist() for indices in batches.order(epoch)]


def assert_same(one: Sequence[Any], other: Sequence[Any]) -> None:
    assert len(one) == len(other) > 0
    for (inputs, labels), (same_inputs, same_labels) in zip(one, other, strict=True):
        assert inputs.keys() == same_inputs.keys()
        for name in inputs:
            np.testing.assert_array_equal(inputs[name], same_inputs[name])
        np.testing.assert_array_equal(labels, same_labels)


class TestRows:
    def test_rows_come_back(self) -> None:
        rows = Rows([[5, 6], [], [7, 8, 9]])
        assert [rows[n].tolist() for n in range(len(rows))] == [[5, 6], [], [7, 8, 9]]
        assert rows.lengths.tolist() == [2, 0, 3]


TEXTS = [("uno dos tres cuatro", "one two three four"), ("uno", "one"), ("uno " * 30, "one")]


class TestEncodePairs:
    @pytest.fixture(scope="class")
    @classmethod
    def tokenizer(cls) -> Tokenizer:
        return train_tokenizer([text for pair in TEXTS for text in pair], size=300)

    def test_keeps_pairs_of_which_both_sides_are_short(self, tokenizer: Tokenizer) -> None:
        longest = max(len(tokenizer.encode(text)) for text in TEXTS[0])
        for max_length, kept in ((longest, TEXTS[:2]), (longest - 1, TEXTS[1:2])):
            pairs = encode_pairs(TEXTS, tokenizer, tokenizer, max_length)
            ids = [(pairs.source[n], pairs.target[n]) for n in range(len(pairs))]
            assert [(tokenizer.decode(s), tokenizer.decode(t)) for s, t in ids] == kept
            assert 3 not in np.concatenate([pairs.source.flat, pairs.target.flat])

    def test_counts_pairs_and_those_made_of_them_apart(self, tokenizer: Tokenizer) -> None:
        """Of three pairs one is too long; of three that were made of them, two are."""
        long = ("x" * 40, "y")
        chunks = [
            Chunk([TEXTS[1], long, TEXTS[1], long], made=2),
            Chunk([TEXTS[1], long], made=1),
        ]
        pairs = encode_chunks(chunks, tokenizer, tokenizer, 30)
        assert (len(pairs), pairs.original, pairs.made, pairs.left_out) == (3, 2, 1, 1)

    def test_says_that_all_are_too_long(self, tokenizer: Tokenizer) -> None:
        with pytest.raises(CorpusError, match=r"at most 2 pieces.*Received: 1 pair,"):
            encode_pairs(TEXTS[2:], tokenizer, tokenizer, max_length=2)


class TestTag:
    @pytest.fixture(scope="class")
    @classmethod
    def tokenizer(cls) -> Tokenizer:
        return train_tokenizer([text for pair in TEXTS for text in pair], size=300)

    def test_stands_in_front_of_tagged_sources(self, tokenizer: Tokenizer) -> None:
        chunks = [Chunk(TEXTS[:2]), Chunk([("<bt> dos", "<bt> two"), ("", "one")], tagged=True)]
        pairs = encode_chunks(chunks, tokenizer, tokenizer, 30)
        tag = tokenizer.tag
        assert [tag in pairs.source[n] for n in range(4)] == [False, False, True, True]
        assert not any(tag in pairs.target[n] for n in range(4))
        assert pairs.source[2].tolist() == [tag, *tokenizer.encode("<bt> dos")]
        assert pairs.source[3].tolist() == [tag]

    def test_counts_as_a_piece(self, tokenizer: Tokenizer) -> None:
        length = max(len(tokenizer.encode(text)) for text in TEXTS[1])
        for max_length, kept in ((length + 1, 2), (length, 1)):
            chunks = [Chunk(TEXTS[1:2]), Chunk(TEXTS[1:2], tagged=True)]
            assert len(encode_chunks(chunks, tokenizer, tokenizer, max_length)) == kept

    def test_a_vocabulary_without_it(
        self, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Tokenizer, "tag", None)
        with pytest.raises(ConfigError, match=r"tagged pairs: expected a vocabulary .* <bt>"):
            encode_chunks([Chunk(TEXTS[:1], tagged=True)], tokenizer, tokenizer, 30)


class TestOneBatch:
    pairs = EncodedPairs(Rows([[10, 11, 12], [13]]), Rows([[20], [21, 22, 23]]))

    def test_ids(self) -> None:
        inputs, labels = Batches(self.pairs, 100).batch(np.array([0, 1]), 0.25)
        assert inputs["source_ids"].tolist() == [
            [10, 11, 12, 3],  # EOS
            [13, 3, 0, 0],
        ]
        assert inputs["target_ids"].tolist() == [
            [2, 20, 0, 0],  # BOS
            [2, 21, 22, 23],
        ]
        assert labels.tolist() == [
            [20, 3, 0, 0],
            [21, 22, 23, 3],
        ]
        assert inputs["teacher_forcing"].tolist() == [0.25, 0.25]
        assert {inputs["source_ids"].dtype, inputs["target_ids"].dtype, labels.dtype} == {
            np.dtype(np.int32)
        }

    def test_pairs_stay_together_in_the_order_asked_for(self) -> None:
        inputs, labels = Batches(self.pairs, 100).batch(np.array([1, 0]))
        assert inputs["source_ids"][:, 0].tolist() == [13, 10]
        assert labels[:, 0].tolist() == [21, 20]


class TestOrder:
    def test_every_pair_once_each_epoch(self) -> None:
        pairs = random_pairs()
        batches = Batches(pairs, 120)
        for epoch in range(4):
            order = [n for batch in epochs_of(batches, epoch) for n in batch]
            assert sorted(order) == list(range(len(pairs)))

    def test_number_of_batches_is_the_same_each_epoch(self) -> None:
        batches = Batches(random_pairs(), 120)
        sizes = [sorted(map(len, epochs_of(batches, epoch))) for epoch in range(4)]
        assert len(sizes[0]) == len(batches) > 10
        assert all(same == sizes[0] for same in sizes)

    def test_follows_from_seed_and_epoch(self) -> None:
        pairs = random_pairs()
        one, same, other = (Batches(pairs, 120, seed) for seed in (7, 7, 8))
        assert epochs_of(one, 3) == epochs_of(same, 3)
        assert epochs_of(one, 3) == epochs_of(one, 3)
        assert epochs_of(one, 3) != epochs_of(other, 3)
        assert epochs_of(one, 3) != epochs_of(one, 4)

    def test_pairs_of_like_length_meet_others_each_epoch(self) -> None:
        pairs = EncodedPairs(Rows([[5]] * 40), Rows([[6]] * 40))
        batches = Batches(pairs, 20)
        first, second = ({frozenset(b) for b in epochs_of(batches, n)} for n in (0, 1))
        assert all(len(batch) == 10 for batch in first)
        assert first != second

    def test_batches_are_shuffled(self) -> None:
        pairs = random_pairs()
        longest = [max(pairs.target.lengths[b]) for b in Batches(pairs, 120).order(0)]
        assert longest != sorted(longest)

    @pytest.mark.parametrize("batch_tokens", [25, 120, 1000])
    def test_token_bound(self, batch_tokens: int) -> None:
        batches = Batches(random_pairs(), batch_tokens)
        full = 0
        for inputs, labels in batches.stream(0, len(batches), always):
            size = max(inputs["source_ids"].size, inputs["target_ids"].size)
            assert size <= batch_tokens
            assert labels.shape == inputs["target_ids"].shape
            full += size > 0.6 * batch_tokens
        assert full >= len(batches) // 2

    def test_pair_above_the_bound_has_a_batch_of_its_own(self) -> None:
        pairs = EncodedPairs(Rows([[5], [5] * 30, [5]]), Rows([[6], [6], [6]]))
        assert sorted(map(sorted, epochs_of(Batches(pairs, 10), 0))) == [[0, 2], [1]]

    def test_targets_of_a_batch_are_alike(self) -> None:
        """Padding of targets, where the vocabulary projection is paid for, is rare."""
        batches = Batches(random_pairs(1000), 400)
        labels = [labels for _, labels in batches.stream(0, len(batches), always)]
        padding = sum((rows == 0).sum() for rows in labels) / sum(rows.size for rows in labels)
        assert padding < 0.05

    def test_sources_of_a_batch_are_alike(self) -> None:
        """Also of one that holds the longest sources of one target length: it goes on with long
        ones of the next."""
        rng = np.random.default_rng(1)
        target = np.repeat(np.arange(1, 9), 500)
        source = rng.integers(1, 31, len(target))
        pairs = EncodedPairs(Rows([[5] * n for n in source]), Rows([[6] * n for n in target]))
        batches = Batches(pairs, 800)
        widths = [np.ptp(source[batch]) for batch in batches.order(0)]
        assert max(widths) < 15


class TestStream:
    @pytest.mark.parametrize("start", [1, 5, "end of an epoch", "second epoch"])
    def test_goes_on_where_it_was(self, start: Any) -> None:
        def forcing(update: int) -> float:
            return 1.0 / (1 + update)

        batches = Batches(random_pairs(), 120, seed=4)
        epoch = len(batches)
        start = {"end of an epoch": epoch, "second epoch": epoch + 3}.get(start, start)
        stop = 2 * epoch + 5
        whole = list(batches.stream(0, stop, forcing))
        assert len(whole) == stop
        again = Batches(random_pairs(), 120, seed=4)
        assert_same(whole[start:], list(again.stream(start, stop, forcing)))

    def test_ratio_is_that_of_the_update(self) -> None:
        batches = Batches(random_pairs(), 120)
        stream = batches.stream(3, 6, lambda update: update / 10)
        for (inputs, _), ratio in zip(stream, (0.3, 0.4, 0.5), strict=True):
            np.testing.assert_allclose(inputs["teacher_forcing"], ratio)

    def test_an_epoch_holds_every_pair(self) -> None:
        pairs = random_pairs()
        batches = Batches(pairs, 120)
        n = len(batches)
        for epoch in (0, 1):
            seen = [
                (source[0], target[1], label[0])
                for inputs, labels in batches.stream(epoch * n, (epoch + 1) * n, always)
                for source, target, label in zip(
                    inputs["source_ids"], inputs["target_ids"], labels, strict=True
                )
            ]
            assert sorted(seen) == [(100 + i,) * 3 for i in range(len(pairs))]

    def test_nothing_is_left_after_the_end(self) -> None:
        assert list(Batches(random_pairs(), 120).stream(9, 9, always)) == []


class TestSampling:
    texts = tuple((f"uno dos tres {n}", f"one two three {n}") for n in range(90))

    @pytest.fixture(scope="class", params=["unigram", "bpe"])
    @classmethod
    def sampling(cls, request: Any) -> tuple[EncodedPairs, Sampling, Tokenizer]:
        tokenizer = train_tokenizer([t for pair in cls.texts for t in pair], 300, request.param)
        pairs = encode_pairs(cls.texts, tokenizer, tokenizer, 40)
        sampler = make_sampler(request.param, tokenizer, 0.3)
        return pairs, Sampling(sampler, sampler, 40), tokenizer

    def test_follows_from_seed_and_number(self, sampling: Any) -> None:
        pairs, draws, _ = sampling
        whole = list(Batches(pairs, 80, 5, draws).stream(0, 40, always))
        assert_same(whole, list(Batches(pairs, 80, 5, draws).stream(0, 40, always)))
        assert_same(whole[17:], list(Batches(pairs, 80, 5, draws).stream(17, 40, always)))
        (_, one), (_, other) = whole[3], next(Batches(pairs, 80, 6, draws).stream(3, 4, always))
        assert one.tolist() != other.tolist()

    def test_batches_hold_the_same_pairs_as_without(self, sampling: Any) -> None:
        pairs, draws, tokenizer = sampling
        batches, plain = Batches(pairs, 80, 5, draws), Batches(pairs, 80, 5)
        assert len(batches) == len(plain)
        differ = 0
        for (inputs, labels), (same, same_labels) in zip(
            batches.stream(0, 30, always), plain.stream(0, 30, always), strict=True
        ):
            for drawn, best in ((inputs["source_ids"], same["source_ids"]), (labels, same_labels)):
                assert list(map(tokenizer.decode, drawn)) == list(map(tokenizer.decode, best))
                differ += drawn.shape != best.shape or (drawn != best).any()
            assert (inputs["target_ids"][:, 1:] == np.where(labels == 3, 0, labels)[:, :-1]).all()
        assert differ > 30

    def test_padded_to_what_was_drawn(self, sampling: Any) -> None:
        pairs, draws, _ = sampling
        for inputs, labels in Batches(pairs, 80, 5, draws).stream(0, 30, always):
            assert (inputs["source_ids"][:, -1] != 0).any()
            assert (labels[:, -1] != 0).any()

    def test_each_epoch_has_others(self, sampling: Any) -> None:
        pairs, draws, _ = sampling
        batches = Batches(pairs, 10**6, 5, draws)
        (_, first), (_, second) = batches.stream(0, 2, always)
        assert len(batches) == 1
        assert first.shape != second.shape or (first != second).any()

    def test_a_row_that_gets_too_long_keeps_its_best_segmentation(self, sampling: Any) -> None:
        pairs, draws, _ = sampling
        longest = max(pairs.source.lengths.max(), pairs.target.lengths.max())
        short = Sampling(draws.source, draws.target, int(longest))
        differ = 0
        for (inputs, labels), (best, _) in zip(
            Batches(pairs, 80, 5, short).stream(0, 30, always),
            Batches(pairs, 80, 5).stream(0, 30, always),
            strict=True,
        ):
            assert max(inputs["source_ids"].shape[1], labels.shape[1]) <= longest + 1
            differ += inputs["source_ids"].tolist() != best["source_ids"].tolist()
        assert differ

    def test_tokens_are_those_of_the_stream(self, sampling: Any) -> None:
        pairs, draws, _ = sampling
        batches = Batches(pairs, 80, 5, draws)
        counts = [
            (int((inputs["source_ids"] != 0).sum()), int((labels != 0).sum()))
            for inputs, labels in batches.stream(0, 20, always)
        ]
        assert [batches.tokens(n) for n in range(20)] == counts
        assert [Batches(pairs, 80, 5, draws).tokens(n) for n in range(20)] == counts

    def test_a_batch_of_indices_is_not_sampled(self, sampling: Any) -> None:
        pairs, draws, _ = sampling
        indices = np.arange(9)
        assert_same(
            [Batches(pairs, 80, 5, draws).batch(indices)], [Batches(pairs, 80).batch(indices)]
        )


class TestFewShapes:
    """For a compiler that makes a program for each shape."""

    def test_one_by_hand(self) -> None:
        pairs = EncodedPairs(Rows([[10, 11, 12], [13]]), Rows([[20], [21, 22]]))
        batches = Batches(pairs, 15, widths=(2, 5, 9))
        inputs, labels = batches.batch(np.array([0, 1]), 0.25)
        # The longest has four tokens, so the width is 5, and 15 tokens make 3 rows.
        assert inputs["source_ids"].tolist() == [[10, 11, 12, 3, 0], [13, 3, 0, 0, 0], [0] * 5]
        assert inputs["target_ids"].tolist() == [[2, 20, 0, 0, 0], [2, 21, 22, 0, 0], [0] * 5]
        assert labels.tolist() == [[20, 3, 0, 0, 0], [21, 22, 3, 0, 0], [0] * 5]
        assert inputs["teacher_forcing"].tolist() == [0.25] * 3

    def test_a_shape_for_each_width(self) -> None:
        pairs, widths = random_pairs(1000), (8, 12, 16, 32)
        batches = Batches(pairs, 200, widths=widths)
        shapes, seen = set(), []
        for inputs, labels in batches.stream(0, len(batches), always):
            arrays = (inputs["source_ids"], inputs["target_ids"], labels)
            shapes |= {array.shape for array in arrays}
            seen += [int(n) for n in inputs["source_ids"][:, 0] if n]
        assert shapes == {(200 // width, width) for width in widths}
        assert sorted(seen) == [100 + n for n in range(len(pairs))]

    def test_longer_than_all_widths(self) -> None:
        pairs = EncodedPairs(Rows([[5] * 20]), Rows([[6]]))
        inputs, _ = Batches(pairs, 50, widths=(4, 8)).batch(np.array([0]))
        assert inputs["source_ids"].shape == inputs["target_ids"].shape == (2, 21)
