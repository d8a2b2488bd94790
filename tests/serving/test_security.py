"""Keys and limits of a real server with two processes, and ways around them that do not work."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from live import Live, telling_server
from live_server import TIMEOUT

from serving.keys import Keys, Limits

SLOW = {"source": "en", "target": "es"}
"""What takes two seconds."""


class Guarded(NamedTuple):
    live: Live
    keys: Keys
    key: str


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Two processes; who has no key is not served; one more limit for each key."""
    path = tmp_path_factory.mktemp("database") / "keys.sqlite3"
    keys = Keys(path)
    key = keys.create("Weblate")
    with telling_server(workers=2, database=path, require_key=True, max_body_bytes=100_000) as live:
        yield Guarded(live, keys, key)


def both_workers(live: Live, **options: object) -> dict[str, set[int]]:
    """Asks until two processes have answered; gives the statuses that each gave."""
    statuses: dict[str, set[int]] = {}
    for _ in range(200):
        answer = live.translate(**options)
        statuses.setdefault(answer.headers["X-Worker"], set()).add(answer.status_code)
        if len(statuses) == 2:
            return statuses
    raise AssertionError(f"one process answered everything: {statuses}")


def test_the_right_key_is_taken_from_every_place(guarded: Guarded) -> None:
    live, _, key = guarded
    url, fields = f"{live.url}/translate", {"q": "uno dos", "source": "es", "target": "en"}
    answers = [
        requests.post(url, json=fields | {"api_key": key}, timeout=TIMEOUT),
        requests.post(url, data=fields | {"api_key": key}, timeout=TIMEOUT),
        requests.post(url, params=fields | {"api_key": key}, timeout=TIMEOUT),
        live.translate(headers={"Authorization": f"Bearer {key}"}),
    ]
    assert [answer.json()["translatedText"] for answer in answers] == ["uno dos v1"] * 4


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({}, {}),
        ({"api_key": ""}, {}),
        ({"api_key": None}, {}),
        ({"api_key": "wrong"}, {}),
        ({"API_KEY": "KEY"}, {}),
        ({"Api_Key": "KEY"}, {}),
        ({"api_key": "KEY "}, {}),
        ({"api_key": "UPPER"}, {}),
        ({"api_key": "ID"}, {}),
        ({"api_key": "\ud800"}, {}),
        ({"api_key": "KEY\x00"}, {}),
        ({}, {"Authorization": "Bearer"}),
        ({}, {"Authorization": "Bearer wrong"}),
        ({}, {"Authorization": "Basic KEY"}),
        ({}, {"Authorization": "KEY"}),
        ({}, {"X-Api-Key": "KEY"}),
        ({}, {"api_key": "KEY"}),
        ({}, {"X-Forwarded-For": "127.0.0.1"}),
        ({}, {"X-HTTP-Method-Override": "OPTIONS"}),
        ({}, {"X-Original-URL": "/health"}),
        ({"api_key": "wrong"}, {"Authorization": "Bearer KEY"}),
    ],
)
def test_no_other_key_and_no_header_opens_the_door(
    guarded: Guarded, fields: dict[str, str], headers: dict[str, str]
) -> None:
    def filled(values: dict[str, str]) -> dict[str, str]:
        key = guarded.key
        for word, put in (("KEY", key), ("UPPER", key.upper()), ("ID", key[:8])):
            values = {name: v.replace(word, put) if v else v for name, v in values.items()}
        return values

    answer = guarded.live.translate(fields=filled(fields), headers=filled(headers))
    assert answer.status_code == 403
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize("path", ["/TRANSLATE", "/Translate", "/translate/", "//translate"])
def test_no_other_spelling_of_a_path_opens_the_door(guarded: Guarded, path: str) -> None:
    fields = {"q": "uno", "source": "es", "target": "en"}
    answer = requests.post(guarded.live.url + path, json=fields, timeout=TIMEOUT)
    assert answer.status_code in (403, 404)


@pytest.mark.parametrize("path", ["/translate", "/detect", "/suggest"])
def test_every_endpoint_that_costs_work_asks_for_the_key(guarded: Guarded, path: str) -> None:
    answer = requests.post(guarded.live.url + path, json={"q": "uno"}, timeout=TIMEOUT)
    assert answer.status_code == 403
    assert "API key is required" in answer.json()["error"]


def test_health_and_languages_ask_for_none(guarded: Guarded) -> None:
    for path in ("/health", "/languages", "/"):
        assert requests.get(guarded.live.url + path, timeout=TIMEOUT).status_code == 200


def test_a_key_that_is_revoked_is_wrong_at_once_in_every_process(guarded: Guarded) -> None:
    live, keys, _ = guarded
    key = keys.create("for a minute")
    fields = {"api_key": key}
    assert set.union(*both_workers(live, fields=fields).values()) == {200}
    keys.revoke(key[:8])
    assert set.union(*both_workers(live, fields=fields).values()) == {403}


