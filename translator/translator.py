"""The library's front: texts in, translations out."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from translator.allocator import give_back
from translator.capitals import Capitals
from translator.confidence import Estimator
from translator.config import SearchConfig, from_mapping
from translator.constants import EOS
from translator.decoders import Decoder
from translator.dictionary import Dictionary
from translator.diversity import diverse
from translator.engine import Engine
from translator.errors import ModelFolderError
from translator.languages import is_unspaced
from translator.mending.mender import Mender
from translator.requests import Phrase, Row, affordable, batches, request
from translator.results import result
from translator.saved_model import SavedTranslator
from translator.shortlist import Lexicon
from translator.texts.glossary import Glossary, tidy
from translator.texts.protecting import Protect
from translator.texts.sentence import Sentence, Translate
from translator.texts.translating import Format, TranslatedText, translate_texts
from translator.tokenizer import Tokenizer
from translator.translation import Hypothesis, Translation

MAX_SOURCE_LENGTH = 256
"""Source pieces that are read; what stands past them is left out, and the translation says so."""


_BLANK = Translation((), (Hypothesis("", 0.0, 0.0, (), (), np.zeros((0, 0), np.float32), True),))


class Model(Protocol):
    """What translates: a loaded model folder, or a model in training."""

    info: Mapping[str, Any]
    version: int
    source: Tokenizer
    target: Tokenizer
    lexicon: Lexicon | None
    dictionary: Dictionary | None

    def decoder(self) -> Decoder:
        """The model as a search drives it."""
        ...


class Translator:
    """Translates sentences with a model, or with the mean of several.

    Args:
        model: The model; `load` makes one of a folder.
        others: More models of the same vocabularies, with which it makes an ensemble.
        shortlist: The search looks at those target pieces only that the model's lexicon has for a
            sentence, if the model has one. It is faster; what it leaves out, pieces that were
            rarely or never seen in training, cannot be put out, and its share of the probability
            is estimated.
        mending: See `mended`; if the model has a dictionary, and its export found that it helps.

    Attributes:
        identity: Checksums of the models: of what is the same, they make the same.

    Raises:
        ModelFolderError: Their vocabularies differ.
    """

    def __init__(
        self, model: Model, *others: Model, shortlist: bool = True, mending: bool = True
    ) -> None:
        for other in others:
            for side in ("source", "target"):
                mine, its = getattr(model, side), getattr(other, side)
                if mine.serialized != its.serialized:
                    raise ModelFolderError(
                        f"ensemble: expected models of one {side} vocabulary. Received: several"
                    )
        self._model = model
        self.identity = tuple(str(one.info.get("checksum", "")) for one in (model, *others))
        self._estimator = Estimator.from_info(model.info)
        self._capitals = Capitals(model.source)
        self._mender = None
        if mending and model.dictionary is not None and model.info.get("mending", True):
            self._mender = Mender(model.source, model.dictionary, self.source_language)
        self._models, self._shortlist = (model, *others), shortlist

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *others: str | os.PathLike[str],
        shortlist: bool = True,
    ) -> Translator:
        """Loads `saved_models/es-en` (its highest version) or one version of it.

        Args:
            path: The folder.
            others: Folders of more models of the same vocabularies, for an ensemble.
            shortlist: See `Translator`.

        Raises:
            ModelFolderError: A folder is missing, damaged, of an unknown format, or of another
                vocabulary.
        """
        models = (SavedTranslator.load(folder) for folder in (path, *others))
        translator = cls(*models, shortlist=shortlist)
        translator.prepare()
        give_back()  # what reading took
        return translator

    @property
    def info(self) -> Mapping[str, Any]:
        """What `model.json` says."""
        return self._model.info

    @property
    def source_language(self) -> str:
        """Code of the source language."""
        return str(self.info["source_language"])

    @property
    def target_language(self) -> str:
        """Code of the target language."""
        return str(self.info["target_language"])

    @property
    def version(self) -> int:
        """Number of the version that was loaded."""
        return self._model.version

    @property
    def source_words(self) -> Set[str]:
        """Words of the source language that it has learnt, in lower case, if it knows which."""
        dictionary = self._model.dictionary
        return dictionary.source_words if dictionary is not None else frozenset()

    def search_config(self, **settings: float | None) -> SearchConfig:
        """Settings of a search: those that are given and not None, else the model's own.

        Raises:
            ConfigError: A setting is out of its range.
        """
        given = {name: value for name, value in settings.items() if value is not None}
        return from_mapping(SearchConfig, {**self.info.get("search", {}), **given})

    def confidence(self, translation: Translation) -> float:
        """How good a translation is likely to be, from 0 to 1: an estimate of its chrF."""
        return self._estimator.confidence(translation)

    def prepare(self) -> None:
        """Makes ready what searches need, which the first of them does otherwise.

        Raises:
            ModelFolderError: What is compiled is no such model.
        """
        _ = self._engine

    def refresh(self) -> None:
        """Reads the weights of the model anew, where it goes on learning."""
        self._engine.refresh()

    def mended(self, translate: Translate) -> Translate:
        """What translates sentences by this model, and then mends made-up words and numbers.

        Sentences in capitals are written in ordinary letters first.

        Args:
            translate: Translates sentences, such as `translate` does, or one that batches them
                with others.
        """
        if self._mender is not None:
            translate = self._mender.mended(translate)
        return self._capitals.set_aside(translate)

    def translate(
        self,
        texts: Sequence[str | Sentence],
        search: SearchConfig | None = None,
        *,
        batch_size: int = 64,
        workers: int = 1,
    ) -> list[Translation]:
        """Translates sentences, each on its own, whatever else stands in its batch.

        This is what the search finds; see `mended` for what becomes of words that it makes up,
        and of capitals.

        Args:
            texts: A sentence each. A blank one becomes a blank translation.
            search: Settings of the search; the model's own by default.
            batch_size: Sentences that are searched together, at most; long ones are fewer.
            workers: Searches side by side, each of which keeps one core busy.

        Returns:
            One translation for each sentence, in their order.

        Raises:
            InputError: A text holds a lone surrogate.
        """
        search = search or self.search_config()
        language = str(self.info.get("target_language", ""))
        source, target = self._model.source, self._model.target
        sentences = [text if isinstance(text, Sentence) else Sentence(text) for text in texts]
        encoded = [source.encode(sentence.text) for sentence in sentences]
        there = [n for n, ids in enumerate(encoded) if ids]
        wanted, to_choose = search.n_best, search.diversity > 0 and search.n_best > 1
        if to_choose:
            search = dataclasses.replace(search, n_best=search.beam_size)
        rows = [self._row(sentences[n], encoded[n]) for n in there]
        translations = [_BLANK] * len(sentences)

        def run(batch: list[int]) -> None:
            outputs = self._engine.search(request([rows[k] for k in batch], search), search)
            for place, k in enumerate(batch):
                n = there[k]
                cut = len(encoded[n]) > MAX_SOURCE_LENGTH
                translation = result(outputs, place, rows[k].ids, source, target, cut=cut)
                if to_choose:
                    chosen = diverse(translation.hypotheses, wanted, search.diversity)
                    translation = dataclasses.replace(translation, hypotheses=tuple(chosen))
                translations[n] = _tidied(translation, sentences[n], language)

        # The longest first: the last one to end is then a short one.
        todo = list(batches(rows, search, batch_size))[::-1]
        if workers == 1 or len(todo) == 1:
            for batch in todo:
                run(batch)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(run, todo))
        return translations

    def translate_texts(
        self,
        texts: Sequence[str],
        search: SearchConfig | None = None,
        *,
        text_format: Format = "text",
        glossary: Glossary | None = None,
        split: bool = True,
        protect: Protect = (),
        batch_size: int = 64,
        workers: int = 1,
    ) -> list[TranslatedText]:
        """Translates whole texts or documents; all that is not words stays as it was.

        What must survive (links, numbers with units, placeholders, markup, ...) stands in every
        translation exactly once, but for what the glossary translates.

        Args:
            texts: Texts of any number of sentences and lines, or HTML documents.
            search: Settings of the search; the model's own by default.
            text_format: What the texts are.
            glossary: Terms that must be translated in one way; those of a sentence hold up to
                `requests.MOST_REQUIRED` tokens, the rest is left to the model.
            split: Whether a line may hold several sentences.
            protect: Patterns of what must survive, too.
            batch_size: As `translate` takes it.
            workers: As `translate` takes it.

        Returns:
            One result for each text, in their order.

        Raises:
            InputError: A text holds a lone surrogate.
        """
        searched = self.mended(
            lambda found: self.translate(found, search, batch_size=batch_size, workers=workers)
        )
        return translate_texts(
            texts,
            self.source_language,
            self.target_language,
            searched,
            text_format=text_format,
            glossary=glossary,
            split=split,
            fits=self.fits,
            protect=protect,
        )

    def fits(self, text: str) -> bool:
        """Whether the model reads a sentence in full."""
        return len(self._model.source.encode(text)) <= MAX_SOURCE_LENGTH

    @cached_property
    def _engine(self) -> Engine:
        model, unspaced = self._model, is_unspaced(self.info.get("target_language", ""))
        return Engine(
            [one.decoder() for one in self._models],
            model.lexicon if self._shortlist else None,
            model.target.placeholders,
            model.target.joining() & (not unspaced),
        )

    def _row(self, sentence: Sentence, ids: Sequence[int]) -> Row:
        read = [*ids[:MAX_SOURCE_LENGTH], EOS]
        carried = [
            Phrase((i,), read.index(i), read.index(i) + 1)
            for i in self._model.target.placeholders
            if i in read
        ]
        if not sentence.terms:
            return Row(read, tuple(carried), sentence.max_repeats)
        spans = self._model.source.spans(sentence.text)[:MAX_SOURCE_LENGTH]
        for term in sentence.terms:
            inside = [n for n, (a, b) in enumerate(spans) if a < term.stop and b > term.start]
            if inside:
                ids = self._model.target.encode(term.target)
                carried.append(Phrase(ids, inside[0], inside[-1] + 1))
        return Row(read, affordable(carried), sentence.max_repeats)


def _tidied(translation: Translation, sentence: Sentence, language: str) -> Translation:
    """With the spaces and capitals of a sentence, where required terms stand in it."""
    if not sentence.terms:
        return translation
    hypotheses = (
        dataclasses.replace(hypothesis, text=tidy(hypothesis.text, sentence.text, language))
        for hypothesis in translation.hypotheses
    )
    return dataclasses.replace(translation, hypotheses=tuple(hypotheses))
