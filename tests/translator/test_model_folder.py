from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from translator.errors import ModelFolderError
from translator.model_folder import COMPILED, content_checksum, find_version
from translator.saved_model import SavedTranslator
from translator.tokenizer import train_tokenizer
from translator.translator import Translator

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    "saved_model.pb",
    "variables/variables.index",
    "variables/variables.data-00000-of-00001",
    "assets/source.model",
    "assets/target.model",
    "assets/lexicon.npz",
    "assets/model.json",
    *(f"assets/compiled/{name}.tflite" for name in ("read_0", "begin", "step")),
]


@pytest.fixture
def version(toy_model_folder: Path, tmp_path: Path) -> Path:
    """A copy of a version folder that may be damaged."""
    return Path(shutil.copytree(toy_model_folder / "xx-yy" / "1", tmp_path / "xx-yy" / "1"))


def load_error(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        Translator.load(folder)
    return str(caught.value)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rewrite(version: Path, **changes: Any) -> None:
    """Changes what `model.json` says, and has its checksum say the same."""
    path = version / "assets" / "model.json"
    info = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({**info, "checksum": content_checksum(info)}))


class TestWhole:
    def test_what_it_tells(self, toy_model_folder: Path) -> None:
        translator = Translator.load(toy_model_folder / "xx-yy")

        assert (translator.source_language, translator.target_language) == ("xx", "yy")
        assert translator.version == 1
        assert translator.info["sizes"]["decoder_size"] == 64

    def test_files_are_all_there_are(self, version: Path) -> None:
        found = {p.relative_to(version).as_posix() for p in version.rglob("*") if p.is_file()}
        assert found - {"fingerprint.pb", "README.md"} == set(FILES)

    def test_a_path_may_be_a_string_and_a_version(self, toy_model_folder: Path) -> None:
        translator = Translator.load(str(toy_model_folder / "xx-yy" / "1"))
        assert translator.translate(["12"])[0].text == "21"


