from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from serving.registry import Engine, Registry, find_versions
from translator.config import SearchConfig
from translator.errors import InputError, ModelFolderError
from translator.texts.translating import TranslatedText
from translator.translator import Translation

MakeEngine = Callable[..., Engine]


def make_folders(models: Path, *names: str) -> None:
    for name in names:
        (models / name).mkdir(parents=True)


class Loader:
    """Makes an engine named after the folder; the folders in `broken` raise the given error."""

    def __init__(self, make_engine: MakeEngine, broken: dict[str, Exception] | None = None) -> None:
        self._make_engine = make_engine
        self._broken = broken or {}
        self.loaded: list[str] = []

    def __call__(self, version: Path) -> Engine:
        name = f"{version.parent.name}/{version.name}"
        if name in self._broken:
            raise self._broken[name]
        self.loaded.append(name)
        return self._make_engine(*version.parent.name.split("-"))


def test_the_highest_version_is_loaded_by_number_not_by_spelling(
    tmp_path: Path, make_engine: MakeEngine
) -> None:
    make_folders(tmp_path, "es-en/2", "es-en/10", "es-en/9", "en-es/1")
    loader = Loader(make_engine)
    registry = Registry.load(tmp_path, loader)
    assert loader.loaded == ["en-es/1", "es-en/10"]
    assert registry.pairs == [("en", "es"), ("es", "en")]


def test_what_is_no_version_is_left_alone(tmp_path: Path) -> None:
    make_folders(tmp_path, "es-en/1", "es-en/1.tmp", "es-en/old", "notes/drafts")
    (tmp_path / "README.md").write_text("models")
    (tmp_path / "es-en" / "7").write_text("a file, not a folder")
    assert find_versions(tmp_path) == {"es-en": [tmp_path / "es-en" / "1"]}


@pytest.mark.parametrize("error", [ModelFolderError("checksum"), OSError("disk")])
def test_a_broken_version_gives_way_to_the_one_below(
    tmp_path: Path,
    make_engine: MakeEngine,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    make_folders(tmp_path, "es-en/1", "es-en/2")
    loader = Loader(make_engine, {"es-en/2": error})
    assert Registry.load(tmp_path, loader).pairs == [("es", "en")]
    assert loader.loaded == ["es-en/1"]
    assert f"Not serving {tmp_path / 'es-en' / '2'}: {error}" in caplog.text


def test_a_broken_pair_does_not_stop_the_others(tmp_path: Path, make_engine: MakeEngine) -> None:
    make_folders(tmp_path, "es-en/1", "en-es/1")
    loader = Loader(make_engine, {"es-en/1": ModelFolderError("checksum")})
    assert Registry.load(tmp_path, loader).pairs == [("en", "es")]


def test_a_model_in_the_folder_of_another_pair_is_refused(
    tmp_path: Path, make_engine: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    make_folders(tmp_path, "es-en/1", "es-en.copy/1")
    registry = Registry.load(tmp_path, lambda version: make_engine("es", "en"))
    assert registry.pairs == [("es", "en")]
    assert "the folder's name says es-en.copy, its model es-en" in caplog.text


def test_a_folder_without_models_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="without any"):
        find_versions(tmp_path)
    with pytest.raises(ModelFolderError, match=r"absent.*No such file"):
        find_versions(tmp_path / "absent")


def test_lookup(make_engine: MakeEngine) -> None:
    registry = Registry([make_engine("es", "en"), make_engine("en", "pt-BR")])
    assert registry.find("es", "en") is registry.find("es", "en")
    assert registry.find("es", "en") is not registry.find("en", "pt-BR")
    with pytest.raises(InputError, match=r"^zz is not supported$"):
        registry.find("zz", "en")
    with pytest.raises(InputError, match=r"^zz is not supported$"):
        registry.find("es", "zz")
    with pytest.raises(
        InputError,
        match=r"^Brazilian Portuguese \(pt-BR\) is not available as a target language "
        r"from Spanish \(es\)$",
    ):
        registry.find("es", "pt-BR")


def test_the_sources_of_a_target(make_engine: MakeEngine) -> None:
    registry = Registry([make_engine("fr", "en"), make_engine("en", "fr"), make_engine("es", "en")])
    assert registry.sources("en") == ["es", "fr"]
    with pytest.raises(InputError, match=r"^zz is not supported$"):
        registry.sources("zz")
    with pytest.raises(InputError, match=r"^Spanish \(es\) is not available as a target language$"):
        registry.sources("es")


def test_languages_are_named_and_know_their_targets(make_engine: MakeEngine) -> None:
    pairs = [("es", "en"), ("es", "qqq"), ("es", "gn"), ("gn", "es")]
    languages = Registry([make_engine(*pair) for pair in pairs]).languages()
    assert [tuple(language) for language in languages] == [
        ("en", "English", []),
        ("gn", "Guarani", ["es"]),
        ("es", "Spanish", ["en", "gn", "qqq"]),
        ("qqq", "qqq", []),
    ]


def test_calls_of_several_threads_run_one_after_the_other() -> None:
    class Slow:
        source_language = "es"
        target_language = "en"
        running = 0
        most_running = 0

        def search_config(self, **settings: float | None) -> SearchConfig:
            return SearchConfig()

        def translate_texts(
            self, texts: Sequence[str], search: SearchConfig, **options: object
        ) -> list[TranslatedText]:
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            time.sleep(0.02)
            self.running -= 1
            return []

        def confidence(self, translation: Translation) -> float:
            return 1.0

    slow = Slow()
    model = Registry([slow]).find("es", "en")
    threads = [
        threading.Thread(target=model.translate_texts, args=(["a"], SearchConfig()))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slow.most_running == 1
