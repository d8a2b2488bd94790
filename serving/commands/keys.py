"""`python -m serving keys`: API keys are made, listed, limited and revoked."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from serving.commands.common import database_option, find_database
from serving.keys import SERVERS_OWN, Key, Keys, Limits
from serving.setting_types import parse_rate
from translator.console import exit_statuses

_MOST_CHARACTERS = 100
_LIMIT = click.IntRange(0, 2**31 - 1)


def _rate(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else parse_rate(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}. Received: {value!r}") from error


def _name(_context: click.Context, _argument: click.Parameter, value: str) -> str:
    if not value.strip() or not value.isprintable() or len(value) > _MOST_CHARACTERS:
        raise click.BadParameter(
            f"expected 1 to {_MOST_CHARACTERS} printable characters. Received: {value!r}"
        )
    return value


_rate_option = click.option(
    "--rate",
    callback=_rate,
    help="Requests per period, such as 120/minute; an empty value means the server's own limit.",
)
_characters_option = click.option(
    "--characters",
    type=_LIMIT,
    help="Characters per request; 0 means the server's own limit.",
)
_concurrency_option = click.option(
    "--concurrency",
    type=_LIMIT,
    help="Concurrent requests; 0 means the server's own limit.",
)


@click.group()
def keys() -> None:
    """Create, list, limit and revoke API keys; a running server applies changes at once."""


@keys.command()
@click.argument("name", callback=_name)
@_rate_option
@_characters_option
@_concurrency_option
@database_option
def create(
    name: str,
    rate: str | None,
    characters: int | None,
    concurrency: int | None,
    database: Path | None,
) -> None:
    """Create a key for NAME and print it. Only its hash is kept, so it cannot be shown again."""
    with exit_statuses():
        limits = _changed(SERVERS_OWN, rate, characters, concurrency)
        click.echo(Keys(find_database(database)).create(name, limits))


@keys.command("list")
@database_option
def list_keys(database: Path | None) -> None:
    """List all keys: ID (what the key begins with), name, creation date and limits."""
    with exit_statuses():
        click.echo("\t".join(("ID", "NAME", "CREATED", "RATE", "CHARACTERS", "CONCURRENCY", "")))
        for key in _existing(database).all():
            click.echo("\t".join(_row(key)).rstrip("\t"))


@keys.command()
@click.argument("key_id", metavar="ID")
@_rate_option
@_characters_option
@_concurrency_option
@database_option
def limit(
    key_id: str,
    rate: str | None,
    characters: int | None,
    concurrency: int | None,
    database: Path | None,
) -> None:
    """Set limits of the key with this ID; limits that are not given stay as they are."""
    with exit_statuses():
        stored = _existing(database)
        stored.limit(key_id, _changed(stored.get(key_id).limits, rate, characters, concurrency))


@keys.command()
@click.argument("key_id", metavar="ID")
@database_option
def revoke(key_id: str, database: Path | None) -> None:
    """Revoke the key with this ID, at once and for good."""
    with exit_statuses():
        _existing(database).revoke(key_id)


def _existing(database: Path | None) -> Keys:
    return Keys(find_database(database), create=False)


def _changed(
    limits: Limits, rate: str | None, characters: int | None, concurrency: int | None
) -> Limits:
    return Limits(
        limits.rate if rate is None else rate,
        limits.characters if characters is None else characters,
        limits.concurrency if concurrency is None else concurrency,
    )


def _row(key: Key) -> tuple[str, ...]:
    rate, characters, concurrency = key.limits
    return (
        key.id,
        key.name,
        _day(key.created),
        rate or "-",
        str(characters or "-"),
        str(concurrency or "-"),
        f"revoked {_day(key.revoked)}" if key.revoked is not None else "",
    )


def _day(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).date().isoformat()
