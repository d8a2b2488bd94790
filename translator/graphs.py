"""The functions of a model folder, which models of the same sizes share.

What a model computes is in `saved_model.pb`, and what it has learnt is beside it. Two models of the
same sizes differ in the latter alone: the first one loads the functions, and each further one only
reads its weights.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import tensorflow as tf
from google.protobuf.message import DecodeError

from translator.errors import ModelFolderError
from translator.saved_functions import SavedFunctions, Signature
from translator.signatures import SIGNATURES

Tensor = Any


class Stored(NamedTuple):
    """A version folder that has been verified.

    Attributes:
        folder: Where it is.
        functions: SHA-256 of its `saved_model.pb`.
    """

    folder: Path
    functions: str


class Graphs:
    """The signatures of a model folder that is taken apart, for any folder with the same.

    Raises:
        ModelFolderError: It is no SavedModel, or a signature is missing.
    """

    def __init__(self, stored: Stored) -> None:
        folder = stored.folder
        try:
            serialized = (folder / "saved_model.pb").read_bytes()
            self._functions = SavedFunctions(serialized, f"_{stored.functions}")
        except (OSError, ValueError, DecodeError) as error:
            raise _unreadable(folder, error) from error
        missing = set(SIGNATURES) - self._functions.names
        if missing:
            raise ModelFolderError(
                f"{folder}: expected the signatures {', '.join(SIGNATURES)}. "
                f"Received: none called {', '.join(sorted(missing))}"
            )
        self._signatures: dict[str, Signature] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, stored: Stored) -> Graphs:
        """Those of a folder, shared with all in use that have the same."""
        with _LOADING:
            graphs = _IN_USE.get(stored.functions)
            if graphs is None:
                graphs = _IN_USE[stored.functions] = cls(stored)
            return graphs

    def signature(self, name: str) -> Signature:
        """A signature; loaded when it is asked for first."""
        with self._lock:
            if name not in self._signatures:
                self._signatures[name] = self._functions.signature(name)
            return self._signatures[name]

    def weights(self, name: str, folder: Path) -> dict[str, Tensor]:
        """What the signature `weights_...` makes of the weights of a folder.

        Raises:
            ModelFolderError: They cannot be read any more.
        """
        try:
            variables = self._functions.read(str(folder / "variables" / "variables"))
            return self.signature(name)(variables)
        except tf.errors.OpError as error:
            raise _unreadable(folder, error) from error


def load_whole(folder: Path) -> Any:
    """Loads a version folder as any TensorFlow program may: all signatures, with their weights.

    Raises:
        ModelFolderError: TensorFlow cannot load it.
    """
    try:
        return tf.saved_model.load(str(folder))
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise _unreadable(folder, error) from error


_LOADING = threading.Lock()
_IN_USE: WeakValueDictionary[str, Graphs] = WeakValueDictionary()


def _unreadable(folder: Path, error: Exception) -> ModelFolderError:
    reason = str(error).partition("\n")[0]
    return ModelFolderError(f"{folder}: TensorFlow cannot load it: {reason}")
