"""A trained model to a model folder: written aside, verified, then moved into place."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from translator.batch import Ids, pad
from translator.compiling import lite_functions
from translator.config import SearchConfig
from translator.constants import BOS, EOS, NUM_SPECIAL
from translator.dictionary import Dictionary
from translator.errors import ExportError, TranslatorError
from translator.files import digest
from translator.graph_decoder import GraphDecoder
from translator.inference import compiled, score, translate
from translator.model import Seq2Seq
from translator.model_folder import (
    CARD,
    COMPILED,
    DICTIONARY,
    FORMAT_VERSION,
    LEXICON,
    content_checksum,
    version_folders,
)
from translator.saved_model import SavedTranslator
from translator.shortlist import Lexicon
from translator.signatures import (
    SCORE_SPEC,
    TRANSLATE_SPEC,
    Precision,
    search_inputs,
    step_signature,
)
from translator.stepwise import stepwise
from translator.tokenizer import Tokenizer

Tensor = Any

Describe = Callable[[SavedTranslator], Mapping[str, Any]]
"""What `model.json` is to tell that only the written model shows, such as its scores."""

_TOLERANCE = 1e-3
"""Largest difference of log-probabilities between a live model and its folder."""

_ROUNDING = 0.3
"""Largest mean difference of logits between a model and its compiled functions; usual is 0.02. More
is no rounding any more."""


def export_model(
    model: Seq2Seq,
    source: Tokenizer,
    target: Tokenizer,
    folder: str | os.PathLike[str],
    info: Mapping[str, Any],
    lexicon: Lexicon | None = None,
    dictionary: Dictionary | None = None,
    describe: Describe | None = None,
    card: Callable[[Mapping[str, Any]], str] | None = None,
) -> Path:
    """Writes the next version of a model folder.

    Args:
        model: The model, its dtype float32. Its weights are stored as float16, and rounded to it
            in place, so that what is compared is what is kept.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side.
        folder: Such as `saved_models/es-en`; the version goes below it.
        info: What `model.json` is to tell beside the sizes: `source_language`, `target_language`,
            and whatever is known of training, data, licence and scores.
        lexicon: What shortlists for the search are made of, if there is one.
        dictionary: The words of the pairs, if they are known.
        describe: Adds to `info` what it finds out by translating with what was written. That is
            written before anything is traced for a translation, because TensorFlow numbers its
            functions by all it traced before: so models of the same sizes that are exported by
            processes of their own have the same `saved_model.pb`, which a server loads once.
        card: Writes the model card from `model.json`; without it there is none.

    Returns:
        The folder of the version.

    Raises:
        ExportError: The disk is full, the folder cannot be written, or what was written does not
            compute what the model does. Versions that were there are untouched.
    """
    root = Path(folder)
    with _writing(root):
        root.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".export-", dir=root))
    try:
        with _writing(root):
            _round_to_float16(model)
            _write(model, source, target, aside)
            _compile(model, lexicon, aside)
            if lexicon is not None:
                lexicon.save(aside / LEXICON)
            if dictionary is not None:
                dictionary.save(aside / DICTIONARY)
            _describe(model, aside, info)
            saved = _verified(model, aside)
        found = describe(saved) if describe is not None else {}
        with _writing(root):
            described = _describe(model, aside, {**info, **found})
            if card is not None:
                (aside / CARD).write_text(card(described), "utf-8")
            return _move(aside, root)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        raise ExportError(f"{folder}: cannot be written: {_first_line(error)}") from error


def _round_to_float16(model: Seq2Seq) -> None:
    """Rounds weights to what a model folder stores, in place."""
    for weight in model.weights:
        with np.errstate(over="ignore"):  # told below, by name
            rounded = np.asarray(weight).astype(np.float16)
        if not np.isfinite(rounded).all():
            raise ExportError(f"{weight.path}: expected numbers within float16. Received: others")
        weight.assign(rounded.astype(np.float32))


def _write(
    model: Seq2Seq,
    source: Tokenizer,
    target: Tokenizer,
    folder: Path,
) -> None:
    """Writes the SavedModel and the vocabularies."""
    module = tf.Module()
    module.weights = [tf.Variable(np.asarray(w).astype(np.float16)) for w in model.weights]

    def with_stored_weights(function: Any, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        values = [tf.cast(stored, tf.float32) for stored in module.weights]
        with keras.StatelessScope(list(zip(model.weights, values, strict=True))):
            outputs: dict[str, Tensor] = function(model, **inputs)
        return outputs

    def whole(function: Any, spec: Mapping[str, Any]) -> Any:
        graph = tf.function(lambda **inputs: with_stored_weights(function, inputs), autograph=False)
        return graph.get_concrete_function(**spec)

    signatures = {
        "serving_default": whole(translate, TRANSLATE_SPEC),
        "score": whole(score, SCORE_SPEC),
    }
    for precision in get_args(Precision):
        policy = "float32" if precision == "float32" else f"mixed_{precision}"
        twin = Seq2Seq(model.config, dtype=policy)
        functions = stepwise(twin, module.weights)._asdict()
        signatures |= {step_signature(name, precision): f for name, f in functions.items()}
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(module, str(folder), signatures=signatures, options=options)
    _drop_gradients(folder / "saved_model.pb")
    (folder / "fingerprint.pb").unlink()  # of what it was before; `model.json` has checksums
    assets = folder / "assets"
    assets.mkdir(exist_ok=True)
    (assets / "source.model").write_bytes(source.serialized)
    (assets / "target.model").write_bytes(target.serialized)


def _compile(model: Seq2Seq, lexicon: Lexicon | None, folder: Path) -> None:
    """Writes the functions that searches run."""
    (folder / COMPILED).mkdir()
    functions = lite_functions(model, None if lexicon is None else lexicon.listed)
    for name, content in functions.items():
        (folder / COMPILED / f"{name}.tflite").write_bytes(content)


def _drop_gradients(path: Path) -> None:
    """Takes out the names of gradients that the layers define; they were not saved.

    Whoever loads a model folder translates. With its gradients it would be larger and take longer
    to load, and with their names alone TensorFlow warns that they are missing.
    """
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(path.read_bytes())
    for graph in saved.meta_graphs:
        for function in graph.graph_def.library.function:
            for node in function.node_def:
                if "_gradient_op_type" in node.attr:
                    del node.attr["_gradient_op_type"]
    path.write_bytes(saved.SerializeToString(deterministic=True))


def _describe(model: Seq2Seq, folder: Path, info: Mapping[str, Any]) -> dict[str, Any]:
    """Writes `model.json` and gives it: `info`, sizes, and a checksum of each other file."""
    place = folder / "assets" / "model.json"
    described = {
        "format_version": FORMAT_VERSION,
        **info,
        "sizes": dataclasses.asdict(model.config),
        "weights": sum(int(np.prod(w.shape)) for w in model.weights),
        "files": {
            path.relative_to(folder).as_posix(): digest(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path != place
        },
    }
    described["checksum"] = content_checksum(described)
    text = json.dumps(described, indent=2, ensure_ascii=False)
    place.write_text(text + "\n", "utf-8")
    return described


def _verified(model: Seq2Seq, folder: Path) -> SavedTranslator:
    """Loads what was written and compares it with the model on random sentences."""
    try:
        saved = SavedTranslator.load(folder)
    except TranslatorError as error:
        raise ExportError(f"what was written cannot be read back: {error}") from error
    rng = np.random.default_rng(0)
    sizes = model.config
    source, target = (
        pad([[*rng.integers(NUM_SPECIAL, size, length), EOS] for length in (9, 5, 1)])
        for size in (sizes.source_vocab_size, sizes.target_vocab_size)
    )
    live_translate, live_score = compiled(model)
    pairs = {"source_ids": tf.constant(source), "target_ids": tf.constant(target)}
    search = search_inputs(source, SearchConfig(beam_size=2))
    for name, live, stored in (
        ("log_probs", live_score(**pairs), saved.score(**pairs)),
        ("scores", live_translate(**search), saved.translate(**search)),
    ):
        difference = float(np.max(np.abs(live[name].numpy() - stored[name].numpy())))
        if not difference <= _TOLERANCE:
            raise ExportError(
                f"{name} of the folder: expected those of the model within {_TOLERANCE}. "
                f"Received: a difference of {difference}"
            )
    difference = _rounding(saved, source)
    if not difference <= _ROUNDING:
        raise ExportError(
            f"the compiled functions: expected the logits of the model within {_ROUNDING} in the "
            f"mean. Received: a difference of {difference}"
        )
    return saved


def _rounding(saved: SavedTranslator, source: Ids) -> float:
    """How much the logits of two steps differ for weights of int8; the mean."""
    listed = None if saved.lexicon is None else saved.lexicon.listed
    columns = None if saved.lexicon is None else saved.lexicon.shortlist(source).ids
    first, second = (np.full((len(source), 1), token, np.int32) for token in (BOS, NUM_SPECIAL))
    found = []
    for decoder in (saved.decoder(), GraphDecoder(saved.stepwise("float32"), listed)):
        with decoder.decoding(source, columns) as decoding:
            one, state, _ = decoding.step(first, decoding.state, decoding.source)
            other, _, _ = decoding.step(second, state, decoding.source)
            found.append(np.concatenate([one, other]))
    return float(np.mean(np.abs(found[0] - found[1])))


def _move(aside: Path, root: Path) -> Path:
    version = max((number for number, _ in version_folders(root)), default=0) + 1
    place = root / str(version)
    aside.chmod(0o755)
    os.rename(aside, place)
    return place


def _first_line(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text.splitlines()[0] if text else type(error).__name__
