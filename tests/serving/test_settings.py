from __future__ import annotations

import re
from pathlib import Path

import pytest

from serving.settings import Settings, variables
from translator.errors import ConfigError


def test_defaults_hold_where_nothing_is_set() -> None:
    settings = Settings.from_environ({"PATH": "/usr/bin"})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 5000, 1)
    assert settings.models == Path("saved_models")
    assert settings.max_body_bytes == 1024 * 1024


def test_environment_is_read() -> None:
    settings = Settings.from_environ({"TRANSLATE_PORT": "8080", "TRANSLATE_MODELS": "elsewhere"})
    assert settings.port == 8080
    assert settings.models == Path("elsewhere")


def test_an_option_stands_above_the_environment() -> None:
    environ = {"TRANSLATE_PORT": "8080", "TRANSLATE_HOST": "0.0.0.0"}
    settings = Settings.from_environ(environ, port=9090, host=None)
    assert settings.port == 9090
    assert settings.host == "0.0.0.0"


def test_an_empty_variable_is_not_set() -> None:
    assert Settings.from_environ({"TRANSLATE_PORT": ""}).port == 5000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRANSLATE_PORT", "http"),
        ("TRANSLATE_PORT", "0"),
        ("TRANSLATE_PORT", "65536"),
        ("TRANSLATE_WORKERS", "0"),
        ("TRANSLATE_THREADS", "-1"),
        ("TRANSLATE_CHAR_LIMIT", "1.5"),
        ("TRANSLATE_BEAM_LIMIT", "101"),
        ("TRANSLATE_ALTERNATIVES_LIMIT", "-1"),
        ("TRANSLATE_GLOSSARY_LIMIT", "-1"),
        ("TRANSLATE_METRICS", "perhaps"),
        ("TRANSLATE_LOG_FORMAT", "xml"),
        ("TRANSLATE_LOG_LEVEL", "chatty"),
        ("TRANSLATE_GLOSSARY_LIMIT", "10001"),
        ("TRANSLATE_RATE_LIMIT", "fast"),
        ("TRANSLATE_RATE_LIMIT", "0/minute"),
        ("TRANSLATE_RATE_STORAGE", "memcached://localhost"),
        ("TRANSLATE_CONCURRENCY_LIMIT", "-1"),
        ("TRANSLATE_TRUSTED_PROXIES", "-1"),
        ("TRANSLATE_CORS_ORIGINS", "example.org"),
        ("TRANSLATE_CORS_ORIGINS", "https://example.org/page"),
        ("TRANSLATE_CORS_ORIGINS", "https://*.example.org"),
        ("TRANSLATE_CORS_ORIGINS", "*,https://example.org"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}: expected .* Received: '{re.escape(value)}'$"):
        Settings.from_environ({name: value})


def test_limits_that_contradict_each_other_are_named() -> None:
    with pytest.raises(ConfigError, match=r"BEAM_SIZE: expected at most .*\(4\). Received: 5"):
        Settings.from_environ({"TRANSLATE_BEAM_LIMIT": "4"})
    with pytest.raises(ConfigError, match=r"ALTERNATIVES_LIMIT: expected less .* Received: 20"):
        Settings.from_environ({"TRANSLATE_ALTERNATIVES_LIMIT": "20"})


@pytest.mark.parametrize("name", ["TRANSLATE_REQUIRE_KEY", "TRANSLATE_SUGGESTIONS"])
def test_what_needs_the_database_says_so(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name}: expected TRANSLATE_DATABASE"):
        Settings.from_environ({name: "true"})
    assert Settings.from_environ({name: "true", "TRANSLATE_DATABASE": "x"}).database == Path("x")


def test_a_misspelled_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"TRANSLATE_CHAR_LIMIT.*Received: ") as caught:
        Settings.from_environ({"TRANSLATE_CHARLIMIT": "100", "TRANSLATE_WORKER": "2"})
    received = "TRANSLATE_CHARLIMIT, TRANSLATE_WORKER"
    meant = "TRANSLATE_CHAR_LIMIT and TRANSLATE_WORKERS"
    assert str(caught.value).endswith(f"Received: {received}. Did you mean {meant}?")


def test_what_kubernetes_says_of_a_service_called_translate_is_no_setting() -> None:
    environ = {
        "TRANSLATE_PORT": "tcp://10.96.0.12:5000",
        "TRANSLATE_SERVICE_HOST": "10.96.0.12",
        "TRANSLATE_SERVICE_PORT": "5000",
        "TRANSLATE_SERVICE_PORT_HTTP_MAIN": "5000",
        "TRANSLATE_PORT_5000_TCP": "tcp://10.96.0.12:5000",
        "TRANSLATE_PORT_5000_TCP_PROTO": "tcp",
        "TRANSLATE_PORT_5000_TCP_PORT": "5000",
        "TRANSLATE_PORT_5000_TCP_ADDR": "10.96.0.12",
    }
    assert Settings.from_environ(environ) == Settings()
    assert Settings.from_environ(environ | {"TRANSLATE_HOST": "0.0.0.0"}).host == "0.0.0.0"
    with pytest.raises(ConfigError, match="Received: TRANSLATE_SERVICE_NAME"):
        Settings.from_environ({"TRANSLATE_SERVICE_NAME": "translate"})


def test_every_variable_is_listed_with_its_default_and_meaning() -> None:
    rows = {variable.name: variable for variable in variables()}
    assert len(rows) == len(Settings.model_fields)
    assert rows["TRANSLATE_PORT"].default == "5000"
    assert all(row.meaning for row in rows.values())
    defaults = {name: row.default for name, row in rows.items()}
    assert Settings.from_environ(defaults) == Settings()
