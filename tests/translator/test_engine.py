"""The engine against the whole graph, and against probabilities by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from translator.compiling import lite_functions
from translator.config import SearchConfig
from translator.constants import EOS
from translator.decoders import Decoder
from translator.engine import Engine, Request
from translator.graph_decoder import GraphDecoder
from translator.inference import compiled, score
from translator.lite_decoder import LiteDecoder
from translator.model import Seq2Seq
from translator.search.hypotheses import Required
from translator.search.rules import LONGEST_REPEATED
from translator.shortlist import Lexicon
from translator.signatures import search_inputs
from translator.stepwise import stepwise

MakeModel = Callable[..., Seq2Seq]

SOURCE = np.array([[4, 9, 5, 6, 3], [7, 3, 0, 0, 0], [8, 8, 4, 3, 0]], np.int32)
KINDS: list[dict[str, Any]] = [
    {},
    {"cell": "gru", "attention": "multiplicative", "decoder_layers": 2},
    {"cell": "tanh", "attention": "none", "bidirectional": False},
    {"layer_norm": True, "decoder_layers": 2, "encoder_layers": 2},
    {"share_embeddings": False, "tie_output": False, "source_vocab_size": 12},
]
LEXICON = Lexicon(
    np.array([5], np.int32),
    np.array([{7: (6, 0), 9: (7, 8)}.get(piece, (0, 0)) for piece in range(10)], np.int32),
)
"""5 for every sentence, 6 for piece 7, 7 and 8 for piece 9."""
OWN = [{EOS, 5, 7, 8}, {EOS, 5, 6}, {EOS, 5}]
"""What it has for each sentence of `SOURCE`."""


class Pair(NamedTuple):
    """Two models that take shortlists of `LEXICON`.

    Attributes:
        decoders: The models.
        tolerance: How far they may be from what the models are in float32.
    """

    decoders: tuple[Decoder, Decoder]
    tolerance: float

    def engines(self, **kwargs: Any) -> list[Engine]:
        """Over each of them, and over both."""
        models = ([self.decoders[0]], [self.decoders[1]], self.decoders)
        return [Engine(of, **{"lexicon": LEXICON, **kwargs}) for of in models]


@pytest.fixture(scope="module", params=["graph", "lite"])
def pair(request: pytest.FixtureRequest, make_model: MakeModel) -> Pair:
    made = make_model(seed=0), make_model(cell="gru", seed=2)
    listed = LEXICON.listed
    if request.param == "graph":
        first, second = (GraphDecoder(stepwise(model), listed) for model in made)
        return Pair((first, second), 1e-5)
    one, other = (LiteDecoder(lite_functions(model, listed), 10, listed) for model in made)
    return Pair((one, other), 0.05)


def engine(*models: Seq2Seq, lexicon: Lexicon | None = None, **kwargs: Any) -> Engine:
    listed = None if lexicon is None else lexicon.listed
    return Engine([GraphDecoder(stepwise(model), listed) for model in models], lexicon, **kwargs)


def log_probs_of(model: Seq2Seq, ids: Any) -> Any:
    """log P of every token of a batch of targets."""
    return score(model, tf.constant(SOURCE), tf.constant(ids))["log_probs"].numpy()


@pytest.mark.parametrize("sizes", KINDS, ids=str)
def test_is_the_search_over_the_whole_model(make_model: MakeModel, sizes: Any) -> None:
    model = make_model(**sizes)
    search = SearchConfig(beam_size=4, n_best=4, coverage_penalty=0.1)
    found = engine(model).search(Request(SOURCE), search)
    whole = {k: v.numpy() for k, v in compiled(model)[0](**search_inputs(SOURCE, search)).items()}

    np.testing.assert_array_equal(found["output_ids"], whole["output_ids"])
    for name in ("scores", "log_probs", "alignments"):
        np.testing.assert_allclose(found[name], whole[name], atol=1e-5)


@pytest.mark.parametrize("lexicon", [None, LEXICON], ids=["all pieces", "shortlist"])
def test_a_sentence_alone_finds_what_it_finds_among_others(
    pair: Pair, lexicon: Lexicon | None
) -> None:
    searches = [
        SearchConfig(beam_size=4, n_best=4),
        SearchConfig(beam_size=5, n_best=2, length_penalty=0.0, max_length_ratio=0.1),
        SearchConfig(beam_size=1, length_penalty=2.0, max_length_ratio=0.1),
        SearchConfig(beam_size=4, n_best=3, coverage_penalty=0.7),
    ]
    for one in pair.engines(lexicon=lexicon):
        for search in searches:
            limits = np.full((3, LONGEST_REPEATED), 2, np.int32)
            limits[:, 0] = 3
            whole = one.search(Request(SOURCE, limits), search)
            for n, row in enumerate(SOURCE):
                ids = row[row > 0][None]
                found = one.search(Request(ids, limits[:1]), search)
                steps, length = found["alignments"].shape[2:]
                for name, array in found.items():
                    assert array.dtype == whole[name].dtype
                    among = whole[name][n]
                    if name in ("output_ids", "log_probs", "alignments"):
                        assert not among[:, steps:].any()
                        among = among[:, :steps]
                    if name == "alignments":
                        among = among[:, :, :length]
                    np.testing.assert_allclose(array[0], among, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("sizes", KINDS[::4], ids=str)
def test_bfloat16_takes_two_bytes_and_each_table_once(make_model: MakeModel, sizes: Any) -> None:
    model, twin = (make_model(dtype, **sizes) for dtype in ("float32", "mixed_bfloat16"))
    made = stepwise(twin).weights.structured_outputs.values()
    assert {x.dtype for x in made if len(x.shape) == 2} == {tf.bfloat16}
    tables = [model.source_embeddings, model.target_embeddings, model.output_embeddings]
    shapes = {tuple(table.shape) for table in tables}
    cast = {x.op.inputs[0].ref() for x in made if tuple(x.shape) in shapes}
    assert len(cast) == len({id(table) for table in tables})

    search = SearchConfig(beam_size=4)
    exact, near = (engine(one).search(Request(SOURCE), search)["scores"] for one in (model, twin))
    np.testing.assert_allclose(near, exact, atol=0.1)


def test_repetitions_are_forbidden_to_a_sentence_alone(make_model: MakeModel) -> None:
    """A model that says 6 for ever may say it three times in a row."""
    model = make_model(seed=1)
    model.output_bias.assign(20.0 * np.eye(10)[6] - 20.0 * np.eye(10)[EOS])
    one, search = engine(model), SearchConfig(beam_size=2, length_penalty=0.0)
    limits = np.full((1, LONGEST_REPEATED), 3, np.int32)
    free = one.search(Request(SOURCE[:1]), search)["output_ids"][0, 0].tolist()
    held = one.search(Request(SOURCE[:1], limits), search)["output_ids"][0, 0].tolist()
    held = held[: held.index(EOS)] if EOS in held else held

    assert free[:4] == [6, 6, 6, 6]
    assert max(len(list(run)) for token, run in itertools.groupby(held) if token) <= 3


def test_weights_are_read_when_it_is_told_to(make_model: MakeModel) -> None:
    model = make_model(seed=5)
    search = SearchConfig(beam_size=2)
    one = engine(model)
    before = one.search(Request(SOURCE), search)["scores"]
    model.output_bias.assign_add(np.linspace(0.0, 3.0, 10, dtype=np.float32))
    np.testing.assert_array_equal(one.search(Request(SOURCE), search)["scores"], before)
    one.refresh()
    after = engine(model).search(Request(SOURCE), search)["scores"]
    np.testing.assert_allclose(one.search(Request(SOURCE), search)["scores"], after, atol=1e-6)
    assert np.abs(after - before).max() > 0.01


def test_an_ensemble_takes_the_mean_of_the_probabilities(make_model: MakeModel, pair: Pair) -> None:
    one, other = make_model(seed=0), make_model(cell="gru", seed=2)
    search = SearchConfig(beam_size=3, length_penalty=0.0)
    found = Engine(pair.decoders).search(Request(SOURCE), search)
    ids = found["output_ids"][:, 0]
    mean = np.logaddexp(log_probs_of(one, ids), log_probs_of(other, ids)) - np.log(2.0)
    expected = np.where(ids, mean, 0.0)

    np.testing.assert_allclose(found["log_probs"][:, 0], expected, atol=pair.tolerance)


def test_a_sentence_may_use_its_own_shortlist(pair: Pair) -> None:
    for one in pair.engines():
        found = one.search(Request(SOURCE), SearchConfig(beam_size=5, n_best=5))
        for ids, own in zip(found["output_ids"], OWN, strict=True):
            assert set(ids[ids > 0].tolist()) <= own


@pytest.mark.parametrize("listed", [None, np.array([0, 3, 6], np.int32)], ids=str)
def test_an_ensemble_of_different_shortlists_looks_at_all_pieces(
    make_model: MakeModel, pair: Pair, listed: Any
) -> None:
    models = pair.decoders[0], GraphDecoder(stepwise(make_model(seed=3)), listed)
    search = SearchConfig(beam_size=4, n_best=4)
    found, expected = (
        Engine(models, lexicon).search(Request(SOURCE), search) for lexicon in (LEXICON, None)
    )
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)
    for ids, own in zip(found["output_ids"], OWN, strict=True):
        assert set(ids[ids > 0].tolist()) - own


@pytest.mark.parametrize("models", [1, 2])
def test_what_a_shortlist_leaves_out_keeps_its_probability(
    make_model: MakeModel, models: int
) -> None:
    """All that is left out has the same weights here, so that the estimate is exact."""
    made = [make_model(seed=seed) for seed in range(models)]
    left_out = [0, 1, 2, 6, 7, 8, 9]
    for n, model in enumerate(made):
        table = np.asarray(model.target_embeddings).copy()
        bias = np.asarray(model.output_bias).copy()
        table[left_out] = table[6]
        bias[left_out] = 0.3 - n
        model.target_embeddings.assign(table)
        model.output_bias.assign(bias)
    lexicon = Lexicon(np.array([4, 5], np.int32), np.zeros((10, 1), np.int32))
    found = engine(*made, lexicon=lexicon).search(Request(SOURCE), SearchConfig(beam_size=3))
    ids = found["output_ids"][:, 0]
    each = [np.exp(log_probs_of(model, ids)) for model in made]
    expected = np.where(ids, np.log(np.mean(each, axis=0)), 0.0)

    np.testing.assert_allclose(found["log_probs"][:, 0], expected, atol=1e-5)


def test_a_shortlist_of_all_pieces_changes_nothing(make_model: MakeModel) -> None:
    model, search = make_model(seed=3), SearchConfig(beam_size=4, n_best=4)
    lexicon = Lexicon(np.array([4, 5, 6], np.int32), np.zeros((10, 1), np.int32))
    barred = (7, 8, 9)
    output = np.asarray(model.output_bias).copy()
    output[[0, 1, 2, *barred]] = -1e3  # nothing is left of what is not listed
    model.output_bias.assign(output)
    short = engine(model, lexicon=lexicon).search(Request(SOURCE), search)
    free = engine(model, only_required=barred).search(Request(SOURCE), search)

    np.testing.assert_array_equal(short["output_ids"], free["output_ids"])
    np.testing.assert_allclose(short["scores"], free["scores"], atol=1e-5)


@pytest.mark.parametrize("lexicon", [None, LEXICON], ids=["all pieces", "shortlist"])
def test_what_is_required_is_put_out_once_and_by_nobody_else(
    pair: Pair, lexicon: Lexicon | None
) -> None:
    """Token 9, which no shortlist has, is only for sentences that ask for it; the first one does.

    It asks for 9 6, and 6 is on the shortlist of another.
    """
    phrases = np.zeros((3, 1, 2), np.int32)
    phrases[0, 0] = 9, 6
    spans = np.zeros((3, 1, 5), np.float32)
    spans[0, 0, 1] = 1.0
    joining = np.zeros(10, np.bool_)
    search = SearchConfig(beam_size=4, n_best=4)
    for one in pair.engines(lexicon=lexicon, only_required=(9,), joining=joining):
        found = one.search(Request(SOURCE, required=Required(phrases, spans)), search)
        ids = found["output_ids"]
        for row in ids[0, found["lengths"][0] > 0].tolist():
            assert row.count(9) == 1
            assert row[row.index(9) + 1] == 6
        assert found["lengths"][0, 0] > 0
        assert not (ids[1:] == 9).any()
