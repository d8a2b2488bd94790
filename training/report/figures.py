"""What is drawn of a run: each function draws on the axes that it is given."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator, PercentFormatter

from training.report import drawing
from training.report.drawing import ACCENT, INK, LINE, QUIET
from training.report.record import Histogram

Rows = Sequence[Mapping[str, str]]
"""Rows of a `log.csv`."""

_LABEL_GAP = 13.0
"""Least distance of two labels, in points."""


def series(rows: Rows, name: str) -> tuple[list[int], list[float]]:
    """Updates and values of a column, where it has any; what is not finite becomes NaN, a gap."""
    updates, values = [], []
    for row in rows:
        try:
            value = float(row.get(name) or "")
        except ValueError:
            continue
        updates.append(int(row["update"]))
        values.append(value if math.isfinite(value) else math.nan)
    return updates, values


def has(rows: Rows, name: str) -> bool:
    """Whether a column holds a finite number."""
    return any(math.isfinite(value) for value in series(rows, name)[1])


def draw_loss(axes: Axes, rows: Rows) -> None:
    """Loss of training and validation, both without label smoothing."""
    axes.set_title("loss per token, nats; training with dropout")
    ends = _lines(axes, rows, {"loss": ("training", QUIET), "valid_loss": ("valid", ACCENT)})
    _label_ends(axes, ends, "{:.2f}")


def draw_quality(axes: Axes, rows: Rows) -> None:
    """BLEU and chrF of the validations."""
    axes.set_title("score of the valid split, 0 to 100")
    ends = _lines(axes, rows, {"valid_bleu": ("BLEU", QUIET), "valid_chrf": ("chrF", ACCENT)})
    axes.set_ylim(bottom=0)
    _label_ends(axes, ends, "{:.1f}")


def draw_teacher_forcing(axes: Axes, rows: Rows) -> None:
    """ε, the share of reference tokens among those that the decoder is fed."""
    axes.set_title("share of reference tokens fed, ε")
    ends = _lines(axes, rows, {"teacher_forcing": ("", ACCENT)})
    axes.set_ylim(0, 1.05)
    _label_ends(axes, ends, "{:.2f}")


def draw_learning_rate(axes: Axes, rows: Rows) -> None:
    """The learning rate."""
    axes.set_title("learning rate")
    ends = _lines(axes, rows, {"learning_rate": ("", ACCENT)})
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    _label_ends(axes, ends, "{:.2g}")


def draw_gradient_norm(axes: Axes, rows: Rows, clip_norm: float) -> None:
    """The global norm of the gradient, mean and largest of each row, and where it is clipped."""
    axes.set_title("gradient norm before clipping, log scale")
    axes.set_yscale("log")
    columns = {"gradient_norm_max": ("largest", QUIET), "gradient_norm": ("mean", ACCENT)}
    ends = _lines(axes, rows, columns)
    if clip_norm:
        ends.append(_level(axes, "clip", clip_norm))
    axes.yaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0), numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    _label_ends(axes, ends, "{:.2g}")


def draw_clipped(axes: Axes, rows: Rows) -> None:
    """How often the gradient was clipped."""
    axes.set_title("share of updates that were clipped")
    _lines(axes, rows, {"clipped": ("", QUIET)})
    mean = float(np.nanmean(series(rows, "clipped")[1]))
    axes.set_ylim(0, 1.05)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    _label_ends(axes, [_level(axes, "mean", mean, ACCENT)], "{:.0%}")


def draw_speed(axes: Axes, rows: Rows) -> None:
    """Target tokens per second."""
    axes.set_title("target tokens per second")
    _lines(axes, rows, {"tokens_per_second": ("", QUIET)})
    median = float(np.nanmedian(series(rows, "tokens_per_second")[1]))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(short))
    _label_ends(axes, [_level(axes, "median", median, ACCENT)], "{:,.0f}")


def draw_lengths(axes: Axes, lengths: Histogram, side: str) -> None:
    """Histogram of the lengths of one side of the corpus."""
    middle = int(np.searchsorted(np.cumsum(lengths.counts), sum(lengths.counts) / 2))
    first, last = lengths.bins[middle], lengths.bins[middle + 1] - 1
    axes.set_title(f"training pairs, median {first if first == last else f'{first} to {last}'}")
    axes.set_xlabel(f"{side} pieces of a sentence")
    axes.stairs(lengths.counts, lengths.bins, fill=True, color=ACCENT)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(short))
    axes.margins(x=0)


def draw_score_histogram(axes: Axes, scores: Sequence[float]) -> None:
    """Histogram of the chrF of sentences."""
    axes.set_title(f"sentences, median {float(np.median(scores)):.1f}")
    axes.set_xlabel("chrF of a sentence")
    axes.hist(scores, bins=[*range(0, 101, 5)], color=ACCENT, rwidth=0.9)
    axes.set_xlim(0, 100)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))


def draw_score_by_length(axes: Axes, buckets: Mapping[str, tuple[int, float]]) -> None:
    """The chrF of the sentences of each bucket of source lengths, and how many they are."""
    axes.set_title("chrF")
    axes.set_xlabel("source pieces, and how many sentences have so many")
    places = range(len(buckets))
    scores = [score for _, score in buckets.values()]
    axes.bar(places, scores, color=ACCENT, width=0.72)
    for place, score in zip(places, scores, strict=True):
        axes.text(place, score + 2, f"{score:.0f}", ha="center", color=INK)
    labels = [f"{name}\n{short(count)}" for name, (count, _) in buckets.items()]
    axes.set_xticks(places, labels)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, max(len(buckets), 4) - 0.4)
    axes.set_ylim(0, 112)


def attention_figure(
    source_tokens: Sequence[str], tokens: Sequence[str], alignment: npt.NDArray[np.float32]
) -> Figure:
    """A heat map of where the model looked, as large as its sentences ask for.

    Args:
        source_tokens: Source pieces, above.
        tokens: Target pieces, at the left.
        alignment: Their weights, target x source, in 0..1: from nothing to the full colour.
    """
    cell, line, slope = 19.0, 7.0, math.sqrt(0.5)
    left = max(map(_width, tokens)) + 12
    above = max(map(_width, source_tokens)) * slope + 22
    right = max(n * -cell + _width(t) * slope for n, t in enumerate(source_tokens[::-1])) + 14
    wide, high = cell * len(source_tokens), cell * len(tokens)
    width, height = left + wide + max(right, line), above + high + line
    figure = drawing.figure(width, height)
    axes = figure.add_axes((left / width, line / height, wide / width, high / height))
    axes.set(xlim=(0, len(source_tokens)), ylim=(len(tokens), 0))
    axes.set_xticks(np.arange(len(source_tokens)) + 0.5, map(_label, source_tokens))
    axes.set_yticks(np.arange(len(tokens)) + 0.5, map(_label, tokens))
    axes.tick_params(length=0, labelcolor=INK, labelsize=11, pad=4, grid_alpha=0)
    axes.xaxis.tick_top()
    for text in axes.get_xticklabels():
        text.set(rotation=45, ha="left", va="bottom", rotation_mode="anchor")
    for spine in axes.spines.values():
        spine.set(visible=True, color=LINE)
    shown = np.argwhere(alignment >= 0.01)  # fainter cells are not seen, and fill the file
    cells = [Rectangle((column, row), 1, 1) for row, column in shown]
    weights = np.minimum(1.0, [float(alignment[row, column]) for row, column in shown])
    axes.add_collection(PatchCollection(cells, facecolor=ACCENT, alpha=weights, linewidth=0))
    return figure


def short(value: float, _: object = None) -> str:
    """A count in few characters: 1,500, 12k, 1.2M."""
    for least, size, unit in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if value >= least:
            return f"{value / size:.3g}{unit}"
    return f"{value:,.0f}"


_End = tuple[str, float, str]
"""Name, last value and colour of a line."""


def _lines(axes: Axes, rows: Rows, columns: Mapping[str, tuple[str, str]]) -> list[_End]:
    """Draws columns, each with its name and colour, over the updates."""
    ends = []
    for column, (name, colour) in columns.items():
        updates, values = series(rows, column)
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            continue
        marker, width = "." if len(finite) <= 30 else "", 1.8 if colour == ACCENT else 1.1
        axes.plot(updates, values, color=colour, marker=marker, linewidth=width)
        ends.append((name, finite[-1], colour))
    axes.set_xlim(0, max(int(row["update"]) for row in rows) * 1.02)
    axes.set_xlabel("updates")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(short))
    return ends


def _level(axes: Axes, name: str, value: float, colour: str = INK) -> _End:
    axes.axhline(value, color=colour, linewidth=1.2, dashes=(4, 3))
    return name, value, colour


def _label_ends(axes: Axes, ends: Sequence[_End], form: str) -> None:
    """Writes name and value at the right of each line, no label over another."""
    axes.autoscale_view()  # else the data has no place yet
    heights: list[float] = []
    for name, value, colour in sorted(ends, key=lambda end: end[1]):
        height = axes.transData.transform((0, value))[1] * 72 / axes.figure.dpi
        free = max(height, heights[-1] + _LABEL_GAP) if heights else height
        heights.append(free)
        axes.annotate(
            f"{name} {form.format(value)}".strip(),
            (1, value),
            xytext=(6, free - height),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
        )


def _label(piece: str) -> str:
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_control(c) else c for c in piece)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc"


def _width(label: str) -> float:
    """Of a label of 11 pixels, on the safe side in any font."""
    return sum(12.0 if unicodedata.east_asian_width(c) in "WF" else 7.5 for c in label)
