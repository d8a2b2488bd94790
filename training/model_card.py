"""A model card (Mitchell et al., arXiv 1810.03993): what a model folder is, for its reader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from translator.atomic import atomic_writer
from translator.errors import ExportError
from translator.model_folder import read_info

CARD = "README.md"

_CELLS = {"lstm": "LSTM", "gru": "GRU", "tanh": "plain recurrence"}


def write_card(folder: Path) -> None:
    """Writes the card of a version folder from its `model.json`.

    Raises:
        ExportError: The folder cannot be written.
    """
    text = model_card(read_info(folder))
    try:
        with atomic_writer(folder / CARD) as file:
            file.write(text.encode())
    except OSError as error:
        raise ExportError(f"{folder / CARD}: cannot be written: {error.strerror}") from error


def model_card(info: Mapping[str, Any]) -> str:
    """The card, as Markdown.

    Args:
        info: `model.json` of a model that `export_run` wrote.
    """
    environment = Environment(  # noqa: S701 - Markdown, not HTML
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("model_card.md").render(
        info=info,
        source=info["source_language"],
        target=info["target_language"],
        training={"update": 0, **info["training"]},
        sizes=info["sizes"],
        search=info["scores"][0]["search"],
        cell=info["sizes"]["cell"].upper()
        if info["sizes"]["cell"] != "tanh"
        else "plain recurrence",
    )
