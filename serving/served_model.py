"""A model that many requests share: what it has translated before, and what waits for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, Protocol

from serving.batcher import Batcher, Searcher
from serving.cache import Cache
from serving.waiting import Caller
from translator.config import SearchConfig
from translator.texts.glossary import Glossary
from translator.texts.sentence import Sentence, Translate
from translator.texts.translating import Format, TranslatedText, translate_texts
from translator.translation import Translation

_SERIALS = itertools.count()


class Engine(Searcher, Protocol):
    """What is asked of a translator; `translator.translator.Translator` is one."""

    @property
    def info(self) -> Mapping[str, Any]:
        """What `model.json` says."""

    @property
    def version(self) -> int:
        """Number of the version."""

    @property
    def source_language(self) -> str:
        """Code of the language it reads."""

    @property
    def target_language(self) -> str:
        """Code of the language it writes."""

    @property
    def source_words(self) -> Set[str]:
        """Words of the source language that it has learnt, in lower case, if it knows which."""

    def search_config(self, **settings: float | None) -> SearchConfig:
        """Settings of a search: those that are given and not None, else the model's own."""

    def mended(self, translate: Translate) -> Translate:
        """What translates sentences, and then mends made-up words, lost names and numbers."""

    def fits(self, text: str) -> bool:
        """Whether the model reads a sentence in full."""

    def confidence(self, translation: Translation) -> float:
        """How good a sentence's best hypothesis is likely to be, from 0 to 1."""


class ServedModel:
    """One version of a model, for any number of threads.

    Args:
        engine: Translates.
        batcher: Decides when.
        cache: Knows what was translated before.

    Attributes:
        serial: Its own number in this process.
    """

    def __init__(self, engine: Engine, batcher: Batcher, cache: Cache) -> None:
        self._engine = engine
        self._batcher = batcher
        self._cache = cache
        # Not its id(), which Python gives to another once this one is gone.
        self.serial = next(_SERIALS)

    @property
    def info(self) -> Mapping[str, Any]:
        """What `model.json` says."""
        return self._engine.info

    @property
    def pair(self) -> tuple[str, str]:
        """Codes of the source language and of the target language."""
        return self._engine.source_language, self._engine.target_language

    @property
    def source_words(self) -> Set[str]:
        """Words of the source language that it has learnt, in lower case, if it knows which."""
        return self._engine.source_words

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
        caller: Caller | None = None,
    ) -> list[TranslatedText]:
        """Translates texts, in their order, together with what others ask for meanwhile.

        Raises:
            NotServed: There is too much to do, or nobody waits any more.
        """
        # One caller for all searches of a request: those that mend come after the first.
        waiting = caller or Caller()
        searched = self._engine.mended(lambda found: self._translate(found, search, waiting))
        source, target = self.pair
        return translate_texts(
            texts,
            source,
            target,
            searched,
            text_format=text_format,
            glossary=glossary,
            fits=self._engine.fits,
        )

    def confidence(self, translation: Translation) -> float:
        """How good a sentence's best hypothesis is likely to be, from 0 to 1."""
        return self._engine.confidence(translation)

    def try_out(self) -> None:
        """Translates, so that no request need wait for what comes once."""
        self._engine.translate([Sentence("1, 2, 3.")], self._engine.search_config())

    def _translate(
        self, sentences: Sequence[Sentence], search: SearchConfig, caller: Caller
    ) -> list[Translation]:
        keys = [(self.serial, sentence, search) for sentence in sentences]
        found = self._cache.find(keys)
        # A sentence that stands in a text several times is searched once.
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        made = self._batcher.translate(
            self._engine, [sentence for _, sentence, _ in missing], search, caller
        )
        for key, translation in zip(missing, made, strict=True):
            self._cache.keep(key, translation)
            found[key] = translation
        return [found[key] for key in keys]


MakeServed = Callable[[Engine], ServedModel]
"""Puts an engine behind the batcher and the cache of this process."""