def test_a_rate_holds_over_both_processes_and_over_all_endpoints(guarded: Guarded) -> None:
    live, keys, _ = guarded
    key = keys.create("slow down", Limits(rate="10/hour"))
    for n in range(10):
        path = ("/translate", "/detect")[n % 2]
        fields = {"q": "uno", "source": "es", "target": "en", "api_key": key}
        answer = requests.post(live.url + path, json=fields, timeout=TIMEOUT)
        assert answer.status_code == 200
    refused = both_workers(live, fields={"api_key": key})
    assert set.union(*refused.values()) == {429}
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP"):
        assert live.translate(fields={"api_key": key}, headers={header: "::7"}).status_code == 429
    assert live.translate(headers={"Authorization": f"bearer {key}"}).status_code == 429
    answer = live.translate(fields={"api_key": key})
    assert answer.json() == {"error": "Too many requests: the limit is 10 per 1 hour"}
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert live.translate(fields={"api_key": guarded.key}).status_code == 200


def test_requests_at_a_time_are_counted_over_both_processes(guarded: Guarded) -> None:
    live, keys, _ = guarded
    key = keys.create("one by one", Limits(concurrency=3))
    statuses: list[tuple[int, str]] = []

    def ask() -> None:
        answer = live.translate(fields=SLOW | {"api_key": key})
        statuses.append((answer.status_code, answer.headers.get("Retry-After", "")))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [(200, "")] * 3 + [(429, "1")] * 7
    assert live.translate(fields={"api_key": key}).status_code == 200


def test_a_process_that_is_killed_leaves_no_request_counted(guarded: Guarded) -> None:
    live, keys, _ = guarded
    key = keys.create("unlucky", Limits(concurrency=1))
    worker = int(live.translate().headers["X-Worker"])
    while True:
        with live.connect() as connection:
            body = json.dumps(SLOW | {"q": "uno", "api_key": key})
            connection.sendall(post(body.encode()))
            time.sleep(0.5)
            os.kill(worker, 9)
            if not connection.makefile("rb").read():
                break
        worker = int(live.translate().headers["X-Worker"])
    assert live.translate(fields={"api_key": key}).status_code == 200


def test_characters_are_limited_for_each_key(guarded: Guarded) -> None:
    key = guarded.keys.create("short texts", Limits(characters=5))
    assert guarded.live.translate("12345", fields={"api_key": key}).status_code == 200
    answer = guarded.live.translate("123456", fields={"api_key": key})
    assert answer.json() == {"error": "Invalid request: request (6) exceeds text limit (5)"}
    answer = guarded.live.translate("123456", fields={"api_key": guarded.key})
    assert answer.status_code == 200


def post(body: bytes, *headers: str, path: str = "/translate", length: bool = True) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    lines.append("Content-Type: application/json")
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


CHUNKED = "Transfer-Encoding: chunked"


def status(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as answer:
        return answer.readline()[9:12]


def test_a_body_in_chunks_is_read_to_the_limit_and_no_further(guarded: Guarded) -> None:
    with guarded.live.connect() as connection:
        connection.sendall(post(b"", CHUNKED, length=False))
        sent = 0
        try:
            while sent < 100_000_000:
                connection.sendall(b"4000\r\n" + b"a" * 0x4000 + b"\r\n")
                sent += 0x4000
        except OSError:
            pass
    # The rest is what the system itself holds for both sides.
    assert sent < 20_000_000


@pytest.mark.parametrize("path", ["/translate", "/detect"])
def test_a_body_in_chunks_over_the_limit_is_refused_in_words(guarded: Guarded, path: str) -> None:
    chunks = (b'"' + b"a" * 30_000 for _ in range(4))
    answer = requests.post(
        guarded.live.url + path,
        data=chunks,
        headers={"Content-Type": "application/json"},
        timeout=TIMEOUT,
    )
    assert answer.status_code == 413
    assert list(answer.json()) == ["error"]


def test_two_lengths_of_one_body_are_refused(guarded: Guarded) -> None:
    body = b'0\r\n\r\n{"q": "uno"}'
    with guarded.live.connect() as connection:
        connection.sendall(post(body, CHUNKED))
        assert status(connection) == b"400"


def test_behind_one_proxy_only_what_that_one_says_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite3"
    with telling_server(workers=2, trusted_proxies=1, rate_limit="3/hour", database=path) as live:

        def statuses(*addresses: str, **fields: str) -> list[int]:
            return [
                live.translate(headers={"X-Forwarded-For": a}, fields=fields).status_code
                for a in addresses
            ]

        # The last is what the proxy wrote, all before it is what its client did.
        forged = [f"10.0.0.{n}, 192.0.2.1" for n in range(4)]
        assert statuses(*forged) == [200, 200, 200, 429]
        # A port is another for each connection, and this is the same address in other words.
        assert statuses("192.0.2.1:51234", "::ffff:192.0.2.1") == [429, 429]
        # A customer has all addresses of a /64.
        six = [f"2001:db8::{n}" for n in range(4)]
        assert statuses(*six, "2001:db8:0:1::1") == [200, 200, 200, 429, 200]
        # Who tries keys has no more tries than requests.
        assert statuses(*["192.0.2.2"] * 4, api_key="wrong") == [403, 403, 403, 429]
        assert statuses("192.0.2.2", api_key=Keys(path).create("x")) == [200]
        # What watches the server is not held off.
        health = {requests.get(f"{live.url}/health", timeout=TIMEOUT).status_code for _ in range(9)}
        assert health == {200}
