"""A run's figures, kept and shown."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.checkpoint import Progress
from training.progress import ProgressDisplay
from translator.atomic import atomic_writer
from translator.errors import CheckpointError


class RunLog:
    """A run's figures: `log.csv`, TensorBoard, and the display.

    Args:
        folder: The run's folder.
        progress: Where the run is; rows of a session that was killed past its last checkpoint
            are cut off, since those updates come again.
        display: The progress display.
    """

    COLUMNS = (
        *("update", "seconds", "target_tokens"),
        *("loss", "learning_rate", "teacher_forcing", "tokens_per_second"),
        *("gradient_norm", "gradient_norm_max", "clipped"),
        *("valid_loss", "valid_bleu", "valid_chrf"),
    )

    def __init__(self, folder: Path, progress: Progress, display: ProgressDisplay) -> None:
        self.path = folder / "log.csv"
        self.display = display
        with self._clear_errors():
            self._tensorboard = _tensorboard_writer(folder / "tensorboard")
        kept = [row for row in read_log(self.path) if int(row["update"]) <= progress.update]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(kept)
        with self._clear_errors(), atomic_writer(self.path) as file:
            file.write(text.getvalue().encode())

    def write(self, progress: Progress, figures: dict[str, float]) -> None:
        """Adds a row of figures."""
        row = {
            "update": progress.update,
            "seconds": f"{progress.seconds:.1f}",
            "target_tokens": progress.target_tokens,
            **{name: f"{value:.6g}" for name, value in figures.items()},
        }
        with self._clear_errors(), open(self.path, "a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self.COLUMNS).writerow(row)
        if self._tensorboard is not None:
            with self._clear_errors():
                for name, value in figures.items():
                    self._tensorboard.add_scalar(name, value, progress.update)
                self._tensorboard.flush()
        self.display.figures(progress, figures)

    @contextlib.contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CheckpointError(f"{self.path}: cannot be written: {error.strerror}") from error


def read_log(path: Path) -> list[dict[str, str]]:
    """Rows of a `log.csv` that are whole; none where there is no file."""
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if None not in row.values()]
    return [row for row in rows if row.get("update", "").isdigit()]


def _tensorboard_writer(folder: Path) -> Any | None:
    try:
        from tensorboard.summary import Writer
    except ImportError:
        return None
    return Writer(str(folder))