class TestDamaged:
    @pytest.mark.parametrize("where", [0, 0.5, -1], ids=["first", "middle", "last"])
    @pytest.mark.parametrize("name", FILES)
    def test_a_flipped_byte(self, name: str, where: float, version: Path) -> None:
        content = bytearray((version / name).read_bytes())
        # The last character of a text file is a line feed, which says nothing.
        position = int(where * len(content)) if where >= 0 else -3
        content[position] ^= 0x15
        (version / name).write_bytes(content)
        message = load_error(version.parent)

        assert message.startswith(f"{version / name}: ")
        assert "damaged" in message or "expected" in message

    @pytest.mark.parametrize("name", FILES)
    def test_a_cut_file(self, name: str, version: Path) -> None:
        content = (version / name).read_bytes()
        (version / name).write_bytes(content[: len(content) // 2])

        assert load_error(version).startswith(f"{version / name}: ")

    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_file(self, name: str, version: Path) -> None:
        (version / name).unlink()

        assert load_error(version.parent) == (
            f"{version / name}: cannot be read: No such file or directory"
        )

    @pytest.mark.parametrize("number", [0, 1, None, "2"])
    def test_an_unknown_format(self, number: Any, version: Path) -> None:
        rewrite(version, format_version=number)

        assert load_error(version.parent) == (
            f"{version / 'assets' / 'model.json'}: expected format_version 2; a folder of another "
            f"is exported anew from its run. Received: {number!r}"
        )

    @pytest.mark.parametrize("content", [b"[]", b"null", b"{", b"", b"\xff", b'{"a": 1}'])
    def test_a_description_of_something_else(self, content: bytes, version: Path) -> None:
        path = version / "assets" / "model.json"
        path.write_bytes(content)

        assert load_error(version.parent).startswith(f"{path}: expected ")

    def test_an_unlisted_file_is_not_trusted(self, version: Path) -> None:
        files = json.loads((version / "assets" / "model.json").read_text())["files"]
        files.pop("assets/source.model")
        rewrite(version, files=files)

        assert load_error(version).startswith(f"{version / 'assets' / 'source.model'}: damaged")

    def test_a_saved_model_of_something_else(self, version: Path) -> None:
        module = tf.Module()
        module.weight = tf.Variable(1.0)
        tf.saved_model.save(module, str(version))
        shutil.rmtree(version / COMPILED)  # without which it is what searches run
        left_out = ("assets/model.json", *(name for name in FILES if name.startswith(COMPILED)))
        names = [name for name in FILES if name not in left_out]
        rewrite(version, files={name: digest(version / name) for name in names})

        assert "expected the signatures serving_default, score, weights_" in load_error(version)


class TestCompiled:
    def without(self, version: Path, *names: str) -> None:
        for name in names:
            (version / COMPILED / f"{name}.tflite").unlink()
        left_out = ("assets/model.json", *(f"{COMPILED}/{name}.tflite" for name in names))
        files = {name: digest(version / name) for name in FILES if name not in left_out}
        rewrite(version, files=files)

    def test_a_function_is_missing(self, version: Path) -> None:
        self.without(version, "read_0")
        expected = f"{version / COMPILED}: expected the compiled functions of the model: "
        assert load_error(version).startswith(f"{expected}expected a function called read_0")

    def test_one_of_another_model(self, version: Path) -> None:
        step = version / COMPILED / "step.tflite"
        shutil.copy(next((ROOT / "saved_models" / "es-en").glob(f"*/{COMPILED}/step.tflite")), step)
        self.without(version)
        assert "logits. Received: " in load_error(version)

    def test_without_any_it_is_searched_with_tensorflow(self, version: Path) -> None:
        expected = Translator.load(version).translate(["12 345", "6"])
        self.without(version, "read_0", "begin", "step")
        found = Translator.load(version).translate(["12 345", "6"])
        for one, other in zip(found, expected, strict=True):
            assert one.text == other.text
            assert one.hypotheses[0].score == pytest.approx(other.hypotheses[0].score, abs=0.05)

    def test_without_any_and_without_tensorflow(
        self, version: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.without(version, "read_0", "begin", "step")

        def missing(threads: int = 0) -> None:
            raise ModuleNotFoundError("No module named 'tensorflow'")

        monkeypatch.setattr("translator.saved_model.import_tensorflow", missing)
        assert "expected compiled functions in assets/compiled, or TensorFlow" in load_error(
            version
        )


class TestTokenizers:
    def test_a_joint_vocabulary_is_loaded_once(self, version: Path) -> None:
        source = (version / "assets" / "source.model").read_bytes()
        saved = self.with_target(source, version)
        assert saved.target is saved.source

    def test_two_vocabularies(self, version: Path) -> None:
        target = train_tokenizer(["one two three"] * 9, 290).serialized
        saved = self.with_target(target, version)
        assert saved.target.serialized == target != saved.source.serialized

    def with_target(self, serialized: bytes, version: Path) -> SavedTranslator:
        path = version / "assets" / "target.model"
        path.write_bytes(serialized)
        files = json.loads((version / "assets" / "model.json").read_text())["files"]
        rewrite(version, files={**files, "assets/target.model": digest(path)})
        return SavedTranslator.load(version)


class TestVersions:
    def test_the_highest_number_is_loaded(self, version: Path) -> None:
        for number in ("2", "9", "10"):
            shutil.copytree(version, version.parent / number)
        (version.parent / "11-old").mkdir()
        (version.parent / "next").mkdir()
        (version.parent / ".export-abc").mkdir()
        (version.parent / "12").write_text("a file")

        assert SavedTranslator.load(version.parent).version == 10
        assert SavedTranslator.load(version).version == 1

    @pytest.mark.parametrize(
        ("names", "highest"), [(["1", "2"], "2"), (["9", "10"], "10"), (["0", "x"], "0")]
    )
    def test_versions_are_numbers(self, names: list[str], highest: str, tmp_path: Path) -> None:
        for name in names:
            (tmp_path / name).mkdir()
        assert find_version(tmp_path) == tmp_path / highest

    @pytest.mark.parametrize("name", ["one", "²", "٣", "-1", "1.0", " 1", "v2"])
    def test_other_folders_are_no_versions(self, name: str, tmp_path: Path) -> None:
        (tmp_path / name).mkdir()
        with pytest.raises(ModelFolderError, match="Received: no version folder"):
            find_version(tmp_path)

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        assert load_error(tmp_path) == (
            f"{tmp_path}: expected a model folder, with a version such as {tmp_path / '1'} in it. "
            "Received: no version folder"
        )

    def test_an_empty_version(self, tmp_path: Path) -> None:
        (tmp_path / "1").mkdir()
        assert load_error(tmp_path).startswith(f"{tmp_path / '1' / 'assets' / 'model.json'}: ")

    def test_a_folder_that_does_not_exist(self, tmp_path: Path) -> None:
        assert load_error(tmp_path / "none").endswith("Received: no such folder")

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert load_error(tmp_path / "file").startswith(f"{tmp_path / 'file'}: expected a model")


OUTSIDER = '''
"""Uses a model folder with TensorFlow and SentencePiece alone."""
import importlib.util, json, sys

assert importlib.util.find_spec("translator") is None
assert importlib.util.find_spec("training") is None

import numpy as np
import sentencepiece as spm
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

folder, *texts = sys.argv[1:]

saved_model = saved_model_pb2.SavedModel()
saved_model.ParseFromString(open(f"{folder}/saved_model.pb", "rb").read())
[graph] = saved_model.meta_graphs
nodes = list(graph.graph_def.node)
for function in graph.graph_def.library.function:
    nodes += function.node_def
operations = {node.op for node in nodes}

source = spm.SentencePieceProcessor(model_file=f"{folder}/assets/source.model")
target = spm.SentencePieceProcessor(model_file=f"{folder}/assets/target.model")
model = tf.saved_model.load(folder)

def array(rows):
    rows = [[*row, 3] for row in rows]
    width = max(map(len, rows))
    return tf.constant([row + [0] * (width - len(row)) for row in rows], tf.int32)

source_ids = array(source.encode(texts))
found = model.signatures["serving_default"](
    source_ids=source_ids,
    beam_size=tf.constant(3),
    n_best=tf.constant(2),
    min_length=tf.constant(0),
    no_repeat_ngram_size=tf.constant(0),
    length_penalty=tf.constant(1.0),
    coverage_penalty=tf.constant(0.0),
    max_length_ratio=tf.constant(2.0),
)
best = [
    [int(i) for i in ids[0][: lengths[0] - 1]]
    for ids, lengths in zip(found["output_ids"].numpy(), found["lengths"].numpy())
]
scored = model.signatures["score"](source_ids=source_ids, target_ids=array(best))
print(json.dumps({
    "texts": target.decode(best),
    "operations": sorted(operations),
    "unknown": [name for name in operations if op_def_registry.get(name) is None],
    "shapes": {name: list(tensor.shape) for name, tensor in found.items()},
    "dtypes": {name: tensor.dtype.name for name, tensor in found.items()},
    "log_probs": found["log_probs"].numpy()[:, 0].sum(-1).tolist(),
    "scored": scored["log_probs"].numpy().sum(-1).tolist(),
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
}))
'''


@pytest.fixture(scope="module")
def report(toy_model_folder: Path) -> dict[str, Any]:
    folder = toy_model_folder / "xx-yy" / "1"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-I", "-c", OUTSIDER, str(folder), "314", "12345678"],
        cwd="/",
        env={**environment, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


class TestOutsider:
    def test_translates(self, report: dict[str, Any]) -> None:
        assert report["texts"] == ["413", "87654321"]

    def test_nothing_of_this_project_was_there(self, report: dict[str, Any]) -> None:
        assert not {"translator", "training", "serving"} & set(report["modules"])
        assert "tensorflow" in report["modules"]

    def test_operations_are_core_ones(self, report: dict[str, Any]) -> None:
        assert report["unknown"] == []
        assert len(report["operations"]) > 20
        assert not [name for name in report["operations"] if "Py" in name or "Custom" in name]

    def test_both_signatures_agree(self, report: dict[str, Any]) -> None:
        assert report["scored"] == pytest.approx(report["log_probs"], abs=1e-4)

    def test_outputs_are_as_documented(self, report: dict[str, Any]) -> None:
        batch, n_best, length, source_length = report["shapes"]["alignments"]
        assert (batch, n_best) == (2, 2)
        assert report["shapes"] == {
            "output_ids": [batch, n_best, length],
            "lengths": [batch, n_best],
            "scores": [batch, n_best],
            "log_probs": [batch, n_best, length],
            "alignments": [batch, n_best, length, source_length],
            "finished": [batch, n_best],
        }
        assert report["dtypes"] == {
            "output_ids": "int32",
            "lengths": "int32",
            "scores": "float32",
            "log_probs": "float32",
            "alignments": "float32",
            "finished": "bool",
        }
