"""TensorFlow without its notes on start-up, for commands whose standard error people read."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

from translator.allocator import limit_arenas

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_IMPORTING = threading.RLock()
_SILENCING = threading.RLock()


def import_tensorflow(threads: int = 0) -> None:
    """Imports TensorFlow, and keeps to itself what it prints meanwhile.

    While it is imported, TensorFlow 2.21 writes to standard error whatever its log level says
    (its issue 100442); afterwards it heeds the level, which is set so that only fatal errors are
    shown. Level 0, set by the user, hides nothing: for a machine where the import fails.

    Args:
        threads: Among which one operation divides its work; 0 is as many as there are cores.
    """
    _import()
    if threads:
        import tensorflow as tf

        # A process in which TensorFlow has computed before keeps its threads, and says so by this.
        with contextlib.suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(threads)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keeps to itself what libraries write to standard error past Python; for one thread a time."""
    with _SILENCING:
        sys.stderr.flush()
        standard_error = os.dup(2)
        try:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)


def _import() -> None:
    # One thread at a time: what is put aside meanwhile, standard error too, is the process's own.
    with _IMPORTING:
        if "tensorflow" in sys.modules:
            return
        limit_arenas()
        silent = os.environ.setdefault(_LOG_LEVEL, "3") != "0"
        with silence() if silent else contextlib.nullcontext(), _without_keras():
            import tensorflow  # noqa: F401


@contextlib.contextmanager
def _without_keras() -> Iterator[None]:
    """Lets imports of Keras and of h5py fail, where they are not there yet.

    TensorFlow imports Keras to register optimizers for model folders that hold some, h5py for files
    of an older format, and goes on without them. To translate takes neither, and they cost 60 MB
    and a second. Whoever wants Keras imports it, before or after, as `keras` and not
    as `tensorflow.keras`.
    """
    unwanted = [name for name in ("keras", "h5py") if name not in sys.modules]
    for name in unwanted:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in unwanted:
            sys.modules.pop(name, None)
