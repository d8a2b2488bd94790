"""The formats by their names and by those of files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Final

from translator.errors import InputError
from translator.formats.compression import Gzipped
from translator.formats.delimited import Csv, Tsv
from translator.formats.html import Html
from translator.formats.jsonl import Jsonl
from translator.formats.markdown import Markdown
from translator.formats.po import Po
from translator.formats.segment import FileFormat
from translator.formats.subtitles import Srt, Vtt
from translator.formats.tmx import Tmx
from translator.formats.txt import Txt
from translator.formats.xliff import Xliff

_FORMATS: Final[tuple[Callable[..., FileFormat], ...]] = (
    Txt,
    Tsv,
    Csv,
    Jsonl,
    Po,
    Tmx,
    Xliff,
    Srt,
    Vtt,
    Html,
    Markdown,
)
_GZIP: Final = ".gz"
_SHOWN: Final = 40


def formats() -> list[FileFormat]:
    """Lists all formats, as they are without options."""
    return [make() for make in _FORMATS]


def extensions() -> list[str]:
    """Lists how names of files end that `format_of` knows; each may have `.gz` after it."""
    return [extension for each in formats() for extension in each.extensions]


def named(name: str, **options: Any) -> FileFormat:
    """Gives a format by its name.

    Args:
        name: Such as "po".
        options: Fields of the format, such as `columns`; None is "not given".

    Raises:
        InputError: There is no such format, it has no such option, or the value cannot be used.
    """
    known = {each.name: make for make, each in zip(_FORMATS, formats(), strict=True)}
    if name not in known:
        raise InputError(f"Expected one of the formats {', '.join(known)}. Received: {name}")
    return _made(known[name], name, options)


def format_of(name: str, **options: Any) -> FileFormat:
    """Gives the format of a file by how its name ends; `x.txt.gz` is unpacked and packed again.

    Args:
        name: Of the file, which is not opened.
        options: As `named` takes them.

    Raises:
        InputError: No format has files of such names, or as in `named`.
    """
    path = PurePath(name)
    packed = path.suffix.lower() == _GZIP
    extension = (PurePath(path.stem) if packed else path).suffix.lower()
    for make, each in zip(_FORMATS, formats(), strict=True):
        if extension in each.extensions:
            found = _made(make, each.name, options)
            return Gzipped(found) if packed else found
    known = ", ".join(extensions())
    raise InputError(
        f"{path.name[-_SHOWN:]}: expected a name that ends in one of {known}, or that and {_GZIP}. "
        f"Received: {extension[:_SHOWN] or 'no extension'}"
    )


def _made(make: Callable[..., FileFormat], name: str, options: dict[str, Any]) -> FileFormat:
    given = {option: value for option, value in options.items() if value is not None}
    known = [field.name for field in dataclasses.fields(make)]  # type: ignore[arg-type]
    for option in given:
        if option not in known:
            raise InputError(
                f"Expected options of the format {name}: {', '.join(known) or 'it has none'}. "
                f"Received: {option}"
            )
    return make(**given)
