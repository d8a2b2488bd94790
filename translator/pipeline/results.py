"""What became of a segment, and what is put in its place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from translator.errors import InputError
from translator.formats.segment import Fill, Segment

Origin = Literal["model", "memory", "fuzzy"]
Below = Literal["leave", "mark", "copy"]

_ORIGINS: Final = ("model", "memory", "fuzzy")


@dataclass(frozen=True)
class Result:
    """What became of a segment.

    Attributes:
        text: Its translation. None: it has none.
        origin: The model, or a memory: the same text, or one that is like it.
        confidence: How good the model's translation is likely to be; None where nobody asked.
        truncated: Something may be missing at the translation's end.
        low: The confidence is below the threshold.
        doubts: Why a person should look at it.
        problem: Why there is no translation; "" if there is one, or none is wanted.
    """

    text: str | None
    origin: Origin = "model"
    confidence: float | None = None
    truncated: bool = False
    low: bool = False
    doubts: tuple[str, ...] = ()
    problem: str = ""

    @property
    def fill(self) -> Fill:
        """What is put in the segment's place."""
        comments = (*self.doubts, self.problem) if self.problem else self.doubts
        return Fill(self.text, doubtful=bool(comments), comment="; ".join(comments))

    def checked(self, segment: Segment) -> Result:
        """The same, or a problem where the segment's format has something against the text."""
        problem = segment.check(self.text) if self.text is not None else ""
        return failed(problem) if problem else self

    def below(self, threshold: float | None, action: Below, source: str) -> Result:
        """The same, or what is made of a translation whose confidence is too low."""
        if threshold is None or self.confidence is None or self.confidence >= threshold:
            return self
        if action == "leave":
            return replace(self, text=None, low=True)
        if action == "copy":
            return replace(self, text=source, low=True)
        doubt = f"Machine translation, confidence {self.confidence:.2f}"
        return replace(self, low=True, doubts=(*self.doubts, doubt))

    def to_json(self) -> dict[str, Any]:
        """For a journal: all that is not as by default."""
        defaults = asdict(Result(None))
        given = {key: value for key, value in asdict(self).items() if value != defaults[key]}
        return {"text": self.text, **given}

    @classmethod
    def from_json(cls, content: Any) -> Result:
        """Reads what `to_json` made.

        Raises:
            InputError: It is something else.
        """
        try:
            result = cls(**{**content, "doubts": tuple(content.get("doubts", ()))})
        except (AttributeError, TypeError) as error:
            raise InputError(f"expected a result. Received: {content!r}") from error
        if result.origin not in _ORIGINS:
            raise InputError(f"expected a known origin. Received: {result.origin!r}")
        return result


def failed(problem: str) -> Result:
    """A segment that could not be translated."""
    return Result(None, problem=problem)
