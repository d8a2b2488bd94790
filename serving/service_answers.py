"""What the service tells of itself: its languages, models, settings, version, state."""

from __future__ import annotations

from pydantic import BaseModel, Field
from typing_extensions import Self

from serving.slot import ModelStatus


class ErrorAnswer(BaseModel):
    """What went wrong.

    Attributes:
        error: A sentence for a person.
    """

    error: str


class StateAnswer(BaseModel):
    """That all is well; an error says so otherwise.

    Attributes:
        status: Always `ok`.
    """

    status: str = Field(pattern="^ok$")


class VersionAnswer(BaseModel):
    """Which program answers.

    Attributes:
        version: Its version.
        model_format: The format of the model folders that it reads.
    """

    version: str
    model_format: int = Field(serialization_alias="modelFormat")


class LanguageAnswer(BaseModel):
    """A language of the service.

    Attributes:
        code: Its code, such as `es` or `pt-BR`.
        name: Its English name.
        targets: Codes of the languages it can be translated to, sorted.
    """

    code: str
    name: str
    targets: list[str]


class LanguageName(BaseModel):
    """A language by code and name.

    Attributes:
        code: Its code; empty where the service has none.
        name: Its English name.
    """

    code: str
    name: str


class DefaultLanguages(BaseModel):
    """What a page may show before its user has chosen.

    Attributes:
        source: The language to translate from.
        target: The language to translate to.
    """

    source: LanguageName
    target: LanguageName


class FrontendSettings(BaseModel):
    """What a page in front of this service has to know.

    Attributes:
        char_limit: Characters in one request.
        frontend_timeout: Milliseconds to wait after a key before a text is sent.
        api_keys: Whether the service knows keys.
        key_required: Whether it answers nobody without one.
        suggestions: Whether it takes better translations.
        files_translation: Whether it translates files.
        supported_files_format: Extensions of the files that it translates.
        language: The languages to begin with.
    """

    char_limit: int = Field(serialization_alias="charLimit")
    frontend_timeout: int = Field(serialization_alias="frontendTimeout")
    api_keys: bool = Field(serialization_alias="apiKeys")
    key_required: bool = Field(serialization_alias="keyRequired")
    suggestions: bool
    files_translation: bool = Field(serialization_alias="filesTranslation")
    supported_files_format: list[str] = Field(serialization_alias="supportedFilesFormat")
    language: DefaultLanguages


class Score(BaseModel):
    """How good a model was on a test set.

    Attributes:
        data: Names of the files of the test set.
        sentences: How many it holds.
        metric: What was measured, such as `BLEU`.
        value: What came out.
        signature: How exactly it was measured, as sacreBLEU writes it.
    """

    data: list[str]
    sentences: int | None
    metric: str
    value: float
    signature: str


class SuggestAnswer(BaseModel):
    """What became of a suggestion.

    Attributes:
        success: It is kept.
    """

    success: bool = True


class ModelAnswer(BaseModel):
    """A model of the service.

    Attributes:
        name: Name of its folder, `<source>-<target>`.
        source: Code of the language it reads; null where no version of it can be served.
        target: Code of the language it writes; the same.
        version: Number of the version that is served; the same.
        loaded: Whether it is in memory; if not, the first request loads it.
        licence: Licence of the data that it was trained on, where that is known.
        attribution: Whom that licence wants named.
        training_pairs: Sentence pairs that it was trained on.
        weights: Numbers that it consists of.
        sizes: Its sizes by name, as its model.json has them.
        scores: How good it was on test sets.
        problems: What was found wrong with it, or with newer versions that are not served.
    """

    name: str
    source: str | None = None
    target: str | None = None
    version: int | None = None
    loaded: bool = False
    licence: str | None = None
    attribution: str | None = None
    training_pairs: int | None = Field(default=None, serialization_alias="trainingPairs")
    weights: int | None = None
    sizes: dict[str, bool | int | float | str] = Field(default_factory=dict)
    scores: list[Score] = Field(default_factory=list)
    problems: list[str]

    @classmethod
    def of(cls, status: ModelStatus) -> Self:
        """Takes from a model's info what concerns those who use it."""
        training = status.info.get("training", {})
        return cls(
            name=f"{status.source}-{status.target}",
            source=status.source,
            target=status.target,
            version=status.version,
            loaded=status.loaded,
            licence=training.get("licence"),
            attribution=training.get("attribution"),
            training_pairs=training.get("pairs"),
            weights=status.info.get("weights"),
            sizes=status.info.get("sizes", {}),
            scores=[
                Score(data=test["data"], sentences=test.get("sentences"), **score)
                for test in status.info.get("scores", [])
                for score in test["scores"]
            ],
            problems=list(status.problems),
        )
