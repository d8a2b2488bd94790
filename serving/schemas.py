"""What comes in through POST /translate, POST /detect and POST /suggest, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Self

from serving.fields import Integer, Number, Terms, Text, Texts, read
from serving.settings import Settings
from translator.errors import InputError
from translator.texts.glossary import Glossary
from translator.texts.translating import Format

AUTO = "auto"
"""The source of a request that wants it detected."""

_CHOICE = 3
"""Hypotheses among which each of the alternatives that are to differ is chosen."""


class TranslateRequest(BaseModel):
    """A request to translate. Fields that are not named here are ignored.

    Attributes:
        q: The text, or the list of texts.
        source: Code of the language that the texts are in; `auto` detects it, for each text.
        target: Code of the language wanted.
        format: What the texts are: `text`, or `html`, whose structure is kept.
        alternatives: Other translations wanted of each text, besides the best.
        beam_size: Hypotheses kept by the search; where it is missing, the server's own size,
            or what the alternatives need if that is larger.
        diversity: How much the alternatives are to differ; 0 is the best ones, however alike.
        length_penalty: The exponent of the search's length penalty; the model's own by default.
        glossary: Target terms by source terms, as an object, or as the JSON of one.
        scores: Whether the answer is to hold scores.
        confidence: Whether it is to tell how good the translations are likely to be.
        alignment: Whether it is to hold alignments.
        check_source: Whether the texts are looked at for the language that they are in.
        api_key: The caller's key, where the server has given out any.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    q: Texts
    source: Text
    target: Text
    format: Text = "text"
    alternatives: Integer = Field(default=0, ge=0)
    beam_size: Annotated[Integer, Field(ge=1)] | None = None
    diversity: Annotated[Number, Field(ge=0, le=10)] = 0.0
    length_penalty: Number | None = None
    glossary: Terms = Field(default_factory=dict)
    scores: bool = False
    confidence: bool = False
    alignment: bool = False
    check_source: bool = False
    api_key: Text | None = None

    @classmethod
    def parse(cls, fields: Mapping[str, Any], settings: Settings) -> Self:
        """Checks the fields of a request.

        Args:
            fields: Names and values; None and "" count as not given.
            settings: The limits.

        Raises:
            InputError: A field is missing, of the wrong type, or over a limit.
        """
        request = read(cls, fields, required=("q", "source", "target"))
        _check_texts(request.texts, settings)
        for name, value, limit in (
            ("alternatives", request.alternatives, settings.alternatives_limit),
            ("beam_size", request.beam_size or 1, settings.beam_limit),
        ):
            _check_limit(name, "", value, limit)
        _check_limit("glossary", " terms", len(request.glossary), settings.glossary_limit)
        if request.format not in ("text", "html"):
            raise InputError(f"{request.format} format is not supported: expected text or html")
        return request

    @property
    def texts(self) -> list[str]:
        """The texts as a list, also where `q` is a single one."""
        return self.q if isinstance(self.q, list) else [self.q]

    @property
    def text_format(self) -> Format:
        """What the texts are."""
        return "html" if self.format == "html" else "text"

    def terms(self) -> Glossary:
        """Makes the glossary.

        Raises:
            InputError: A term cannot be used.
        """
        try:
            return Glossary(self.glossary)
        except InputError as error:
            raise InputError(f"Invalid request: {error}") from error

    def search_settings(self, settings: Settings) -> dict[str, float | None]:
        """Settings of the search, by name; what is None is left to the model.

        Raises:
            InputError: The beam is too small for as many alternatives.
        """
        n_best = self.alternatives + 1
        needed = n_best * (_CHOICE if self.diversity else 1)
        beam_size = self.beam_size or max(settings.beam_size, min(needed, settings.beam_limit))
        if beam_size < n_best:
            raise InputError(
                f"Invalid request: alternatives: expected less than beam_size ({beam_size}). "
                f"Received: {self.alternatives}"
            )
        return {
            "beam_size": beam_size,
            "n_best": n_best,
            "diversity": self.diversity,
            "length_penalty": self.length_penalty,
        }


class DetectRequest(BaseModel):
    """A request to tell the language of a text. Fields that are not named here are ignored.

    Attributes:
        q: The text.
        api_key: The caller's key, where the server has given out any.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    q: Text
    api_key: Text | None = None

    @classmethod
    def parse(cls, fields: Mapping[str, Any], settings: Settings) -> Self:
        """Checks the fields of a request.

        Args:
            fields: Names and values; None and "" count as not given.
            settings: The limits.

        Raises:
            InputError: A field is missing, of the wrong type, or over a limit.
        """
        request = read(cls, fields, required=("q",))
        _check_texts([request.q], settings)
        return request


class SuggestRequest(BaseModel):
    """A better translation of a text. Fields that are not named here are ignored.

    Attributes:
        q: The text.
        s: The translation that is suggested.
        source: Code of the language of the text.
        target: Code of the language of the translation.
        api_key: The caller's key, where the server has given out any.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    q: Text
    s: Text
    source: Text
    target: Text
    api_key: Text | None = None

    @classmethod
    def parse(cls, fields: Mapping[str, Any], settings: Settings) -> Self:
        """Checks the fields of a request.

        Args:
            fields: Names and values; None and "" count as not given.
            settings: The limits.

        Raises:
            InputError: A field is missing, of the wrong type, or over a limit.
        """
        request = read(cls, fields, required=("q", "s", "source", "target"))
        for text in (request.q, request.s):
            _check_texts([text], settings)
        return request


def _check_texts(texts: Sequence[str], settings: Settings) -> None:
    characters = sum(len(text) for text in texts)
    for size, limit in ((len(texts), settings.batch_limit), (characters, settings.char_limit)):
        if size > limit:
            raise InputError(f"Invalid request: request ({size}) exceeds text limit ({limit})")


def _check_limit(name: str, unit: str, value: int, limit: int) -> None:
    if value > limit:
        raise InputError(
            f"Invalid request: {name}: expected at most {limit}{unit}. Received: {value}"
        )
