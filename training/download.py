"""A file from a web server: resumed where it was cut, verified, whole or not at all.

FILE.part          what has come so far
FILE.part.json     which state of which address that is a part of
FILE.sha256        checksum of the finished file, as `sha256sum -c` reads it
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import requests

from translator.atomic import atomic_writer
from translator.errors import ChecksumError, DownloadError

_BLOCK = 1 << 16
_TIMEOUT = (10, 60)
"""Seconds to connect, and without a byte."""

_LONGEST_PAUSE = 60.0
_AGENT = "seq2seq-translator"
_MAY_PASS = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

Show = Callable[[int, int | None], None]
"""Takes bytes done and bytes in all, None where the server does not say."""


def download(
    url: str,
    path: Path,
    *,
    sha256: str = "",
    check: Callable[[Path], None] = lambda _: None,
    retries: int = 5,
    pause: Callable[[float], None] = time.sleep,
    show: Show = lambda _done, _total: None,
) -> str:
    """Fetches a file, or verifies the one that is there.

    What was fetched before an interruption is kept and completed, unless the file has changed on
    the server since (If-Range, RFC 9110, section 13.1.5): then it is fetched anew. Most servers
    publish no checksum, so that of the first download is kept beside the file, and every later
    one is held against it.

    Args:
        url: Of the file, http or https.
        path: Where it goes; its folder is made.
        sha256: The checksum it must have. Default: the one kept beside the file, if any.
        check: Raises where a new file is not what it should be; it is then thrown away.
        retries: Attempts after one that brought nothing new, with doubling pauses between them.
        pause: Waits so many seconds.
        show: Told of progress.

    Returns:
        The file's SHA-256, in hexadecimal.

    Raises:
        ChecksumError: The file is not the one that was expected.
        DownloadError: The server cannot be reached or has no such file, or the file cannot be
            written.
    """
    wanted = sha256.lower() or _kept_checksum(path)
    try:
        if path.exists():
            digest = _digest(path)
            if wanted not in ("", digest):
                raise ChecksumError(
                    f"{path}: expected sha256 {wanted}. Received: {digest}. Remove it to fetch it "
                    "again"
                )
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = _Part(path, url)
            _complete(part, retries, pause, show)
            digest = _accept(part, wanted, check)
        _keep_checksum(path, digest)
    except OSError as error:
        raise DownloadError(
            f"{error.filename or path}: {error.strerror}. What has come is kept; the same command "
            "goes on from there"
        ) from error
    return digest


class _Part:
    """The unfinished file, and which state of the address it belongs to."""

    def __init__(self, path: Path, url: str) -> None:
        self.url = url
        self.target = path
        self.path = path.with_name(path.name + ".part")
        self._note = path.with_name(path.name + ".part.json")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def validator(self) -> str:
        """What tells the server which state of the file this is; "" where that is not known."""
        try:
            note = json.loads(self._note.read_text("utf-8"))
            return str(note["validator"]) if note["url"] == self.url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def begin(self, validator: str) -> None:
        """Forgets what is there, in an order in which a kill leaves nothing that seems to fit."""
        self.discard()
        with atomic_writer(self._note) as file:
            file.write(json.dumps({"url": self.url, "validator": validator}).encode())

    def discard(self) -> None:
        """Forgets what is there."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self) -> None:
        """Puts it in its place."""
        self.path.replace(self.target)
        self._note.unlink(missing_ok=True)


class _Interrupted(Exception):
    """An attempt failed in a way that another one may not."""


def _complete(part: _Part, retries: int, pause: Callable[[float], None], show: Show) -> None:
    """Attempts until the part is whole."""
    failures, most = 0, part.size
    while True:
        try:
            return _attempt(part, show)
        except _Interrupted as interruption:
            failures = failures + 1 if part.size <= most else 1
            most = max(most, part.size)
            if failures > retries:
                raise DownloadError(
                    f"{part.url}: expected a whole file. Received: {interruption}. {part.size:,} "
                    "bytes are kept; the same command goes on from there"
                ) from interruption
        pause(min(2.0 ** (failures - 1), _LONGEST_PAUSE))


