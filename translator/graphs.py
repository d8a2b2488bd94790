"""The functions of a model folder, which models of the same sizes share.

What a model computes is in `saved_model.pb`, and what it has learnt is beside it. Two models of the
same sizes differ in the latter alone: the first one loads the functions, which takes most of a
second and more memory than the weights do, and each further one only reads its weights.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import tensorflow as tf

from translator.errors import ModelFolderError
from translator.signatures import SIGNATURES

Tensor = Any


class Stored(NamedTuple):
    """A version folder that has been verified.

    Attributes:
        folder: Where it is.
        functions: SHA-256 of its `saved_model.pb`.
        checksum: Of all that is in it.
    """

    folder: Path
    functions: str
    checksum: str


class Graphs:
    """The signatures of a model folder, for the weights of any folder with the same.

    Raises:
        ModelFolderError: TensorFlow cannot load it, or a signature is missing.
    """

    def __init__(self, stored: Stored) -> None:
        folder = stored.folder
        try:
            self._module = tf.saved_model.load(str(folder))
        except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
            raise _unreadable(folder, error) from error
        missing = set(SIGNATURES) - set(self._module.signatures)
        if missing:
            raise ModelFolderError(
                f"{folder}: expected the signatures {', '.join(SIGNATURES)}. "
                f"Received: none called {', '.join(sorted(missing))}"
            )
        self._holds: str | None = stored.checksum
        self._lock = threading.Lock()

    @classmethod
    def of(cls, stored: Stored) -> Graphs:
        """Those of a folder, shared with all in use that have the same."""
        with _LOADING:
            graphs = _IN_USE.get(stored.functions)
            if graphs is None:
                graphs = _IN_USE[stored.functions] = cls(stored)
            return graphs

    def signature(self, name: str) -> Any:
        """A signature that reads no weights of its own: `encode_...` or `step_...`."""
        return self._module.signatures[name]

    def call(self, name: str, stored: Stored, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Calls a signature with the weights of a folder.

        Raises:
            ModelFolderError: They cannot be read any more.
        """
        with self._lock:
            if self._holds != stored.checksum:
                self._read_weights(stored)
            outputs: dict[str, Tensor] = self._module.signatures[name](**inputs)
        return outputs

    def _read_weights(self, stored: Stored) -> None:
        self._holds = None
        try:
            arrays = tf.train.load_checkpoint(str(stored.folder / "variables" / "variables"))
            for n, variable in enumerate(self._module.weights):
                variable.assign(arrays.get_tensor(f"weights/{n}/.ATTRIBUTES/VARIABLE_VALUE"))
        except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
            raise _unreadable(stored.folder, error) from error
        self._holds = stored.checksum


_LOADING = threading.Lock()
_IN_USE: WeakValueDictionary[str, Graphs] = WeakValueDictionary()


def _unreadable(folder: Path, error: Exception) -> ModelFolderError:
    reason = str(error).partition("\n")[0]
    return ModelFolderError(f"{folder}: TensorFlow cannot load it: {reason}")
