"""The page of a report: what is known of a run, as one file of HTML."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.config import TrainConfig
from training.report.drawing import Drawing
from training.report.examples import Example, Examples, worst_and_best
from training.report.figures import Rows, short
from training.report.record import Status
from training.run import Run


@dataclasses.dataclass(frozen=True)
class Content:
    """What a page shows of a run.

    Attributes:
        run: The run.
        rows: Of its log.
        written: When the log was written last.
        status: How it ended, where that is known.
        weights: Number of the model's weights.
        examples: The translated valid split.
        trouble: Why there is none.
        curves: Drawings over the updates.
        lengths: Drawings of the corpus.
        quality: Drawings of the scores of the sentences.
        attention: Sentences and their attention maps.
    """

    run: Run
    rows: Rows
    written: datetime.datetime | None
    status: Status | None
    weights: int
    examples: Examples | None
    trouble: str
    curves: Sequence[Drawing]
    lengths: Sequence[Drawing]
    quality: Sequence[Drawing]
    attention: Sequence[tuple[Example, Drawing]]


def render(content: Content) -> str:
    """The page, as HTML that asks for no other file. Whatever a user wrote is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    run, examples = content.run, content.examples
    worst, highest = worst_and_best(examples.sentences) if examples else ([], [])
    best = best_validation(content.rows, run.config.select)
    return environment.get_template("page.html").render(
        source=run.data.source,
        target=run.data.target,
        ended=_ended(content.status),
        tiles=_tiles(content.rows, best),
        facts=_facts(content, best),
        settings=changed_settings(run.settled),
        validations=_validations(content.rows),
        curves=content.curves,
        lengths=content.lengths,
        quality=content.quality,
        attention=content.attention,
        examples=examples,
        about=_about(examples) if examples else "",
        trouble=content.trouble,
        worst=worst,
        highest=highest,
    )


def best_validation(rows: Rows, select: str) -> Mapping[str, str] | None:
    """The row of the best checkpoint: highest in the selected score, or lowest in loss."""

    def quality(row: Mapping[str, str]) -> float:
        score = row.get(f"valid_{select}") if select != "loss" else None
        return float(score) if score else -float(row["valid_loss"])

    validations = [row for row in rows if math.isfinite(float(row.get("valid_loss") or "nan"))]
    return max(validations, key=quality, default=None)


def changed_settings(config: TrainConfig) -> list[tuple[str, str, str]]:
    """Name, value and default of each setting that is not the default."""
    defaults = dataclasses.asdict(TrainConfig())
    return [
        (name, _value(value), _value(defaults[name]))
        for name, value in dataclasses.asdict(config).items()
        if value != defaults[name]
    ]


def duration(seconds: float) -> str:
    """Time in its two largest units."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min" if minutes >= 2 else f"{seconds:.0f} s"


def _ended(status: Status | None) -> str:
    if status is None:
        return "How the run ended is not recorded."
    if status.ended is None:
        return "The run has not ended: it is training, or it was killed."
    return f"Ended {_time(datetime.datetime.fromisoformat(status.when))}: {status.ended}."


def _tiles(rows: Rows, best: Mapping[str, str] | None) -> list[tuple[str, str]]:
    names = (("valid_chrf", "chrF", 1), ("valid_bleu", "BLEU", 1), ("valid_loss", "loss", 2))
    tiles = [
        (f"Valid {name}", f"{float(best[column]):.{digits}f}")
        for column, name, digits in names
        if best and best.get(column)
    ]
    return [*tiles, ("Training time", duration(float(rows[-1]["seconds"]) if rows else 0.0))]


def _facts(content: Content, best: Mapping[str, str] | None) -> list[tuple[str, str]]:
    run, last = content.run, content.rows[-1] if content.rows else {}
    updates = f"{int(last.get('update') or 0):,}"
    if content.status is not None:
        updates += f" of {content.status.total:,}"
    pieces = f"{run.source.size:,} for both languages"
    if not run.config.joint_vocab:
        pieces = f"{run.source.size:,} source, {run.target.size:,} target"
    facts = [
        ("Updates", updates),
        ("Target tokens", short(float(last.get("target_tokens") or 0))),
        ("Best validation", f"update {int(best['update']):,}" if best else "none yet"),
        ("Weights", f"{content.weights:,}"),
        ("Pieces", pieces),
        ("Training data", ", ".join(map(_name, run.data.train + run.data.tagged))),
        ("Valid split", ", ".join(map(_name, run.data.valid))),
    ]
    if run.corpus:
        read, kept = run.corpus["read"], run.corpus["kept"]
        facts.insert(4, ("Training pairs", f"{kept:,} of {read:,} read"))
    if content.written is not None:
        facts.append(("Last logged", _time(content.written)))
    return facts


def _validations(rows: Rows) -> list[list[str]]:
    columns = (("valid_loss", 3), ("valid_bleu", 1), ("valid_chrf", 1))
    return [
        [
            f"{int(row['update']):,}",
            *(f"{float(row[c]):.{digits}f}" if row.get(c) else "–" for c, digits in columns),
        ]
        for row in rows
        if row.get("valid_loss")
    ]


def _about(examples: Examples) -> str:
    count = len(examples.sentences)
    which = f"All {count:,} sentences" if count != 1 else "The only sentence"
    if count < examples.total:
        which = f"The first {count:,} of {examples.total:,} sentences"
    beam = examples.search.beam_size
    return f"{which}, translated by the best checkpoint with a beam of {beam}."


def _name(files: str) -> str:
    return ",".join(Path(file).name for file in files.split(","))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _time(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
