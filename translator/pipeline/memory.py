"""Translation memories: what people have translated before comes before what a model makes."""

from __future__ import annotations

import bisect
import html
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from lxml import etree
from rapidfuzz import fuzz, process

from translator.errors import InputError
from translator.files import is_gzip
from translator.formats.compression import unpacked
from translator.formats.segment import Languages, Segment
from translator.formats.txt import one_line
from translator.languages import base_language
from translator.pipeline.results import Result
from translator.texts.plain import read_plain
from translator.texts.protecting import Protect

_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_MOST_LOOKED_AT: Final = 5
_DIGITS: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class _Entry:
    source: str
    target: str


class Memory:
    """Pairs of texts, asked for the same text and then for one that is like it.

    A text that is like another one stands for it only if the same numbers, links and placeholders
    stand in both.

    Args:
        pairs: Source and target; of several targets of a source the first counts.
        threshold: How alike is alike enough, from 0 to 1: rapidfuzz's `ratio`, which is
            2 M / (length + length) for M characters in common, in order. 1 asks for the same alone.
        protect: What must be the same in both beside numbers, links, ...
    """

    def __init__(
        self, pairs: Iterable[tuple[str, str]], threshold: float = 1.0, protect: Protect = ()
    ) -> None:
        self._targets: dict[str, str] = {}
        for source, target in pairs:
            if source.strip() and target.strip():
                self._targets.setdefault(source.strip(), target.strip())
        self._threshold = threshold
        self._protect = protect
        self._sources = sorted(self._targets, key=len) if threshold < 1 else []
        self._lengths = [len(source) for source in self._sources]

    def __len__(self) -> int:
        return len(self._targets)

    def find(self, segment: Segment) -> Result | None:
        """Gives what the memory has for a segment. It knows nothing of markup."""
        text = segment.text.strip()
        is_html = segment.text_format == "html"
        if not text or (is_html and ("<" in text or "&" in text)):
            return None
        found = self._find(text)
        if found is None:
            return None
        target = html.escape(found.target, quote=False) if is_html else found.target
        if "\n" not in text:  # as a pretty-printed TMX may have it
            target = one_line(target)
        before, after = segment.text.split(text, 1)
        whole = before + target + after
        if found.source == text:
            return Result(whole, "memory")
        alike = fuzz.ratio(text, found.source)
        return Result(whole, "fuzzy", doubts=(f"Memory, {alike:.0f} % alike: {found.source}",))

    def _find(self, text: str) -> _Entry | None:
        if text in self._targets:
            return _Entry(text, self._targets[text])
        items: Counter[str] | None = None
        for source in self._alike(text):
            items = self._items(text) if items is None else items
            if self._items(source) == items:
                return _Entry(source, self._targets[source])
        return None

    def _alike(self, text: str) -> Iterator[str]:
        """Sources that are alike enough, the best first."""
        if not self._sources:
            return
        # More is not in common than the shorter one has: 2 * shorter / (shorter + longer).
        shortest = len(text) * self._threshold / (2 - self._threshold)
        longest = len(text) * (2 - self._threshold) / self._threshold
        first = bisect.bisect_left(self._lengths, shortest)
        last = bisect.bisect_right(self._lengths, longest)
        matches = process.extract(
            text,
            self._sources[first:last],
            scorer=fuzz.ratio,
            score_cutoff=100 * self._threshold,
            limit=_MOST_LOOKED_AT,
        )
        for source, _, _ in matches:
            yield source

    def _items(self, text: str) -> Counter[str]:
        return Counter([*read_plain(text, self._protect).items, *_DIGITS.findall(text)])


def read_memory(path: str | os.PathLike[str], languages: Languages) -> Iterator[tuple[str, str]]:
    """Yields the pairs of a TMX file, gzipped or not, in two languages.

    A language is compared by its first part: `es` takes `es-MX`. Texts with markup inside (`bpt`,
    `ph`, ...) are passed over.

    Raises:
        InputError: It is no TMX; the message names the file.
        OSError: It cannot be read.
    """
    with Path(path).open("rb") as file:
        source: BinaryIO = unpacked(file) if is_gzip(file) else file
        try:
            yield from _pairs(source, languages)
        except (etree.XMLSyntaxError, InputError) as error:
            raise InputError(f"{os.fspath(path)}: expected TMX. Received: {error}") from error


def _pairs(source: BinaryIO, languages: Languages) -> Iterator[tuple[str, str]]:
    units = etree.iterparse(
        source, tag="{*}tu", resolve_entities=False, no_network=True, load_dtd=False
    )
    for _, unit in units:
        texts = dict(reversed(list(_texts(unit))))
        pair = (
            texts.get(base_language(languages.source)),
            texts.get(base_language(languages.target)),
        )
        if pair[0] and pair[1]:
            yield pair[0], pair[1]
        # What was read is given back: the file may be larger than the memory.
        unit.clear()
        parent = unit.getparent()
        if parent is not None:
            parent.remove(unit)
    if units.root is None or etree.QName(units.root).localname != "tmx":
        raise InputError("another document")


def _texts(unit: etree._Element) -> Iterator[tuple[str, str]]:
    for variant in unit.iterfind("{*}tuv"):
        language = variant.get(_LANGUAGE) or variant.get("lang") or ""
        text = variant.find("{*}seg")
        if text is not None and not len(text):
            yield base_language(language), text.text or ""
