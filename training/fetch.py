"""Public pairs, ready to train on: downloaded, unpacked, split, with their licence."""

from __future__ import annotations

import dataclasses
import re
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from training.corpus import Pair
from training.download import Show, download
from training.sources import BASE_URL, SOURCES, Source, language_code
from training.split import split_pairs
from training.tsv import pair_writer
from translator.atomic import atomic_writer
from translator.errors import ConfigError, CorpusError
from translator.files import read_lines
from translator.text import normalize

_RELEASE = re.compile(r"\w[\w.-]*")


@dataclasses.dataclass(frozen=True)
class Request:
    """What to fetch.

    Attributes:
        source: A name of `SOURCES`.
        languages: Codes of the source and the target language, ISO 639-1 or -3.
        release: Of the corpus; "" is the one that `SOURCES` names.
        base_url: Of a mirror that is laid out as OPUS is.
        sha256: Checksum that the archive must have.
        valid_size: Pairs wanted in the valid split.
        test_size: Pairs wanted in the test split.
        seed: Of the split.
    """

    source: str
    languages: tuple[str, str]
    release: str = ""
    base_url: str = BASE_URL
    sha256: str = ""
    valid_size: int = 1000
    test_size: int = 1000
    seed: int = 1


@dataclasses.dataclass(frozen=True)
class Fetched:
    """What came of it.

    Attributes:
        pairs: How many pairs each file has, the whole first.
        notice: File with licence, attribution and origin.
    """

    pairs: dict[Path, int]
    notice: Path


def fetch(
    request: Request,
    folder: Path,
    *,
    retries: int = 5,
    pause: Callable[[float], None] = time.sleep,
    show: Show = lambda _done, _total: None,
) -> Fetched:
    """Fetches pairs of two languages into a folder.

    Beside the archive and its checksum, the folder then holds, for `tatoeba` and `es`, `en`:
    `tatoeba.es-en.tsv.gz`, the same in three parts (`.train`, `.valid`, `.test`), and
    `tatoeba.es-en.LICENCE.txt`. Pairs are normalized; blank ones and repetitions are left out.

    Args:
        request: What to fetch.
        folder: Where to; made where it is missing.
        retries: See `download`.
        pause: See `download`.
        show: See `download`.

    Raises:
        ConfigError: There is no such source, or the languages are not two.
        ChecksumError: The archive is not the one that was expected.
        DownloadError: The archive cannot be had.
        CorpusError: It holds no pairs, or a file cannot be written.
    """
    source, (first, second) = _source(request.source), _codes(request.languages)
    release = request.release or source.release
    if not _RELEASE.fullmatch(release):
        raise ConfigError(f"release: expected one such as v2023-04-12. Received: {release!r}")
    url = source.archive_url(request.base_url, release, first, second)
    archive = folder / f"{request.source}.{release}.{'-'.join(sorted((first, second)))}.zip"
    members = [source.member(first, second, language) for language in (first, second)]
    digest = download(
        url,
        archive,
        sha256=request.sha256,
        check=lambda path: _check_archive(path, url, members),
        retries=retries,
        pause=pause,
        show=show,
    )
    _check_archive(archive, str(archive), members)  # it may have lain there before
    pairs = list(dict.fromkeys(_read(archive, members)))
    split = split_pairs(pairs, request.valid_size, request.test_size, request.seed)
    # The pairs to train on last: where they are, all is there.
    parts = {"": pairs, ".valid": split.valid, ".test": split.test, ".train": split.train}
    for name, size in ((".valid", request.valid_size), (".test", request.test_size)):
        if size and not parts[name]:
            raise CorpusError(
                f"{archive}: expected enough pairs to keep some apart. Received: {len(pairs)}"
            )
    stem = f"{request.source}.{first}-{second}"
    written = {folder / f"{stem}{part}.tsv.gz": some for part, some in parts.items()}
    notice = folder / f"{stem}.LICENCE.txt"
    _write_notice(notice, source, url, digest, archive)
    for path, some in written.items():
        _write_pairs(path, some)
    return Fetched({path: len(some) for path, some in written.items()}, notice)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise ConfigError(f"source: expected one of {', '.join(SOURCES)}. Received: {name!r}")
    return SOURCES[name]


def _codes(languages: tuple[str, str]) -> tuple[str, str]:
    first, second = map(language_code, languages)
    if first == second:
        raise ConfigError(f"languages: expected two. Received: {' '.join(languages)}")
    return first, second


def _check_archive(path: Path, url: str, members: Iterable[str]) -> None:
    """A page that asks for a login, sent in the archive's place, must not be taken for it."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            missing = set(members) - set(archive.namelist())
    # An archive that wants a password is a RuntimeError.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise CorpusError(f"{url}: expected a zip archive. Received: {error}") from error
    if damaged or missing:
        received = f"a damaged {damaged}" if damaged else f"none called {', '.join(missing)}"
        raise CorpusError(f"{url}: expected an archive with {members}. Received: {received}")


def _read(path: Path, members: list[str]) -> Iterator[Pair]:
    """The pairs of two line-aligned files in an archive, normalized, without blank ones."""
    with zipfile.ZipFile(path) as archive:
        sides = [
            read_lines(archive.open(member), f"{path}: {member}")  # type: ignore[arg-type]
            for member in members
        ]
        for number, (source, target) in enumerate(zip_longest(*sides), start=1):
            if source is None or target is None:
                raise CorpusError(
                    f"{path}: expected as many lines in {' and '.join(members)}. Received: "
                    f"no line {number} in {members[0 if source is None else 1]}"
                )
            pair = normalize(source), normalize(target)
            if all(pair):
                yield pair


def _write_pairs(path: Path, pairs: Iterable[Pair]) -> None:
    with pair_writer(path) as write:
        for source, target in pairs:
            write(source, target)


def _write_notice(path: Path, source: Source, url: str, digest: str, archive: Path) -> None:
    """What the licence asks to be told, and what the archive itself says of it."""
    lines = [
        f"Licence: {source.licence}",
        f"Attribution: {source.attribution}",
        "Prepared by: OPUS, https://opus.nlpl.eu (J. Tiedemann, LREC 2012)",
        f"Fetched from: {url}",
        f"SHA-256 of the archive: {digest}",
        "",
    ]
    with zipfile.ZipFile(archive) as opened:
        for name in ("LICENSE", "README"):
            if name in opened.namelist():
                text = opened.read(name).decode("utf-8", errors="replace")
                lines += [f"{name} of the archive:", "", text.strip(), ""]
    with atomic_writer(path) as file:
        file.write("\n".join(lines).encode())
