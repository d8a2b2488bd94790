"""From an uploaded file to a translated one."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import IO, BinaryIO, NamedTuple, cast

from werkzeug.exceptions import RequestEntityTooLarge

from serving.registry import Registry
from serving.schemas import AUTO
from serving.served_model import ServedModel
from serving.settings import PREFIX, Settings
from serving.waiting import Caller, Overloaded
from translator.config import SearchConfig
from translator.errors import InputError
from translator.formats.compression import Gzipped, unpacked
from translator.formats.encoding import marked_encoding
from translator.formats.registry import format_of
from translator.formats.segment import FileFormat, Fill, Languages, Segment
from translator.texts.translating import TranslatedText
from translator.texts.visible import visible_words

_CHUNK_BYTES = 1 << 16
_CHUNK_SEGMENTS = 100
_CHUNK_CHARACTERS = 10_000
"""What is translated at once, so that other requests get their turn in between."""
_DETECTED = 2_000
"""Characters that the language of a file is told by."""
_TOLD = 20
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MAGIC = (
    (b"\x7fELF", "a program"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PK\x03\x04", "an archive, such as a document of an office program"),
    (b"\x1f\x8b", "gzip, which names of files tell by .gz"),
    (b"%PDF", "a PDF"),
    (b"#!/", "a program"),
)


class Upload(NamedTuple):
    """A file that was sent.

    Attributes:
        name: What its sender calls it; of that only the extension counts.
        stream: The file.
    """

    name: str
    stream: IO[bytes]


@dataclass(frozen=True)
class Unpacked:
    """An upload that was looked at.

    Attributes:
        kind: Its format.
        packed: Whether it came packed, so that the translation shall be packed as well.
        stream: The file, unpacked.
    """

    kind: FileFormat
    packed: bool
    stream: IO[bytes]


def unpack(upload: Upload, scratch: IO[bytes], limit: int) -> Unpacked:
    """Looks at an upload and unpacks it.

    Args:
        upload: The upload.
        scratch: Where to put it.
        limit: Most bytes, unpacked; nothing beyond is read.

    Raises:
        InputError: It is no text, or of no known format, or damaged.
        RequestEntityTooLarge: It is over the limit.
    """
    kind = format_of(upload.name)
    packed = isinstance(kind, Gzipped)
    source = unpacked(cast(BinaryIO, upload.stream)) if packed else upload.stream
    size = 0
    marked = False
    while chunk := source.read(_CHUNK_BYTES):
        marked = marked or (size == 0 and marked_encoding(chunk) is not None)
        _require_text(chunk, at_start=size == 0, marked=marked)
        size += len(chunk)
        if size > limit:
            raise RequestEntityTooLarge(f"The file is too large: {file_limit(limit)}")
        scratch.write(chunk)
    if not size:
        raise InputError("Invalid request: file: expected some text. Received: an empty file")
    scratch.seek(0)
    return Unpacked(kind.inner if isinstance(kind, Gzipped) else kind, packed, scratch)


def file_limit(limit: int) -> str:
    """Says how large a file may be, and which setting says so."""
    return f"a file may have at most {limit} bytes, also unpacked ({PREFIX}FILE_LIMIT_BYTES)"


def _require_text(chunk: bytes, *, at_start: bool, marked: bool) -> None:
    found = next((what for magic, what in _MAGIC if at_start and chunk.startswith(magic)), None)
    if found is None and not marked and _CONTROLS.search(chunk):
        found = "bytes that no text has"
    if found is not None:
        raise InputError(f"Invalid request: file: expected a text file. Received: {found}")


@dataclass
class FileTranslation:
    """Translates one file.

    Attributes:
        registry: The models.
        settings: The limits.
        source: Code of the language of the file, or `auto`.
        target: Code of the one wanted.
        caller: Gives who waits, and how long for a part of the file.
        untranslated: Places of segments that stayed as they were, or were cut short, and why; the
            first ones.
    """

    registry: Registry
    settings: Settings
    source: str
    target: str
    caller: Callable[[], Caller]
    untranslated: list[str] = field(default_factory=list)

    def run(self, upload: Unpacked, output: BinaryIO) -> None:
        """Writes the file, translated.

        Raises:
            InputError: The file cannot be read, or is over a limit, or the pair is not served.
            NotServed: It cannot be had now, or nobody waits for it any more.
        """
        source = self.source if self.source != AUTO else ""
        texts = self._read(upload, source)
        if not source:
            source = self.registry.source_of(texts, self.target).language
        model = self.registry.find(source, self.target)
        search = model.search_config(beam_size=self.settings.beam_size)

        def fill(segments: Iterable[Segment]) -> Iterator[Fill]:
            for chunk in _chunks(segments):
                yield from self._fill(chunk, model, search)

        upload.stream.seek(0)
        languages = Languages(source, self.target)
        translate = Gzipped(upload.kind).pack if upload.packed else upload.kind.translate
        translate(cast(BinaryIO, upload.stream), output, fill, languages)

    def _read(self, upload: Unpacked, source: str) -> str:
        """Reads the whole file before any of it is translated; gives how it begins."""
        factor = self.settings.file_char_factor
        limit, most = self.settings.char_limit * factor, self.settings.batch_limit * factor
        count = 0
        start: list[str] = []

        def look(segments: Iterable[Segment]) -> Iterator[Fill]:
            nonlocal count
            for number, segment in enumerate(segments, start=1):
                if count < _DETECTED:
                    start.append(visible_words(segment.text, segment.text_format))
                count += len(segment.text)
                for size, largest in ((count, limit), (number, most)):
                    if size > largest:
                        raise InputError(
                            f"Invalid request: request ({size}) exceeds text limit ({largest})"
                        )
                yield Fill(None)

        if not source and upload.kind.name in ("tmx", "xliff"):
            raise InputError(
                f"Invalid request: source: expected a language for {upload.kind.name}. "
                f"Received: {AUTO}"
            )
        languages = Languages(source, self.target)
        upload.kind.translate(cast(BinaryIO, upload.stream), _Nowhere(), look, languages)
        return " ".join(start)

    def _fill(
        self, segments: Sequence[Segment], model: ServedModel, search: SearchConfig
    ) -> Iterator[Fill]:
        for _, group in groupby(segments, key=lambda segment: segment.text_format):
            alike = list(group)

            def translate(alike: list[Segment] = alike) -> list[TranslatedText]:
                return model.translate_texts(
                    [segment.text for segment in alike],
                    search,
                    text_format=alike[0].text_format,
                    caller=self._caller(alike),
                )

            translated = self._patiently(translate)
            for segment, text in zip(alike, translated, strict=True):
                yield self._usable(segment, text)

    def _caller(self, segments: Sequence[Segment]) -> Caller:
        """One that waits for longer where a single segment is larger than a chunk."""
        caller = self.caller()
        size = sum(len(segment.text) for segment in segments)
        caller.deadline += self.settings.timeout_seconds * (size // _CHUNK_CHARACTERS)
        return caller

    def _usable(self, segment: Segment, text: TranslatedText) -> Fill:
        problems = [segment.check(candidate) for candidate in text.candidates]
        if "" in problems:
            usable = text.candidates[problems.index("")]
            if not text.truncated:
                return Fill(usable)
            self._tell(segment, "the translation was cut short")
            return Fill(usable, doubtful=True, comment="Machine translation, cut short")
        self._tell(segment, problems[0])
        return Fill(None, comment=f"Not translated: {problems[0]}")

    def _tell(self, segment: Segment, problem: str) -> None:
        if len(self.untranslated) < _TOLD:
            self.untranslated.append(f"{segment.place}: {problem}")

    def _patiently(self, translate: Callable[[], list[TranslatedText]]) -> list[TranslatedText]:
        """A file can wait longer than a sentence: what others want now goes first."""
        deadline = time.monotonic() + self.settings.timeout_seconds
        while True:
            try:
                return translate()
            except Overloaded as error:
                if time.monotonic() + error.retry_after > deadline:
                    raise
                time.sleep(error.retry_after)


def _chunks(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    chunk: list[Segment] = []
    size = 0
    for segment in segments:
        length = len(segment.text)
        if chunk and (len(chunk) == _CHUNK_SEGMENTS or size + length > _CHUNK_CHARACTERS):
            yield chunk
            chunk, size = [], 0
        chunk.append(segment)
        size += length
    if chunk:
        yield chunk


class _Nowhere(io.BytesIO):
    """Takes what is written, and keeps nothing."""

    def write(self, data: object) -> int:
        return len(cast(bytes, data))
