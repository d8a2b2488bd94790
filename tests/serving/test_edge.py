"""The edge in one process: who asks, how often, from which page."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fakeredis
import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from requesting import PAIR, post, refusal
from werkzeug.test import EnvironBuilder

from serving.app import create_app
from serving.edge import guard
from serving.edge.checks import check_edge
from serving.edge.counters import SharedStorage
from serving.edge.guard import guarded
from serving.edge.slots import Slots
from serving.keys import Keys, Limits
from serving.registry import Engine, Registry
from serving.settings import Settings
from translator.errors import ConfigError

PAGE = "https://example.org"


@pytest.fixture
def make_client(engine: Engine, tmp_path: Path) -> Callable[..., FlaskClient]:
    """An application with some settings; its database is `keys.sqlite3` where it has one."""

    def make(**settings: Any) -> FlaskClient:
        if settings.pop("database", False):
            settings["database"] = tmp_path / "keys.sqlite3"
        return create_app(Settings(**settings), Registry([engine])).test_client()

    return make


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys.sqlite3")


def asked(client: FlaskClient, address: str = "192.0.2.1", **headers: str) -> int:
    body = PAIR | {"q": "uno"}
    environ = {"REMOTE_ADDR": address}
    return client.post("/translate", json=body, headers=headers, environ_base=environ).status_code


def test_without_a_database_any_key_will_do(client: FlaskClient) -> None:
    assert post(client, q="uno", api_key="whatever").status_code == 200
    assert refusal(post(client, q="uno", api_key=5)).startswith("Invalid request: api_key")


def test_with_a_database_a_wrong_key_is_refused_also_where_none_is_needed(
    make_client: Callable[..., FlaskClient], keys: Keys
) -> None:
    client = make_client(database=True)
    assert post(client, q="uno").status_code == 200
    assert post(client, q="uno", api_key=keys.create("x")).status_code == 200
    assert refusal(post(client, q="uno", api_key="x"), 403) == "Invalid API key"
    error = refusal(post(client, q="uno", api_key=["x"]))
    assert error == "Invalid request: api_key: expected a text"


def test_the_key_comes_before_what_else_is_wrong(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(database=True, require_key=True)
    assert refusal(client.post("/translate", json={}), 403)
    assert refusal(client.post("/suggest", json={}), 403)
    assert refusal(client.post("/translate", data="{", content_type="application/json"), 400)


def test_a_rate_is_one_for_all_endpoints_and_counts_each_address(
    make_client: Callable[..., FlaskClient],
) -> None:
    client = make_client(rate_limit="3/minute")
    assert [asked(client) for _ in range(2)] == [200, 200]
    assert client.post("/detect", json={}, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code
    answer = client.post("/detect", json={"q": "a"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert refusal(answer, 429) == "Too many requests: the limit is 3 per 1 minute"
    assert 55 <= int(answer.headers["Retry-After"]) <= 60
    assert asked(client, "192.0.2.2") == 200


def test_a_rate_holds_back_nothing_that_costs_nothing(
    make_client: Callable[..., FlaskClient],
) -> None:
    client = make_client(rate_limit="1/hour")
    for path in ("/", "/health", "/languages"):
        assert [client.get(path).status_code for _ in range(3)] == [200] * 3
    assert [client.options("/translate").status_code for _ in range(3)] == [200] * 3
    assert [asked(client) for _ in range(2)] == [200, 429]


def test_a_forged_proxy_header_is_not_believed(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(rate_limit="1/hour")
    assert asked(client) == 200
    assert asked(client, X_Forwarded_For="192.0.2.9") == 429
    client = make_client(rate_limit="1/hour", trusted_proxies=2)
    sent = ["x, 192.0.2.9, 10.0.0.1", "y, 192.0.2.9, 10.0.0.2", "192.0.2.9, 192.0.2.8, 10.0.0.1"]
    assert [asked(client, X_Forwarded_For=value) for value in sent] == [200, 429, 200]
    # Fewer than there are proxies: one of them was passed by, and none is believed.
    assert [asked(client, X_Forwarded_For=f"192.0.2.{n}") for n in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("192.0.2.1:1234", "192.0.2.1:1235", True),
        ("[2001:db8::1]:1234", "2001:db8::1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("unknown", "_hidden", False),
    ],
)
def test_which_addresses_are_one_caller(
    make_client: Callable[..., FlaskClient], first: str, second: str, same: bool
) -> None:
    client = make_client(rate_limit="1/hour")
    assert asked(client, first) == 200
    assert asked(client, second) == (429 if same else 200)


def test_limits_of_a_key_stand_in_place_of_everyones(
    make_client: Callable[..., FlaskClient], keys: Keys
) -> None:
    client = make_client(database=True, rate_limit="2/hour", char_limit=5)
    key = keys.create("x", Limits(rate="4/hour", characters=10))
    assert refusal(post(client, q="1234567")) == (
        "Invalid request: request (7) exceeds text limit (5)"
    )
    statuses = [post(client, q="1234567", api_key=key).status_code for _ in range(5)]
    assert statuses == [200] * 4 + [429]
    keys.limit(key[:8], Limits(rate="100/hour", characters=3))
    assert post(client, q="1234567", api_key=key).status_code == 400


@pytest.mark.parametrize("in_chunks", [False, True])
def test_an_endpoint_may_take_longer_bodies_than_others(
    keys: Keys, tmp_path: Path, in_chunks: bool
) -> None:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1_000
    database = tmp_path / "keys.sqlite3"
    guard.install(app, Settings(database=database, require_key=True, max_body_bytes=1_000))

    @app.post("/upload")
    @guarded(max_body_bytes=50_000)
    def upload() -> dict[str, int]:
        return {"bytes": len(request.files["file"].read())}

    def status(size: int, **fields: str) -> int:
        data = fields | {"file": (io.BytesIO(b"a" * size), "x.txt")}
        builder = EnvironBuilder("/upload", method="POST", data=data)
        environ = builder.get_environ()
        if in_chunks:
            # As gunicorn hands over a body without a length.
            del environ["CONTENT_LENGTH"]
            environ["wsgi.input_terminated"] = True
        return app.test_client().open(environ).status_code

    key = keys.create("x")
    assert status(20_000, api_key=key) == 200
    assert status(20_000) == 403
    assert status(60_000, api_key=key) == 413


def test_keys_that_cannot_be_read_let_nobody_in(
    make_client: Callable[..., FlaskClient], keys: Keys, tmp_path: Path
) -> None:
    key = keys.create("x")
    keys.close()
    (tmp_path / "keys.sqlite3").write_bytes(b"no database" * 1000)
    client = make_client(database=True)
    answer = post(client, q="uno", api_key=key)
    assert refusal(answer, 503) == "The database is not available now"
    assert client.get("/health").status_code == 200


def test_pages_of_other_origins_may_not_ask(client: FlaskClient) -> None:
    answer = client.post("/detect", json={"q": "a"}, headers={"Origin": PAGE})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_pages_of_origins_that_are_named_may(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(cors_origins=f"{PAGE}/, http://localhost:8080", rate_limit="1/hour")
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    for origin, allowed in (
        (PAGE, PAGE),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://example.org", None),
        ("https://example.org.evil.net", None),
        ("https://exampleXorg", None),
        ("null", None),
    ):
        preflight = client.options("/translate", headers={"Origin": origin} | ask)
        assert preflight.headers.get("Access-Control-Allow-Origin") == allowed
        assert preflight.status_code == 200
    answer = client.options("/translate", headers={"Origin": PAGE} | ask)
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    # A page must be able to read why it was refused, and for how long.
    refused = [client.post("/detect", json={}, headers={"Origin": PAGE}) for _ in range(2)][1]
    assert refused.status_code == 429
    assert refused.headers["Access-Control-Allow-Origin"] == PAGE
    assert refused.headers["Access-Control-Expose-Headers"] == "Retry-After, X-Request-ID"


def test_pages_of_all_origins_may_where_all_are_named(
    make_client: Callable[..., FlaskClient],
) -> None:
    answer = make_client(cors_origins="*").get("/languages", headers={"Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/", "/health", "/nowhere", "/translate"])
def test_every_answer_has_security_headers_once(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    for name, value in (
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
    ):
        assert headers.getlist(name) == [value]
    [policy] = headers.getlist("Content-Security-Policy")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", [None, "slots"])
def test_places_are_given_back_and_are_each_callers_own(tmp_path: Path, path: str | None) -> None:
    slots = Slots(tmp_path / path if path else None)
    first, second = slots.take("a", 2), slots.take("a", 2)
    assert None not in (first, second)
    assert slots.take("a", 2) is None
    assert slots.take("b", 1) is not None
    slots.give_back(first or 0)
    assert slots.take("a", 2) == first
    assert slots.take("a", 2) is None


def test_a_shared_rate_is_exact_under_many_threads_and_two_connections(tmp_path: Path) -> None:
    uri = f"shared://{tmp_path}/rates"
    storages = [SharedStorage(uri), SharedStorage(uri)]
    taken: list[bool] = []

    def ask(storage: SharedStorage) -> None:
        taken.extend(storage.acquire_entry("caller", limit=25, expiry=60) for _ in range(10))

    threads = [threading.Thread(target=ask, args=(storages[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), sum(taken)) == (80, 25)
    assert storages[0].acquire_entry("another", limit=1, expiry=60)


def test_a_shared_rate_moves_on_with_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = SharedStorage(f"shared://{tmp_path}/rates")

    def taken_at(now: float) -> bool:
        monkeypatch.setattr(time, "time", lambda: now)
        return storage.acquire_entry("caller", limit=2, expiry=10)

    # Two in ten seconds: what fell out of the window makes room, one at a time.
    taken = [taken_at(now) for now in (1000.0, 1006.0, 1009.0, 1010.0, 1011.0, 1016.0)]
    assert taken == [True, True, False, True, False, True]
    assert storage.get_moving_window("caller", limit=2, expiry=10) == (1010.0, 2)


def test_a_redis_that_does_not_answer_is_named_before_anything_starts() -> None:
    with pytest.raises(ConfigError, match=r"RATE_STORAGE: expected .* redis://127.0.0.1:1 "):
        check_edge(Settings(rate_storage="redis://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:s3cret@127.0.0.1:1/0", "redis://127.0.0.1:1/0"),
        ("redis://me:s3/cr@et@127.0.0.1:1", "redis://127.0.0.1:1"),
        ("redis://127.0.0.1:1?password=s3cret", "redis://127.0.0.1:1"),
        ("redis://127.0.0.1:1?password=@s3cret", "redis://..."),
        ("redis://:s3cret?x@127.0.0.1:1", "redis://..."),
    ],
)
def test_the_password_of_a_redis_is_not_told(url: str, shown: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_edge(Settings(rate_storage=url))
    assert f"Received: {shown} (" in str(caught.value)
    assert "s3" not in str(caught.value)


def test_a_redis_that_is_lost_lets_nobody_past_the_limit(
    make_client: Callable[..., FlaskClient],
) -> None:
    client = make_client(rate_limit="5/minute", rate_storage="redis://127.0.0.1:1")
    answer = post(client, q="uno")
    assert refusal(answer, 503) == "Rate limits cannot be kept now"
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/health").status_code == 200


def test_redis_counts_for_several_servers(
    make_client: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fakeredis.FakeServer(server_type="redis")
    monkeypatch.setattr(
        "redis.from_url", lambda _url, **_options: fakeredis.FakeRedis(server=server)
    )
    clients = [make_client(rate_limit="3/hour", rate_storage="redis://redis") for _ in range(2)]
    assert [asked(clients[n % 2]) for n in range(5)] == [200, 200, 200, 429, 429]
    assert asked(clients[0], "192.0.2.2") == 200
