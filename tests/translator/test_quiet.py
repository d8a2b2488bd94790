"""How TensorFlow is imported, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

from toy import ROOT

FROM_TWO_THREADS = """
import os, sys, threading
from translator.quiet import import_tensorflow

before = os.fstat(2)
threads = [threading.Thread(target=import_tensorflow) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert os.path.samestat(os.fstat(2), before), "standard error is another"
assert "tensorflow" in sys.modules
assert "keras" not in sys.modules and "h5py" not in sys.modules
import tensorflow as tf
import keras
assert tf.keras.__version__ == keras.__version__
"""

KERAS_FIRST = """
import sys, keras
from translator.quiet import import_tensorflow

import_tensorflow()
assert sys.modules["keras"] is keras
"""


def run(code: str) -> None:
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


def test_keras_is_left_out_and_can_be_had_later() -> None:
    run(FROM_TWO_THREADS)


def test_keras_stays_where_it_is_there() -> None:
    run(KERAS_FIRST)
