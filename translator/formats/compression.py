"""Files packed by gzip."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from translator.errors import InputError
from translator.formats.segment import FileFormat, FillAll, Languages

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@dataclass(frozen=True)
class Gzipped:
    """Files of a format, packed; what is written is packed again, the same bytes each time.

    Attributes:
        inner: The format of what is packed.
    """

    inner: FileFormat

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def extensions(self) -> tuple[str, ...]:
        return tuple(f"{extension}.gz" for extension in self.inner.extensions)

    def translate(
        self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages
    ) -> None:
        self.pack(unpacked(source), output, fill, languages)

    def pack(self, source: BinaryIO, output: BinaryIO, fill: FillAll, languages: Languages) -> None:
        """Translates a file that was unpacked already."""
        with gzip.GzipFile("", "wb", fileobj=output, mtime=0) as packed:
            self.inner.translate(source, cast(BinaryIO, packed), fill, languages)


def unpacked(source: BinaryIO) -> BinaryIO:
    """Gives a stream of what is packed in another one.

    Raises:
        InputError: While it is read: the data is damaged, or is not gzip.
    """
    return cast(BinaryIO, io.BufferedReader(_Unpacked(source)))


class _Unpacked(io.RawIOBase):
    def __init__(self, source: BinaryIO) -> None:
        self._packed = gzip.GzipFile(fileobj=source, mode="rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        try:
            return self._packed.readinto(buffer)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(f"expected complete gzip data. Received: {error}") from error
