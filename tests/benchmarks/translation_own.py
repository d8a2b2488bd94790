"""A model folder of ours as a system of `translation_process`, with more or less of what speeds it.

    python tests/benchmarks/translation_own.py MODEL SPEED_UP

The first speed-up is none: the signature `serving_default`, which any TensorFlow program may call.
Each of the others has those before it, and one thing more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from translation_process import BATCH_SIZE, Translate, serve

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from translator.quiet import import_tensorflow

ONE_THREAD_EACH = {"side by side", "shortlists", "bfloat16"}
# How many threads divide an operation cannot be changed once TensorFlow has begun.
if "compiled" not in sys.argv:
    import_tensorflow(threads=1 if ONE_THREAD_EACH & {*sys.argv} else 0)

from translator.batch import pad
from translator.config import SearchConfig, from_mapping
from translator.constants import EOS
from translator.decoders import Decoder
from translator.files import chunked
from translator.hardware import count_cores
from translator.saved_model import SavedTranslator
from translator.shortlist import Lexicon
from translator.translator import Translator

if TYPE_CHECKING:
    from translator.signatures import Precision


class _Switched:
    """A model folder, less some of what it offers to a `Translator`."""

    def __init__(self, saved: SavedTranslator, precision: Precision, lexicon: Lexicon | None):
        self.info = saved.info
        self.version = saved.version
        self.source = saved.source
        self.target = saved.target
        self.lexicon = lexicon
        self.dictionary = None
        self._saved = saved
        self._precision = precision

    def decoder(self) -> Decoder:
        from translator.graph_decoder import GraphDecoder

        listed = None if self._saved.lexicon is None else self._saved.lexicon.listed
        return GraphDecoder(self._saved.stepwise(self._precision), listed)


def whole_graph(model: str) -> Translate:
    """The signature `serving_default`, batches in the order of the texts."""
    from translator.signatures import search_inputs

    saved = SavedTranslator.load(model)

    def translate(texts: list[str], beam_size: int) -> tuple[list[str], list[int]]:
        settings = {**saved.info.get("search", {}), "beam_size": beam_size}
        search = from_mapping(SearchConfig, settings)
        outputs, tokens = [], []
        for batch in chunked(texts, BATCH_SIZE):
            source_ids = pad([[*saved.source.encode(text), EOS] for text in batch])
            found = saved.translate(**search_inputs(source_ids, search))
            lengths = found["lengths"].numpy()[:, 0].tolist()
            rows = found["output_ids"].numpy()[:, 0].tolist()
            outputs += [
                saved.target.decode(row[:length]) for row, length in zip(rows, lengths, strict=True)
            ]
            tokens += lengths
        return outputs, tokens

    return translate


def in_numpy(model: str) -> Translate:
    """The search outside of the graph: NumPy drives a step after another; batches as above."""
    translate = _translate(_graphs(model))

    def by_batches(texts: list[str], beam_size: int) -> tuple[list[str], list[int]]:
        outputs, tokens = [], []
        for batch in chunked(texts, BATCH_SIZE):
            of_batch = translate(batch, beam_size)
            outputs += of_batch[0]
            tokens += of_batch[1]
        return outputs, tokens

    return by_batches


def sorted_by_length(model: str) -> Translate:
    """Batches of sentences of like length."""
    return _translate(_graphs(model))


def side_by_side(model: str) -> Translate:
    """A search for each core, in place of one that divides its work between them."""
    return _translate(_graphs(model), count_cores())


def shortlists(model: str) -> Translate:
    """The output layer restricted to what a lexicon names for each sentence."""
    return _translate(_graphs(model, shortlist=True), count_cores())


def bfloat16(model: str) -> Translate:
    """Products in bfloat16."""
    return _translate(_graphs(model, "bfloat16", shortlist=True), count_cores())


def compiled(model: str) -> Translate:
    """LiteRT with weights of int8 in place of graphs of TensorFlow."""
    return _translate(Translator.load(model), count_cores())


SPEED_UPS: dict[str, Callable[[str], Translate]] = {
    "none": whole_graph,
    "in NumPy": in_numpy,
    "sorted": sorted_by_length,
    "side by side": side_by_side,
    "shortlists": shortlists,
    "bfloat16": bfloat16,
    "compiled": compiled,
}


def _graphs(model: str, precision: Precision = "float32", *, shortlist: bool = False) -> Translator:
    saved = SavedTranslator.load(model)
    return Translator(_Switched(saved, precision, saved.lexicon if shortlist else None))


def _translate(translator: Translator, workers: int = 1) -> Translate:
    def translate(texts: list[str], beam_size: int) -> tuple[list[str], list[int]]:
        search = translator.search_config(beam_size=beam_size)
        translations = translator.translate(texts, search, batch_size=BATCH_SIZE, workers=workers)
        best = [translation.hypotheses[0] for translation in translations]
        return [one.text for one in best], [len(one.tokens) for one in best]

    return translate


if __name__ == "__main__":
    serve(SPEED_UPS[sys.argv[2]](sys.argv[1]))
