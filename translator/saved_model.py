"""A model folder to something callable, verified byte by byte first."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from translator.errors import ModelFolderError
from translator.tokenizer import Tokenizer

FORMAT_VERSION = 1

Tensor = Any

_EXPECTED = (
    "assets/source.model",
    "assets/target.model",
    "saved_model.pb",
    "variables/variables.index",
)


class SavedTranslator:
    """A loaded model folder.

    Attributes:
        info: `model.json`, as read.
        version: Number of the version folder; 0 where the folder's name is no number.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side.
    """

    def __init__(self, folder: Path, info: Mapping[str, Any], module: Any) -> None:
        self.info = info
        self.version = int(folder.name) if folder.name.isdigit() else 0
        self.source = Tokenizer.load(folder / "assets" / "source.model")
        self.target = Tokenizer.load(folder / "assets" / "target.model")
        self._module = module  # the signatures hold its variables weakly

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SavedTranslator:
        """Loads a version folder, or the highest version below a model folder.

        Raises:
            ModelFolderError: It is missing, damaged, or of an unknown format.
        """
        folder = find_version(Path(path))
        info = read_info(folder)
        _check_files(folder, info)
        try:
            module = tf.saved_model.load(str(folder))
        except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
            reason = str(error).partition("\n")[0]
            raise ModelFolderError(f"{folder}: TensorFlow cannot load it: {reason}") from error
        missing = {"serving_default", "score"} - set(module.signatures)
        if missing:
            raise ModelFolderError(
                f"{folder}: expected the signatures serving_default and score. "
                f"Received: none called {', '.join(sorted(missing))}"
            )
        return cls(folder, info, module)

    def translate(self, **inputs: Tensor) -> dict[str, Tensor]:
        """The signature `serving_default`; see `inference.translate`."""
        outputs: dict[str, Tensor] = self._module.signatures["serving_default"](**inputs)
        return outputs

    def score(self, **inputs: Tensor) -> dict[str, Tensor]:
        """The signature `score`; see `inference.score`."""
        outputs: dict[str, Tensor] = self._module.signatures["score"](**inputs)
        return outputs


def version_folders(folder: Path) -> list[tuple[int, Path]]:
    """Versions below a model folder, lowest first, as (number, path)."""
    if not folder.is_dir():
        return []
    return sorted(
        (int(path.name), path)
        for path in folder.iterdir()
        if path.is_dir() and path.name.isascii() and path.name.isdigit()
    )


def find_version(folder: Path) -> Path:
    """The folder itself if it is a version, else the highest version below it.

    Raises:
        ModelFolderError: There is no such folder, or no version in it.
    """
    if (folder / "saved_model.pb").exists() or (folder / "assets" / "model.json").exists():
        return folder
    versions = version_folders(folder)
    if not versions:
        there = "no version folder" if folder.is_dir() else "no such folder"
        raise ModelFolderError(
            f"{folder}: expected a model folder, with a version such as {folder / '1'} in it. "
            f"Received: {there}"
        )
    return versions[-1][1]


def read_info(folder: Path) -> Mapping[str, Any]:
    """`model.json` of a version folder.

    Raises:
        ModelFolderError: It is missing, damaged, or of an unknown format.
    """
    path = folder / "assets" / "model.json"
    try:
        info = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelFolderError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelFolderError(f"{path}: expected JSON. Received: {error}") from error
    if not isinstance(info, dict):
        raise ModelFolderError(f"{path}: expected a JSON object. Received: {type(info).__name__}")
    if info.get("format_version") != FORMAT_VERSION:
        raise ModelFolderError(
            f"{path}: expected format_version {FORMAT_VERSION}. "
            f"Received: {info.get('format_version')!r}"
        )
    if info.get("checksum") != content_checksum(info):
        raise ModelFolderError(f"{path}: damaged: its checksum does not fit what it says")
    return info


def content_checksum(info: Mapping[str, Any]) -> str:
    """SHA-256 of what a `model.json` says, its own checksum left out."""
    content = {key: value for key, value in info.items() if key != "checksum"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _check_files(folder: Path, info: Mapping[str, Any]) -> None:
    files = info["files"]
    for name in (*_EXPECTED, *files):
        path = folder / name
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelFolderError(f"{path}: cannot be read: {error.strerror}") from error
        if digest != files.get(name):
            raise ModelFolderError(
                f"{path}: damaged: expected sha256 {files.get(name)}. Received: {digest}"
            )
