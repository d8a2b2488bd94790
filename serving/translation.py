"""From a request to its translations: which model each text goes to, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from serving.registry import Registry
from serving.schemas import AUTO, TranslateRequest
from serving.served_model import ServedModel
from serving.settings import Settings
from serving.waiting import Caller
from translator.config import SearchConfig
from translator.detection import Detected, detect, find_mismatch, same_language
from translator.errors import ConfigError, InputError
from translator.texts.translating import TranslatedText
from translator.texts.visible import visible_words


@dataclass(frozen=True)
class Source:
    """What language a text is in.

    Attributes:
        language: Code of the one that it is translated from; None for a text that stays as it is.
        detected: The one that was found, where one was looked for.
        mismatch: That is another than `language`, by a clear margin.
    """

    language: str | None
    detected: Detected | None = None
    mismatch: bool = False


@dataclass(frozen=True)
class Result:
    """What became of one text.

    Attributes:
        translated: The translation.
        source: What it was taken for.
        confidences: One for each sentence, where they were asked for.
    """

    translated: TranslatedText
    source: Source
    confidences: tuple[float, ...] = ()


def translate(
    request: TranslateRequest, settings: Settings, registry: Registry, caller: Caller
) -> list[Result]:
    """Translates the texts of a request, those of one source language together.

    Raises:
        InputError: Something of the request cannot be had.
        NotServed: It cannot be had now, or nobody waits for it any more.
    """
    chosen = request.search_settings(settings)
    glossary = request.terms()
    source_language, target = registry.resolve(request.source, request.target, auto=True)
    sources = _sources(request, source_language, target, registry)
    results = [
        Result(_as_it_is(text), source) for text, source in zip(request.texts, sources, strict=True)
    ]
    for language in dict.fromkeys(source.language for source in sources if source.language):
        places = [n for n, source in enumerate(sources) if source.language == language]
        model = registry.find(language, target)
        translated = model.translate_texts(
            [request.texts[n] for n in places],
            _search(model, chosen),
            text_format=request.text_format,
            glossary=glossary,
            caller=caller,
        )
        for n, text in zip(places, translated, strict=True):
            confidences = _confidences(text, model) if request.confidence else ()
            results[n] = Result(text, sources[n], confidences)
    return results


def _sources(
    request: TranslateRequest, source: str, target: str, registry: Registry
) -> list[Source]:
    if source != AUTO:
        if not request.check_source:
            return [Source(source)] * len(request.texts)
        return [_checked(text, source) for text in _words(request)]
    return [
        _detected(text, registry, target, check=request.check_source) for text in _words(request)
    ]


def _words(request: TranslateRequest) -> list[str]:
    return [visible_words(text, request.text_format) for text in request.texts]


def _checked(text: str, language: str) -> Source:
    other = find_mismatch(text, language)
    if other is not None:
        return Source(language, other, mismatch=True)
    found = detect(text, [language])
    return Source(language, found[0] if found else Detected(language, 0.0))


def _detected(text: str, registry: Registry, target: str, *, check: bool) -> Source:
    """The likeliest language, or the target's where a text is clearly in that already."""
    best = registry.source_of(text, target)
    other = find_mismatch(text, best.language)
    if other is not None and same_language(other.language, target):
        return Source(None, Detected(target, other.confidence))
    return Source(best.language, best, mismatch=check and other is not None)


def _search(model: ServedModel, chosen: dict[str, float | None]) -> SearchConfig:
    try:
        return model.search_config(**chosen)
    except ConfigError as error:
        raise InputError(f"Invalid request: {error}") from error


def _as_it_is(text: str) -> TranslatedText:
    return TranslatedText((text,), (0.0,), (), truncated=False)


def _confidences(text: TranslatedText, model: ServedModel) -> tuple[float, ...]:
    return tuple(model.confidence(sentence.translation) for sentence in text.sentences)
