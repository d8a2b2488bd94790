from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf

from translator import export
from translator.errors import ExportError, ModelFolderError
from translator.export import export_model
from translator.saved_model import SavedTranslator
from translator.shortlist import Lexicon
from translator.tokenizer import Tokenizer, train_tokenizer

if TYPE_CHECKING:
    from translator.model import Seq2Seq

INFO = {"source_language": "xx", "target_language": "yy", "training": {"licence": "CC0"}}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(["uno dos tres", "one two three"] * 9, 290)


@pytest.fixture
def model(make_model: Callable[..., Seq2Seq], tokenizer: Tokenizer) -> Seq2Seq:
    return make_model(source_vocab_size=tokenizer.size, target_vocab_size=tokenizer.size)


@pytest.fixture(scope="module")
def exported(
    make_model: Callable[..., Seq2Seq],
    tokenizer: Tokenizer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A model folder with version 1 in it."""
    model = make_model(source_vocab_size=tokenizer.size, target_vocab_size=tokenizer.size)
    folder = tmp_path_factory.mktemp("exported") / "xx-yy"
    assert export_model(model, tokenizer, tokenizer, folder, INFO) == folder / "1"
    return folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    return Path(shutil.copytree(exported, tmp_path / "xx-yy"))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_of_the_gradients_is_left(exported: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = (exported / "1" / "saved_model.pb").read_bytes()
    assert b"_gradient_op_type" not in content
    assert b"internal_grad_fn" not in content
    tf.saved_model.load(str(exported / "1"))
    assert caplog.text == ""


def test_weights_are_stored_in_half_precision(exported: Path) -> None:
    stored = tf.train.load_checkpoint(str(exported / "1" / "variables" / "variables"))
    kinds, shapes = stored.get_variable_to_dtype_map(), stored.get_variable_to_shape_map()
    del kinds["_CHECKPOINTABLE_OBJECT_GRAPH"]
    info = SavedTranslator.load(exported).info
    weights = sum(np.prod(shapes[name]) for name in kinds)

    assert set(kinds.values()) == {tf.float16}
    assert weights == info["weights"] > 0
    [data] = (exported / "1" / "variables").glob("variables.data-*")
    assert data.stat().st_size < 2 * info["weights"] + 20_000


def test_weights_come_back_rounded(model: Seq2Seq, exported: Path) -> None:
    stored = tf.saved_model.load(str(exported / "1"))
    found = [np.asarray(weight) for weight in stored.weights]
    expected = [np.asarray(weight).astype(np.float16) for weight in model.weights]

    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_model_json(model: Seq2Seq, tokenizer: Tokenizer, exported: Path) -> None:
    info = json.loads((exported / "1" / "assets" / "model.json").read_text())

    assert info["format_version"] == 2
    assert info["source_language"] == "xx"
    assert info["training"] == {"licence": "CC0"}
    assert info["sizes"]["target_vocab_size"] == tokenizer.size
    assert info["weights"] == sum(np.prod(w.shape) for w in model.weights)
    files = {path.relative_to(exported / "1").as_posix() for path in contents(exported / "1")}
    assert set(info["files"]) == files - {"assets/model.json"}


def test_assets_are_the_tokenizers(tokenizer: Tokenizer, exported: Path) -> None:
    for side in ("source", "target"):
        assert (exported / "1" / "assets" / f"{side}.model").read_bytes() == tokenizer.serialized


@pytest.fixture(scope="module")
def ten(
    make_model: Callable[..., Seq2Seq],
    tokenizer: Tokenizer,
    exported: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Version 10, with a lexicon, beside version 9, which has none."""
    folder = Path(shutil.copytree(exported, tmp_path_factory.mktemp("ten") / "xx-yy"))
    os.rename(folder / "1", folder / "9")
    (folder / "notes").mkdir()
    size = tokenizer.size
    model = make_model(source_vocab_size=size, target_vocab_size=size)
    lexicon = Lexicon(np.array([7], np.int32), np.zeros((size, 3), np.int32))
    return export_model(model, tokenizer, tokenizer, folder, INFO, lexicon)


def test_the_next_version(ten: Path, exported: Path) -> None:
    folder = ten.parent
    assert ten == folder / "10"
    assert sorted(os.listdir(folder)) == ["10", "9", "notes"]
    before = contents(exported / "1")
    assert list(contents(folder / "9").values()) == list(before.values())
    assert SavedTranslator.load(folder).version == 10
    # Readable for the user that serves, too.
    assert ten.stat().st_mode & 0o777 == 0o755


def test_a_lexicon_goes_with_the_model(ten: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    version, size = Path(shutil.copytree(ten, tmp_path / "10")), tokenizer.size
    path = version / "assets" / "lexicon.npz"

    assert Lexicon.load(path, size, size).common.tolist() == [7]
    assert not (ten.parent / "9" / "assets" / "lexicon.npz").exists()  # there, none was given
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelFolderError, match=r"lexicon\.npz: damaged"):
        SavedTranslator.load(version)


@pytest.mark.parametrize("name", ["score", "translate"])
def test_a_folder_that_computes_something_else_is_found(
    name: str,
    model: Seq2Seq,
    tokenizer: Tokenizer,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is stored is made wrong by a hundredth; the model that is compared is not."""
    right = getattr(export, name)
    output = {"score": "log_probs", "translate": "scores"}[name]

    def wrong(*arguments: Any, **inputs: Any) -> dict[str, Any]:
        outputs = right(*arguments, **inputs)
        return {**outputs, output: outputs[output] - 0.01}

    monkeypatch.setattr(export, name, wrong)
    before = contents(folder)
    with pytest.raises(ExportError, match=f"{output} of the folder: expected those of the model"):
        export_model(model, tokenizer, tokenizer, folder, INFO)

    assert os.listdir(folder) == ["1"]
    assert contents(folder) == before


@pytest.mark.parametrize("value", [1e6, float("nan"), float("inf")])
def test_weights_that_do_not_fit_are_refused(
    value: float, model: Seq2Seq, tokenizer: Tokenizer, folder: Path
) -> None:
    model.output_bias.assign(np.full(model.output_bias.shape, value))
    with pytest.raises(ExportError, match="output_bias: expected numbers within float16"):
        export_model(model, tokenizer, tokenizer, folder, INFO)

    assert os.listdir(folder) == ["1"]


def test_a_folder_below_a_file_is_named(
    model: Seq2Seq, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    below = tmp_path / "file" / "xx-yy"

    with pytest.raises(ExportError, match=f"{below}: cannot be written: Not a directory"):
        export_model(model, tokenizer, tokenizer, below, INFO)


def test_an_interrupted_export_leaves_nothing(
    model: Seq2Seq, tokenizer: Tokenizer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: Any, **inputs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "score", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export_model(model, tokenizer, tokenizer, folder, INFO)

    assert os.listdir(folder) == ["1"]
