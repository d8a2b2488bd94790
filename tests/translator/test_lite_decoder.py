"""The compiled functions against the model that they are made of."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from translator import lite_decoder
from translator.compiling import lite_functions
from translator.decoders import Decoder
from translator.graph_decoder import GraphDecoder
from translator.lite_decoder import LiteDecoder
from translator.model import Seq2Seq
from translator.shortlist import Lexicon
from translator.stepwise import stepwise
from translator.translator import Translator

MakeModel = Callable[..., Seq2Seq]
ROOT = Path(__file__).resolve().parents[2]

SOURCE = np.array([[4, 9, 5, 6, 3], [7, 3, 0, 0, 0], [0, 0, 0, 0, 0], [8, 8, 4, 3, 0]], np.int32)
TOKENS = np.array([[4, 5], [6, 7], [8, 9], [5, 5]], np.int32)
LEXICON = Lexicon(np.array([4, 5, 7], np.int32), np.array([[0]] * 4 + [[8]] * 8, np.int32))
PIECES = 10


@pytest.fixture(scope="module")
def functions(make_model: MakeModel) -> dict[str, bytes]:
    """Of a model that gives the logits of all pieces."""
    return lite_functions(make_model())


@pytest.fixture
def decoder(functions: dict[str, bytes]) -> LiteDecoder:
    return LiteDecoder(functions, PIECES)


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The idle models, of which there are none, of decoders that are made from now on."""
    monkeypatch.setattr(lite_decoder, "_IDLE", lite_decoder._Idle())
    return lite_decoder._IDLE


def steps(decoder: Decoder, source: Any, tokens: Any, columns: Any = None) -> list[Any]:
    """Logits, attention and state of two steps, the second one with two beams."""
    with decoder.decoding(source, columns) as decoding:
        given = decoding.source
        first, state, looked = decoding.step(tokens[:, :1], decoding.state, given)
        state = {name: np.repeat(x, 2, axis=1) for name, x in state.items()}
        second, state, looked_then = decoding.step(tokens, state, given)
        return [first, looked, second, looked_then, *(state[name] for name in sorted(state))]


@pytest.mark.slow
@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"cell": "gru", "attention": "multiplicative", "decoder_layers": 2, "encoder_layers": 3},
        {"cell": "tanh", "attention": "none", "layer_norm": True, "tie_output": False},
        {"bidirectional": False, "share_embeddings": False, "source_vocab_size": 12},
    ],
    ids=str,
)
def test_computes_what_the_model_does(make_model: MakeModel, sizes: Any) -> None:
    model = make_model(**sizes)
    listed = LEXICON.listed
    exact = GraphDecoder(stepwise(model), listed)
    near = LiteDecoder(lite_functions(model, listed), PIECES, listed)
    there = SOURCE.any(axis=1)
    for columns in (LEXICON.shortlist(SOURCE).ids, None):
        for found, expected in zip(
            steps(near, SOURCE, TOKENS, columns), steps(exact, SOURCE, TOKENS, columns), strict=True
        ):
            assert found.dtype == np.float32
            np.testing.assert_allclose(found[there], expected[there], atol=0.03)


