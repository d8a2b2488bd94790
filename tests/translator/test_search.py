"""The search against the truth.

A toy model is a table: for every prefix of a target, logits and attention drawn at random. There
are so few targets that plain Python can score them all, and the search has to agree.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from translator.config import SearchConfig
from translator.graph_search import hypotheses as graph_hypotheses
from translator.graph_search import scoring as graph_scoring
from translator.graph_search.beam import beam_search as graph_beam_search
from translator.inference import compiled
from translator.model import Seq2Seq
from translator.search import scoring
from translator.search.beam import beam_search
from translator.search.hypotheses import Hypotheses, Options, Required, Sentences
from translator.search.rules import LONGEST_REPEATED, Vocabulary
from translator.search.sentences import NO_LIMIT, sentences_of
from translator.signatures import search_inputs

EOS, A, B = 3, 4, 5
"""The halt token, and the first two of the tokens that may stand before it."""

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Toy:
    """Models of the sentences of a batch, one model each.

    Attributes:
        logits: sentence x prefix x vocabulary; `place` tells where a prefix stands.
        attention: sentence x prefix x source_length.
        mask: sentence x source_length, True on tokens.
        max_lengths: sentence.
    """

    logits: Array
    attention: Array
    mask: Array
    max_lengths: Array

    @property
    def words(self) -> int:
        """Number of tokens that may stand before EOS."""
        return self.logits.shape[-1] - A

    def place(self, prefix: tuple[int, ...]) -> int:
        """The prefix read as a number, its first word the digit 1: no two share one."""
        return sum((word - EOS) * (self.words + 1) ** i for i, word in enumerate(reversed(prefix)))

    def only(self, n: int) -> Toy:
        """Sentence n alone, without padding."""
        real = self.mask[n]
        return Toy(
            self.logits[[n]],
            self.attention[[n]][:, :, real],
            self.mask[[n]][:, real],
            self.max_lengths[[n]],
        )


@dataclasses.dataclass(frozen=True)
class Scored:
    """A hypothesis and what is told of it."""

    tokens: tuple[int, ...]
    score: float
    log_probs: Array
    alignment: Array
    finished: bool


def random_toy(seed: int, words: int = 3, longest: int = 4, sentences: int = 3) -> Toy:
    rng = np.random.default_rng(seed)
    source_lengths = rng.integers(1, 5, sentences)
    mask = np.arange(source_lengths.max() + 1) < source_lengths[:, None]
    prefixes = (words + 1) ** (longest - 1)
    attention = rng.random((sentences, prefixes, mask.shape[1])) ** 3 * mask[:, None]
    return Toy(
        logits=rng.normal(0.0, 1.5, (sentences, prefixes, A + words)),
        attention=attention / attention.sum(-1, keepdims=True),
        mask=mask,
        max_lengths=rng.integers(1, longest + 1, sentences),
    )


def literal_toy(probabilities: dict[tuple[int, ...], dict[int, float]], cap: int) -> Toy:
    """One sentence of two source tokens, looked at alike; a word that is not told has 1e-30."""
    toy = random_toy(0, words=2, longest=cap, sentences=1)
    logits = np.full_like(toy.logits, math.log(1e-30))
    for prefix, row in probabilities.items():
        for word, probability in row.items():
            logits[0, toy.place(prefix), word] = math.log(probability)
    attention = np.full((1, logits.shape[1], 2), 0.5)
    return Toy(logits, attention, np.array([[True, True]]), np.array([cap]))


def log_softmax(logits: Array) -> Array:
    logits = logits - logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def score(toy: Toy, n: int, tokens: tuple[int, ...], search: SearchConfig) -> Scored:
    """What the formula gives for one target of sentence n."""
    places = [toy.place(tokens[:i]) for i in range(len(tokens))]
    log_probs = np.array(
        [log_softmax(toy.logits[n, p])[w] for p, w in zip(places, tokens, strict=True)]
    )
    alignment = toy.attention[n, places]
    coverage = [
        math.log(min(max(alignment[:, i].sum(), 1e-9), 1.0)) for i in np.flatnonzero(toy.mask[n])
    ]
    lp = ((5 + len(tokens)) / 6) ** search.length_penalty
    total = log_probs.sum() / lp + search.coverage_penalty * sum(coverage)
    return Scored(tokens, total, log_probs, alignment, tokens[-1] == EOS)


def repeats(tokens: tuple[int, ...], n: int) -> bool:
    grams = [tokens[i : i + n] for i in range(len(tokens) - n + 1)]
    return n > 0 and len(set(grams)) < len(grams)


def continuations(
    toy: Toy, n: int, prefix: tuple[int, ...], search: SearchConfig
) -> Iterator[tuple[int, ...]]:
    if len(prefix) >= min(search.min_length, toy.max_lengths[n] - 1):
        yield (*prefix, EOS)
    for word in range(A, A + toy.words):
        if not repeats((*prefix, word), search.no_repeat_ngram_size):
            yield (*prefix, word)


def every_hypothesis(
    toy: Toy, n: int, search: SearchConfig, prefix: tuple[int, ...] = ()
) -> Iterator[Scored]:
    for tokens in continuations(toy, n, prefix, search):
        if tokens[-1] == EOS or len(tokens) == toy.max_lengths[n]:
            yield score(toy, n, tokens, search)
        else:
            yield from every_hypothesis(toy, n, search, tokens)


@functools.cache
def toy_to_the_cap(seed: int, words: int, longest: int) -> Toy:
    return dataclasses.replace(random_toy(seed, words, longest), max_lengths=np.full(3, longest))


@functools.cache
def every_finished(seed: int, words: int, longest: int, search: SearchConfig) -> list[list[Scored]]:
    """Of each of its sentences: the same for all phrases."""
    toy = toy_to_the_cap(seed, words, longest)
    return [[h for h in every_hypothesis(toy, n, search) if h.finished] for n in range(3)]


def ranked(hypotheses: list[Scored]) -> list[Scored]:
    return sorted(hypotheses, key=lambda h: (not h.finished, -h.score))


def plain_beam(toy: Toy, n: int, search: SearchConfig) -> list[Scored]:
    """Beam search as one would explain it; it goes on to the cap, whatever has halted."""
    alive: list[tuple[int, ...]] = [()]
    ended: list[Scored] = []
    for _ in range(toy.max_lengths[n]):
        made = [
            score(toy, n, tokens, search)
            for prefix in alive
            for tokens in continuations(toy, n, prefix, search)
        ]
        made.sort(key=lambda h: -h.log_probs.sum())
        made = made[: search.beam_size - sum(h.finished for h in ended)]
        ended += [h for h in made if h.finished or len(h.tokens) == toy.max_lengths[n]]
        alive = [h.tokens for h in made if not h.finished]
    return ranked(ended)[: search.n_best]


Run = Callable[..., Hypotheses]
"""From a toy and the settings to what a search finds."""


def run_numpy(
    toy: Toy,
    search: SearchConfig,
    phrases: Any = None,
    max_repeats: int | Array = NO_LIMIT,
    spans: Any = None,
    joining: tuple[int, ...] = (),
    beams: Any = None,
    columns: Any = None,
) -> Hypotheses:
    """By the search in NumPy; `phrases` are those of one sentence, for all, or an array."""
    batch, prefixes, size = toy.logits.shape
    logits, attention = toy.logits.astype(np.float32), toy.attention.astype(np.float32)

    def step(
        tokens: Array, state: dict[str, Array], given: tuple[Array, Array]
    ) -> tuple[Array, dict[str, Array], Array]:
        logits, attention = given
        # At BOS the number is 0; a dead place may go on past the table.
        place = state["place"] * (size - A + 1) + np.maximum(tokens - EOS, 0)
        place = np.clip(place, 0, prefixes - 1)
        rows = np.arange(len(place))[:, None]
        return logits[rows, place], {"place": place}, attention[rows, place]

    required: tuple[Required, ...] = ()
    if phrases is not None:
        phrases = padded(phrases, batch) if isinstance(phrases, tuple) else phrases
        if spans is None:  # nothing is pointed to
            spans = np.zeros((*phrases.shape[:2], toy.mask.shape[1]), np.float32)
        required = (Required(phrases, spans),)
    sentences = Sentences(
        given=(logits if columns is None else logits[:, :, columns], attention),
        mask=toy.mask,
        max_lengths=toy.max_lengths,
        max_repeats=np.full((batch, LONGEST_REPEATED), max_repeats, np.int32),
        beams=np.full(batch, search.beam_size) if beams is None else beams,
        required=required,
    )
    vocabulary = Vocabulary(columns, joining=np.isin(np.arange(size), joining))
    state = {"place": np.zeros((batch, 1), np.int64)}
    options = Options(**{name: getattr(search, name) for name in Options._fields})
    with np.errstate(all="raise", under="ignore"):
        return beam_search(step, state, sentences, options, vocabulary)


def padded(phrases: tuple[tuple[int, ...], ...], batch: int) -> Array:
    array = np.zeros((batch, len(phrases), max(map(len, phrases))), np.int32)
    for n, phrase in enumerate(phrases):
        array[:, n, : len(phrase)] = phrase
    return array


TOY_SPEC = {
    "logits": tf.TensorSpec((None, None, None), tf.float32),
    "attention": tf.TensorSpec((None, None, None), tf.float32),
    "mask": tf.TensorSpec((None, None), tf.bool),
    "max_lengths": tf.TensorSpec((None,), tf.int32),
}
SEARCH_SPEC = {
    name: tf.TensorSpec((), tf.float32 if "penalty" in name else tf.int32)
    for name in ("beam_size", *Options._fields)
}


@tf.function(input_signature=[TOY_SPEC, SEARCH_SPEC], autograph=False)
def graph(toy: dict[str, Any], search: dict[str, Any]) -> Any:
    prefixes, words = tf.shape(toy["logits"])[1], tf.shape(toy["logits"])[2] - A

    def step(
        tokens: Any, state: dict[str, Any], given: tuple[Any, Any]
    ) -> tuple[Any, dict[str, Any], Any]:
        logits, attention = given
        place = state["place"] * (words + 1) + tf.maximum(tokens - EOS, 0)
        place = tf.minimum(place, prefixes - 1)
        return (
            tf.gather(logits, place, batch_dims=1),
            {"place": place},
            tf.gather(attention, place, batch_dims=1),
        )

    batch = tf.shape(toy["logits"])[0]
    given = toy["logits"], toy["attention"]
    beams = tf.fill([batch], search["beam_size"])
    sentences = graph_hypotheses.Sentences(given, toy["mask"], toy["max_lengths"], beams)
    options = graph_hypotheses.Options(**{name: search[name] for name in Options._fields})
    return graph_beam_search(step, {"place": tf.zeros([batch, 1], tf.int32)}, sentences, options)


def run_graph(toy: Toy, search: SearchConfig) -> Hypotheses:
    """By the graph that is a SavedModel's."""
    inputs = (
        {name: tf.constant(getattr(toy, name), spec.dtype) for name, spec in TOY_SPEC.items()},
        {name: tf.constant(getattr(search, name), x.dtype) for name, x in SEARCH_SPEC.items()},
    )
    return Hypotheses(*(field.numpy() for field in graph(*inputs)))


