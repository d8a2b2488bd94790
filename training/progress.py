"""What a person sees of a run on standard error."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from training.checkpoint import Progress as RunProgress

_SPEED_OVER = 600
"""Seconds that the time left is judged by; two sets of figures are seldom further apart."""


class ProgressDisplay:
    """A bar on a terminal; a line for each set of figures elsewhere.

    Args:
        total: Updates of the run.
        quiet: Show nothing.
    """

    def __init__(self, total: int, quiet: bool = False) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self.total = total
        self._bar = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self.console,
            speed_estimate_period=_SPEED_OVER,
            disable=not self.console.is_terminal,
        )
        self._task = self._bar.add_task("training", total=total, figures="")

    def __enter__(self) -> ProgressDisplay:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def say(self, message: Any) -> None:
        """Prints a line above the bar."""
        self.console.print(message, markup=False)

    def figures(self, progress: RunProgress, figures: dict[str, float]) -> None:
        """Shows figures: training ones in the bar, validations as lines."""
        text = "  ".join(f"{_NAMES.get(name, name)} {_show(v)}" for name, v in figures.items())
        self._bar.update(self._task, completed=progress.update)
        if self.console.is_terminal and not any(n.startswith("valid") for n in figures):
            self._bar.update(self._task, figures=text)
        else:
            left = self.total - progress.update
            pace = progress.seconds / max(1, progress.update)
            self.say(f"update {progress.update}/{self.total}  {text}  left {_clock(left * pace)}")


_NAMES = {
    "learning_rate": "lr",
    "teacher_forcing": "ε",
    "tokens_per_second": "tokens/s",
    "gradient_norm": "gradient",
    "gradient_norm_max": "at most",
    "valid_loss": "valid loss",
    "valid_bleu": "BLEU",
    "valid_chrf": "chrF",
}


def _show(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
