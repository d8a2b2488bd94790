from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from requesting import refusal
from toy import ROOT, run_module

from serving.app import create_app
from serving.registry import Engine, Registry
from serving.settings import Settings
from serving.suggestions import Suggestion, Suggestions

FIELDS = {"q": "hola", "s": "hello", "source": "es", "target": "en"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "suggestions.sqlite3"


@pytest.fixture
def suggesting(path: Path, engine: Engine) -> FlaskClient:
    settings = Settings(database=path, suggestions=True, char_limit=10)
    return create_app(settings, Registry([engine])).test_client()


def kept(path: Path) -> list[tuple[str, str]]:
    return list(Suggestions(path).pairs("es", "en"))


def export(path: Path) -> subprocess.CompletedProcess[str]:
    languages = ("--source", "es", "--target", "en")
    return run_module("serving", "suggestions", "export", *languages, "--database", path)


def test_it_is_off_by_default(client: FlaskClient) -> None:
    error = refusal(client.post("/suggest", json=FIELDS), 403)
    assert error == "Suggestions are switched off"


def test_a_suggestion_is_kept_once(suggesting: FlaskClient, path: Path) -> None:
    for answer in (
        suggesting.post("/suggest", json=FIELDS),
        suggesting.post("/suggest", data=FIELDS),
        suggesting.post("/suggest", json=FIELDS | {"s": "hi"}),
    ):
        assert (answer.status_code, answer.get_json()) == (200, {"success": True})
    assert kept(path) == [("hola", "hello"), ("hola", "hi")]


def test_a_suggestion_is_kept_under_the_codes_that_are_served(
    suggesting: FlaskClient, path: Path
) -> None:
    for codes in ({"source": "ES"}, {"source": "es_MX", "target": "En"}):
        assert suggesting.post("/suggest", json=FIELDS | codes).status_code == 200
    assert kept(path) == [("hola", "hello")]


def test_a_text_and_its_translation_are_not_two_texts(path: Path, engine: Engine) -> None:
    settings = Settings(database=path, suggestions=True, batch_limit=1, char_limit=5)
    client = create_app(settings, Registry([engine])).test_client()
    assert client.post("/suggest", json=FIELDS).status_code == 200
    assert kept(path) == [("hola", "hello")]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"q": ""}, "Invalid request: missing q parameter"),
        ({"s": None}, "Invalid request: missing s parameter"),
        ({"source": ""}, "Invalid request: missing source parameter"),
        ({"target": ""}, "Invalid request: missing target parameter"),
        ({"s": ["a"]}, "Invalid request: s: expected"),
        ({"source": "zz"}, "zz is not supported"),
        ({"source": "auto"}, "auto is not supported"),
        ({"source": "en", "target": "es"}, "Spanish (es) is not available"),
        ({"q": "12345678901"}, "Invalid request: request (11) exceeds text limit (10)"),
        ({"s": "12345678901"}, "Invalid request: request (11) exceeds text limit (10)"),
    ],
)
def test_refusals(
    suggesting: FlaskClient, path: Path, fields: dict[str, object], error: str
) -> None:
    assert refusal(suggesting.post("/suggest", json=FIELDS | fields)).startswith(error)
    assert kept(path) == []


def test_a_locked_database_asks_to_come_again(suggesting: FlaskClient, path: Path) -> None:
    suggesting.post("/suggest", json=FIELDS)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = suggesting.post("/suggest", json=FIELDS | {"s": "hi"})
    assert refusal(answer, 503) == "The database is not available now"
    assert int(answer.headers["Retry-After"]) > 0
    other.execute("ROLLBACK")
    assert suggesting.post("/suggest", json=FIELDS | {"s": "hi"}).status_code == 200
    assert kept(path) == [("hola", "hello"), ("hola", "hi")]


def test_a_full_disk_asks_to_come_again_and_loses_nothing(path: Path) -> None:
    # No file of this process may grow past 128 KiB, as if the disk were full. What was said to
    # be kept must be there afterwards, and nothing else.
    code = f"""
import signal
from pathlib import Path
from serving.app import create_app
from serving.registry import Registry
from serving.settings import Settings
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
class Pair:
    source_language, target_language, version = "es", "en", 1
    info = {{"source_language": "es", "target_language": "en"}}
settings = Settings(database=Path({str(path)!r}), suggestions=True)
client = create_app(settings, Registry([Pair()])).test_client()
for n in range(200):
    fields = {{"q": f"{{n}} " + "a" * 1000, "s": "b", "source": "es", "target": "en"}}
    print(client.post("/suggest", json=fields).status_code)
"""
    command = ["sh", "-c", 'ulimit -f 256; exec "$@"', "sh", sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    statuses = done.stdout.split()
    assert done.returncode == 0, done.stderr
    assert set(statuses) == {"200", "503"}
    assert "full" in done.stderr or "disk I/O error" in done.stderr
    taken = [str(n) for n, status in enumerate(statuses) if status == "200"]
    assert [source.split()[0] for source, _ in kept(path)] == taken


def test_a_database_that_was_lost_is_no_defect(path: Path, engine: Engine) -> None:
    settings = Settings(database=path.parent / "gone" / "x.sqlite3", suggestions=True)
    client = create_app(settings, Registry([engine])).test_client()
    assert refusal(client.post("/suggest", json=FIELDS), 503)


def test_exported_pairs_are_safe_for_training(path: Path) -> None:
    suggestions = Suggestions(path)
    for source, target in (
        ("uno\tdos\ntres", "one\r\ntwo\u2028three"),
        ("\x00\x07cuatro", '"four"'),
        (" \t\n", "blank"),
        ("niño", "child"),
    ):
        suggestions.add(Suggestion("es", "en", source, target))
    suggestions.add(Suggestion("en", "es", "dog", "perro"))
    done = export(path)
    assert done.returncode == 0
    assert done.stdout == 'uno dos tres\tone two three\ncuatro\t"four"\nniño\tchild\n'
    assert done.stderr == "3 pairs of es-en\n"


def test_nothing_is_made_of_a_database_that_is_not_there(path: Path) -> None:
    done = export(path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such file" in done.stderr
    assert not path.exists()