@pytest.fixture(params=[run_numpy, run_graph], ids=["numpy", "graph"])
def run(request: pytest.FixtureRequest) -> Run:
    """Each of the two searches."""
    search: Run = request.param
    return search


def hypotheses_of(result: Any, n: int) -> list[Scored]:
    """The hypotheses of sentence n, after a look at what stands beside them."""
    found = []
    for k, length in enumerate(result.lengths[n]):
        assert not result.output_ids[n, k, length:].any()
        assert not result.log_probs[n, k, length:].any()
        assert not result.alignments[n, k, length:].any()
        if length == 0:
            assert result.scores[n, k] == -np.inf
            assert not result.finished[n, k]
            continue
        assert len(found) == k, "an empty place stands before a hypothesis"
        found.append(
            Scored(
                tuple(result.output_ids[n, k, :length].tolist()),
                float(result.scores[n, k]),
                result.log_probs[n, k, :length],
                result.alignments[n, k, :length],
                bool(result.finished[n, k]),
            )
        )
    return found


def search_toy(
    toy: Toy, search: SearchConfig, run: Run = run_numpy, **rest: Any
) -> list[list[Scored]]:
    """Hypotheses of each sentence."""
    result = run(toy, search, **rest)
    assert result.scores.shape == (len(toy.logits), search.n_best)
    return [hypotheses_of(result, n) for n in range(len(toy.logits))]


