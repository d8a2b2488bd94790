"""The report of a run: curves, lengths, attention, and its worst and best translations."""

from __future__ import annotations

from pathlib import Path

from training.progress import ProgressDisplay
from training.report.record import read_status, record_end


def leave_report(folder: Path, total: int, ended: str, draw: bool, quiet: bool) -> None:
    """Notes how a run ended, and draws it; a trouble in either is told and costs the run nothing.

    A run that had ended before is left as it is.

    Args:
        folder: Of the run.
        total: Updates of the whole run.
        ended: How it ended.
        draw: Whether to draw it.
        quiet: Tell of a trouble alone.
    """
    status = read_status(folder)
    if status is None or status.ended is not None:
        return
    try:
        record_end(folder, total, ended)
        if draw:
            from training.report.write import write_report

            ProgressDisplay(0, quiet).say(f"the report is {write_report(folder)}")
    except Exception as error:  # noqa: BLE001 - even a missing package: what was learnt is saved
        ProgressDisplay(0).say(
            f"no report was made: {type(error).__name__}: {error}. What was learnt is saved; to "
            f"try again: python -m training report {folder}"
        )
