from __future__ import annotations

import re
import sqlite3
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from serving.__main__ import main
from serving.database import DatabaseError
from serving.keys import Keys, Limits
from translator.errors import InputError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.sqlite3"


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--database", str(path)])


def test_a_key_is_found_until_it_is_revoked(path: Path) -> None:
    keys, other_process = Keys(path), Keys(path)
    key = keys.create("Weblate", Limits(rate="5/minute", characters=100))
    found = other_process.find(key)
    assert found is not None
    assert (found.id, found.name, found.limits) == (key[:8], "Weblate", ("5/minute", 100, 0))
    keys.revoke(found.id)
    assert other_process.find(key) is None
    assert [(k.id, k.revoked is not None) for k in other_process.all()] == [(key[:8], True)]


@pytest.mark.parametrize("change", ["", "x", "case", "id", "other", "space", "surrogate"])
def test_what_is_not_quite_a_key_is_none(path: Path, change: str) -> None:
    keys = Keys(path)
    key, other = keys.create("one"), keys.create("two")
    wrong = {
        "": "",
        "x": key + "x",
        "case": key.swapcase(),
        "id": key[:8],
        "other": other[:9] + key[9:],
        "space": key + "\n",
        "surrogate": key[:-1] + "\ud800",
    }[change]
    assert keys.find(wrong) is None
    assert keys.find(key) is not None


def test_only_a_hash_is_kept_and_only_the_owner_may_read_it(path: Path) -> None:
    key = Keys(path).create("Weblate")
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Weblate" in stored
    assert key[9:].encode() not in stored
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_keys_are_long_and_all_different(path: Path) -> None:
    keys = Keys(path)
    made = {keys.create("x") for _ in range(50)}
    assert len(made) == len({key[:8] for key in made}) == 50
    assert all(re.fullmatch(r"[0-9a-f]{8}_[\w-]{43}", key) for key in made)


def test_an_unknown_id_is_named(path: Path) -> None:
    keys = Keys(path)
    for action in (keys.revoke, keys.get, lambda key_id: keys.limit(key_id, Limits())):
        with pytest.raises(InputError, match=r"id of a key.* Received: '12345678'"):
            action("12345678")


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_text("no database, but long enough to be looked at" * 100)
    with pytest.raises(DatabaseError, match=r"keys\.sqlite3: .*not a database"):
        Keys(path).all()


def test_the_command_makes_lists_limits_and_revokes(path: Path) -> None:
    key = run(path, "keys", "create", "My Weblate", "--rate", "60/minute").output.strip()
    found = Keys(path).find(key)
    assert found is not None
    assert found.limits == ("60/minute", 0, 0)

    assert run(path, "keys", "limit", key[:8], "--characters", "500").exit_code == 0
    assert run(path, "keys", "limit", key[:8], "--concurrency", "2").exit_code == 0
    rows = [line.split("\t") for line in run(path, "keys", "list").output.splitlines()]
    assert rows[0][:2] == ["ID", "NAME"]
    assert (rows[1][:2], rows[1][3:]) == ([key[:8], "My Weblate"], ["60/minute", "500", "2"])

    assert run(path, "keys", "limit", key[:8], "--rate", "", "--characters", "0").exit_code == 0
    assert Keys(path).get(key[:8]).limits == ("", 0, 2)
    assert run(path, "keys", "revoke", key[:8]).exit_code == 0
    assert "revoked 20" in run(path, "keys", "list").output
    assert Keys(path).find(key) is None


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["keys", "create", " "], "expected 1 to 100 printable characters. Received: ' '"),
        (["keys", "create", "a\tb"], r"Received: 'a\tb'"),
        (["keys", "create", "x", "--rate", "fast"], "such as 120/minute"),
        (["keys", "create", "x", "--rate", "0/minute"], "at least one request"),
        (["keys", "limit", "x", "--characters", "-1"], "Invalid value for '--characters'"),
        (["keys", "create", "x", "--characters", "9" * 20], "Invalid value for '--characters'"),
        (["keys", "create", "x", "--concurrency", "9" * 20], "Invalid value for '--concurrency'"),
        (["keys", "list"], "No such file"),
        (["keys", "revoke", "12345678"], "No such file"),
    ],
)
def test_what_the_command_cannot_use_is_named(
    path: Path, arguments: list[str], complaint: str
) -> None:
    result = run(path, *arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert not path.exists()


def test_the_command_asks_for_the_database(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.delenv("TRANSLATE_DATABASE", raising=False)
    result = CliRunner().invoke(main, ["keys", "list"])
    assert (result.exit_code, "TRANSLATE_DATABASE" in result.stderr) == (2, True)
    monkeypatch.setenv("TRANSLATE_DATABASE", str(path))
    assert len(CliRunner().invoke(main, ["keys", "create", "x"]).output.strip()) == 52


def test_reading_is_not_held_up_by_whoever_writes(path: Path) -> None:
    keys = Keys(path)
    key = keys.create("x")
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    assert keys.find(key) is not None
    writer.close()