def assert_same(found: Scored, truth: Scored, tolerance: float = 1e-5) -> None:
    assert found.tokens == truth.tokens
    assert found.score == pytest.approx(truth.score, abs=tolerance)
    np.testing.assert_allclose(found.log_probs, truth.log_probs, atol=1e-5)
    np.testing.assert_allclose(found.alignment, truth.alignment, atol=1e-6)
    assert found.finished == truth.finished


def assert_ranks_of(found: list[Scored], best: list[Scored]) -> None:
    """Rank by rank, the scores of `best`; where two are equal, either may come first."""
    assert len({h.tokens for h in found}) == len(found) == len(best)
    for one, truth in zip(found, best, strict=True):
        assert one.score == pytest.approx(truth.score, abs=1e-5)
        assert one.finished == truth.finished


SETTINGS = [
    {},
    {"length_penalty": 1.0},
    {"length_penalty": 2.5},
    {"coverage_penalty": 0.4},
    {"length_penalty": 0.6, "coverage_penalty": 0.2},
    {"length_penalty": 3.0, "coverage_penalty": 2.0},
    {"length_penalty": 1.0, "min_length": 1},
    {"coverage_penalty": 1.0, "min_length": 3},
    {"length_penalty": 1.0, "no_repeat_ngram_size": 1},
    {"no_repeat_ngram_size": 2},
    {"length_penalty": 2.0, "coverage_penalty": 0.5, "no_repeat_ngram_size": 2, "min_length": 2},
    {"length_penalty": 1.0, "no_repeat_ngram_size": 3},
]
settings = pytest.mark.parametrize("setting", SETTINGS, ids=str)


class TestLiterally:
    """p(EOS) = 0.4 and p(A) = 0.6; after A both are 0.5; after A A, EOS is sure."""

    toy = literal_toy({(): {EOS: 0.4, A: 0.6}, (A,): {EOS: 0.5, A: 0.5}, (A, A): {EOS: 1.0}}, 4)

    @pytest.mark.parametrize(
        ("alpha", "expected"),
        [
            # lp is 1 for EOS alone, 7/6 for A EOS and 8/6 for A A EOS, to the power alpha.
            (0.0, {(EOS,): math.log(0.4), (A, EOS): math.log(0.3), (A, A, EOS): math.log(0.3)}),
            (1.0, {(A, A, EOS): -0.902980, (EOS,): -0.916291, (A, EOS): -1.031977}),
            (2.0, {(A, A, EOS): -0.677235, (A, EOS): -0.884552, (EOS,): -0.916291}),
        ],
    )
    def test_length_penalty_ranks(
        self, run: Run, alpha: float, expected: dict[tuple[int, ...], float]
    ) -> None:
        search = SearchConfig(beam_size=3, n_best=3, length_penalty=alpha)
        [found] = search_toy(self.toy, search, run)
        assert {h.tokens: h.score for h in found} == pytest.approx(expected, abs=1e-5)
        assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)

    def test_coverage_penalty(self, run: Run) -> None:
        # EOS alone looks at each of the two source tokens by half: log 0.4 + 2 log 0.5.
        search = SearchConfig(beam_size=3, n_best=3, length_penalty=0.0, coverage_penalty=1.0)
        [found] = search_toy(self.toy, search, run)
        assert {h.tokens: h.score for h in found} == pytest.approx(
            {(A, EOS): math.log(0.3), (A, A, EOS): math.log(0.3), (EOS,): -2.302585}, abs=1e-5
        )

    def test_greedy_takes_the_likelier_token(self, run: Run) -> None:
        [[found]] = search_toy(self.toy, SearchConfig(beam_size=1), run)
        assert found.tokens[0] == A

    def test_halted_hypothesis_keeps_its_place(self, run: Run) -> None:
        # EOS takes one of the two places for good, so after A there is one left for both ways on.
        sure = {(): {EOS: 0.4, A: 0.6}, (A,): {A: 0.7, B: 0.3}, (A, A): {A: 0.9, EOS: 0.1}}
        search = SearchConfig(beam_size=2, n_best=2, length_penalty=0.0)
        [found] = search_toy(literal_toy(sure, 3), search, run)
        assert [h.tokens for h in found] == [(EOS,), (A, A, A)]
        assert [h.score for h in found] == pytest.approx([math.log(0.4), math.log(0.378)], abs=1e-5)

    @pytest.mark.parametrize(
        ("alpha", "steps"),
        [
            # log 0.6 = -0.511 has halted. Alive are log 0.4 = -0.916, then log 0.36 = -1.022 and
            # log 0.324 = -1.127, to be divided by lp(4) = 1.5^alpha at best.
            (0.0, 1),
            (1.0, 1),  # -0.611
            (1.5, 2),  # -0.499, then -0.556
            (2.0, 4),  # -0.407, -0.454, -0.501
        ],
    )
    def test_stops_when_nothing_can_become_better(self, run: Run, alpha: float, steps: int) -> None:
        toy = literal_toy({(): {EOS: 0.6, A: 0.4}, (A,): {A: 0.9, B: 0.1}, (A, A): {A: 0.9}}, 4)
        result = run(toy, SearchConfig(beam_size=3, length_penalty=alpha))
        assert result.output_ids.shape == (1, 1, steps)

    def test_cut_hypothesis_comes_after_a_halted_one(self, run: Run) -> None:
        likely_cut = {(): {EOS: 0.1, A: 0.9}, (A,): {A: 1.0}}
        [found] = search_toy(literal_toy(likely_cut, 2), SearchConfig(beam_size=2, n_best=2), run)
        assert [(h.tokens, h.finished) for h in found] == [((EOS,), True), ((A, A), False)]
        assert found[0].score < found[1].score

    def test_places_without_a_hypothesis(self, run: Run) -> None:
        toy = dataclasses.replace(random_toy(5, words=2, sentences=1), max_lengths=np.array([1]))
        result = run(toy, SearchConfig(beam_size=5, n_best=5))
        assert sorted(result.output_ids[0, :, 0].tolist()) == [0, 0, EOS, A, B]
        assert result.output_ids[0, 0] == [EOS]
        assert result.lengths.tolist() == [[1, 1, 1, 0, 0]]
        assert result.scores[0, 3:].tolist() == [-np.inf, -np.inf]
        assert result.finished.tolist() == [[True, False, False, False, False]]

    @pytest.mark.parametrize("of", [scoring, graph_scoring], ids=["numpy", "graph"])
    def test_length_penalty(self, of: Any) -> None:
        assert float(of.length_penalty(1, 3.0)) == pytest.approx(1.0)
        assert float(of.length_penalty(7, 1.0)) == pytest.approx(2.0)
        assert float(of.length_penalty(19, 0.5)) == pytest.approx(2.0)
        assert float(of.length_penalty(100, 0.0)) == pytest.approx(1.0)
        assert np.asarray(of.length_penalty(np.array([1, 7]), 1.0)) == pytest.approx([1.0, 2.0])

    def test_coverage_penalty_looks_at_real_source_tokens(self) -> None:
        coverage = np.array([[0.5, 2.0, 0.25], [1.0, 0.0, 0.0]], np.float32)
        mask = np.array([True, True, False])
        # log 0.5 + log 1, and log 1 + log 1e-9, each times 2.
        expected = pytest.approx(np.array([-1.386294, -41.446532]), abs=1e-4)
        assert scoring.coverage_penalty(coverage, mask[None], 2.0) == expected
        [of_graph] = graph_scoring.coverage_penalty(coverage[None], mask[None], 2.0).numpy()
        assert of_graph == expected