def test_a_sentence_is_alone_what_it_is_among_others(decoder: LiteDecoder) -> None:
    """But for the rounding of float32, whatever was searched before."""
    together = steps(decoder, SOURCE, TOKENS)
    for n, row in enumerate(SOURCE):
        if row.any():
            alone = steps(decoder, row[row > 0][None], TOKENS[[n]])
            for found, of_all in zip(alone, together, strict=True):
                expected = of_all[n, ..., : found.shape[-1]]
                np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_what_was_searched_before_changes_nothing(functions: dict[str, bytes]) -> None:
    decoder = LiteDecoder(functions, PIECES)
    for rows in ([0, 1, 2, 3], [0], [3, 0, 1] * 9, [1], [0, 1, 2, 3]):
        source, tokens = SOURCE[rows], TOKENS[rows]
        source = source[:, : np.count_nonzero(source, axis=1).max()]
        fresh = steps(LiteDecoder(functions, PIECES), source, tokens)
        for found, expected in zip(steps(decoder, source, tokens), fresh, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_sentences_may_leave_the_batch(decoder: LiteDecoder) -> None:
    left = [0, 3]
    _, _, logits, attention, *_ = steps(decoder, SOURCE, TOKENS)
    with decoder.decoding(SOURCE, None) as decoding:
        _, state, _ = decoding.step(TOKENS[:, :1], decoding.state, decoding.source)
        state = {name: np.repeat(x[left], 2, axis=1) for name, x in state.items()}
        source = {name: x[left] for name, x in decoding.source.items()}
        found, _, looked = decoding.step(TOKENS[left], state, source)
    np.testing.assert_allclose(found, logits[left], atol=1e-5)
    np.testing.assert_allclose(looked, attention[left], atol=1e-5)


def test_an_error_in_a_search_spoils_no_other(decoder: LiteDecoder) -> None:
    """The second step has more rows of tokens than of states: it fails half prepared."""
    expected = steps(decoder, SOURCE, TOKENS)

    def fail() -> None:
        with decoder.decoding(SOURCE[:2], None) as decoding:
            _, state, _ = decoding.step(TOKENS[:2, :1], decoding.state, decoding.source)
            decoding.step(TOKENS, state, decoding.source)

    with pytest.raises(RuntimeError):
        fail()
    for found, before in zip(steps(decoder, SOURCE, TOKENS), expected, strict=True):
        np.testing.assert_array_equal(found, before)


def test_threads_share_a_decoder(decoder: LiteDecoder) -> None:
    batches = [[0, 1, 2, 3], [3, 2, 1, 0], [0], [1, 3]]
    expected = [steps(decoder, SOURCE[rows], TOKENS[rows]) for rows in batches]
    with ThreadPoolExecutor(len(batches)) as pool:
        found = pool.map(lambda rows: steps(decoder, SOURCE[rows], TOKENS[rows]), batches * 20)
        for made, alone in zip(found, expected * 20, strict=True):
            for x, y in zip(made, alone, strict=True):
                np.testing.assert_array_equal(x, y)


def test_the_models_of_a_decoder_that_is_gone_are_let_go(
    functions: dict[str, bytes], idle: Any
) -> None:
    gone, other = LiteDecoder(functions, PIECES), LiteDecoder(functions, PIECES)
    for decoder in (gone, other):
        steps(decoder, SOURCE, TOKENS)
    of_gone, of_other = (weakref.ref(model) for _, model in idle._models)
    del gone, decoder
    gc.collect()
    steps(other, SOURCE, TOKENS)
    assert of_gone() is None
    assert [model for _, model in idle._models] == [of_other()]


def test_idle_models_hold_no_more_than_they_may(
    functions: dict[str, bytes], idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three, each with 4 sentences x 2 beams x 5 pieces, the last two stay."""
    monkeypatch.setattr(lite_decoder, "_MAX_IDLE", 2 * (lite_decoder._CELLS_OF_MODEL + 40))
    decoders = [LiteDecoder(functions, PIECES) for _ in range(3)]
    for decoder in decoders:
        steps(decoder, SOURCE, TOKENS)
    assert [idle.take(decoder._number) is None for decoder in decoders] == [True, False, False]


def test_searches_side_by_side_do_not_meet(decoder: LiteDecoder) -> None:
    one, two = steps(decoder, SOURCE, TOKENS), steps(decoder, SOURCE[::-1], TOKENS)
    with decoder.decoding(SOURCE, None) as first, decoder.decoding(SOURCE[::-1], None) as second:
        made = [
            decoding.step(TOKENS[:, :1], decoding.state, decoding.source)[0]
            for decoding in (first, second, first, second)
        ]
    np.testing.assert_array_equal(made, [one[0], two[0]] * 2)


def test_is_the_same_byte_for_byte(make_model: MakeModel, functions: dict[str, bytes]) -> None:
    assert lite_functions(make_model()) == functions


def test_refuses_what_is_no_such_model(functions: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match=r"expected 5 logits\. Received: 10"):
        LiteDecoder(functions, PIECES, LEXICON.listed)
    with pytest.raises(ValueError, match="expected a function called begin"):
        LiteDecoder({name: functions[name] for name in ("read_0", "step")}, PIECES)
    with pytest.raises(ValueError, match="not a valid"):
        LiteDecoder({**functions, "step": b"no model"}, PIECES)


def test_translating_needs_no_tensorflow(toy_model_folder: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from translator.translator import Translator\n"
        f"translator = Translator.load({str(toy_model_folder / 'xx-yy')!r})\n"
        "print(translator.translate(['aa bb cc'])[0].text)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    expected = Translator.load(toy_model_folder / "xx-yy").translate(["aa bb cc"])[0].text
    assert done.stdout.strip() == expected, done.stderr


def test_each_interpreter_computes_the_same(make_model: MakeModel) -> None:
    """Without the copies of `compiling._copied`, one in 20 goes wrong after its first step."""
    functions = lite_functions(make_model(cell="gru", seed=2))
    rng = np.random.default_rng(0)
    states = [{"state_0": np.tanh(rng.normal(0, 1, (4, 2, 4))).astype(np.float32)} for _ in "abc"]

    def logits() -> list[Any]:
        decoder = LiteDecoder(functions, PIECES)
        with decoder.decoding(SOURCE, None) as decoding:
            return [decoding.step(TOKENS, state, decoding.source)[0] for state in states]

    expected = logits()
    for _ in range(100):
        np.testing.assert_allclose(logits(), expected, atol=1e-5)
