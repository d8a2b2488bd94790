import itertools
import math
from typing import Any

import keras
import numpy as np
import pytest

from training.schedules import LearningRate, RateKind, make_forcing
from translator.errors import ConfigError

LATE = 10**9


class TestForcing:
    @pytest.mark.parametrize(
        ("schedule", "points"),
        [
            ({"kind": "constant", "k": 0.75}, {0: 0.75, 7: 0.75, LATE: 0.75}),
            # 1.5 - i/1000: held at 1 until 500, at 0 from 1500.
            (
                {"kind": "linear", "k": 1.5, "slope": 0.001},
                {0: 1.0, 500: 1.0, 600: 0.9, 1000: 0.5, 1500: 0.0, LATE: 0.0},
            ),
            (
                {"kind": "linear", "k": 1.0, "slope": 0.25, "floor": 0.3},
                {0: 1.0, 1: 0.75, 2: 0.5, 3: 0.3, LATE: 0.3},
            ),
            ({"kind": "exponential", "k": 0.5}, {0: 1.0, 1: 0.5, 3: 0.125, LATE: 0.0}),
            ({"kind": "exponential", "k": 0.9999}, {10_000: 0.367861, LATE: 0.0}),
            ({"kind": "exponential", "k": 0.5, "floor": 0.2}, {2: 0.25, 3: 0.2, LATE: 0.2}),
            # 10 / (10 + 1), 10 / (10 + e), 10 / (10 + e^10).
            (
                {"kind": "inverse_sigmoid", "k": 10.0},
                {0: 0.909091, 10: 0.786270, 100: 0.000453794, LATE: 0.0},
            ),
            ({"kind": "inverse_sigmoid", "k": 1.0}, {0: 0.5, 1: 0.268941, LATE: 0.0}),
            ({"kind": "inverse_sigmoid", "k": 5.0, "floor": 0.1}, {0: 0.833333, LATE: 0.1}),
            # Until update 100 the reference is always fed; the schedule counts from there.
            (
                {"kind": "exponential", "k": 0.5, "start": 100},
                {0: 1.0, 99: 1.0, 100: 1.0, 101: 0.5, 103: 0.125},
            ),
            ({"kind": "constant", "k": 0.75, "start": 5}, {4: 1.0, 5: 0.75}),
        ],
        ids=str,
    )
    def test_formula(self, schedule: dict[str, Any], points: dict[int, float]) -> None:
        forcing = make_forcing(**schedule)
        assert {i: forcing(i) for i in points} == pytest.approx(points, abs=1e-6)

    @pytest.mark.parametrize("k", [5.0, 100.0, 3000.0])
    def test_inverse_sigmoid_is_a_half_at_k_log_k(self, k: float) -> None:
        forcing = make_forcing("inverse_sigmoid", k)
        assert forcing(round(k * math.log(k))) == pytest.approx(0.5, abs=0.02)
        assert forcing(round(0.5 * k * math.log(k))) > 0.5 > forcing(round(2 * k * math.log(k)))

    @pytest.mark.parametrize(
        "schedule",
        [
            {"kind": "linear", "k": 1.2, "slope": 1e-4},
            {"kind": "exponential", "k": 0.9998},
            {"kind": "inverse_sigmoid", "k": 2000.0},
        ],
        ids=str,
    )
    def test_falls_from_one_to_zero(self, schedule: dict[str, Any]) -> None:
        forcing = make_forcing(**schedule)
        ratios = [forcing(i) for i in range(0, 200_000, 100)]
        assert ratios[0] == pytest.approx(1.0, abs=1e-3)
        assert ratios[-1] == pytest.approx(0.0, abs=1e-3)
        assert all(a >= b for a, b in itertools.pairwise(ratios))
        assert 0.0 <= min(ratios) <= max(ratios) <= 1.0

    @pytest.mark.parametrize(
        "schedule",
        [
            {"kind": "constant", "k": 1.1},
            {"kind": "linear", "k": 1.0, "slope": -0.1},
            {"kind": "exponential", "k": 1.0},
            {"kind": "inverse_sigmoid", "k": 0.5},
            {"kind": "constant", "k": 0.5, "floor": 1.5},
            {"kind": "constant", "k": math.nan},
            {"kind": "cosine", "k": 1.0},
        ],
        ids=str,
    )
    def test_refuses(self, schedule: dict[str, Any]) -> None:
        with pytest.raises(ConfigError, match=r"expected .* Received: "):
            make_forcing(**schedule)


class TestLearningRate:
    @pytest.mark.parametrize(
        ("kind", "points"),
        [
            # Updates count from 0, so update 9 is the tenth and last of the warm-up.
            ("constant", {0: 0.2, 4: 1.0, 9: 2.0, 59: 2.0, 109: 2.0, LATE: 2.0}),
            ("linear", {0: 0.2, 9: 2.0, 34: 1.5, 59: 1.0, 84: 0.5, 109: 0.0, LATE: 0.0}),
            # (1 + cos π/4) / 2 is 0.853553.
            ("cosine", {4: 1.0, 9: 2.0, 34: 1.707107, 59: 1.0, 109: 0.0, LATE: 0.0}),
            ("inverse_sqrt", {4: 1.0, 9: 2.0, 39: 1.0, 89: 0.666667, 159: 0.5}),
        ],
    )
    def test_formula(self, kind: RateKind, points: dict[int, float]) -> None:
        """Peak 2, ten updates of warm-up, a hundred of decay."""
        rate = LearningRate(2.0, kind, warmup=10, total=110)
        assert {i: float(rate(i)) for i in points} == pytest.approx(points, rel=1e-5, abs=1e-6)

    @pytest.mark.parametrize("kind", ["constant", "linear", "cosine", "inverse_sqrt"])
    def test_without_warmup_begins_at_the_peak(self, kind: RateKind) -> None:
        assert float(LearningRate(2.0, kind, warmup=0, total=50)(0)) == pytest.approx(2.0)

    def test_an_optimizer_follows_it(self) -> None:
        weight = keras.Variable(np.zeros(1, np.float32))
        optimizer = keras.optimizers.SGD(LearningRate(1.0, "linear", warmup=2, total=6))
        steps = []
        for _ in range(6):
            before = float(np.asarray(weight).item())
            optimizer.apply([np.ones(1, np.float32)], [weight])
            steps.append(before - float(np.asarray(weight).item()))
        assert steps == pytest.approx([0.5, 1.0, 0.75, 0.5, 0.25, 0.0], abs=1e-6)

    def test_is_made_again_from_its_config(self) -> None:
        rate = LearningRate(0.003, "cosine", warmup=5, total=100)
        same = LearningRate.from_config(rate.get_config())
        assert [float(same(i)) for i in (0, 50, 99)] == [float(rate(i)) for i in (0, 50, 99)]

    @pytest.mark.parametrize(
        "change",
        [{"peak": 0.0}, {"warmup": -1}, {"total": 0}, {"kind": "steps"}],
        ids=str,
    )
    def test_refuses(self, change: dict[str, Any]) -> None:
        valid: dict[str, Any] = {"peak": 1.0, "kind": "linear", "warmup": 1, "total": 9}
        with pytest.raises(ConfigError, match=r"expected .* Received: "):
            LearningRate(**{**valid, **change})