@settings
class TestWideBeam:
    """A beam with a place for every hypothesis leaves nothing out: 432 toy models."""

    @pytest.mark.parametrize(("words", "longest"), [(2, 5), (3, 3), (9, 2)])
    def test_finds_the_exhaustive_n_best(
        self, run: Run, setting: dict[str, Any], words: int, longest: int
    ) -> None:
        for seed in range(4):
            toy = random_toy(seed, words, longest)
            some = SearchConfig(**{"length_penalty": 0.0, **setting})
            truth = [ranked(list(every_hypothesis(toy, n, some))) for n in range(3)]
            beam = max(len(hypotheses) for hypotheses in truth)
            for n_best in {1, min(4, beam), beam}:
                search = dataclasses.replace(some, beam_size=beam, n_best=n_best)
                for n, found in enumerate(search_toy(toy, search, run)):
                    by_tokens = {h.tokens: h for h in truth[n]}
                    for hypothesis in found:
                        assert_same(hypothesis, by_tokens[hypothesis.tokens])
                    assert_ranks_of(found, truth[n][:n_best])


@settings
class TestNarrowBeam:
    @pytest.mark.parametrize("beam_size", [1, 2, 3, 4])
    def test_is_the_plain_beam_search(
        self, run: Run, setting: dict[str, Any], beam_size: int
    ) -> None:
        for seed in range(100, 104):
            toy = random_toy(seed)
            for n_best in {1, beam_size}:
                search = SearchConfig(beam_size=beam_size, n_best=n_best, **setting)
                for n, found in enumerate(search_toy(toy, search, run)):
                    truth = plain_beam(toy, n, search)
                    assert len(found) == len(truth)
                    for one, other in zip(found, truth, strict=True):
                        assert_same(one, other)

    def test_greedy_is_an_argmax_loop(self, run: Run, setting: dict[str, Any]) -> None:
        search = SearchConfig(beam_size=1, **setting)
        for seed in range(200, 204):
            toy = random_toy(seed)
            for n, found in enumerate(search_toy(toy, search, run)):
                tokens: tuple[int, ...] = ()
                while tokens[-1:] != (EOS,) and len(tokens) < toy.max_lengths[n]:
                    logits = toy.logits[n, toy.place(tokens)]
                    ways = continuations(toy, n, tokens, search)
                    tokens = max(ways, key=lambda way, row=logits: row[way[-1]])
                assert [h.tokens for h in found] == [tokens]

    def test_best_does_not_depend_on_n_best(self, run: Run, setting: dict[str, Any]) -> None:
        for seed in range(300, 304):
            toy = random_toy(seed)
            all_five = search_toy(toy, SearchConfig(beam_size=5, n_best=5, **setting), run)
            for n_best in (1, 2):
                fewer = search_toy(toy, SearchConfig(beam_size=5, n_best=n_best, **setting), run)
                for some, five in zip(fewer, all_five, strict=True):
                    for one, other in zip(some, five[:n_best], strict=True):
                        assert_same(one, other, tolerance=0.0)

    def test_sentence_does_not_depend_on_its_batch(self, run: Run, setting: dict[str, Any]) -> None:
        search = SearchConfig(beam_size=3, n_best=3, **setting)
        for seed in range(400, 404):
            toy = random_toy(seed, sentences=4)
            together = search_toy(toy, search, run)
            for n in range(4):
                [alone] = search_toy(toy.only(n), search, run)
                assert len(alone) == len(together[n])
                for one, other in zip(alone, together[n], strict=True):
                    source_length = one.alignment.shape[1]
                    assert not other.alignment[:, source_length:].any()
                    shorter = dataclasses.replace(
                        other, alignment=other.alignment[:, :source_length]
                    )
                    assert_same(one, shorter, tolerance=1e-6)


def test_row_without_a_token_is_done_at_once(run: Run) -> None:
    toy = random_toy(7)
    blank = Toy(toy.logits[:1], toy.attention[:1], np.zeros_like(toy.mask[:1]), np.array([4]))
    filled = Toy(
        *(
            np.concatenate([getattr(toy, field.name), getattr(blank, field.name)])
            for field in dataclasses.fields(Toy)
        )
    )
    search = SearchConfig(beam_size=3, n_best=2)
    *found, nothing = search_toy(filled, search, run)
    assert nothing == []
    for some, truths in zip(found, search_toy(toy, search, run), strict=True):
        for one, truth in zip(some, truths, strict=True):
            assert_same(one, truth)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_ngram_is_repeated(run: Run, size: int) -> None:
    found_repeats = 0
    for seed in range(8):
        toy = random_toy(seed, words=2, longest=6)
        toy = dataclasses.replace(toy, max_lengths=np.array([6, 6, 6]))
        free, bound = (
            search_toy(toy, SearchConfig(beam_size=4, n_best=4, no_repeat_ngram_size=n), run)
            for n in (0, size)
        )
        assert not any(repeats(h.tokens, size) for found in bound for h in found)
        found_repeats += sum(repeats(h.tokens, size) for found in free for h in found)
    assert found_repeats, "the rule had nothing to do"


