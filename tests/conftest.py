"""A toy task that every test can use: digit strings, reversed ("314" becomes "413").

The model is trained by the training command and exported by the export command, once a session.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from toy import run_module, settings, toy_pairs, write_pairs

from translator.quiet import import_tensorflow


def pytest_configure(config: pytest.Config) -> None:
    """Commands that tests start do without JAX, and can be interrupted, though a shell that put us
    in its background has us ignore that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput") and config.getoption("dist", "no") != "no":
        return  # this process only hands out the tests
    paths = (str(Path(__file__).with_name("without_jax")), os.environ.get("PYTHONPATH", ""))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    import_tensorflow()
    import tensorflow as tf

    # To optimise a graph takes longer than all that a test does with it. Commands and servers that
    # tests start do it.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: begun last, one would leave the other process idle.

    The very first makes the toy run, while the other process is busy with what does without it.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda i: (i.path not in slow, i.path.name != "test_train_command.py"))


def pytest_collection_finish() -> None:
    """What thousands of collected tests hold is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Gzipped bytes hold the time, and all processes of a run must give a test the same name."""
    if isinstance(val, bytes) and val.startswith(b"\x1f\x8b"):
        return f"{argname}.gz"
    return None


@pytest.fixture(autouse=True)
def _environment_of_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands start as from a shell, not with what libraries have set here.

    JAX, which TensorFlow imports where it is installed, sets a level for TensorFlow's messages.
    """
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)


@pytest.fixture(scope="session")
def toy_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train.tsv, valid.tsv and test.tsv, no string in two of them."""

    def write(folder: Path) -> None:
        folder.mkdir()
        pairs = toy_pairs(6400, seed=1)
        for name, part in (
            ("train", pairs[:6000]),
            ("valid", pairs[6000:6200]),
            ("test", pairs[6200:]),
        ):
            write_pairs(folder / f"{name}.tsv", part)

    return _made_once("toy-corpus", write, tmp_path_factory)


@pytest.fixture(scope="session")
def toy_run(toy_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training run on the toy task."""

    def train(folder: Path) -> None:
        done = run_module(
            *("training", "train", "--source", "xx", "--target", "yy", "--output", folder),
            *("--train", toy_corpus / "train.tsv", "--valid", toy_corpus / "valid.tsv"),
            *("--threads", 1, "--no-report", *settings()),
        )
        assert done.returncode == 0, done.stderr

    return _made_once("toy-run", train, tmp_path_factory)


@pytest.fixture(scope="session")
def toy_model_folder(toy_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, as `saved_models`, that holds `xx-yy/1`."""

    def export(folder: Path) -> None:
        done = run_module("training", "export", toy_run, folder / "xx-yy")
        assert done.returncode == 0, done.stderr
        assert os.listdir(folder / "xx-yy") == ["1"]

    return _made_once("toy-models", export, tmp_path_factory)


def _made_once(
    name: str, make: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder that the first process of the tests makes, and the others wait for."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / f"{name}.made").exists():
            make(folder)
            (shared / f"{name}.made").touch()
    return folder
