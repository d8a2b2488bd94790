"""What the batch command was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from translator.errors import ConfigError, InputError
from translator.formats.encoding import known_encoding
from translator.pipeline.lines import STANDARD_STREAM
from translator.pipeline.results import Below

CHUNK_SIZE: Final = 2000
"""Segments that are read before they are translated and written, if nothing else is asked for."""


@dataclass(frozen=True)
class Options:
    """The options of the command, by their names; the command's help says what they mean.

    Attributes:
        search: Settings of the search, None where none was given.

    Raises:
        ConfigError: Some do not go together.
    """

    files: tuple[str, ...]
    models: tuple[str, ...]
    into: tuple[str, ...]
    output: str
    resume: bool
    format: str | None
    columns: str | None
    fields: str | None
    delimiter: str | None
    encoding: str | None
    html: bool
    split: bool
    glossary: str | None
    memory: tuple[str, ...]
    memory_threshold: float
    protect: tuple[str, ...]
    confidence_threshold: float | None
    below: Below
    n_best: int | None
    scores: bool
    confidence: bool
    alignments: bool
    shortlist: bool
    batch_size: int
    chunk_size: int | None
    threads: int | None
    stats: str | None
    quiet: bool
    engine: Literal["local", "ray"]
    address: str | None
    search: Mapping[str, Any]

    def __post_init__(self) -> None:
        if bool(self.models) == bool(self.into):
            raise ConfigError(
                "Expected --model, or --into once for each target language. Received: "
                + ("both" if self.models else "neither")
            )
        if self.has_columns and (self.memory or self.confidence_threshold is not None):
            raise ConfigError(
                "Expected --memory and --confidence-threshold without --n-best, --scores, "
                "--confidence and --alignments, which tell of what the model made. Received: both"
            )
        if self.has_columns and self.format not in (None, "txt"):
            raise ConfigError(
                "--n-best, --scores, --confidence and --alignments: expected plain lines. "
                f"Received: --format {self.format}"
            )
        if self.resume and STANDARD_STREAM in (self.output, *self.sources):
            raise ConfigError(
                "--resume: expected FILEs and --output, which are there again after a kill. "
                "Received: standard input or standard output"
            )
        if self.encoding is not None and _codec(self.encoding) != "utf-8":
            if self.has_columns:
                raise ConfigError(
                    "--n-best, --scores, --confidence and --alignments: expected UTF-8. "
                    f"Received: --encoding {self.encoding}"
                )
            if self.engine == "ray":
                raise ConfigError(
                    f"--engine ray: expected UTF-8. Received: --encoding {self.encoding}"
                )
        if self.address is not None and self.engine != "ray":
            raise ConfigError(f"--address: expected --engine ray with it. Received: {self.engine}")

    @property
    def has_columns(self) -> bool:
        """Whether a line of the output is more than a translation."""
        return self.n_best is not None or self.scores or self.confidence or self.alignments

    @property
    def sources(self) -> tuple[str, ...]:
        """The files; standard input if there is none."""
        return self.files or (STANDARD_STREAM,)

    @property
    def is_visible(self) -> bool:
        """Whether progress and the summary are told."""
        return not self.quiet


def _codec(encoding: str) -> str:
    try:
        return known_encoding(encoding)
    except InputError as error:
        raise ConfigError(f"--encoding: {error}") from error