@pytest.mark.parametrize("least", [1, 2, 3])
def test_min_length_counts_tokens_before_eos(run: Run, least: int) -> None:
    toy = random_toy(0, longest=5)
    toy = dataclasses.replace(toy, max_lengths=np.array([2, 4, 5]))
    toy.logits[:, :, EOS] = 9.0
    found = search_toy(toy, SearchConfig(beam_size=2, min_length=least), run)
    # The first sentence is capped at two tokens, so it may halt after one.
    assert [len(best.tokens) for [best] in found] == [2, least + 1, least + 1]
    assert all(best.finished for [best] in found)


def test_hypothesis_may_halt_where_nothing_else_is_allowed(run: Run) -> None:
    toy = dataclasses.replace(random_toy(0, words=2, longest=5), max_lengths=np.array([5, 5, 5]))
    search = SearchConfig(beam_size=3, n_best=2, min_length=4, no_repeat_ngram_size=1)
    for found in search_toy(toy, search, run):
        assert sorted(h.tokens for h in found) == [(A, B, EOS), (B, A, EOS)]
        assert all(h.finished for h in found)


def test_no_sentences(run: Run) -> None:
    toy = random_toy(0)
    none = Toy(*(getattr(toy, field.name)[:0] for field in dataclasses.fields(Toy)))
    result = run(none, SearchConfig(beam_size=2, n_best=2))
    assert result.lengths.shape == (0, 2)


