"""Which files become which, by which model."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from translator.errors import ConfigError, InputError
from translator.formats.registry import extensions, format_of, formats, named
from translator.formats.segment import FileFormat
from translator.model_folder import find_version, read_info
from translator.pipeline.lines import STANDARD_STREAM
from translator.pipeline.options import Options

_GZIP: Final = ".gz"
_OWN: Final = ("{name}", "{stem}")
TARGET: Final = "{target}"
_NO_LINES: Final = frozenset(
    {
        *(".doc", ".docx", ".epub", ".odp", ".ods", ".odt", ".pdf", ".ppt", ".pptx", ".rtf"),
        *(".xls", ".xlsx", ".json", ".xml", ".yaml", ".yml"),
        *(".7z", ".bz2", ".tar", ".tgz", ".xz", ".zip"),
    }
)
"""Names of files that would come out damaged if their lines were translated."""


@dataclass(frozen=True)
class Job:
    """One output.

    Attributes:
        inputs: What is read for it, one after the other; "-" is standard input.
        output: Its path; "-" is standard output.
        format: What it is; None is plain lines.
        models: Folders of the models that make it together.
    """

    inputs: tuple[str, ...]
    output: str
    format: FileFormat | None
    models: tuple[str, ...]

    @property
    def is_journalled(self) -> bool:
        """Whether it can go on after a kill: what is read and written is there again."""
        if STANDARD_STREAM in (self.output, *self.inputs):
            return False
        return all(
            path.is_file() or not path.exists() for path in map(Path, (self.output, *self.inputs))
        )

    @property
    def is_in_place(self) -> bool:
        """Whether the output takes the place of an input, which is gone then."""
        return os.path.realpath(self.output) in map(os.path.realpath, self.inputs)


def plan(options: Options) -> list[Job]:
    """Gives the jobs of a command, those of one target language after the other.

    An output may be a pattern: `{name}` and `{stem}` are the name of each FILE, whole and without
    its last extension, `{target}` is the target language. A folder is short for `FOLDER/{name}`,
    or `FOLDER/{target}/{name}` with several target languages.

    Raises:
        ConfigError: The options name no output of its own for each job.
        InputError: No format fits a file, or it is a folder.
        ModelFolderError: A model does not say its languages.
        OSError: There is no such folder.
    """
    folders = [name for name in options.files if Path(name).is_dir()]
    if folders:
        raise InputError(
            f"{folders[0]}: expected a file (--engine ray reads folders, too). Received: a folder"
        )
    models = model_groups(options)
    pattern = _pattern(options.output, len(models))
    targets = target_languages(models) if TARGET in pattern else [""] * len(models)
    each = any(field in pattern for field in _OWN)
    groups = [(name,) for name in options.sources] if each else [options.sources]
    jobs = [
        Job(group, _filled(pattern, group, target), _format(group, options), folders)
        for folders, target in zip(models, targets, strict=True)
        for group in groups
    ]
    _check(jobs)
    return jobs


def make_folders(jobs: Sequence[Job], options: Options) -> None:
    """Makes the folders that an output's pattern asks for; others must be there.

    Raises:
        OSError: A folder is not there, or cannot be made.
    """
    for job in jobs:
        folder = Path(os.path.realpath(job.output)).parent
        if job.output == STANDARD_STREAM or Path(job.output).is_char_device():
            continue
        if job.output != options.output:
            folder.mkdir(parents=True, exist_ok=True)
        require_folder(folder)


def require_folder(folder: Path) -> None:
    """Makes sure that files can be written to a folder.

    Raises:
        OSError: It is not there, or not to be written to.
    """
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(folder))
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, "cannot be written to", str(folder))


def _pattern(output: str, languages: int) -> str:
    if output == STANDARD_STREAM:
        pattern = output
    elif output.endswith(os.sep) or Path(output).is_dir():
        pattern = str(Path(output, TARGET, "{name}") if languages > 1 else Path(output, "{name}"))
    else:
        pattern = output
    if languages > 1 and TARGET not in pattern:
        raise ConfigError(
            "--into: expected an --output with {target} in it, or a folder, to keep the languages "
            f"apart. Received: {'standard output' if output == STANDARD_STREAM else output}"
        )
    return pattern


def model_groups(options: Options) -> list[tuple[str, ...]]:
    """The folders of the models for each target language; several make an ensemble."""
    return [(folder,) for folder in options.into] or [options.models]


def target_languages(models: Sequence[Sequence[str]]) -> list[str]:
    """Reads the target language of each group of models.

    Raises:
        ConfigError: They have several source languages.
        ModelFolderError: One does not say its languages.
    """
    infos = [read_info(find_version(Path(folders[0]))) for folders in models]
    sources = sorted({str(info["source_language"]) for info in infos})
    if len(sources) > 1:
        raise ConfigError(
            f"--into: expected models of one source language. Received: {', '.join(sources)}"
        )
    return [str(info["target_language"]) for info in infos]


def _filled(pattern: str, group: Sequence[str], target: str) -> str:
    path = pattern.replace(TARGET, target)
    if not any(field in path for field in _OWN):
        return path
    if group[0] == STANDARD_STREAM:
        raise ConfigError("Expected FILEs, whose names the outputs have. Received: standard input")
    name = PurePath(group[0])
    return path.replace("{name}", name.name).replace("{stem}", name.stem)


def _format(group: Sequence[str], options: Options) -> FileFormat | None:
    """The format of files; None for plain lines."""
    found = [format_of_file(name, options) for name in group]
    for name, each in zip(group, found, strict=True):
        check_plain(name, each, options)
    if options.encoding is not None and len(group) > 1:
        raise ConfigError(
            "--encoding: expected an output for each FILE, such as a folder. "
            f"Received: {len(group)} FILEs for {options.output}"
        )
    others = [name for name, each in zip(group, found, strict=True) if _is_marked_up(each)]
    if others and len(group) > 1:
        raise ConfigError(
            "--output: expected a folder, or a pattern with {name} in it, for several FILEs that "
            f"are not plain lines. Received: {others[0]} among {len(group)} FILEs for "
            f"{options.output}"
        )
    return found[0] if len(group) == 1 and not options.has_columns else None


def format_of_file(name: str, options: Options) -> FileFormat | None:
    """The format of a file, packed or not; None for plain lines.

    Raises:
        InputError: There is none that has such options.
    """
    own = ("columns", "fields", "delimiter", "encoding")
    settings = {each: value for each in own if (value := getattr(options, each)) is not None}
    if options.format is not None:
        return named(options.format, **settings)
    bare = _unpacked(name)
    if _form_of_name(name) is not None:
        return format_of(bare, **settings)
    suffix = PurePath(bare).suffix
    if suffix.lower() in _NO_LINES:
        raise InputError(
            f"{name}: expected lines, or a name that ends in {', '.join(sorted(extensions()))}. "
            f"Received: {suffix} (--format txt reads it as lines of text)"
        )
    if settings:
        raise InputError(
            f"{name}: expected --format, or a name that tells the format, with "
            f"{' and '.join(f'--{name}' for name in settings)}. Received: neither"
        )
    return None


def _form_of_name(path: str) -> str | None:
    """The format that a name tells; None where it tells none."""
    suffix = PurePath(_unpacked(path)).suffix.lower()
    return next((each.name for each in formats() if suffix in each.extensions), None)


def _unpacked(path: str) -> str:
    """The name without the ending of what is packed."""
    return path[: -len(_GZIP)] if path.lower().endswith(_GZIP) else path


def check_plain(name: str, form: FileFormat | None, options: Options) -> None:
    """Makes sure that a file is plain lines, where options are for these only.

    Raises:
        ConfigError: It is not.
    """
    if not _is_marked_up(form):
        return
    if options.has_columns:
        raise ConfigError(
            "--n-best, --scores, --confidence and --alignments: expected plain lines. "
            f"Received: {name}"
        )
    if options.html:
        raise ConfigError(f"--html: expected plain lines, each a fragment. Received: {name}")


def _is_marked_up(each: FileFormat | None) -> bool:
    return each is not None and each.name != "txt"


def _check(jobs: Sequence[Job]) -> None:
    """No job may write what another one writes or reads, nor a format that it is not named as."""
    for job in jobs:
        form = _form_of_name(job.output)
        own = job.format.name if job.format else "txt"
        if own != "txt" and form not in (None, own):
            raise ConfigError(
                f"--output: expected the name of a file of {own}, as {job.inputs[0]} is one. "
                f"Received: {job.output}"
            )
    seen: dict[str, Job] = {}
    for job in jobs:
        path = os.path.realpath(job.output)
        if job.output != STANDARD_STREAM and seen.setdefault(path, job) is not job:
            raise ConfigError(
                f"--output: expected a file for each FILE and language. Received: {job.output} "
                f"for {seen[path].inputs[0]} and {job.inputs[0]}"
            )
    for job in jobs:
        for name in job.inputs:
            writer = seen.get(os.path.realpath(name))
            if writer is not None and (writer is not job):
                raise ConfigError(
                    f"--output: expected no file that is read for another output. Received: {name}"
                )
