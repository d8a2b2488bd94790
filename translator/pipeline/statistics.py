"""What a run did, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from translator.formats.segment import Segment
from translator.pipeline.results import Result

_BINS: Final = 10


@dataclass
class Statistics:
    """Counts of segments, by what became of them.

    Attributes:
        counts: By name; see `to_json`.
        confidences: How many translations have a confidence from n tenths on.
        confidence_sum: All of them added up.
    """

    counts: Counter[str] = field(default_factory=Counter)
    confidences: Counter[int] = field(default_factory=Counter)
    confidence_sum: float = 0.0

    def add(self, segments: Sequence[Segment], results: Sequence[Result]) -> None:
        """Counts a chunk."""
        self.counts["repeated"] += len(segments) - len({segment.text for segment in segments})
        for segment, result in zip(segments, results, strict=True):
            self.counts["segments"] += 1
            self.counts["words"] += len(segment.text.split())
            self.counts["blank"] += not segment.text.strip()
            self.counts["problems" if result.problem else result.origin] += 1
            self.counts["truncated"] += result.truncated
            self.counts["below_threshold"] += result.low
            self.counts["doubtful"] += result.fill.doubtful
            if result.confidence is not None and segment.text.strip():
                self.confidences[min(int(result.confidence * _BINS), _BINS - 1)] += 1
                self.confidence_sum += result.confidence

    def to_json(self) -> dict[str, Any]:
        """Counts, and the split of the confidences if there are any.

        `segments` are `model` (translated by the model), `memory` (found in a memory), `fuzzy`
        (something like it was found there) and `problems` (left as they were). The others count
        properties of segments: `repeated` ones stood in their chunk before.
        """
        names = ("segments", "words", "blank", "repeated", "model", "memory", "fuzzy")
        more = ("problems", "truncated", "below_threshold", "doubtful")
        told: dict[str, Any] = {name: self.counts[name] for name in (*names, *more)}
        estimated = sum(self.confidences.values())
        if estimated:
            told["confidence"] = {
                "mean": round(self.confidence_sum / estimated, 4),
                "from": {f"{n / _BINS:.1f}": self.confidences[n] for n in range(_BINS)},
            }
        return told

    def to_state(self) -> dict[str, Any]:
        """For a journal."""
        return {
            "counts": dict(self.counts),
            "confidences": {str(key): value for key, value in self.confidences.items()},
            "confidence_sum": self.confidence_sum,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Statistics:
        """Reads what `to_state` made."""
        confidences = {int(key): value for key, value in state["confidences"].items()}
        return cls(Counter(state["counts"]), Counter(confidences), state["confidence_sum"])

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(
            self.counts + other.counts,
            self.confidences + other.confidences,
            self.confidence_sum + other.confidence_sum,
        )
