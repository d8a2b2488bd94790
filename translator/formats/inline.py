"""The content of an XML element as a text with codes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from translator.formats.markup import Code, Marked
from translator.formats.xml_tree import Document, Element


@dataclass(frozen=True)
class InlineNames:
    """What elements within a text are; one that is not named here stands for itself, whole.

    Attributes:
        pairs: Hold text.
        begins: Begin a stretch; the attribute that tells which one.
        ends: End one; the attribute that has the same value.
    """

    pairs: Collection[str]
    begins: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, str] = field(default_factory=dict)


def marked(document: Document, element: Element, names: InlineNames) -> Marked:
    """Takes the content of an element."""
    return Marked.of(_pieces(document, element, names))


def _is_protected(element: Element) -> bool:
    """Whether a mark of XLIFF says that its text is not to be translated."""
    attributes = element.attributes
    return attributes.get("mtype") == "protected" or attributes.get("translate") == "no"


def _pieces(document: Document, around: Element, names: InlineNames) -> Iterator[str | Code]:
    for child in around.children:
        if isinstance(child, str):
            yield child
            continue
        is_pair = child.name in names.pairs and child.inner_start < child.end
        if is_pair and not _is_protected(child):
            name = f"element {child.start}"
            yield Code("open", document.raw(child.start, child.inner_start), name)
            yield from _pieces(document, child, names)
            yield Code("close", document.raw(child.inner_end, child.end), name)
            continue
        raw = document.raw(child.start, child.end)
        if child.name in names.begins:
            yield Code("open", raw, child.attributes.get(names.begins[child.name], ""))
        elif child.name in names.ends:
            yield Code("close", raw, child.attributes.get(names.ends[child.name], ""))
        else:
            yield Code("item", raw)
