"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_SUFFIX = ".tmp"


@contextlib.contextmanager
def atomic_writer(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Opens a binary file that takes the place of `path` only once it is complete.

    The bytes go to a temporary file in the same folder, are forced to the disk, and are renamed
    to `path` when the block ends. If the block raises, the temporary file is removed and what
    stood at `path` is untouched. A symbolic link stays, and its target is replaced. What is not
    a regular file, such as a device or a named pipe, is written to directly.

    Args:
        path: Where the file shall be. Its folder must exist.

    Yields:
        The file to write to.

    Raises:
        FileNotFoundError: The folder does not exist.
    """
    given = Path(path)
    if given.exists() and not given.is_file():
        with given.open("wb") as device:
            yield device
        return
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(target.parent))
    temporary = target.with_name(f"{_prefix(target)}{secrets.token_hex(4)}{_SUFFIX}")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Removes what writers of `path` left that were killed; nobody may be writing it now."""
    target = Path(os.path.realpath(path))
    name = re.compile(re.escape(_prefix(target)) + "[0-9a-f]{8}" + re.escape(_SUFFIX))
    for leftover in target.parent.iterdir():
        if name.fullmatch(leftover.name):
            leftover.unlink(missing_ok=True)


def _prefix(target: Path) -> str:
    return f".{target.name[:200]}."
