"""What changes over a run: the teacher-forcing ratio and the learning rate.

All of them are pure functions of the update counter, so a resumed run is where it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, get_args

import keras
from keras import ops

from translator.errors import ConfigError

ForcingKind = Literal["constant", "linear", "exponential", "inverse_sigmoid"]
RateKind = Literal["constant", "linear", "cosine", "inverse_sqrt", "plateau"]

Forcing = Callable[[int], float]
"""From the update counter i to ε(i), the probability of feeding the reference token."""


def make_forcing(
    kind: ForcingKind, k: float, slope: float = 0.0, floor: float = 0.0, start: int = 0
) -> Forcing:
    """A schedule of Bengio et al. (arXiv 1506.03099, section 2.4).

    constant: k.  linear: k - slope·i.  exponential: k^i, k < 1.  inverse_sigmoid:
    k / (k + exp(i / k)), k >= 1; it is 1/2 near i = k·ln k.  All of them are held between `floor`
    and 1. Before update `start` ε is 1, and i counts from there.

    Raises:
        ConfigError: k, slope or floor is outside the schedule's range.
    """
    formulas: dict[ForcingKind, tuple[bool, str, Forcing]] = {
        "constant": (0.0 <= k <= 1.0, "k in [0, 1]", lambda _: k),
        "linear": (k >= 0.0 and slope >= 0.0, "k and slope at least 0", lambda i: k - slope * i),
        "exponential": (0.0 < k < 1.0, "k in (0, 1)", lambda i: math.exp(i * math.log(k))),
        "inverse_sigmoid": (k >= 1.0, "k at least 1", lambda i: _inverse_sigmoid(i, k)),
    }
    if kind not in formulas:
        raise ConfigError(
            f"teacher_forcing: expected one of {', '.join(formulas)}. Received: {kind!r}"
        )
    holds, expected, formula = formulas[kind]
    if not holds or not 0.0 <= floor <= 1.0:
        raise ConfigError(
            f"teacher_forcing {kind}: expected {expected} and floor in [0, 1]. "
            f"Received: k={k}, slope={slope}, floor={floor}"
        )
    return lambda i: 1.0 if i < start else min(1.0, max(floor, formula(i - start)))


def choose_k(kind: ForcingKind, updates: int, floor: float) -> float:
    """The k with which a schedule takes so many updates.

    exponential: it is at the floor, or at 0.01 if that is more, at their end.  inverse_sigmoid: it
    is about 1/2 at half of them.  The others begin at 1.
    """
    if kind == "exponential":
        return float(min(0.99, max(0.01, floor)) ** (1.0 / updates))
    if kind == "inverse_sigmoid":
        half = 0.5 * updates
        k = 1.0 + half
        for _ in range(60):  # Newton's method for k·ln k = half, from above
            k = (k + half) / (1.0 + math.log(k))
        return k
    return 1.0


def _inverse_sigmoid(i: int, k: float) -> float:
    # k / (k + e^{i/k}) = 1 / (1 + e^{i/k - ln k}), and e^{-x} cannot overflow where x is large.
    x = i / k - math.log(k)
    return math.exp(-x) / (1.0 + math.exp(-x)) if x > 0 else 1.0 / (1.0 + math.exp(x))


class LearningRate(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up to the peak, then decay.

    With progress p from 0 (end of the warm-up) to 1 (last update): linear 1 - p; cosine
    (1 + cos πp) / 2; inverse_sqrt sqrt(warmup / i); constant 1; plateau 1, times what
    the optimizer's `rate_scale` has come to.

    Args:
        peak: The rate after the warm-up.
        kind: The decay.
        warmup: Updates of warm-up.
        total: Updates of the whole run.
    """

    def __init__(self, peak: float, kind: RateKind, warmup: int, total: int) -> None:
        if peak <= 0 or warmup < 0 or total < 1:
            raise ConfigError(
                "learning_rate: expected peak above 0, warmup at least 0, total at least 1. "
                f"Received: peak={peak}, warmup={warmup}, total={total}"
            )
        if kind not in get_args(RateKind):
            kinds = ", ".join(get_args(RateKind))
            raise ConfigError(f"decay: expected one of {kinds}. Received: {kind!r}")
        self.peak, self.kind, self.warmup, self.total = peak, kind, warmup, total

    def __call__(self, update: Any) -> Any:
        """The rate at an update, counted from 0."""
        i = ops.cast(update, "float32") + 1.0
        warmup = float(max(1, self.warmup))
        progress = ops.clip((i - warmup) / max(1.0, self.total - warmup), 0.0, 1.0)
        decay = {
            "constant": lambda: ops.ones_like(i),
            "plateau": lambda: ops.ones_like(i),
            "linear": lambda: 1.0 - progress,
            "cosine": lambda: 0.5 * (1.0 + ops.cos(math.pi * progress)),
            "inverse_sqrt": lambda: ops.sqrt(warmup / ops.maximum(i, warmup)),
        }[self.kind]()
        return self.peak * ops.minimum(i / warmup, decay)

    def get_config(self) -> dict[str, object]:
        return {
            "peak": self.peak,
            "kind": self.kind,
            "warmup": self.warmup,
            "total": self.total,
        }
