"""Which inputs become which folder of parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from translator.errors import ConfigError, InputError
from translator.formats.jsonl import Jsonl
from translator.formats.parquet import Parquet
from translator.formats.segment import FileFormat
from translator.pipeline.jobs import (
    TARGET,
    check_plain,
    format_of_file,
    model_groups,
    target_languages,
)
from translator.pipeline.lines import STANDARD_STREAM, Lines
from translator.pipeline.options import Options

_ALONE: Final = ("txt", "tsv", "jsonl")
_PARQUET: Final = ".parquet"
_NAMES: Final = ("{name}", "{stem}")


@dataclass(frozen=True)
class PartedJob:
    """One folder of parts.

    Attributes:
        inputs: Files that are read for it, one after the other.
        output: The folder.
        format: What the inputs and the parts are.
        models: Folders of the models that make it together.
    """

    inputs: tuple[str, ...]
    output: str
    format: FileFormat
    models: tuple[str, ...]

    @property
    def extension(self) -> str:
        """How the names of the parts end."""
        return next(iter(self.format.extensions), ".txt")


def plan(options: Options) -> list[PartedJob]:
    """Gives a job for each target language.

    Raises:
        ConfigError: The options name no folder of its own for each job, or ask for what parts
            cannot have.
        InputError: The inputs are not of one format, or of one that cannot be cut.
        ModelFolderError: A model does not say its languages.
        OSError: A folder cannot be read.
    """
    if STANDARD_STREAM in (options.output, *options.sources):
        raise ConfigError(
            "--engine ray: expected FILEs or folders, and a folder for --output, that every "
            "machine sees. Received: standard input or standard output"
        )
    inputs = tuple(name for given in options.files for name in _expanded(given))
    if not inputs:
        raise InputError(f"{options.files[0]}: expected files in it. Received: none")
    form = _format(inputs, options)
    if any(field in options.output for field in _NAMES):
        raise ConfigError(
            "--output: expected a folder for the parts of all FILEs together. "
            f"Received: {options.output}"
        )
    groups = model_groups(options)
    if len(groups) > 1 and TARGET not in options.output:
        raise ConfigError(
            "--into: expected an --output with {target} in it, to keep the languages apart. "
            f"Received: {options.output}"
        )
    targets = target_languages(groups) if TARGET in options.output else [""] * len(groups)
    jobs = [
        PartedJob(inputs, options.output.replace(TARGET, target), form, models)
        for models, target in zip(groups, targets, strict=True)
    ]
    if len({job.output for job in jobs}) < len(jobs):
        raise ConfigError(
            "--into: expected one model for each target language. "
            f"Received: {', '.join(targets)}, as {options.output}"
        )
    for job in jobs:
        output = Path(job.output)
        if output.exists() and not (output.is_dir() and not any(output.iterdir())):
            raise ConfigError(
                "--output: expected a folder that is not there yet, or is empty, for the parts. "
                f"Received: {job.output}"
            )
    return jobs


def _expanded(given: str) -> Iterator[str]:
    """A file, or the files in a folder by name, without hidden ones."""
    path = Path(given)
    if not path.is_dir():
        yield given
        return
    yield from (
        str(each)
        for each in sorted(path.iterdir())
        if each.is_file() and not each.name.startswith((".", "_"))
    )


def _format(inputs: tuple[str, ...], options: Options) -> FileFormat:
    found = {repr(form): form for form in (_format_of(name, options) for name in inputs)}
    if len(found) > 1:
        names = ", ".join(sorted({form.name for form in found.values()}))
        raise InputError(f"--engine ray: expected FILEs of one format. Received: {names}")
    (form,) = found.values()
    # Of several files the lines follow one another, as the local engine has them.
    return Lines() if form.name == "txt" and len(inputs) > 1 else form


def _format_of(name: str, options: Options) -> FileFormat:
    if name.lower().endswith(_PARQUET) and options.format is None:
        if options.delimiter is not None:
            raise ConfigError(f"--delimiter: expected tables of text. Received: {name}")
        form: FileFormat = Parquet(options.fields or options.columns or "text")
        check_plain(name, form, options)
        return form
    form = format_of_file(name, options) or Lines()
    if form.name != Lines.name:
        check_plain(name, form, options)
    if options.has_columns:
        return Lines()
    if form.name not in (*_ALONE, Lines.name):
        raise InputError(
            f"{name}: expected plain lines, {', '.join(_ALONE)} or parquet with --engine ray: "
            f"formats whose rows stand alone. Received: {form.name}"
        )
    if form.name == "tsv" and not set(options.columns or "1") <= set("0123456789:,"):
        raise ConfigError(
            "--columns: expected numbers with --engine ray, since parts have no row of names. "
            f"Received: {options.columns}"
        )
    return replace(form, partial=True) if isinstance(form, Jsonl) else form
