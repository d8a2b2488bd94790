from __future__ import annotations

import pytest

from training.checkpoint import Progress
from training.progress import ProgressDisplay


@pytest.mark.parametrize("seconds", [1.0, 40.0, 200.0])
def test_the_time_left_is_known_however_far_apart_the_figures_are(seconds: float) -> None:
    """Two sets of figures, of 50 updates each; 200 updates are left: four times as long."""
    display = ProgressDisplay(300)
    now = 0.0
    display._bar.get_time = lambda: now
    task = display._bar.tasks[0]
    task._get_time, task.start_time = lambda: now, now
    for update in (50, 100):
        now += seconds
        display.figures(Progress(update=update), {"loss": 1.0})
    assert task.time_remaining == 4 * seconds
