"""`report.html` and the PNGs of a run."""

from __future__ import annotations

import datetime
from pathlib import Path

from training.config import TrainConfig
from training.log import read_log
from training.report import panels
from training.report.examples import Example, Examples, translate_valid, with_attention
from training.report.page import Content, render
from training.report.record import read_lengths, read_status
from training.run import Run
from translator.atomic import atomic_writer
from translator.errors import TranslatorError
from translator.model import build


def write_report(folder: Path) -> Path:
    """Draws a run, finished or not: RUN/report.html, and RUN/report/*.png.

    What cannot be shown, such as translations before the first validation, is named in the page.

    Args:
        folder: Of the run; `report/` in it holds pictures of the last report alone.

    Returns:
        The page.

    Raises:
        CheckpointError: The folder holds no run.
        OSError: The folder cannot be written.
    """
    run = Run.open(folder)
    rows = read_log(folder / "log.csv")
    examples, trouble = _examples(run)
    content = Content(
        run=run,
        rows=rows,
        written=_written(folder / "log.csv"),
        status=read_status(folder),
        weights=build(run.model_config).count_params(),
        examples=examples,
        trouble=trouble,
        curves=panels.curves(rows, run.config),
        lengths=panels.lengths(read_lengths(folder)),
        quality=panels.quality(examples) if examples else [],
        attention=panels.attention(attended(run.config, examples)),
    )
    drawings = [*content.curves, *content.lengths, *content.quality]
    drawings += [drawing for _, drawing in content.attention]
    pictures = folder / "report"
    pictures.mkdir(exist_ok=True)
    for drawing in drawings:
        _write(pictures / f"{drawing.name}.png", drawing.png)
    for old in set(pictures.glob("*.png")) - {pictures / f"{d.name}.png" for d in drawings}:
        old.unlink()
    _write(folder / "report.html", render(content).encode("utf-8", "replace"))
    return folder / "report.html"


def _examples(run: Run) -> tuple[Examples | None, str]:
    """The translations, or why there are none."""
    try:
        return translate_valid(run), ""
    except TranslatorError as error:
        return None, f"No translations: {error}"


def attended(config: TrainConfig, examples: Examples | None) -> list[Example]:
    """Sentences whose attention is drawn; a model without any looks everywhere alike."""
    if examples is None or config.attention == "none":
        return []
    return with_attention(examples.sentences)


def _written(path: Path) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.timezone.utc)
    except OSError:
        return None


def _write(path: Path, content: bytes) -> None:
    with atomic_writer(path) as file:
        file.write(content)
