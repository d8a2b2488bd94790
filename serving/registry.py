"""The models that are served: found on disk, loaded, and looked up by their pair of languages."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from serving.languages import Language, english_name
from translator.config import SearchConfig
from translator.errors import InputError, ModelFolderError, TranslatorError
from translator.model_folder import version_folders
from translator.quiet import import_tensorflow
from translator.texts.glossary import Glossary
from translator.texts.translating import Format, TranslatedText

if TYPE_CHECKING:
    from translator.translator import Translation

log = logging.getLogger(__name__)


class Engine(Protocol):
    """What the registry asks of a translator; `translator.translator.Translator` is one."""

    @property
    def source_language(self) -> str:
        """Code of the language it reads."""

    @property
    def target_language(self) -> str:
        """Code of the language it writes."""

    def search_config(self, **settings: float | None) -> SearchConfig:
        """Settings of a search: those that are given and not None, else the model's own."""

    def translate_texts(
        self,
        texts: Sequence[str],
        search: SearchConfig,
        *,
        text_format: Format,
        glossary: Glossary | None,
    ) -> list[TranslatedText]:
        """Translates texts or documents, in their order."""

    def confidence(self, translation: Translation) -> float:
        """How good a sentence's best hypothesis is likely to be, from 0 to 1."""


class ServedModel:
    """A translator that several threads may call; their searches run one after the other.

    One search already keeps every core busy, so two at a time would finish no sooner and would
    hold twice the memory. Requests wait in their threads; other models are not held up.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()

    def search_config(self, **settings: float | None) -> SearchConfig:
        """Settings of a search: those that are given and not None, else the model's own.

        Raises:
            ConfigError: A setting is out of its range.
        """
        return self._engine.search_config(**settings)

    def translate_texts(
        self,
        texts: Sequence[str],
        search: SearchConfig,
        *,
        text_format: Format = "text",
        glossary: Glossary | None = None,
    ) -> list[TranslatedText]:
        """Translates texts, in their order, when the calls before this one are done."""
        with self._lock:
            return self._engine.translate_texts(
                texts, search, text_format=text_format, glossary=glossary
            )

    def confidence(self, translation: Translation) -> float:
        """How good a sentence's best hypothesis is likely to be, from 0 to 1."""
        return self._engine.confidence(translation)


class Registry:
    """Models by (source, target). It may be empty: the server then answers 503.

    Args:
        engines: One translator for each pair; of two for the same pair the later one is served.
    """

    def __init__(self, engines: Iterable[Engine]) -> None:
        self._models = {
            (engine.source_language, engine.target_language): ServedModel(engine)
            for engine in engines
        }

    @classmethod
    def load(cls, models: Path, load_engine: Callable[[Path], Engine] | None = None) -> Registry:
        """Loads one model for each pair: the highest version that loads.

        A version that does not load is reported in the log and passed over, so that one damaged
        folder stops neither the older version beside it nor the other pairs.

        Args:
            models: The folder that `find_versions` reads.
            load_engine: Makes a translator of a version folder; the real one by default.

        Raises:
            ModelFolderError: There is no folder, or nothing in it looks like a model.
        """
        load_engine = load_engine or _load_translator
        loaded = (
            _load_pair(pair, versions, load_engine)
            for pair, versions in find_versions(models).items()
        )
        return cls(engine for engine in loaded if engine is not None)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs that are served, sorted."""
        return sorted(self._models)

    def sources(self, target: str) -> list[str]:
        """Codes of the languages that are translated to this one, sorted.

        Raises:
            InputError: There are none.
        """
        sources = [source for source, code in self.pairs if code == target]
        if not sources:
            self._require_known(target)
            raise InputError(
                f"{english_name(target)} ({target}) is not available as a target language"
            )
        return sources

    def languages(self) -> list[Language]:
        """Lists every language that is a source or a target, sorted by name.

        One that is only a target has no targets of its own. It is listed all the same: clients
        take a code that is not in the list for one that the server does not speak.
        """
        codes = {code for pair in self._models for code in pair}
        languages = [
            Language(code, english_name(code), [t for s, t in self.pairs if s == code])
            for code in codes
        ]
        return sorted(languages, key=lambda language: (language.name, language.code))

    def find(self, source: str, target: str) -> ServedModel:
        """Gives the model of a pair.

        Raises:
            InputError: A language is unknown, or both are known but not as this pair.
        """
        self._require_known(source, target)
        model = self._models.get((source, target))
        if model is None:
            raise InputError(
                f"{english_name(target)} ({target}) is not available as a target language "
                f"from {english_name(source)} ({source})"
            )
        return model

    def _require_known(self, *codes: str) -> None:
        known = {code for pair in self._models for code in pair}
        for code in codes:
            if code not in known:
                raise InputError(f"{code} is not supported")


def find_versions(models: Path) -> dict[str, list[Path]]:
    """Finds the version folders of each pair, without opening one.

    Args:
        models: A folder of `<source>-<target>/<version>/`, where a version is a number.

    Returns:
        Version folders by the name of their pair's folder, highest version first.

    Raises:
        ModelFolderError: There is no such folder, or nothing in it looks like a model.
    """
    expected = f"expected a folder of models, as {models / '<source>-<target>' / '<version>'}"
    try:
        pairs = sorted(path for path in models.iterdir() if path.is_dir())
        found = {pair.name: [path for _, path in reversed(version_folders(pair))] for pair in pairs}
    except OSError as error:
        raise ModelFolderError(f"{expected}. Received: {error.strerror}") from error
    found = {pair: versions for pair, versions in found.items() if versions}
    if not found:
        raise ModelFolderError(f"{expected}. Received: a folder without any")
    return found


def _load_pair(
    pair: str, versions: Iterable[Path], load_engine: Callable[[Path], Engine]
) -> Engine | None:
    for version in versions:
        try:
            engine = load_engine(version)
        # Whatever is wrong with one folder, even a defect of ours, must not stop the others.
        except Exception as error:
            defect = not isinstance(error, TranslatorError)
            log.error("Not serving %s: %s", version, error, exc_info=defect)
            continue
        name = f"{engine.source_language}-{engine.target_language}"
        if name == pair:
            return engine
        log.error("Not serving %s: the folder's name says %s, its model %s", version, pair, name)
    return None


def _load_translator(version: Path) -> Engine:
    # Not at the top: importing this module must not start TensorFlow, as serving.server explains.
    import_tensorflow()
    from translator.translator import Translator

    return Translator.load(version)
