from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli
from fake_server import Loader, write_version
from flask.testing import FlaskClient
from requesting import refusal

from serving.app import create_app
from serving.registry import Registry
from serving.settings import Settings
from translator.model_folder import FORMAT_VERSION

ROOT = Path(__file__).parents[2]
INFO: Mapping[str, Any] = {
    "training": {"licence": "CC BY 2.0 FR", "attribution": "tatoeba.org", "pairs": 114427},
    "weights": 6332016,
    "sizes": {"embedding_size": 256, "cell": "lstm", "bidirectional": True, "word_dropout": 0.5},
    "scores": [
        {
            "data": ["es-en.test.tsv.gz"],
            "sentences": 1528,
            "scores": [
                {"metric": "BLEU", "value": 43.6, "signature": "nrefs:1|version:2.6.0"},
                {"metric": "chrF", "value": 62.56, "signature": "nrefs:1|nc:6"},
            ],
        }
    ],
}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """es-en in a version that is served and a newer one that cannot be; es-fr that cannot be."""
    write_version(tmp_path, "es-en/1", **INFO)
    write_version(tmp_path, "es-en/2", broken=True)
    write_version(tmp_path, "es-fr/7", broken=True)
    return tmp_path


@pytest.fixture
def about(models: Path) -> FlaskClient:
    registry = Registry(folder=models, loader=Loader())
    registry.reload()
    return create_app(Settings(char_limit=300), registry).test_client()


def test_models(about: FlaskClient, models: Path) -> None:
    response = about.get("/models")
    assert response.status_code == 200
    served, broken = response.get_json()
    assert (served["name"], served["source"], served["target"]) == ("es-en", "es", "en")
    assert (served["version"], served["loaded"]) == (1, True)
    assert (served["licence"], served["attribution"]) == ("CC BY 2.0 FR", "tatoeba.org")
    assert (served["weights"], served["trainingPairs"]) == (6332016, 114427)
    assert served["sizes"] == INFO["sizes"]
    assert [(s["metric"], s["value"], s["sentences"]) for s in served["scores"]] == [
        ("BLEU", 43.6, 1528),
        ("chrF", 62.56, 1528),
    ]
    assert served["scores"][0]["data"] == ["es-en.test.tsv.gz"]
    [problem] = served["problems"]
    assert problem.startswith("version 2")
    assert "damaged" in problem
    assert (broken["name"], broken["version"], broken["loaded"]) == ("es-fr", None, False)
    assert len(broken["problems"]) == 1
    assert str(models) not in response.text


def test_the_models_that_ship_are_described() -> None:
    """Reads what is on disk; no model is loaded."""

    class Unloaded(Loader):
        def info(self, version: Path) -> Mapping[str, Any]:
            return dict(json.loads((version / "assets" / "model.json").read_text()))

    registry = Registry(folder=ROOT / "saved_models", loader=Unloaded())
    registry.reload()
    models = create_app(Settings(), registry).test_client().get("/models").get_json()
    shipped = sorted(folder.name for folder in (ROOT / "saved_models").iterdir())
    assert [model["name"] for model in models] == shipped
    for model in models:
        assert model["licence"]
        assert model["weights"] > 1_000_000
        assert {"BLEU", "chrF"} == {score["metric"] for score in model["scores"]}


def test_no_models(empty_client: FlaskClient) -> None:
    assert empty_client.get("/models").get_json() == []


def test_version(about: FlaskClient) -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert about.get("/version").get_json() == {
        "version": project["version"],
        "modelFormat": FORMAT_VERSION,
    }


def test_ready(about: FlaskClient) -> None:
    response = about.get("/ready")
    assert (response.status_code, response.get_json()) == (200, {"status": "ok"})


def test_not_ready(empty_client: FlaskClient) -> None:
    response = empty_client.get("/ready")
    assert refusal(response, 503) == "No model is ready"
    assert int(response.headers["Retry-After"]) > 0


def test_frontend_settings(about: FlaskClient) -> None:
    answer = about.get("/frontend/settings").get_json()
    assert list(answer) == [
        "charLimit",
        "frontendTimeout",
        "apiKeys",
        "keyRequired",
        "suggestions",
        "filesTranslation",
        "supportedFilesFormat",
        "language",
    ]
    assert answer["charLimit"] == 300
    assert answer["language"] == {
        "source": {"code": "es", "name": "Spanish"},
        "target": {"code": "en", "name": "English"},
    }


def test_frontend_settings_without_a_model(empty_client: FlaskClient) -> None:
    nothing = {"code": "", "name": ""}
    language = empty_client.get("/frontend/settings").get_json()["language"]
    assert language == {"source": nothing, "target": nothing}
