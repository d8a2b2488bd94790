"""A web server on the loopback interface with one file and the faults of real ones."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What is served, how, and what was asked for.

    Attributes:
        content: The file.
        etag: Its entity tag; "" sends none.
        modified: Its time of change; "" sends none.
        faults: One for each request to come, then none: `cut:N` closes the connection after N
            bytes, `stall:N` falls silent after them, `status:N` answers with that status, `longer`
            promises more bytes than there are.
        heeds_if_range: Answers with the whole file if it has changed.
        heeds_range: Answers with a part at all.
        asked: The headers of each request.
        sent: Bytes sent for each request.
    """

    content: bytes
    etag: str = '"1"'
    modified: str = ""
    faults: list[str] = field(default_factory=list)
    heeds_if_range: bool = True
    heeds_range: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    address: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def ranges(self) -> list[str]:
        return [headers.get("Range", "") for headers in self.asked]


@contextlib.contextmanager
def serving(content: bytes, **options: object) -> Iterator[FileServer]:
    """Serves until the block ends."""
    server = FileServer(content, **options)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(server, self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.address = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            listening.shutdown()
            thread.join()


def _answer(server: FileServer, request: BaseHTTPRequestHandler) -> None:
    headers = dict(request.headers)
    server.asked.append(headers)
    server.paths.append(request.path)
    kind, _, number = (server.faults.pop(0) if server.faults else "").partition(":")
    if kind == "status":
        request.send_error(int(number))
        return
    start, size = 0, len(server.content)
    found = re.fullmatch(r"bytes=(\d+)-", headers.get("Range", ""))
    same = headers.get("If-Range") in (server.etag, server.modified)
    if found and server.heeds_range and (same or not server.heeds_if_range):
        start = int(found[1])
        if start >= size:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{size}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
    else:
        request.send_response(200)
    for name, value in (("ETag", server.etag), ("Last-Modified", server.modified)):
        if value:
            request.send_header(name, value)
    body = server.content[start:]
    request.send_header("Content-Length", str(len(body) + 1000 * (kind == "longer")))
    request.end_headers()
    if kind in ("cut", "stall"):
        body = body[: int(number)]
    with contextlib.suppress(ConnectionError):
        request.wfile.write(body)
        request.wfile.flush()
    server.sent.append(len(body))
    if kind == "stall":
        server.closing.wait()
