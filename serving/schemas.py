"""What comes in through POST /translate, checked, and what goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
)
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from serving.settings import Settings
from serving.validation import explain
from translator.config import SearchConfig
from translator.errors import ConfigError, InputError
from translator.texts.translating import Format, TranslatedText

if TYPE_CHECKING:
    from translator.translator import Translation


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError(
            "unicode", "expected Unicode text without lone surrogates"
        ) from error
    return text


def _text_or_texts(value: Any) -> Any:
    texts = value if isinstance(value, list) else [value]
    for text in texts:
        if not isinstance(text, str):
            raise PydanticCustomError("texts", "expected a text or a list of texts")
        _encodable(text)
    return value


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("boolean", "expected a number")
    return value


Text = Annotated[str, AfterValidator(_encodable)]
Texts = Annotated[str | list[str], BeforeValidator(_text_or_texts)]
Integer = Annotated[int, BeforeValidator(_no_boolean)]
Number = Annotated[FiniteFloat, BeforeValidator(_no_boolean)]


class TranslateRequest(BaseModel):
    """A request to translate. Fields that are not named here are ignored.

    Attributes:
        q: The text, or the list of texts.
        source: Code of the language that the texts are in.
        target: Code of the language wanted.
        format: What the texts are: `text`, or `html`, whose structure is kept.
        alternatives: Other translations wanted of each text, besides the best.
        beam_size: Hypotheses kept by the search; where it is missing, the server's own size,
            or one more than `alternatives` if that is larger.
        length_penalty: The exponent of the search's length penalty.
        scores: Whether the answer is to hold scores.
        alignment: Whether the answer is to hold alignments.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    q: Texts
    source: Text
    target: Text
    format: Text = "text"
    alternatives: Integer = Field(default=0, ge=0)
    beam_size: Integer | None = Field(default=None, ge=1)
    length_penalty: Number = SearchConfig.length_penalty
    scores: bool = False
    alignment: bool = False

    @classmethod
    def parse(cls, fields: Mapping[str, Any], settings: Settings) -> Self:
        """Checks the fields of a request, whatever kind of body they came in.

        Args:
            fields: Names and values; None and "" count as not given.
            settings: The limits.

        Raises:
            InputError: A field is missing, of the wrong type, or over a limit.
        """
        given = {name: value for name, value in fields.items() if value not in (None, "")}
        for name in ("q", "source", "target"):
            if given.get(name) in (None, []):
                raise InputError(f"Invalid request: missing {name} parameter")
        try:
            request = cls.model_validate(given)
        except ValidationError as error:
            raise InputError("Invalid request: " + ": ".join(explain(error))) from error
        _check_limits(request, settings)
        return request

    @property
    def texts(self) -> list[str]:
        """The texts as a list, also where `q` is a single one."""
        return self.q if isinstance(self.q, list) else [self.q]

    @property
    def text_format(self) -> Format:
        """What the texts are."""
        return "html" if self.format == "html" else "text"

    def search(self, settings: Settings) -> SearchConfig:
        """Makes the settings of the search.

        Raises:
            InputError: A setting is out of its range, or the beam is too small for as many
                alternatives.
        """
        n_best = self.alternatives + 1
        beam_size = self.beam_size or max(settings.beam_size, n_best)
        if beam_size < n_best:
            raise InputError(
                f"Invalid request: alternatives: expected less than beam_size ({beam_size}). "
                f"Received: {self.alternatives}"
            )
        try:
            return SearchConfig(
                beam_size=beam_size, n_best=n_best, length_penalty=self.length_penalty
            )
        except ConfigError as error:
            raise InputError(f"Invalid request: {error}") from error


def _check_limits(request: TranslateRequest, settings: Settings) -> None:
    characters = sum(len(text) for text in request.texts)
    for size, limit in (
        (len(request.texts), settings.batch_limit),
        (characters, settings.char_limit),
    ):
        if size > limit:
            raise InputError(f"Invalid request: request ({size}) exceeds text limit ({limit})")
    for name, value, limit in (
        ("alternatives", request.alternatives, settings.alternatives_limit),
        ("beam_size", request.beam_size or 1, settings.beam_limit),
    ):
        if value > limit:
            raise InputError(
                f"Invalid request: {name}: expected at most {limit}. Received: {value}"
            )
    if request.format not in ("text", "html"):
        raise InputError(f"{request.format} format is not supported: expected text or html")
    if request.source == "auto":
        raise InputError("auto is not supported: this server does not detect languages, name one")


class SentenceAlignment(BaseModel):
    """Where the model looked while it wrote one sentence.

    Attributes:
        source: Pieces of the sentence, then the end mark.
        target: Pieces of the best translation, then the end mark unless it was cut short.
        weights: One row for each target piece, one number for each source piece; a row sums to 1.
    """

    source: list[str]
    target: list[str]
    weights: list[list[float]]

    @classmethod
    def of(cls, sentence: Translation) -> Self:
        """Takes the alignment of the best hypothesis, to four decimals."""
        best = sentence.hypotheses[0]
        return cls(
            source=list(sentence.source_tokens),
            target=list(best.tokens),
            weights=best.alignment.astype(float).round(4).tolist(),
        )


class TranslateAnswer(BaseModel):
    """The answer. Each field holds one value for a text, and a list of such for a list of texts.

    Attributes:
        translated_text: The best translation.
        alternatives: Other translations, best first; fewer than asked where some read the same.
        scores: The search's score of the best translation, then of each alternative.
        alignment: One alignment for each sentence.
        truncated: Whether the translation was cut short, because it grew too long.
    """

    translated_text: str | list[str] = Field(serialization_alias="translatedText")
    alternatives: list[str] | list[list[str]] | None = None
    scores: list[float] | list[list[float]] | None = None
    alignment: list[SentenceAlignment] | list[list[SentenceAlignment]] | None = None
    truncated: bool | list[bool]

    @classmethod
    def of(cls, request: TranslateRequest, results: list[TranslatedText]) -> Self:
        """Shapes results as the request asks: a text for a text, a list for a list."""
        values: dict[str, list[Any]] = {
            "translated_text": [result.candidates[0] for result in results],
            "truncated": [result.truncated for result in results],
        }
        if request.alternatives:
            values["alternatives"] = [list(result.candidates[1:]) for result in results]
        if request.scores:
            values["scores"] = [list(result.scores) for result in results]
        if request.alignment:
            values["alignment"] = [
                [SentenceAlignment.of(sentence.translation) for sentence in result.sentences]
                for result in results
            ]
        if isinstance(request.q, list):
            return cls(**values)
        return cls(**{name: value for name, (value,) in values.items()})

    def as_json(self) -> dict[str, Any]:
        """Gives the names and values of the answer; what was not asked for is left out."""
        return self.model_dump(by_alias=True, exclude_none=True)
