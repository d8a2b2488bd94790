from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from translator import console
from translator.console import Meter, show_progress


class _Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(console, "time", clock)
    return clock


def _shown(file: io.StringIO) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", file.getvalue())


def test_progress_tells_speed_and_time_left(clock: _Clock) -> None:
    file = io.StringIO()
    terminal = Console(file=file, force_terminal=True, width=120)
    with Progress(TextColumn("{task.description}"), console=terminal) as progress:
        meter = Meter(progress)
        meter.begin("a.po", 10_000)
        clock.now += 1
        # Of these 1,000 were there from an earlier run, which says nothing of the speed.
        meter.advance(1_000, 0)
        meter.advance(500, 500)
        clock.now += 4
        meter.advance(500, 500)
        meter.say("a.po, line [7]: left as it was")

    assert "a.po: 2,000 of 10,000 segments, 200.0/s, 0:00:40 left" in _shown(file)
    assert "a.po, line [7]: left as it was" in _shown(file)


def test_what_nobody_sees_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(visible=False) as meter:
        meter.begin("a.po", None)
        meter.advance(10, 10)
        meter.say("line 1: left as it was")

    assert not meter.visible
    assert capsys.readouterr().err == "line 1: left as it was\n"