def _attempt(part: _Part, show: Show) -> None:
    """Asks once for what is missing."""
    validator = part.validator
    start = part.size if validator else 0
    # Compressed on the way, bytes could not be counted.
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    try:
        with requests.get(part.url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
            if _is_whole(part, response):
                return
            _refuse_failure(part, response)
            if response.status_code == HTTPStatus.PARTIAL_CONTENT:
                total = _total_of_rest(part, response, start, validator)
            else:
                start = 0
                total = _number(response.headers.get("Content-Length", ""))
                part.begin(_validator(response))
            done = _append(part, response, start, total, show)
    except requests.RequestException as error:
        if isinstance(error, ValueError):
            raise DownloadError(f"{part.url}: expected http(s). Received: {error}") from error
        raise _Interrupted(_reason(error)) from error
    if total is not None and done != total:
        part.discard()
        raise _Interrupted(f"{done:,} bytes of {total:,}")


def _is_whole(part: _Part, response: requests.Response) -> bool:
    """Whether nothing is missing: an earlier run was killed before it could check the file."""
    return (
        response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        and response.headers.get("Content-Range") == f"bytes */{part.size}"
        and _validator(response) in ("", part.validator)
    )


def _refuse_failure(part: _Part, response: requests.Response) -> None:
    status = response.status_code
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        return
    told = f"{status} {response.reason}"
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.discard()  # the file is no longer than what is there, so that is no part of it
        raise _Interrupted(told)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _MAY_PASS:
        raise _Interrupted(told)
    raise DownloadError(f"{part.url}: expected a file. Received: {told}")


def _total_of_rest(
    part: _Part, response: requests.Response, start: int, validator: str
) -> int | None:
    """Bytes of the whole file, of which the response brings the rest."""
    content_range = response.headers.get("Content-Range", "")
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", content_range)
    # Such an answer need not repeat the validator (RFC 9110, section 15.3.7).
    same = _validator(response) in ("", validator)
    if not (start and found and int(found[1]) == start and same):
        part.discard()
        raise _Interrupted(f"another part than was asked for: {content_range!r}")
    return _number(found[2])


def _append(
    part: _Part, response: requests.Response, done: int, total: int | None, show: Show
) -> int:
    with part.path.open("ab") as file:
        for block in response.iter_content(_BLOCK):
            file.write(block)
            done += len(block)
            show(done, total)
        file.flush()
        os.fsync(file.fileno())
    return done


def _accept(part: _Part, wanted: str, check: Callable[[Path], None]) -> str:
    """Moves a whole part into place, or throws it away, for what is wrong will not mend."""
    digest = _digest(part.path)
    try:
        if wanted not in ("", digest):
            raise ChecksumError(
                f"{part.url}: expected sha256 {wanted}. Received: {digest}. The file has changed "
                f"there; if that is right, remove {_checksum_file(part.target)}"
            )
        check(part.path)
    except Exception:
        part.discard()
        raise
    part.finish()
    return digest


def _validator(response: requests.Response) -> str:
    """The entity tag if it is a strong one, as If-Range asks for, or the time of the change."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _reason(error: requests.RequestException) -> str:
    """What a person can do something with, of messages that hold whole call chains."""
    if isinstance(error, requests.exceptions.SSLError):
        return f"no trusted connection: {error}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "a lost connection"
    return "no connection; is the network up, and the address right?"


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _checksum_file(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _kept_checksum(path: Path) -> str:
    try:
        return _checksum_file(path).read_text("utf-8").split()[0]
    except (OSError, UnicodeDecodeError, IndexError):
        return ""


def _keep_checksum(path: Path, digest: str) -> None:
    if _kept_checksum(path) != digest:
        with atomic_writer(_checksum_file(path)) as file:
            file.write(f"{digest}  {path.name}\n".encode())