@settings
def test_both_searches_find_the_same(setting: dict[str, Any]) -> None:
    for seed in range(500, 506):
        toy = random_toy(seed, words=4, longest=5, sentences=7)
        beam_size = 1 + seed % 4
        search = SearchConfig(beam_size=beam_size, n_best=(1 + beam_size) // 2, **setting)
        both = (search_toy(toy, search, one) for one in (run_numpy, run_graph))
        for some, others in zip(*both, strict=True):
            for one, other in zip(some, others, strict=True):
                assert_same(one, other)


@pytest.mark.parametrize("words", [2, 40])
def test_columns_may_stand_in_any_order(words: int) -> None:
    """UNK and BOS have none, and repeats of a column stand for nothing."""
    columns = np.random.default_rng(0).permutation([0, *range(EOS, A + words)]).astype(np.int32)
    toy = random_toy(1, words, longest=3)
    toy.logits[:, :, 1:EOS] = -np.inf
    search = SearchConfig(beam_size=4, n_best=4)
    for settings in ({}, {"phrases": ((A, B),)}, {"max_repeats": 1}):
        inner = search_toy(toy, search, columns=columns, **settings)
        for some, others in zip(inner, search_toy(toy, search, **settings), strict=True):
            for one, other in zip(some, others, strict=True):
                assert_same(one, other)


def test_columns_of_ids() -> None:
    vocabulary = Vocabulary(np.array([7, 0, 3, 5, 5, 0], np.int32))
    ids = np.array([[3, 5], [7, 0], [4, 9]])
    assert vocabulary.columns_of(ids).tolist() == [[2, 3], [0, 1], [1, 1]]
    assert vocabulary.halting_column == 2
    assert vocabulary.never_columns.tolist() == [1, 5]


def test_each_sentence_has_beams_of_its_own() -> None:
    toy = random_toy(8, sentences=4)
    beams = np.array([1, 4, 2, 3])
    together = search_toy(toy, SearchConfig(beam_size=4), beams=beams)
    for n, size in enumerate(beams.tolist()):
        [[alone]] = search_toy(toy.only(n), SearchConfig(beam_size=size))
        assert_same(dataclasses.replace(together[n][0], alignment=alone.alignment), alone)


def test_what_is_known_of_the_sentences_stays_the_same_object() -> None:
    """Until one of six leaves four, and then until there are three."""
    toy = literal_toy({(): {A: 0.9, B: 0.1}, (A,): {A: 0.9, B: 0.1}}, 5)
    many = Toy(
        *(np.repeat(x, 6, axis=0) for x in (toy.logits, toy.attention, toy.mask)),
        np.array([5, 2, 5, 5, 4, 2]),
    )
    seen: list[Any] = []

    def step(tokens: Array, state: Any, given: Any) -> Any:
        seen.append(given)
        assert len(given["rows"]) == len(tokens) == len(state[0]["x"])
        shape = tokens.shape
        return np.zeros((*shape, 6), np.float32), state, np.ones((*shape, 2), np.float32)

    repeats = np.full((6, LONGEST_REPEATED), NO_LIMIT)
    sentences = Sentences(
        {"rows": np.arange(6)}, many.mask, many.max_lengths, repeats, np.full(6, 3)
    )
    beam_search(step, ({"x": np.zeros((6, 1, 2))},), sentences, Options(1, 1.0, min_length=9))
    assert [given["rows"].tolist() for given in seen] == [
        *([[0, 1, 2, 3, 4, 5]] * 2),
        *([[0, 2, 3, 4]] * 2),
        [0, 2, 3],
    ]
    assert [one is other for one, other in itertools.pairwise(seen)] == [True, False, True, False]


@pytest.mark.parametrize("length", [90, 170, 180, 190])
def test_cap_is_not_a_token_short_of_the_ratio(length: int) -> None:
    source_ids = np.full((1, length), 4, np.int32)
    sentences = sentences_of({}, source_ids, beam_size=1, max_length_ratio=1.3)
    assert sentences.max_lengths.tolist() == [round(1.3 * length) + 10]


@pytest.fixture(scope="module")
def model(make_model: Callable[..., Seq2Seq]) -> Seq2Seq:
    model = make_model(encoder_layers=2, decoder_layers=2)
    # Halting is made rare, so that hypotheses are long.
    model.output_bias.assign(np.asarray(model.output_bias) - 2.0 * (np.arange(10) == EOS))
    return model


@pytest.fixture(scope="module")
def translate(model: Seq2Seq) -> Callable[..., dict[str, Array]]:
    function, _ = compiled(model)

    def call(source_ids: Array, **settings: Any) -> dict[str, Array]:
        inputs = search_inputs(source_ids, SearchConfig(**settings))
        return {name: value.numpy() for name, value in function(**inputs).items()}

    return call


class TestModel:
    """The search over a real model, of two layers on each side."""

    source_ids = np.array([[4, 9, 5, 6, 3], [7, 3, 0, 0, 0], [8, 8, 3, 0, 0]], np.int32)

    @pytest.mark.parametrize("beam_size", [1, 4])
    def test_log_probs_are_those_of_the_teacher_forced_pass(
        self, model: Seq2Seq, translate: Callable[..., dict[str, Array]], beam_size: int
    ) -> None:
        result = translate(self.source_ids, beam_size=beam_size, n_best=beam_size)
        assert result["lengths"].max() > 10
        for k in range(beam_size):
            ids, lengths = result["output_ids"][:, k], result["lengths"][:, k]
            fed = np.concatenate([np.full((3, 1), 2, np.int32), ids[:, :-1]], axis=1)
            logits = model({"source_ids": self.source_ids, "target_ids": fed}).numpy()
            expected = np.take_along_axis(log_softmax(logits), ids[..., None], -1)[..., 0]
            expected *= np.arange(ids.shape[1]) < lengths[:, None]
            np.testing.assert_allclose(result["log_probs"][:, k], expected, atol=1e-4)
            lp = (5 + lengths) / 6
            np.testing.assert_allclose(
                result["scores"][:, k], expected.sum(1) / lp, rtol=1e-4, atol=1e-4
            )

    def test_alignments_are_distributions_over_the_source(
        self, translate: Callable[..., dict[str, Array]]
    ) -> None:
        result = translate(self.source_ids, beam_size=3, n_best=3)
        real = np.arange(result["output_ids"].shape[2]) < result["lengths"][..., None]
        np.testing.assert_allclose(result["alignments"].sum(-1), real, atol=1e-5)
        padding = np.broadcast_to((self.source_ids == 0)[:, None, None], result["alignments"].shape)
        assert (result["alignments"][padding] == 0.0).all()

    def test_sentence_does_not_depend_on_its_batch(
        self, translate: Callable[..., dict[str, Array]]
    ) -> None:
        settings = {"beam_size": 4, "n_best": 4, "coverage_penalty": 0.2}
        together = translate(np.pad(self.source_ids, ((0, 0), (0, 3))), **settings)
        for n, row in enumerate(self.source_ids):
            alone = translate(row[row != 0][None], **settings)
            np.testing.assert_array_equal(alone["lengths"][0], together["lengths"][n])
            length = alone["output_ids"].shape[2]
            np.testing.assert_array_equal(
                alone["output_ids"][0], together["output_ids"][n, :, :length]
            )
            assert not together["output_ids"][n, :, length:].any()
            np.testing.assert_allclose(alone["scores"][0], together["scores"][n], atol=1e-5)

    def test_cap_follows_the_source(self, translate: Callable[..., dict[str, Array]]) -> None:
        result = translate(self.source_ids, beam_size=2, min_length=1000, max_length_ratio=2.0)
        # Twice the source's tokens, its EOS counted, and ten.
        assert result["lengths"][:, 0].tolist() == [20, 14, 16]

    def test_hypothesis_may_halt_where_nothing_else_is_allowed(
        self, translate: Callable[..., dict[str, Array]]
    ) -> None:
        result = translate(
            self.source_ids, beam_size=3, n_best=3, min_length=8, no_repeat_ngram_size=1
        )
        # Of ten pieces, six may stand before EOS, each once.
        assert (result["lengths"] == 7).all()
        assert result["finished"].all()

    def test_no_sentences(self, translate: Callable[..., dict[str, Array]]) -> None:
        result = translate(np.zeros((0, 3), np.int32), beam_size=2, n_best=2)
        assert result["lengths"].shape == (0, 2)

    def test_more_hypotheses_than_beams_are_refused(self, model: Seq2Seq) -> None:
        function, _ = compiled(model)
        inputs = search_inputs(self.source_ids, SearchConfig(beam_size=2))
        with pytest.raises(tf.errors.InvalidArgumentError, match="expected at most beam_size"):
            function(**{**inputs, "n_best": tf.constant(3)})

    @pytest.mark.parametrize("length", [90, 170, 180, 190])
    def test_cap_is_not_a_token_short_of_the_ratio(
        self, translate: Callable[..., dict[str, Array]], length: int
    ) -> None:
        source_ids = np.full((1, length), 4, np.int32)
        result = translate(source_ids, beam_size=1, min_length=1000, max_length_ratio=1.3)
        assert result["lengths"].item() == round(1.3 * length) + 10


def count(tokens: tuple[int, ...], phrase: tuple[int, ...]) -> int:
    """How often a phrase stands in a target; none overlaps another."""
    if len(tokens) < len(phrase):
        return 0
    if tokens[: len(phrase)] == phrase:
        return 1 + count(tokens[len(phrase) :], phrase)
    return count(tokens[1:], phrase)


def holds(tokens: tuple[int, ...], phrases: tuple[tuple[int, ...], ...]) -> bool:
    """Whether each phrase stands as often as it is asked for."""
    return all(count(tokens, phrase) >= phrases.count(phrase) for phrase in phrases)


ONCE = [((A,),), ((B,), (6,)), ((A, B),), ((B, A), (6,)), ((A, A),), ((A, B), (B, 6))]
TWICE = [
    ((A,), (A,)),
    ((A, B), (A, B)),
    ((A, A), (A, A)),
    ((A,), (A, B), (A,)),
    ((B,), (A, B), (B,)),
]
PHRASES = [*ONCE, *TWICE]


class TestRequired:
    """Phrases that the translations of a sentence must hold."""

    @pytest.mark.parametrize(
        ("spans", "joining"),
        [(False, ()), (True, ()), (False, (B,)), (True, (B,)), (True, (A, 6))],
        ids=["anywhere", "pointed", "B joins", "pointed, B joins", "pointed, A and 6 join"],
    )
    @pytest.mark.parametrize("phrases", PHRASES, ids=str)
    def test_a_wide_beam_finds_the_best_that_holds_them(
        self, phrases: tuple[tuple[int, ...], ...], spans: bool, joining: tuple[int, ...]
    ) -> None:
        for seed in range(3):
            words, longest = (2, 5) if phrases in TWICE else (3, 4)  # few enough for the beam
            toy = toy_to_the_cap(seed, words, longest)
            of_phrases = np.zeros((3, len(phrases), toy.mask.shape[1]), np.float32)
            if spans:
                of_phrases[:, 0, 0] = of_phrases[:, -1, 1] = 1.0
            for setting in ({"length_penalty": 0.0}, {"length_penalty": 1.0}):
                search = SearchConfig(beam_size=100, n_best=3, **setting)
                results = search_toy(
                    toy, search, phrases=phrases, spans=of_phrases, joining=joining
                )
                for n, found in enumerate(results):
                    truth = [
                        scored
                        for one in every_finished(seed, words, longest, search)[n]
                        if holds(one.tokens, phrases)
                        for scored in pointed(toy, n, one, search, phrases, of_phrases[n], joining)
                    ]
                    assert_ranks_of([h for h in found if h.finished], ranked(truth)[:3])

    @pytest.mark.parametrize("phrases", PHRASES, ids=str)
    @pytest.mark.parametrize("beam_size", [4, 6])
    def test_a_narrow_beam_obeys(
        self, phrases: tuple[tuple[int, ...], ...], beam_size: int
    ) -> None:
        for seed in range(20):
            toy = dataclasses.replace(random_toy(seed, 3, 6), max_lengths=np.array([6, 6, 6]))
            for found in search_toy(toy, SearchConfig(beam_size=beam_size), phrases=phrases):
                assert found
                assert holds(found[0].tokens, phrases)

    @pytest.mark.parametrize(
        ("phrases", "expected"),
        [
            (((A,),), (A, EOS)),
            (((A,), (A,)), (A, A, EOS)),
            (((A,), (A, B)), (A, B, EOS)),  # one place is enough for what is not the same
            (((A,), (A, B), (A,)), (A, A, B, EOS)),
        ],
        ids=str,
    )
    def test_what_is_required_twice_stands_twice(
        self, phrases: tuple[tuple[int, ...], ...], expected: tuple[int, ...]
    ) -> None:
        """EOS is always the likeliest, A comes next, then B; only after A B there is no A."""
        likely = {tokens: {EOS: 0.9, A: 0.09, B: 0.01} for tokens in every_prefix(3)}
        likely[A, B] = {EOS: 0.99, B: 0.01}
        toy = literal_toy(likely, 4)
        search = SearchConfig(beam_size=8, length_penalty=0.0)
        [[found]] = search_toy(toy, search, phrases=phrases)
        assert found.tokens == expected

    def test_other_sentences_of_the_batch_are_as_ever(self) -> None:
        toy = random_toy(3, 3, 4)
        search = SearchConfig(beam_size=100, length_penalty=0.0)
        free = search_toy(toy, search)
        phrases = np.zeros((3, 1, 2), np.int32)
        phrases[1, 0] = A, B
        mixed = search_toy(toy, search, phrases=phrases)
        for n in (0, 2):
            assert_same(mixed[n][0], free[n][0])

    @pytest.mark.parametrize("seed", range(24))
    def test_each_finds_in_company_what_it_finds_alone(self, seed: int) -> None:
        """Some require one thing, some two, some nothing, in any order."""
        random = np.random.default_rng(seed)
        toy = random_toy(seed, 3, 6, sentences=6)
        search = SearchConfig(beam_size=int(random.integers(4, 8)), n_best=2)
        phrases = np.zeros((6, 2, 2), np.int32)
        for n, much in enumerate(random.permutation([0, 0, 1, 1, 2, 2])):
            for k in range(much):
                length = random.integers(1, 3)
                phrases[n, k, :length] = random.integers(A, A + 3, length)
        spans = random.integers(0, 2, (6, 2, toy.mask.shape[1])).astype(np.float32)
        joining = ((), (B,))[seed % 2]
        together = search_toy(toy, search, phrases=phrases, spans=spans, joining=joining)
        for n in range(6):
            its = {}
            if phrases[n].any():
                its = {"phrases": phrases[[n]], "spans": spans[[n]]}
            itself = Toy(*(x[[n]] for x in dataclasses.astuple(toy)))
            [alone] = search_toy(itself, search, joining=joining, **its)
            assert len(alone) == len(together[n])
            for one, other in zip(alone, together[n], strict=True):
                assert_same(one, other)

    def test_a_sentence_without_a_way_on_finds_nothing(self) -> None:
        """Whatever follows A is impossible; the other sentence of the batch is as ever."""
        toy, search = random_toy(3, sentences=2), SearchConfig(beam_size=4)
        [_, [expected]] = search_toy(toy, search, phrases=((B,),))
        toy.logits[0] = -np.inf
        toy.logits[0, toy.place(()), A] = 0.0
        [nothing, [found]] = search_toy(toy, search, phrases=((B,),))
        assert nothing == []
        assert_same(found, expected)
        assert search_toy(toy.only(0), search, phrases=((B,),)) == [[]]

    def test_a_phrase_stands_where_the_attention_is(self) -> None:
        """The first step looks at the first source token, which the phrase is to translate."""
        sure = {(): {A: 0.9, B: 0.1}, (A,): {EOS: 0.9, B: 0.1}, (B,): {EOS: 1.0}}
        toy = literal_toy({**sure, (A, B): {EOS: 1.0}, (B, A): {EOS: 1.0}}, 3)
        toy.attention[0] = [0.2, 0.8]
        toy.attention[0, toy.place(())] = [0.8, 0.2]
        search = SearchConfig(beam_size=4, length_penalty=0.0)
        spans = np.array([[[1.0, 0.0]]], np.float32)
        [[anywhere]] = search_toy(toy, search, phrases=((B,),))
        [[pointed]] = search_toy(toy, search, phrases=((B,),), spans=spans)
        # p(B) = 0.1, then EOS; or p(A) = 0.9 with p(B) = 0.1 after it, then EOS.
        assert anywhere.tokens == (B, EOS)
        assert anywhere.score == pytest.approx(math.log(0.1))
        # 0.2 · 0.1 + 0.8
        assert pointed.tokens == (B, EOS)
        assert pointed.score == pytest.approx(math.log(0.82), abs=1e-5)

    def test_what_the_model_begins_for_another_reason_is_no_phrase(self) -> None:
        """A B is to stand where a tenth of the attention is; the model wants A A there."""
        sure = {(): {A: 0.9, B: 0.1}, (A,): {A: 0.9, B: 0.1}, (A, A): {B: 0.5, EOS: 0.5}}
        toy = literal_toy({**sure, (A, B): {EOS: 1.0}, (A, A, B): {EOS: 1.0}}, 4)
        toy.attention[0] = [0.0, 1.0]
        toy.attention[0, toy.place(())] = [0.1, 0.9]
        search = SearchConfig(beam_size=8, n_best=2, length_penalty=0.0)
        spans = np.array([[[1.0, 0.0]]], np.float32)
        [found] = search_toy(toy, search, phrases=((A, B),), spans=spans)
        # P'(A) = 0.9 · 0.9 + 0.1 = 0.91, of which 0.1 were pointed to and go on with 0.95. What is
        # left, 0.91 - 0.095 = 0.815, is the model's: 0.9 · 0.5 to A B, and 0.1 to B.
        assert {h.tokens: h.score for h in found} == pytest.approx(
            {
                (A, A, B, EOS): math.log(0.815 * 0.9 * 0.5),
                (A, B, EOS): math.log(0.095 + 0.815 * 0.1),
            },
            abs=1e-5,
        )

    def test_what_is_pointed_to_begins_and_ends_as_words_do(self) -> None:
        """B goes on with the word before it, which the model likes to do after A."""
        toy = literal_toy({(): {A: 0.2, B: 0.2, EOS: 0.6}, (A,): {B: 0.9, EOS: 0.1}}, 2)
        search = SearchConfig(beam_size=4, length_penalty=0.0)
        spans = np.array([[[1.0, 0.0]]], np.float32)
        [[found]] = search_toy(toy, search, phrases=((A,),), spans=spans, joining=(B,))
        assert found.tokens == (A, EOS)
        # Half of the attention takes half of the 0.8 that begin a word: 0.5 · 0.2 + 0.5 · 0.8. So
        # 0.8 of that were pointed to; then EOS, the only other beginning, is sure, else it has 0.1.
        assert np.exp(found.log_probs) == pytest.approx([0.5, 0.8 + 0.2 * 0.1], abs=1e-5)


def pointed(
    toy: Toy,
    n: int,
    one: Scored,
    search: SearchConfig,
    phrases: tuple[tuple[int, ...], ...],
    spans: Array,
    joining: tuple[int, ...],
) -> list[Scored]:
    """The hypothesis as scored with P' in place of P; none if a word goes on after a phrase."""
    place, met, belief = [0] * len(phrases), [False] * len(phrases), [0.0] * len(phrases)
    ended, closing, log_probs = 0.0, False, []
    for i, token in enumerate(one.tokens):
        prefix = toy.place(one.tokens[:i])
        model = np.exp(log_softmax(toy.logits[n, prefix]))
        starts = sum(p for word, p in enumerate(model) if word not in joining)
        may_start = ended + (1 - ended) * starts
        wanted = [() if done else p[k] for p, k, done in zip(phrases, place, met, strict=True)]
        if closing and token in joining and token not in wanted:
            return []
        goes_on = [0.95 * b if k > 0 else 0.0 for b, k in zip(belief, place, strict=True)]
        left = 1 - sum(goes_on)
        looks = [
            0.0 if done or k > 0 else float(span @ toy.attention[n, prefix])
            for k, done, span in zip(place, met, spans, strict=True)
        ]
        scale = min(1.0, 0.95 / max(sum(looks), 1e-9))
        weights = [
            g + left * scale * look * may_start for g, look in zip(goes_on, looks, strict=True)
        ]
        p = left * model[token]
        if token not in joining:
            p *= may_start / starts * (1 - scale * sum(looks))
        p += sum(w for w, word in zip(weights, wanted, strict=True) if word == token)
        log_probs.append(math.log(p))
        shares = [w / p * (word == token) for w, word in zip(weights, wanted, strict=True)]
        belief, ended, closing = [0.0] * len(phrases), 0.0, False
        still = [c for c, done in enumerate(met) if not done]
        for c in {phrases[c]: c for c in reversed(still)}.values():  # the first of the same tokens
            phrase = phrases[c]
            belief[c] = sum(shares[d] for d in still if phrases[d] == phrase)
            place[c] = place[c] + 1 if phrase[place[c]] == token else int(phrase[0] == token)
            if place[c] == len(phrase):
                place[c], met[c], ended, closing = 0, True, ended + belief[c], True
    lp = ((5 + len(one.tokens)) / 6) ** search.length_penalty
    return [dataclasses.replace(one, score=sum(log_probs) / lp, log_probs=np.array(log_probs))]


class TestRepetition:
    """After any prefix, A is by far the likeliest; or A and B in turn."""

    @pytest.mark.parametrize(
        ("likely", "most", "expected"),
        [
            ({(): A}, 3, (A, A, A, B, A, A, A, B)),
            ({(): A}, 2, (A, A, B, A, A, B, A)),
            ({(): A, (A,): B}, 2, (A, B, A, B, A, A, B, A)),
        ],
    )
    def test_nothing_stands_more_often_in_a_row(
        self, likely: dict[tuple[int, ...], int], most: int, expected: tuple[int, ...]
    ) -> None:
        longest = len(expected)
        toy = random_toy(0, words=2, longest=longest, sentences=1)
        logits = np.full_like(toy.logits, 0.0)
        logits[..., EOS] = -20.0
        for tokens in every_prefix(longest - 1):
            wanted = likely.get(tokens[-1:], likely[()])
            logits[0, toy.place(tokens), wanted] = 10.0
        toy = dataclasses.replace(toy, logits=logits, max_lengths=np.array([longest]))
        [[found]] = search_toy(toy, SearchConfig(beam_size=1), max_repeats=most)
        assert found.tokens == expected

    def test_what_repeats_itself_is_left_to_the_limit_of_what_it_repeats(self) -> None:
        longest = 9
        toy = random_toy(0, words=2, longest=longest, sentences=1)
        logits = np.full_like(toy.logits, 0.0)
        logits[..., EOS] = -20.0
        logits[..., A] = 10.0
        toy = dataclasses.replace(toy, logits=logits, max_lengths=np.array([longest]))
        limits = np.full((1, LONGEST_REPEATED), 2, np.int32)
        limits[0, 0] = 8  # A may stand eight times, though A A may stand twice
        [[found]] = search_toy(toy, SearchConfig(beam_size=1), max_repeats=limits)
        assert found.tokens == (A,) * 8 + (B,)


def every_prefix(longest: int) -> Iterator[tuple[int, ...]]:
    yield ()
    for length in range(1, longest + 1):
        yield from itertools.product((A, B), repeat=length)
