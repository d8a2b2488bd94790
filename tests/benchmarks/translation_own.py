"""A model folder of ours as a system of `translation_process`, with more or less of what speeds it.

    python tests/benchmarks/translation_own.py MODEL SPEED_UP

The first speed-up is none: the signature `serving_default`, which any TensorFlow program may call.
Each of the others has those before it, and one thing more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from translation_process import BATCH_SIZE, Translate, serve

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from translator.quiet import import_tensorflow

ONE_THREAD_EACH = {"side by side", "shortlists"}
# How many threads divide an operation cannot be changed once TensorFlow has begun.
import_tensorflow(threads=1 if ONE_THREAD_EACH & {*sys.argv} else 0)

from translator.batch import pad
from translator.config import SearchConfig, from_mapping
from translator.constants import EOS
from translator.files import chunked
from translator.saved_model import SavedTranslator
from translator.shortlist import Lexicon
from translator.signatures import Precision, Stepwise, search_inputs
from translator.translator import Translator


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

    def stepwise(self) -> Stepwise:
        return self._saved.stepwise(self._precision)


def whole_graph(model: str) -> Translate:
    """The signature `serving_default`, batches in the order of the texts."""
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


def prepared(model: str) -> Translate:
    """Weights cast, and what can be computed of them, once only; batches as above."""
    translate = _translate(Translator(_Switched(SavedTranslator.load(model), "float32", None)))

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
    return _translate(Translator(_Switched(SavedTranslator.load(model), "float32", None)))


def bfloat16(model: str) -> Translate:
    """Products in bfloat16."""
    return _translate(Translator(_Switched(SavedTranslator.load(model), "bfloat16", None)))


def side_by_side(model: str) -> Translate:
    """A search for each core, in place of one that divides its work between them."""
    return _translate(Translator.load(model, shortlist=False), len(os.sched_getaffinity(0)))


def shortlists(model: str) -> Translate:
    """The output layer restricted to what a lexicon names for each sentence."""
    return _translate(Translator.load(model), len(os.sched_getaffinity(0)))


SPEED_UPS: dict[str, Callable[[str], Translate]] = {
    "none": whole_graph,
    "prepared": prepared,
    "sorted": sorted_by_length,
    "bfloat16": bfloat16,
    "side by side": side_by_side,
    "shortlists": shortlists,
}


def _translate(translator: Translator, workers: int = 1) -> Translate:
    def translate(texts: list[str], beam_size: int) -> tuple[list[str], list[int]]:
        search = translator.search_config(beam_size=beam_size)
        translations = translator.translate(texts, search, batch_size=BATCH_SIZE, workers=workers)
        best = [translation.hypotheses[0] for translation in translations]
        return [one.text for one in best], [len(one.tokens) for one in best]

    return translate


if __name__ == "__main__":
    serve(SPEED_UPS[sys.argv[2]](sys.argv[1]))
