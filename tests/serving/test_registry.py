from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from toy import ROOT

from serving.model_folders import find_versions
from serving.observer import Silent
from serving.registry import Registry
from serving.served_model import Engine
from serving.waiting import NotReady
from serving.watcher import Watcher
from translator.errors import InputError, ModelFolderError
from translator.model_folder import version_folders
from translator.translator import Translator

MakeEngine = Callable[..., Engine]


def make_folders(models: Path, *names: str) -> None:
    """Makes version folders with a file of 1000 bytes in each."""
    for name in names:
        (models / name).mkdir(parents=True)
        (models / name / "model.json").write_text("x" * 1000)


class Loader:
    """Makes an engine named after the folder; the folders in `broken` raise the given error."""

    def __init__(self, make_engine: MakeEngine, broken: dict[str, Exception] | None = None) -> None:
        self._make_engine = make_engine
        self.broken = broken or {}
        self.loaded: list[str] = []

    def info(self, version: Path) -> Mapping[str, Any]:
        source, target = version.parent.name.split("-")
        return {"source_language": source, "target_language": target.removesuffix(".copy")}

    def load(self, version: Path) -> Engine:
        name = f"{version.parent.name}/{version.name}"
        if name in self.broken:
            raise self.broken[name]
        self.loaded.append(name)
        return self._make_engine(*version.parent.name.split("-"), version=int(version.name))


class Diary(Silent):
    def __init__(self) -> None:
        self.events: list[str] = []

    def loaded(self, pair: str, version: int, seconds: float) -> None:
        self.events.append(f"loaded {pair} {version}")

    def unloaded(self, pair: str, version: int) -> None:
        self.events.append(f"unloaded {pair} {version}")

    def refused(self, pair: str, version: int) -> None:
        self.events.append(f"refused {pair} {version}")


@pytest.fixture
def loader(make_engine: MakeEngine) -> Loader:
    return Loader(make_engine)


def load(folder: Path, loader: Loader, **options: Any) -> Registry:
    registry = Registry(folder=folder, loader=loader, **options)
    registry.reload()
    return registry


def served(registry: Registry, source: str = "es", target: str = "en") -> int:
    """The version that answers."""
    model = registry.find(source, target)
    [text] = model.translate_texts(["a b"], model.search_config())
    assert text.candidates == ("b a",)
    return next(s.version for s in registry.status() if (s.source, s.target) == model.pair)


def test_the_highest_version_is_loaded_by_number_not_by_spelling(
    tmp_path: Path, loader: Loader
) -> None:
    make_folders(tmp_path, "es-en/2", "es-en/10", "es-en/9", "en-es/1")
    registry = load(tmp_path, loader)
    assert loader.loaded == ["en-es/1", "es-en/10"]
    assert registry.pairs == [("en", "es"), ("es", "en")]


def test_what_is_no_version_is_left_alone(tmp_path: Path) -> None:
    make_folders(tmp_path, "es-en/1", "es-en/1.tmp", "es-en/old", "notes/drafts")
    (tmp_path / "README.md").write_text("models")
    (tmp_path / "es-en" / "7").write_text("a file, not a folder")
    assert find_versions(tmp_path).versions == {"es-en": [tmp_path / "es-en" / "1"]}


