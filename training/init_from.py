"""A trained model as the beginning of a new run: to another domain, or to a related language."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from training.beginning import Start
from training.checkpoint import read_arrays
from training.config import TrainConfig
from training.repeat import training_record
from training.run import Run
from translator.config import ModelConfig
from translator.errors import CheckpointError, ConfigError, ModelFolderError
from translator.model_folder import check_files, find_version, read_info
from translator.tokenizer import Tokenizer

_FREE = ("dropout", "truncate_bptt")
"""Settings of a model that its weights do not depend on have one of these in their names."""

_ORIGIN = {"data", "pairs", "command", "licence", "attribution", "origin"}
"""What is kept of what a model folder says of its training."""

_OF_VOCABULARY = {"vocab_size", "tokenizer", "joint_vocab"}


def open_start(path: Path) -> Start:
    """Reads what a new run takes over: from a run's best checkpoint, or from a model folder.

    A run is the better origin: a model folder holds its weights as float16.

    Args:
        path: The folder of a run, or a model folder such as `saved_models/es-en`.

    Raises:
        CheckpointError: It is neither, the run has not been validated yet, or a file of it is
            damaged.
        ModelFolderError: The model folder is damaged, or of an unknown format.
    """
    if (path / "run.json").exists():
        return _from_run(path)
    try:
        folder = find_version(path)
    except ModelFolderError as error:
        raise CheckpointError(
            f"{path}: expected the folder of a run, or a model folder. Received: neither"
        ) from error
    return _from_model_folder(folder)


def taken_over(path: Path) -> dict[str, Any]:
    """What a run that was begun in this way took over; the origin need not be there any more.

    Raises:
        CheckpointError: The folder holds no run.
    """
    return _architecture(dataclasses.asdict(Run.open(path).config))


def inherit(given: Mapping[str, Any], inherited: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Settings of a run that continues a model.

    Args:
        given: Settings that were asked for.
        inherited: `Start.settings`.
        path: What messages call the model.

    Returns:
        Both together.

    Raises:
        ConfigError: A setting that was asked for contradicts one that is inherited.
    """
    for name, value in inherited.items():
        if given.get(name, value) != value:
            raise ConfigError(
                f"{name}: expected {value!r}, as in {path}, whose weights are taken over. "
                f"Received: {given[name]!r}"
            )
    return {**given, **inherited}


def _from_run(path: Path) -> Start:
    run = Run.open(path)
    return Start(
        _architecture(dataclasses.asdict(run.config)),
        (run.source, run.target),
        list(read_arrays(run.best_weights).values()),
        training_record(run),
    )


def _from_model_folder(folder: Path) -> Start:
    try:
        import tensorflow as tf
    except ImportError as error:
        raise CheckpointError(
            f"{folder}: expected a run, since TensorFlow, which reads model folders, is missing"
        ) from error
    info = read_info(folder)
    check_files(folder, info)
    source, target = (
        Tokenizer.load(folder / "assets" / f"{side}.model") for side in ("source", "target")
    )
    weights = tf.saved_model.load(str(folder)).weights
    return Start(
        _architecture({**info.get("training", {}).get("settings", {}), **info["sizes"]}),
        (source, target),
        [np.asarray(weight).astype(np.float32) for weight in weights],
        {name: value for name, value in info.get("training", {}).items() if name in _ORIGIN},
    )


def _architecture(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Of a run's settings, those that shape its weights and its vocabulary."""
    known = {field.name for field in dataclasses.fields(TrainConfig)}
    sizes = {field.name for field in dataclasses.fields(ModelConfig)} & known
    fixed = {name for name in sizes if not any(part in name for part in _FREE)} | _OF_VOCABULARY
    return {name: settings[name] for name in sorted(fixed) if name in settings}
