"""The signatures of a SavedModel, each taken out on its own.

`tf.saved_model.load` makes graphs of all functions that there are, for whoever may want them: that
takes a second and 60 MB, and a search wants a tenth of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

Tensor = Any
GraphDef = Any
MetaGraph = Any
Variables = Mapping[str, Any]
"""What a folder has learnt, by the names of its graph."""

Signature = Callable[..., dict[str, Tensor]]


class SavedFunctions:
    """What `saved_model.pb` has.

    Args:
        serialized: Its bytes.
        suffix: Of the names that its functions get: TensorFlow knows one of a name in a process.

    Attributes:
        names: Of its signatures.

    Raises:
        ValueError: There is no graph in it, or several.
        google.protobuf.message.DecodeError: It is something else.
    """

    def __init__(self, serialized: bytes, suffix: str) -> None:
        self._serialized = serialized  # what is parsed of it takes six times the memory
        self._suffix = suffix
        self.names = frozenset(self._parsed().signature_def)

    def signature(self, name: str) -> Signature:
        """A signature as a graph: from tensors by name to tensors by name.

        Its first argument is what `read` gives, if it reads weights.
        """
        meta = self._parsed()
        signature = meta.signature_def[name]
        inputs, outputs = _specs(signature.inputs), _specs(signature.outputs)
        part = _part(meta.graph_def, [spec.name for spec in outputs.values()], self._suffix)
        needed = {tensor for node in part.node for tensor in node.input}
        weights = [node.name for node in _variables(meta) if node.name in needed]
        feeds = {spec.name: tf.TensorSpec(spec.shape, spec.dtype) for spec in inputs.values()}
        feeds |= _handles(weights)

        def run(*given: Tensor) -> dict[str, Tensor]:
            found = _imported(part, feeds, given, [spec.name for spec in outputs.values()])
            for tensor, spec in zip(found, outputs.values(), strict=True):
                tensor.set_shape(spec.shape)
            return dict(zip(outputs, found, strict=True))

        graph = tf.compat.v1.wrap_function(run, [*feeds.values()])

        def call(variables: Variables | None = None, **given: Tensor) -> dict[str, Tensor]:
            handles = [(variables or {})[weight].handle for weight in weights]
            found: dict[str, Tensor] = graph(*(given[key] for key in inputs), *handles)
            return found

        return call

    def read(self, prefix: str) -> Variables:
        """Reads weights.

        Args:
            prefix: Path of their files, without what the name of each ends with.

        Raises:
            tf.errors.OpError: They cannot be read.
        """
        meta = self._parsed()
        saver = meta.saver_def
        part = _part(meta.graph_def, [saver.restore_op_name], self._suffix)
        # Of any shape, so that nothing need stand in them before.
        found = {
            node.name: tf.Variable(
                tf.zeros((), node.attr["dtype"].type), trainable=False, shape=tf.TensorShape(None)
            )
            for node in _variables(meta)
        }
        feeds = {saver.filename_tensor_name: tf.TensorSpec((), tf.string)} | _handles(found)

        def run(*given: Tensor) -> Tensor:
            with tf.control_dependencies(_imported(part, feeds, given, [saver.restore_op_name])):
                return tf.constant(True)

        restore = tf.compat.v1.wrap_function(run, [*feeds.values()])
        restore(tf.constant(prefix), *(variable.handle for variable in found.values()))
        return found

    def _parsed(self) -> MetaGraph:
        [meta] = saved_model_pb2.SavedModel.FromString(self._serialized).meta_graphs
        return meta


def _imported(
    part: GraphDef, feeds: Iterable[str], given: Iterable[Tensor], fetches: list[str]
) -> list[Any]:
    """Tensors or operations of a part, put into the graph that is being made."""
    fed = dict(zip(feeds, given, strict=True))
    found: list[Any] = tf.graph_util.import_graph_def(part, fed, fetches, name="")
    return found


def _variables(meta: MetaGraph) -> list[Any]:
    return [node for node in meta.graph_def.node if node.op == "VarHandleOp"]


def _handles(names: Iterable[str]) -> dict[str, tf.TensorSpec]:
    return {name: tf.TensorSpec((), tf.resource) for name in names}


def _specs(described: Mapping[str, Any]) -> dict[str, tf.TensorSpec]:
    """What a signature says of its tensors; nothing of it keeps what was parsed in memory."""
    return {
        key: tf.TensorSpec(tf.TensorShape(info.tensor_shape), info.dtype, info.name)
        for key, info in described.items()
    }


def _part(whole: GraphDef, fetches: Iterable[str], suffix: str) -> GraphDef:
    """The nodes that are fetched, and the functions that they call, under names of their own.

    What goes into the nodes is left out: all of it is fed.
    """
    names = {name.partition(":")[0] for name in fetches}
    functions = {function.signature.name: function for function in whole.library.function}
    part = tf.compat.v1.GraphDef(versions=whole.versions)
    part.node.extend(node for node in whole.node if node.name in names)
    nodes = [*part.node]
    taken: set[str] = set()
    while nodes:
        for called in _calls(nodes.pop()):
            if called.name not in taken:
                taken.add(called.name)
                function = part.library.function.add()
                function.CopyFrom(functions[called.name])
                function.signature.name += suffix
                nodes += function.node_def
            called.name += suffix
    return part


def _calls(node: Any) -> list[Any]:
    """Where a node names functions."""
    return [
        called
        for value in node.attr.values()
        for called in (value.func, *value.list.func)
        if called.name
    ]
