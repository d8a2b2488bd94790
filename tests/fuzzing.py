"""Requests made up from an OpenAPI document, and whether their answers are as documented."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema


def fuzz_config(examples: int, seed: int, **project: Any) -> SchemathesisConfig:
    """All checks of schemathesis, with the two exceptions that the service needs.

    Args:
        examples: For each operation, besides those at the edges of its schema.
        seed: The same examples for the same seed.
        project: More of schemathesis's settings.
    """
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "generation": {"max-examples": examples},
            "continue-on-failure": True,
            # 503 is the documented answer of a service that has too much to do.
            "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", 503]}},
            # A schema cannot say which pairs there are, nor that a beam holds all alternatives.
            "operations": [
                {
                    "include-name": "POST /translate",
                    "checks": {"positive_data_acceptance": {"enabled": False}},
                },
                # Nor what is in a file, nor which files there are.
                {
                    "include-name": "POST /translate_file",
                    "checks": {"positive_data_acceptance": {"enabled": False}},
                },
                {
                    "include-name": "GET /download_file/{name}",
                    "checks": {"positive_data_acceptance": {"enabled": False}},
                },
            ],
            **project,
        }
    )


@dataclass
class Fuzzed:
    """What came of it.

    Attributes:
        statuses: How many requests of each operation were answered with each status; 0 is none.
        failures: What was not as documented, as a person reads it.
        errors: What schemathesis could not do.
    """

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __iadd__(self, other: Fuzzed) -> Fuzzed:
        self.statuses += other.statuses
        self.failures += other.failures
        self.errors += other.errors
        return self


def fuzz(schema: Any) -> Fuzzed:
    """Runs schemathesis over a loaded schema."""
    found = Fuzzed()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.errors.append(str(getattr(event, "info", None) or event.exception))
        elif isinstance(event, events.ScenarioFinished):
            _note(event.recorder, found)
    return found


def _note(recorder: Any, found: Fuzzed) -> None:
    for made in recorder.interactions.values():
        status = made.response.status_code if made.response is not None else 0
        found.statuses[recorder.label, status] += 1
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                found.failures.append(
                    f"{recorder.label}: {check.name}: {failure.title}: {failure.message}\n"
                    f"    {check.failure_info.code_sample}"
                )
