"""Settings of the server: TRANSLATE_* environment variables, checked before anything starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from typing_extensions import Self

from serving.setting_types import Origins, Rate, RateStorage
from serving.validation import explain
from translator.errors import ConfigError
from translator.texts.glossary import MOST_TERMS
from translator.wording import did_you_mean

PREFIX = "TRANSLATE_"
IN_MEMORY = "memory://"

_KUBERNETES = re.compile(
    f"{PREFIX}(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)"
)

Positive = Annotated[int, Field(ge=1)]
Beam = Annotated[int, Field(ge=1, le=100)]


class Settings(BaseModel):
    """Everything an operator can set; each field is the variable TRANSLATE_<FIELD>.

    The descriptions are the meanings that `variables` lists, so they speak to the operator.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: Path = Field(
        default=Path("saved_models"),
        description="Folder of models, as `<source>-<target>/<version>/`",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on; `0.0.0.0` means all")
    port: int = Field(default=5000, ge=1, le=65535, description="Port to listen on")
    workers: Positive = Field(
        default=1,
        description="Number of processes that take requests; they divide the cores, on each of "
        "which a process searches, with its own copy of every model",
    )
    threads: int = Field(
        default=256,
        ge=2,
        description="Requests that one process handles at a time; half of them may wait for a "
        "model, and translations beyond that get 503",
    )
    dynamic_batching: bool = Field(
        default=True, description="Whether sentences of different requests are batched together"
    )
    queue_seconds: float = Field(
        default=1.0,
        gt=0,
        description="Longest wait behind other requests; a request that would wait longer gets 503 "
        "at once",
    )
    timeout_seconds: float = Field(
        default=20.0,
        gt=0,
        description="Time limit for a request, or for each part of a file; one that takes longer "
        "is abandoned",
    )
    cache_mb: int = Field(
        default=64,
        ge=0,
        description="Memory for cached translations, in each process; 0 disables the cache",
    )
    reload_seconds: float = Field(
        default=10.0,
        ge=0,
        description="How often to check the folder of models for new versions; 0 means never",
    )
    model_memory_mb: int = Field(
        default=0,
        ge=0,
        description="Memory for models, in each process: models are loaded on demand, and the most "
        "recently used stay; 0 loads all at startup, unless idle models are unloaded",
    )
    model_idle_seconds: float = Field(
        default=0.0,
        ge=0,
        description="Idle time after which a model is unloaded; 0 means never",
    )
    char_limit: Positive = Field(
        default=50_000, description="Maximum number of characters in a request, all texts together"
    )
    batch_limit: Positive = Field(default=1_000, description="Maximum number of texts in a request")
    max_body_bytes: Positive = Field(
        default=1_048_576, description="Maximum size of a request body in bytes"
    )
    receive_seconds: Positive = Field(
        default=30, description="Seconds allowed for a request to arrive; a long body gets more"
    )
    beam_size: Beam = Field(default=5, description="Beam size if the request does not set one")
    beam_limit: Beam = Field(
        default=20, description="Largest beam size that a request may set; at most 100"
    )
    alternatives_limit: int = Field(
        default=10,
        ge=0,
        description="Maximum number of alternatives per text; must be less than the beam limit",
    )
    glossary_limit: int = Field(
        default=100,
        ge=0,
        le=MOST_TERMS,
        description="Maximum number of terms in a request's glossary; 0 allows none",
    )
    database: Path | None = Field(
        default=None, description="SQLite file for API keys and suggestions; required for either"
    )
    require_key: bool = Field(
        default=False,
        description="Whether requests need an API key; `python -m serving keys` creates keys",
    )
    rate_limit: Rate = Field(
        default="",
        description="Requests per caller and period, such as `120/minute` or `5/second;1000/day`; "
        "empty means no limit",
    )
    rate_storage: RateStorage = Field(
        default=IN_MEMORY,
        description="Where requests are counted: on this machine, across all its processes, or, "
        "for several machines, in Redis, such as `redis://host:6379`",
    )
    concurrency_limit: int = Field(
        default=0,
        ge=0,
        description="Maximum number of concurrent requests per caller, on this machine; 0 means no "
        "limit",
    )
    cors_origins: Origins = Field(
        default="",
        description="Comma-separated origins whose pages may send requests, such as "
        "`https://example.org`; `*` allows all, empty none",
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        description="Number of proxies in front of this server that set X-Forwarded-For, -Proto "
        "and -Host; 0 means that these headers are ignored",
    )
    suggestions: bool = Field(
        default=False, description="Whether `/suggest` accepts better translations, to train on"
    )

    metrics: bool = Field(default=True, description="Whether `/metrics` is served")
    metrics_token: str = Field(
        default="", description="Bearer token that `/metrics` requires; if empty, it requires none"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Format of the log on standard error: `text` or `json`"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="Lowest level to log: `debug`, `info` (each request), `warning` or `error`",
    )
    log_texts: bool = Field(
        default=False, description="Whether users' texts and query strings may be logged"
    )

    files: bool = Field(default=True, description="Whether `/translate_file` accepts files")
    file_limit_bytes: Positive = Field(
        default=2_097_152, description="Maximum size of a file in bytes, both as sent and unpacked"
    )
    file_char_factor: Positive = Field(
        default=10,
        description="Maximum number of characters and texts in a file, as a multiple of the limits "
        "of a request",
    )
    file_keep_seconds: Positive = Field(
        default=3_600,
        description="How long a translated file can be downloaded before it is deleted",
    )
    file_store_bytes: Positive = Field(
        default=1_073_741_824, description="Maximum total size of all translated files in bytes"
    )
    files_folder: Path | None = Field(
        default=None,
        description="Folder for files, which no other user may read; if empty, a folder of this "
        "server's own in the system's temporary folder",
    )

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        if self.beam_size > self.beam_limit:
            raise ValueError(
                f"{PREFIX}BEAM_SIZE: expected at most {PREFIX}BEAM_LIMIT ({self.beam_limit}). "
                f"Received: {self.beam_size}"
            )
        if self.alternatives_limit >= self.beam_limit:
            raise ValueError(
                f"{PREFIX}ALTERNATIVES_LIMIT: expected less than {PREFIX}BEAM_LIMIT "
                f"({self.beam_limit}). Received: {self.alternatives_limit}"
            )
        for name in ("require_key", "suggestions"):
            if getattr(self, name) and self.database is None:
                raise ValueError(
                    f"{PREFIX}{name.upper()}: expected {PREFIX}DATABASE to be set as well. "
                    "Received: no database"
                )
        return self

    @property
    def origins(self) -> list[str]:
        """The origins whose pages may ask."""
        return self.cors_origins.split(",") if self.cors_origins else []

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], **options: Any) -> Self:
        """Reads the settings; an option stands above the environment, and that above the default.

        Args:
            environ: The environment. A variable that is set but empty counts as not set.
            options: Fields by name, as the command line gave them; None is "not given".

        Raises:
            ConfigError: A value cannot be used, or a TRANSLATE_ variable is none of ours: a
                misspelled limit must not leave the server without it.
        """
        values: dict[str, Any] = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(PREFIX) and value and not _from_kubernetes(name, value)
        }
        unknown = sorted(set(values) - set(cls.model_fields))
        if unknown:
            known = ", ".join(variable.name for variable in variables())
            received = ", ".join(PREFIX + name.upper() for name in unknown)
            meant = did_you_mean(unknown, cls.model_fields, lambda name: PREFIX + name.upper())
            raise ConfigError(
                f"Unknown setting: expected one of {known}. Received: {received}{meant}"
            )
        values.update((name, value) for name, value in options.items() if value is not None)
        try:
            return cls(**values)
        except ValidationError as error:
            field, complaint = explain(error)
            name = f"{PREFIX}{field.upper()}: " if field else ""
            raise ConfigError(f"{name}{complaint}") from error


def _from_kubernetes(name: str, value: str) -> bool:
    """Whether this is a variable that tells of a service called `translate`, and no setting.

    Kubernetes gives every container the addresses of the services beside it:
    https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
    """
    if name == f"{PREFIX}PORT":
        return re.match("(tcp|udp|sctp)://", value) is not None
    return _KUBERNETES.fullmatch(name) is not None


class Variable(NamedTuple):
    """One row of the table of settings."""

    name: str
    default: str
    meaning: str


def variables() -> list[Variable]:
    """Lists the environment variables, in the order of the fields of Settings."""
    return [
        Variable(
            PREFIX + name.upper(),
            "" if field.default is None else str(field.default),
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]
