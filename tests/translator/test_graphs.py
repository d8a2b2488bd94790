from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import tensorflow as tf

from translator.errors import ModelFolderError
from translator.model_folder import content_checksum
from translator.saved_model import SavedTranslator
from translator.signatures import Precision, step_signature

KEY = "weights/{}/.ATTRIBUTES/VARIABLE_VALUE"


def scaled(folder: Path, copy: Path, scale: float) -> Path:
    """A copy of a version folder with other weights and the same functions."""
    shutil.copytree(folder, copy)
    stored = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    names = sorted(stored.get_variable_to_shape_map())
    tensors = [stored.get_tensor(name) for name in names]
    values = [t if isinstance(t, bytes) else (t * scale).astype(np.float16) for t in tensors]
    shutil.rmtree(copy / "variables")
    part, whole = str(copy / "part"), str(copy / "variables" / "variables")
    tf.raw_ops.SaveV2(
        prefix=part, tensor_names=names, shape_and_slices=[""] * len(names), tensors=values
    )
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[part], destination_prefix=whole)
    path = copy / "assets" / "model.json"
    info = json.loads(path.read_text())
    for name in info["files"]:
        info["files"][name] = hashlib.sha256((copy / name).read_bytes()).hexdigest()
    path.write_text(json.dumps({**info, "checksum": content_checksum(info)}))
    return copy


@pytest.fixture
def folder(toy_model_folder: Path) -> Path:
    return toy_model_folder / "xx-yy" / "1"


@pytest.fixture
def other(folder: Path, tmp_path: Path) -> Path:
    return scaled(folder, tmp_path / "1", 0.5)


IDS = {
    "source_ids": tf.constant([[20, 21, 3]]),
    "target_ids": tf.constant([[22, 23, 3]]),
}


def score(model: SavedTranslator) -> list[float]:
    found: list[float] = model.score(**IDS)["log_probs"].numpy()[0].tolist()
    return found


def test_two_models_of_the_same_functions_keep_their_own_weights(folder: Path, other: Path) -> None:
    expected = [
        tf.saved_model.load(str(path)).signatures["score"](**IDS)["log_probs"].numpy()[0].tolist()
        for path in (folder, other)
    ]
    assert expected[0] != expected[1]
    one, two = SavedTranslator.load(folder), SavedTranslator.load(other)
    assert [score(model) for model in (one, two, one, two)] == expected * 2
    weights = [model.stepwise("float32").weights()["output_bias"] for model in (one, two, one)]
    np.testing.assert_array_equal(weights[0] * 0.5, weights[1])
    np.testing.assert_array_equal(weights[0], weights[2])


@pytest.mark.parametrize("precision", get_args(Precision))
def test_taken_apart_it_computes_what_tensorflow_loads(precision: Precision, folder: Path) -> None:
    whole = tf.saved_model.load(str(folder)).signatures
    parts = SavedTranslator.load(folder).stepwise(precision)

    def assert_same(function: str, found: Mapping[str, Any], **inputs: Any) -> None:
        expected = whole[step_signature(function, precision)](**inputs)
        assert found.keys() == expected.keys()
        for key, tensor in expected.items():
            assert found[key].dtype == tensor.dtype
            assert tf.reduce_all(found[key] == tensor)

    weights = parts.weights()
    assert_same("weights", weights)
    learnt = {key: x for key, x in weights.items() if key.startswith("weights_")}
    inputs = {**learnt, "source_ids": tf.constant([[20, 21, 3], [22, 3, 0]])}
    encoded = parts.encode(**inputs)
    assert_same("encode", encoded, **inputs)
    inputs = {**learnt, **encoded, "tokens": tf.constant([[2], [2]])}
    assert_same("step", parts.step(**inputs), **inputs)


def test_folders_of_the_same_functions_share_them(folder: Path, other: Path) -> None:
    one, two = (SavedTranslator.load(path).stepwise() for path in (folder, other))
    assert one.encode is two.encode
    assert one.step is two.step


def test_what_has_replaced_a_folder_is_read_anew(folder: Path, other: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    shutil.copytree(folder, place)
    before = SavedTranslator.load(place)
    found = score(before)
    shutil.rmtree(place)
    shutil.copytree(other, place)
    assert score(SavedTranslator.load(place)) != found


def test_weights_that_are_gone_are_named(folder: Path, other: Path) -> None:
    one, two = SavedTranslator.load(folder), SavedTranslator.load(other)
    shutil.rmtree(other)
    with pytest.raises(ModelFolderError, match=str(other)):
        score(two)
    with pytest.raises(ModelFolderError, match=str(other)):
        two.stepwise().weights()
    assert score(one) == score(SavedTranslator.load(folder))
