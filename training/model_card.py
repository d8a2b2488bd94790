"""A model card (Mitchell et al., arXiv 1810.03993): what a model folder is, for its reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_CELLS = {"lstm": "LSTM", "gru": "GRU", "tanh": "plain recurrence"}


def model_card(info: Mapping[str, Any]) -> str:
    """The card, as Markdown.

    Args:
        info: `model.json` of a model that `export_run` wrote.

    Returns:
        The text of `README.md`.
    """
    environment = Environment(  # noqa: S701 - Markdown, not HTML
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    return environment.get_template("model_card.md").render(
        info=info,
        source=info["source_language"],
        target=info["target_language"],
        training={"update": 0, **info["training"]},
        origins=list(_origins(info["training"])),
        sizes=info["sizes"],
        search=info["scores"][0]["search"],
        cell=_CELLS[info["sizes"]["cell"]],
    )


def _origins(training: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What was learnt from before, the last first."""
    while training := training.get("origin", {}):
        yield {"data": [], "pairs": None, "command": "", "licence": "", **training}


def _cell(text: str) -> str:
    """What a user wrote must not break a table."""
    return text.replace("|", "\\|").replace("\n", " ")
