"""Which drawings a run's report has."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes

from training.config import TrainConfig
from training.report import drawing, figures
from training.report.drawing import Drawing
from training.report.examples import Example, Examples, by_length
from training.report.record import Histogram

_WIDTH, _HEIGHT = 340, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 90, 22, 40


def curves(rows: figures.Rows, config: TrainConfig) -> list[Drawing]:
    """Curves over the updates, of the columns that the log has.

    Logs of older runs say that nothing was clipped where it was clipped, but not by its norm.
    """
    norm = functools.partial(figures.draw_gradient_norm, clip_norm=config.clip_norm)
    known: list[tuple[str, str, str, Callable[[Axes, figures.Rows], None]]] = [
        ("loss", "loss", "Loss", figures.draw_loss),
        ("quality", "valid_bleu", "BLEU and chrF", figures.draw_quality),
        ("teacher_forcing", "teacher_forcing", "Teacher forcing ε", figures.draw_teacher_forcing),
        ("learning_rate", "learning_rate", "Learning rate", figures.draw_learning_rate),
        ("gradient_norm", "gradient_norm", "Gradient norm", norm),
        ("clipped", "clipped", "Clipped updates", figures.draw_clipped),
        ("speed", "tokens_per_second", "Speed", figures.draw_speed),
    ]
    return [
        _over_updates(name, title, draw, rows)
        for name, column, title, draw in known
        if (figures.has(rows, column) and (name != "clipped" or config.clip_norm))
        or (name == "loss" and figures.has(rows, "valid_loss"))
    ]


def lengths(histograms: Mapping[str, Histogram] | None) -> list[Drawing]:
    """The lengths of both sides of the training pairs."""
    return [
        _panel(
            f"lengths_{side}",
            f"{side.capitalize()} lengths",
            functools.partial(figures.draw_lengths, lengths=lengths, side=side),
            right=12,
        )
        for side, lengths in (histograms or {}).items()
        if sum(lengths.counts)
    ]


def quality(examples: Examples) -> list[Drawing]:
    """How chrF is spread over the sentences, and over their lengths."""
    scores = [example.score for example in examples.sentences]
    spread = functools.partial(figures.draw_score_histogram, scores=scores)
    buckets = by_length(examples.sentences)
    lengths = functools.partial(figures.draw_score_by_length, buckets=buckets)
    return [
        _panel("chrf_histogram", "chrF of the sentences", spread, right=12),
        _panel("chrf_by_length", "chrF by source length", lengths, right=12, bottom=54),
    ]


def attention(sentences: Sequence[Example]) -> list[tuple[Example, Drawing]]:
    """Attention maps of sentences."""
    maps = []
    for number, example in enumerate(sentences, start=1):
        best = example.translation.hypotheses[0]
        with drawing.style():
            figure = figures.attention_figure(
                example.translation.source_tokens, best.tokens, best.alignment
            )
            drawn = drawing.save(figure, f"attention_{number}", f"Attention map {number}")
        maps.append((example, drawn))
    return maps


def _over_updates(
    name: str, title: str, draw: Callable[[Axes, figures.Rows], None], rows: figures.Rows
) -> Drawing:
    return _panel(name, title, lambda axes: draw(axes, rows))


def _panel(
    name: str,
    title: str,
    draw: Callable[[Axes], None],
    right: float = _RIGHT,
    bottom: float = _BOTTOM,
) -> Drawing:
    with drawing.style():
        figure = drawing.figure(_WIDTH, _HEIGHT)
        width, height = _WIDTH - _LEFT - right, _HEIGHT - bottom - _TOP
        axes = figure.add_axes((_LEFT / _WIDTH, bottom / _HEIGHT, width / _WIDTH, height / _HEIGHT))
        draw(axes)
        return drawing.save(figure, name, title)
