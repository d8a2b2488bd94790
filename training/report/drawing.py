"""A Matplotlib figure as a PNG, and as SVG that takes the colours and the type of its page."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
import warnings
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure

INK = "#1b211f"
QUIET = "#5a6562"
LINE = "#d5dad7"
ACCENT = "#0b6b5d"
SURFACE = "#ffffff"

_VARIABLES = {INK: "--text", QUIET: "--quiet", LINE: "--line", ACCENT: "--accent"}
"""Colours of a drawing, and the CSS variables of the page that stand for them."""

_SCRIPTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR", "Noto Sans Arabic"),
    *("Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Arial Unicode MS"),
    *("Hiragino Sans", "Microsoft YaHei", "Malgun Gothic"),
)
"""Fonts that a PNG turns to, where they are installed, for what Matplotlib's own does not have."""

_STYLE: dict[str, Any] = {
    "font.size": 11,
    "text.color": INK,
    "text.parse_math": False,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": LINE,
    "axes.linewidth": 1,
    "axes.titlesize": 11,
    "axes.titlecolor": QUIET,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.75,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "ytick.left": False,
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
}


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A figure, twice.

    Attributes:
        name: Of its file, without the ending; its ids in the page begin with it.
        title: What it shows.
        svg: An `svg` element to stand in a page of HTML. Its text stays text, in the page's font,
            and its colours are the page's variables `--text`, `--quiet`, `--line`, `--accent`.
        png: A picture on white, for documents.
    """

    name: str
    title: str
    svg: str
    png: bytes


def style() -> Any:
    """A context in which figures are made and saved in the style of the report."""
    settings: Any = {**_STYLE, "font.family": ["DejaVu Sans", *_installed()]}
    return mpl.rc_context(settings)


def figure(width: float, height: float) -> Figure:
    """An empty figure of that many CSS pixels."""
    return Figure(figsize=(width / 72, height / 72), dpi=72)


def save(drawn: Figure, name: str, title: str) -> Drawing:
    """Both forms of a figure; to be called within `style()`."""
    with _tolerant():
        return Drawing(name, title, _svg(drawn, name, title), _png(drawn))


def _png(drawn: Figure) -> bytes:
    file = io.BytesIO()
    drawn.savefig(file, format="png", dpi=150, facecolor=SURFACE)
    return file.getvalue()


def _svg(drawn: Figure, name: str, title: str) -> str:
    file = io.BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    drawn.savefig(file, format="svg", transparent=True, metadata=nothing)
    root = ET.fromstring(file.getvalue())  # noqa: S314 - what Matplotlib has just written
    width, height = (f"{inches * 72:.0f}" for inches in drawn.get_size_inches())
    _adapt(root, name)
    root.attrib.update({"width": width, "height": height, "role": "img", "aria-label": title})
    return ET.tostring(root, encoding="unicode")


def _adapt(root: ET.Element, name: str) -> None:
    """From a document of its own to a part of a page: no namespaces, own ids, no own style."""
    values = [value for element in root.iter() for value in element.attrib.values()]
    linked = {link for value in values for link in re.findall(r"^#(.+)$|^url\(#(.+)\)$", value)}
    ids = {part for link in linked for part in link if part}
    for element in root.iter():
        for child in [c for c in element if _local(c.tag) in ("metadata", "style")]:
            element.remove(child)
        element.tag = _local(element.tag)
        attributes = {_local(key): value for key, value in element.attrib.items()}
        element.attrib.clear()
        for key, value in attributes.items():
            if key == "style":
                element.set(key, _themed(value))
            elif key in ("clip-path", "href"):
                element.set(key, value.replace("#", f"#{name}-", 1))
            elif key != "version" and (key != "id" or value in ids):
                element.set(key, f"{name}-{value}" if key == "id" else value)


def _themed(style: str) -> str:
    for colour, variable in _VARIABLES.items():
        style = style.replace(colour, f"var({variable})")
    style = re.sub(r"font: ([\d.]+px)[^;]*", r"font-size: \1", style)
    return re.sub(r"font-family:[^;]*;?\s*", "", style)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _installed() -> list[str]:
    names = set(font_manager.get_font_names())
    return [name for name in _SCRIPTS if name in names]


@contextlib.contextmanager
def _tolerant() -> Iterator[None]:
    """A character that no installed font has becomes a box in a PNG, and no warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield
