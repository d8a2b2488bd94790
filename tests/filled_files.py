"""Files translated by searches whose work can be checked by eye."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from fake_search import FakeSearch

from translator.formats.segment import FileFormat, Fill, FillAll, Languages, Segment
from translator.texts.sentence import Translate
from translator.texts.translating import translate_texts


def filling(
    search: Translate | None = None, *, doubtful: bool = False, comment: str = ""
) -> FillAll:
    """Fills as the real one does, the search aside: in capitals by default."""
    translate = search or FakeSearch()

    def fill(segments: Iterable[Segment]) -> Iterator[Fill]:
        for segment in segments:
            (result,) = translate_texts(
                [segment.text], "en", "de", translate, text_format=segment.text_format
            )
            yield Fill(result.candidates[0], doubtful, comment)

    return fill


def leave(segments: Iterable[Segment]) -> Iterator[Fill]:
    """Fills nothing."""
    return (Fill(None) for _ in segments)


def filled(kind: FileFormat, content: bytes, fill: FillAll | None = None) -> bytes:
    """Translates a file."""
    output = io.BytesIO()
    kind.translate(io.BytesIO(content), output, fill or filling(), Languages("en", "de"))
    return output.getvalue()


def segments(kind: FileFormat, content: bytes) -> list[Segment]:
    """Gives what a file has to be translated."""
    seen: list[Segment] = []

    def fill(given: Iterable[Segment]) -> Iterator[Fill]:
        for segment in given:
            seen.append(segment)
            yield Fill(None)

    filled(kind, content, fill)
    return seen
