"""The models on disk: their versions found, and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from serving.served_model import Engine
from translator.allocator import limit_arenas
from translator.errors import ModelFolderError
from translator.model_folder import read_info, version_folders


class Found(NamedTuple):
    """What there is in a folder of models.

    Attributes:
        versions: Version folders by the name of their pair's folder, highest version first.
        unreadable: Why what may be a pair's folder cannot be read, by its name.
    """

    versions: dict[str, list[Path]]
    unreadable: dict[str, str]


def find_versions(models: Path) -> Found:
    """Finds the version folders of each pair, without opening one.

    Args:
        models: A folder of `<source>-<target>/<version>/`, where a version is a number.

    Raises:
        ModelFolderError: There is no such folder, or nothing in it looks like a model.
    """
    expected = f"expected a folder of models, as {models / '<source>-<target>' / '<version>'}"
    try:
        pairs = sorted(path for path in models.iterdir() if path.is_dir())
    except OSError as error:
        raise ModelFolderError(f"{expected}. Received: {error.strerror}") from error
    found = Found({}, {})
    for pair in pairs:
        try:
            versions = [path for _, path in reversed(version_folders(pair))]
        except OSError as error:
            found.unreadable[pair.name] = error.strerror or type(error).__name__
            continue
        if versions:
            found.versions[pair.name] = versions
    if not found.versions:
        raise ModelFolderError(f"{expected}. Received: a folder without any")
    return found


def load_here(version: Path) -> Engine:
    """Makes a translator that searches in this process.

    Raises:
        ModelFolderError: The folder is missing, damaged, or of an unknown format.
    """
    # Not at the top: the master, which forks the workers, needs nothing of it.
    from translator.translator import Translator

    return Translator.load(version)


class ModelFolders:
    """Reads real model folders.

    Args:
        load: Makes a translator of a version folder.
    """

    def __init__(self, load: Callable[[Path], Engine] = load_here) -> None:
        self._load = load

    def info(self, version: Path) -> Mapping[str, Any]:
        """See `serving.slot.Loader`."""
        return read_info(version)

    def load(self, version: Path) -> Engine:
        """See `serving.slot.Loader`."""
        limit_arenas()
        return self._load(version)
