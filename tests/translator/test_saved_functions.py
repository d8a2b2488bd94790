from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from translator.saved_functions import SavedFunctions

VECTOR = tf.TensorSpec((None, 2), tf.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel of two weights, 2 and (3, 5), and of functions that call others."""
    path = tmp_path_factory.mktemp("saved")
    save(path, 2.0)
    return path


def save(path: Path, first: float) -> None:
    module = tf.Module()
    module.weights = [tf.Variable(first), tf.Variable([3.0, 5.0])]

    @tf.function
    def doubled(x: Any) -> Any:
        return tf.while_loop(lambda n, x: n < 1, lambda n, x: (n + 1, x * 2.0), (0, x))[1]

    @tf.function
    def outer(first: Any, second: Any) -> dict[str, Any]:
        return {"difference": doubled(first) - second, "first": doubled(first)}

    @tf.function
    def weights() -> dict[str, Any]:
        return {"product": module.weights[0] * module.weights[1]}

    signatures = {
        "outer": outer.get_concrete_function(first=VECTOR, second=VECTOR),
        "weights": weights.get_concrete_function(),
    }
    tf.saved_model.save(module, str(path), signatures=signatures)


def read(folder: Path) -> bytes:
    return (folder / "saved_model.pb").read_bytes()


def prefix(folder: Path) -> str:
    return str(folder / "variables" / "variables")


def test_a_signature_takes_and_gives_tensors_by_name(folder: Path) -> None:
    functions = SavedFunctions(read(folder), "_one")
    assert functions.names >= {"outer", "weights"}
    found = functions.signature("outer")(second=tf.constant([[1.0, 1]]), first=tf.ones((1, 2)) * 3)
    assert {key: x.numpy().tolist() for key, x in found.items()} == {
        "difference": [[5.0, 5.0]],
        "first": [[6.0, 6.0]],
    }


def test_in_another_graph_it_has_its_shapes_and_none_of_the_other_functions(folder: Path) -> None:
    outer = SavedFunctions(read(folder), "_one").signature("outer")

    @tf.function(input_signature=[VECTOR], autograph=False)
    def fourfold(x: Any) -> Any:
        doubled = outer(first=x, second=x)["first"]
        assert doubled.shape.as_list() == [None, 2]
        body = lambda n, x: (n + 1, outer(first=x, second=x)["first"])  # noqa: E731
        return tf.while_loop(lambda n, x: n < 1, body, (0, doubled))[1]

    assert fourfold(tf.constant([[1.0, 2.0]])).numpy().tolist() == [[4.0, 8.0]]
    library = fourfold.get_concrete_function().graph.as_graph_def().library
    names = [function.signature.name for function in library.function]
    assert any("outer" in name for name in names)
    assert not any("weights" in name or "restore" in name for name in names)


def test_weights_are_those_that_are_read(folder: Path, tmp_path: Path) -> None:
    save(tmp_path, 7.0)
    functions = SavedFunctions(read(folder), "_one")
    weights = functions.signature("weights")
    two, seven = functions.read(prefix(folder)), functions.read(prefix(tmp_path))
    for variables, product in ((two, [6.0, 10.0]), (seven, [21.0, 35.0]), (two, [6.0, 10.0])):
        assert weights(variables)["product"].numpy().tolist() == product


def test_functions_of_the_same_names_stay_apart(folder: Path) -> None:
    other = saved_model_pb2.SavedModel.FromString(read(folder))
    for function in other.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if node.op == "Mul":
                node.op = "AddV2"
    outers = [
        SavedFunctions(serialized, suffix).signature("outer")
        for serialized, suffix in ((read(folder), "_mul"), (other.SerializeToString(), "_add"))
    ]
    x = tf.constant([[3.0, 4.0]])
    found = [outer(first=x, second=x)["first"].numpy().tolist() for outer in outers]
    assert found == [[[6.0, 8.0]], [[5.0, 6.0]]]


def test_weights_that_are_not_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(tf.errors.OpError):
        SavedFunctions(read(folder), "_one").read(prefix(tmp_path))


@pytest.mark.parametrize(
    ("serialized", "error"), [(b"", ValueError), (b"\xff something else", DecodeError)]
)
def test_something_else(serialized: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        SavedFunctions(serialized, "_one")
