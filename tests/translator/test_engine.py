"""The engine against the whole graph, and against probabilities by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from translator.config import SearchConfig
from translator.constants import EOS
from translator.engine import Engine, Request
from translator.inference import compiled, score
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


def engine(*models: Seq2Seq, lexicon: Lexicon | None = None, **kwargs: Any) -> Engine:
    return Engine([stepwise(model) for model in models], lexicon, **kwargs)


def engines(
    make_model: MakeModel, seeds: int, sizes: Any = MappingProxyType({}), **kwargs: Any
) -> Iterator[Engine]:
    """One engine with one set of weights after another: nothing is traced twice."""
    model = make_model(seed=0, **sizes)
    one = engine(model, **kwargs)
    for seed in range(seeds):
        for weight, other in zip(
            model.weights, make_model(seed=seed, **sizes).weights, strict=True
        ):
            weight.assign(other)
        one.refresh()
        yield one


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


@pytest.mark.parametrize("shortlist", [False, True])
@pytest.mark.parametrize("sizes", KINDS[:2], ids=str)
def test_a_sentence_alone_finds_what_it_finds_among_others(
    make_model: MakeModel, sizes: Any, shortlist: bool
) -> None:
    lexicon = Lexicon(np.array([4, 5, 6, 8], np.int32), np.zeros((12, 1), np.int32))
    searches = [
        SearchConfig(beam_size=4, n_best=4),
        SearchConfig(beam_size=5, n_best=2, length_penalty=0.0, max_length_ratio=0.1),
        SearchConfig(beam_size=1, length_penalty=2.0, max_length_ratio=0.1),
        SearchConfig(beam_size=4, n_best=3, coverage_penalty=0.7),
    ]
    for one in engines(make_model, 2, sizes, lexicon=lexicon if shortlist else None):
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


def test_shortlists_come_in_few_widths(make_model: MakeModel) -> None:
    model = make_model(target_vocab_size=400, source_vocab_size=12, share_embeddings=False)
    for common in (5, 200, 300):
        lexicon = Lexicon(np.arange(4, 4 + common, dtype=np.int32), np.zeros((12, 1), np.int32))
        inputs = engine(model, lexicon=lexicon)._columns(Request(SOURCE))
        assert len(inputs["columns"]) == (256 if common < 256 else 512)
        assert (inputs["members"] == 0.0).sum(axis=1).tolist() == [common + 2] * 3  # PAD and EOS


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


def test_an_ensemble_takes_the_mean_of_the_probabilities(make_model: MakeModel) -> None:
    one, other = make_model(seed=1), make_model(cell="gru", seed=2)
    search = SearchConfig(beam_size=3, length_penalty=0.0)
    found = engine(one, other).search(Request(SOURCE), search)
    ids = found["output_ids"][:, 0]
    mean = np.logaddexp(log_probs_of(one, ids), log_probs_of(other, ids)) - np.log(2.0)

    np.testing.assert_allclose(found["log_probs"][:, 0], np.where(ids, mean, 0.0), atol=1e-5)


def test_a_sentence_may_use_its_own_shortlist(make_model: MakeModel) -> None:
    """5 in every sentence, and what its own pieces have: 6 for piece 7, 7 and 8 for piece 9."""
    table = np.zeros((10, 2), np.int32)
    table[7, 0] = 6
    table[9] = 7, 8
    lexicon = Lexicon(np.array([5], np.int32), table)
    for one in engines(make_model, 5, lexicon=lexicon):
        found = one.search(Request(SOURCE), SearchConfig(beam_size=3, n_best=3))
        for n, own in enumerate([{EOS, 5, 7, 8}, {EOS, 5, 6}, {EOS, 5}]):
            ids = found["output_ids"][n]
            assert set(ids[ids > 0].tolist()) <= own


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


@pytest.mark.parametrize("shortlist", [False, True])
def test_what_is_required_is_put_out_once_and_by_nobody_else(
    make_model: MakeModel, shortlist: bool
) -> None:
    """Token 9 is only for sentences that ask for it; the first one does."""
    lexicon = None
    if shortlist:
        lexicon = Lexicon(np.array([4, 5, 6], np.int32), np.zeros((10, 1), np.int32))
    phrases = np.zeros((3, 1, 2), np.int32)
    phrases[0, 0, 0] = 9
    spans = np.zeros((3, 1, 5), np.float32)
    spans[0, 0, 1] = 1.0
    joining = np.zeros(10, np.bool_)
    for one in engines(make_model, 5, lexicon=lexicon, only_required=(9,), joining=joining):
        search = SearchConfig(beam_size=4, n_best=4)
        found = one.search(Request(SOURCE, required=Required(phrases, spans)), search)
        there = (found["output_ids"] == 9).sum(axis=-1)
        assert (there[0][found["lengths"][0] > 0] == 1).all()
        assert not there[1:].any()