@pytest.mark.parametrize("error", [ModelFolderError("checksum"), OSError("disk")])
def test_a_broken_version_gives_way_to_the_one_below(
    tmp_path: Path, loader: Loader, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    make_folders(tmp_path, "es-en/1", "es-en/2")
    loader.broken = {"es-en/2": error}
    registry = load(tmp_path, loader)
    assert registry.pairs == [("es", "en")]
    assert loader.loaded == ["es-en/1"]
    assert f"Not serving {tmp_path / 'es-en' / '2'}: {error}" in caplog.text


def test_a_broken_pair_does_not_stop_the_others(tmp_path: Path, loader: Loader) -> None:
    make_folders(tmp_path, "es-en/1", "en-es/1")
    loader.broken = {"es-en/1": ModelFolderError(f"{tmp_path}/es-en/1/x: damaged")}
    registry = load(tmp_path, loader)
    assert registry.pairs == [("en", "es")]
    assert registry.problems() == {"es-en": ("version 1: 1/x: damaged",)}


def test_a_model_in_the_folder_of_another_pair_is_refused(
    tmp_path: Path, loader: Loader, caplog: pytest.LogCaptureFixture
) -> None:
    make_folders(tmp_path, "es-en/1", "es-en.copy/1")
    assert load(tmp_path, loader).pairs == [("es", "en")]
    assert "the folder's name says es-en.copy, its model es-en" in caplog.text


def test_a_new_version_takes_over_and_the_old_one_is_let_go(tmp_path: Path, loader: Loader) -> None:
    make_folders(tmp_path, "es-en/1")
    diary = Diary()
    registry = load(tmp_path, loader, observer=diary)
    before = registry.find("es", "en")
    make_folders(tmp_path, "es-en/2")
    registry.reload()
    registry.reload()
    assert served(registry) == 2
    assert diary.events == ["loaded es-en 1", "loaded es-en 2", "unloaded es-en 1"]
    # A request that began with the old one ends with it.
    [text] = before.translate_texts(["c d"], before.search_config())
    assert text.candidates == ("d c",)


def test_a_broken_new_version_is_told_once_and_looked_at_again_when_it_changes(
    tmp_path: Path, loader: Loader
) -> None:
    make_folders(tmp_path, "es-en/1")
    diary = Diary()
    registry = load(tmp_path, loader, observer=diary)
    make_folders(tmp_path, "es-en/2")
    loader.broken = {"es-en/2": ModelFolderError("half copied")}
    registry.reload()
    registry.reload()
    assert served(registry) == 1
    assert diary.events == ["loaded es-en 1", "refused es-en 2"]
    assert registry.status()[0].problems == ("version 2: half copied",)
    loader.broken = {}
    (tmp_path / "es-en" / "2" / "more").write_text("the rest")
    registry.reload()
    assert served(registry) == 2
    assert registry.status()[0].problems == ()


def test_a_version_that_is_damaged_while_it_is_served_goes_on(
    tmp_path: Path, loader: Loader
) -> None:
    make_folders(tmp_path, "es-en/1", "es-en/2")
    registry = load(tmp_path, loader)
    loader.broken = {"es-en/2": ModelFolderError("damaged")}
    (tmp_path / "es-en" / "2" / "model.json").write_text("?")
    registry.reload()
    assert served(registry) == 2
    shutil.rmtree(tmp_path / "es-en" / "2")
    registry.reload()
    assert served(registry) == 2


def test_pairs_come_and_go(tmp_path: Path, loader: Loader) -> None:
    make_folders(tmp_path, "es-en/1")
    registry = load(tmp_path, loader)
    make_folders(tmp_path, "en-es/1")
    registry.reload()
    assert registry.pairs == [("en", "es"), ("es", "en")]
    shutil.rmtree(tmp_path / "es-en")
    registry.reload()
    assert registry.pairs == [("en", "es")]


def test_a_folder_that_is_lost_changes_nothing(tmp_path: Path, loader: Loader) -> None:
    make_folders(tmp_path / "models", "es-en/1")
    registry = load(tmp_path / "models", loader)
    shutil.rmtree(tmp_path / "models")
    with pytest.raises(ModelFolderError):
        registry.reload()
    assert served(registry) == 1


@pytest.mark.parametrize(("searches", "memory_bytes"), [(1, 3_600), (2, 6_600), (8, 24_600)])
def test_with_a_memory_bound_models_are_loaded_when_asked_for(
    tmp_path: Path, loader: Loader, searches: int, memory_bytes: int
) -> None:
    make_folders(tmp_path, "es-en/1", "en-es/1", "de-en/1")
    # Each is taken for 300 bytes and 1500 for each search: there is room for two.
    registry = load(tmp_path, loader, memory_bytes=memory_bytes, searches=searches)
    assert loader.loaded == []
    assert registry.pairs == [("de", "en"), ("en", "es"), ("es", "en")]
    for pair in (("es", "en"), ("en", "es"), ("es", "en"), ("de", "en")):
        assert served(registry, *pair) == 1
    assert loader.loaded == ["es-en/1", "en-es/1", "de-en/1"]
    assert [(s.source, s.loaded) for s in registry.status()] == [
        ("de", True),
        ("en", False),
        ("es", True),
    ]


def test_what_nobody_asks_for_is_let_go(tmp_path: Path, loader: Loader) -> None:
    make_folders(tmp_path, "es-en/1")
    registry = load(tmp_path, loader, idle_seconds=0.05)
    assert served(registry) == 1
    registry.release_idle()
    assert registry.status()[0].loaded
    threading.Event().wait(0.1)
    registry.release_idle()
    assert not registry.status()[0].loaded
    assert served(registry) == 1
    assert loader.loaded == ["es-en/1", "es-en/1"]


def test_on_demand_a_broken_version_gives_way_to_the_one_below(
    tmp_path: Path, loader: Loader
) -> None:
    make_folders(tmp_path, "es-en/1", "es-en/2", "en-es/1")
    loader.broken = dict.fromkeys(["es-en/2", "en-es/1"], ModelFolderError("damaged"))
    registry = load(tmp_path, loader, memory_bytes=10**9)
    assert served(registry) == 1
    with pytest.raises(NotReady, match="en-es cannot be loaded"):
        registry.find("en", "es")
    assert registry.pairs == [("es", "en")]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time as a pair's model sees it; it stands still unless a test moves it."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("serving.slot.time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def unreadable() -> ModelFolderError:
    error = ModelFolderError("1/saved_model.pb: cannot be read")
    error.__cause__ = OSError(errno.EMFILE, "Too many open files")
    return error


PASSING = [OSError(errno.EMFILE, "Too many open files"), MemoryError(), unreadable()]


@pytest.mark.parametrize("error", PASSING)
def test_on_demand_a_pair_outlives_what_passes(
    tmp_path: Path, loader: Loader, clock: SimpleNamespace, error: Exception
) -> None:
    make_folders(tmp_path, "es-en/1", "es-en/2")
    loader.broken = dict.fromkeys(["es-en/1", "es-en/2"], error)
    diary = Diary()
    registry = load(tmp_path, loader, observer=diary, memory_bytes=10**9)
    for _ in range(3):
        with pytest.raises(NotReady):
            registry.find("es", "en")
        registry.reload()
        assert registry.pairs == [("es", "en")]
    # It is not tried with every request, and less often the longer it lasts.
    assert diary.events == ["refused es-en 2", "refused es-en 1"]
    for seconds, tried in ((1.5, True), (1.5, False), (1.5, True), (6.0, False), (1.5, True)):
        clock.now += seconds
        diary.events.clear()
        with pytest.raises(NotReady):
            registry.find("es", "en")
        assert bool(diary.events) is tried
    loader.broken = {}
    clock.now += 300
    assert served(registry) == 2
    assert registry.problems() == {}
    assert registry.status()[0].problems == ()


@pytest.mark.parametrize("error", PASSING)
def test_what_failed_for_a_passing_reason_is_tried_again(
    tmp_path: Path, loader: Loader, clock: SimpleNamespace, error: Exception
) -> None:
    make_folders(tmp_path, "es-en/1", "es-en/2")
    loader.broken = {"es-en/2": error}
    registry = load(tmp_path, loader)
    assert served(registry) == 1
    assert registry.status()[0].problems
    loader.broken = {}
    registry.reload()
    assert served(registry) == 1
    clock.now += 2
    registry.reload()
    assert served(registry) == 2
    assert registry.status()[0].problems == ()


def test_on_demand_a_lower_version_helps_out(
    tmp_path: Path, loader: Loader, clock: SimpleNamespace
) -> None:
    make_folders(tmp_path, "es-en/1", "es-en/2")
    loader.broken = {"es-en/2": MemoryError()}
    registry = load(tmp_path, loader, memory_bytes=10**9)
    assert served(registry) == 1
    loader.broken = {}
    clock.now += 2
    registry.reload()
    assert served(registry) == 2


def test_a_folder_that_cannot_be_read_stops_nothing(
    tmp_path: Path,
    loader: Loader,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    closed = {"lost+found"}

    def look(folder: Path) -> list[tuple[int, Path]]:
        if folder.name in closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return version_folders(folder)

    monkeypatch.setattr("serving.model_folders.version_folders", look)
    make_folders(tmp_path, "es-en/1", "en-es/1")
    (tmp_path / "lost+found").mkdir()
    registry = load(tmp_path, loader)
    assert registry.pairs == [("en", "es"), ("es", "en")]
    closed.add("en-es")
    make_folders(tmp_path, "es-en/2", "de-en/1")
    registry.reload()
    registry.reload()
    assert registry.pairs == [("de", "en"), ("en", "es"), ("es", "en")]
    assert (served(registry), served(registry, "en", "es")) == (2, 1)
    # Each is told of once.
    assert [line.message for line in caplog.records] == [
        "The folder lost+found is passed over: Permission denied",
        "The folder en-es is passed over: Permission denied",
    ]
    shutil.rmtree(tmp_path / "en-es")
    registry.reload()
    assert registry.pairs == [("de", "en"), ("es", "en")]
    closed |= {"es-en", "de-en"}
    with pytest.raises(ModelFolderError):
        registry.reload()
    assert registry.pairs == [("de", "en"), ("es", "en")]


def test_several_that_ask_at_once_load_a_model_once(tmp_path: Path, loader: Loader) -> None:
    make_folders(tmp_path, "es-en/1")
    registry = load(tmp_path, loader, memory_bytes=10**9)
    threads = [threading.Thread(target=registry.find, args=("es", "en")) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loader.loaded == ["es-en/1"]


def test_the_watcher_looks_when_it_is_woken(tmp_path: Path, loader: Loader) -> None:
    make_folders(tmp_path, "es-en/1")
    registry = load(tmp_path, loader)
    watcher = Watcher(registry, seconds=0)
    make_folders(tmp_path, "es-en/2")
    watcher.wake()
    for _ in range(500):
        if registry.status()[0].version == 2:
            break
        threading.Event().wait(0.01)
    assert served(registry) == 2


def test_the_watcher_looks_by_itself_and_outlives_trouble(tmp_path: Path, loader: Loader) -> None:
    make_folders(tmp_path / "models", "es-en/1")
    registry = load(tmp_path / "models", loader)
    os.rename(tmp_path / "models", tmp_path / "away")
    Watcher(registry, seconds=0.01)
    threading.Event().wait(0.1)
    make_folders(tmp_path / "away", "es-en/2")
    os.rename(tmp_path / "away", tmp_path / "models")
    for _ in range(500):
        if registry.status()[0].version == 2:
            break
        threading.Event().wait(0.01)
    assert served(registry) == 2


def test_idle_models_are_let_go_however_seldom_the_folder_is_looked_at(
    tmp_path: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.watcher._IDLE_LOOKS", 0.01)
    make_folders(tmp_path, "es-en/1")
    registry = load(tmp_path, loader, idle_seconds=0.05)
    assert served(registry) == 1
    make_folders(tmp_path, "es-en/2")
    Watcher(registry, seconds=3600)
    for _ in range(500):
        if not registry.status()[0].loaded:
            break
        threading.Event().wait(0.01)
    # The folder's own time is not up: what is new in it is not there yet.
    assert [(one.version, one.loaded) for one in registry.status()] == [(1, False)]


def test_garbage_is_seen_to_when_models_have_come_or_gone(
    tmp_path: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[int] = []
    monkeypatch.setattr("serving.registry.settle", lambda: settled.append(1))
    make_folders(tmp_path, "es-en/1", "fr-en/1")
    registry = load(tmp_path, loader)

    def count() -> int:
        registry.reload()
        registry.settle()
        return len(settled)

    assert (count(), count()) == (1, 1)
    make_folders(tmp_path, "es-en/2")
    assert (count(), count()) == (2, 2)
    shutil.rmtree(tmp_path / "fr-en")
    assert (count(), count()) == (3, 3)


def test_a_folder_without_models_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="without any"):
        find_versions(tmp_path)
    with pytest.raises(ModelFolderError, match=r"absent.*No such file"):
        find_versions(tmp_path / "absent")


def test_lookup(make_engine: MakeEngine) -> None:
    registry = Registry([make_engine("es", "en"), make_engine("en", "pt-BR")])
    assert registry.find("es", "en") is registry.find("es", "en")
    assert registry.find("es", "en") is not registry.find("en", "pt-BR")
    unknown = r"^zz is not supported$"
    with pytest.raises(InputError, match=unknown):
        registry.find("zz", "en")
    with pytest.raises(InputError, match=unknown):
        registry.find("es", "zz")
    with pytest.raises(
        InputError,
        match=r"^Brazilian Portuguese \(pt-BR\) is not available as a target language "
        r"from Spanish \(es\): expected one of en$",
    ):
        registry.find("es", "pt-BR")
    with pytest.raises(
        InputError,
        match=r"^English \(en\) is not available as a target language "
        r"from Brazilian Portuguese \(pt-BR\): that is only a target$",
    ):
        registry.find("pt-BR", "en")


def test_codes_are_taken_as_they_are_served(make_engine: MakeEngine) -> None:
    registry = Registry([make_engine("es", "en"), make_engine("en", "pt-BR")])
    assert registry.resolve("es", "en") == ("es", "en")
    assert registry.resolve("ES", "En") == ("es", "en")
    assert registry.resolve("en_GB", "pt_br") == ("en", "pt-BR")
    assert registry.resolve("auto", "EN-us", auto=True) == ("auto", "en")
    assert registry.resolve("Auto", "en", auto=True) == ("auto", "en")
    with pytest.raises(InputError, match=r"^pt is not supported$"):
        registry.resolve("en", "pt")
    with pytest.raises(InputError, match=r"^auto is not supported"):
        registry.resolve("auto", "en")
    with pytest.raises(InputError, match=r"^zz is not supported"):
        registry.resolve("auto", "zz", auto=True)
    with pytest.raises(InputError, match=r"^Spanish \(es\) is not available as a target language"):
        registry.resolve("EN", "ES")
    with pytest.raises(NotReady):
        Registry([]).resolve("es", "en")


def test_the_sources_of_a_target(make_engine: MakeEngine) -> None:
    registry = Registry([make_engine("fr", "en"), make_engine("en", "fr"), make_engine("es", "en")])
    assert registry.sources("en") == ["es", "fr"]
    with pytest.raises(InputError, match=r"^zz is not supported$"):
        registry.sources("zz")
    with pytest.raises(
        InputError,
        match=r"^Spanish \(es\) is not available as a target language: expected one of en, fr$",
    ):
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


@pytest.mark.slow
def test_serving_needs_no_tensorflow(toy_model_folder: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from pathlib import Path\n"
        "import serving.__main__, serving.worker\n"
        "from serving.model_folders import ModelFolders\n"
        "from serving.registry import Registry\n"
        f"registry = Registry(folder=Path({str(toy_model_folder)!r}), loader=ModelFolders())\n"
        "registry.reload()\n"
        "model = registry.find('xx', 'yy')\n"
        "print(*model.translate_texts(['aa bb cc'], model.search_config())[0].candidates)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    translator = Translator.load(toy_model_folder / "xx-yy")
    [[expected]] = (x.candidates for x in translator.translate_texts(["aa bb cc"]))
    assert done.stdout.strip() == expected, done.stderr
