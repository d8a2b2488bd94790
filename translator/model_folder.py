"""What a model folder is on disk: `<source>-<target>/<version>/`, described by `model.json`.

Nothing here loads a model, so a server can look around before it starts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from translator.errors import ModelFolderError
from translator.files import digest

FORMAT_VERSION = 2

LEXICON = "assets/lexicon.npz"
"""Where a version folder has what source pieces may translate to, if it knows."""

DICTIONARY = "assets/dictionary.tsv.gz"
"""Where a version folder has the words of its pairs, if it has them."""

COMPILED = "assets/compiled"
"""Where a version folder has the functions that searches run, as LiteRT models; see `compiling`."""

CARD = "README.md"
"""What a version folder says to a reader. People may add to it: it has no checksum."""

_EXPECTED = (
    "assets/source.model",
    "assets/target.model",
    "saved_model.pb",
    "variables/variables.index",
)


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
            f"{path}: expected format_version {FORMAT_VERSION}; a folder of another is exported "
            f"anew from its run. Received: {info.get('format_version')!r}"
        )
    if info.get("checksum") != content_checksum(info):
        raise ModelFolderError(f"{path}: damaged: its checksum does not fit what it says")
    return info


def content_checksum(info: Mapping[str, Any]) -> str:
    """SHA-256 of what a `model.json` says, its own checksum left out."""
    content = {key: value for key, value in info.items() if key != "checksum"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_files(folder: Path, info: Mapping[str, Any]) -> None:
    """Compares every file of a version folder with its checksum in `model.json`.

    Raises:
        ModelFolderError: A file is missing or damaged.
    """
    files = info["files"]
    for name in (*_EXPECTED, *files):
        path = folder / name
        try:
            found = digest(path)
        except OSError as error:
            raise ModelFolderError(f"{path}: cannot be read: {error.strerror}") from error
        if found != files.get(name):
            raise ModelFolderError(
                f"{path}: damaged: expected sha256 {files.get(name)}. Received: {found}"
            )
