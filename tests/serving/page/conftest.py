"""The page in a real browser, over a real server whose translator writes words backwards.

One server and one browser serve all these tests; each test has a context of its own in it.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Response
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Route,
    expect,
    sync_playwright,
)
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server

from serving.app import create_app
from serving.metrics import Metrics
from serving.registry import Engine, Registry
from serving.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

TOLD = {
    "charLimit": 2000,
    "frontendTimeout": 30,
    "suggestions": True,
    "filesTranslation": True,
    "supportedFilesFormat": [".txt", ".html"],
    "apiKeys": False,
    "keyRequired": False,
}
"""What the page is told of the server, unless a test says otherwise; the rest is the server's."""

SPANISH_TO_ENGLISH = "#source=es&target=en"

DOWNLOAD = "download_file/a-translated-file"
"""Where the server of these tests has a file."""

BEHIND = "/behind/a/proxy"
"""Where it is found as well, as behind a proxy that has others beside it."""

Serve = Callable[..., Any]
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def serve(make_engine: Callable[..., Engine]) -> Serve:
    """Runs a server on a port (0 for any) as a context, which gives its address.

    Other arguments are its settings.
    """

    @contextmanager
    def serve(port: int, **settings: Any) -> Iterator[str]:
        pairs = (("es", "en"), ("en", "es"), ("en", "ar"), ("ar", "en"))
        registry = Registry([make_engine(*pair) for pair in pairs])
        app = create_app(Settings(**settings), registry, metrics=Metrics())
        app.add_url_rule(f"/{DOWNLOAD}", view_func=_file)
        both = DispatcherMiddleware(app, {BEHIND: app})
        server = make_server("127.0.0.1", port, both, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.port}/"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return serve


@pytest.fixture(scope="session")
def address(serve: Serve) -> Iterator[str]:
    with serve(0) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    # The first text that a server gets waits for the detection of languages to be loaded.
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What a browser complains of, and what it asks of other servers: nothing, or the test fails.

    A test of refusals takes its own away with `only_refusals`.
    """
    complaints: list[str] = []
    yield complaints
    assert complaints == []


@pytest.fixture
def open_page(browser: Browser, address: str, complaints: list[str]) -> Iterator[OpenPage]:
    """Opens the page: `at` is what follows in its address, `told` what the server tells of itself.

    Other arguments are those of a browser context, such as `color_scheme` or `viewport`.
    """
    contexts: list[BrowserContext] = []

    def open_page(
        at: str = SPANISH_TO_ENGLISH,
        *,
        told: dict[str, Any] | None = None,
        server: str = address,
        **options: Any,
    ) -> Page:
        context = browser.new_context(**{"locale": "en-GB", **options})
        contexts.append(context)
        context.set_default_timeout(15_000)

        def tell(route: Route) -> None:
            response = route.fetch()
            route.fulfill(response=response, json={**response.json(), **TOLD, **(told or {})})

        context.route("**/frontend/settings", tell)
        page = context.new_page()
        page.on("console", lambda line: _hear(line, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _watch(request, server, complaints))
        page.goto(server + at)
        expect(page.locator("#source")).to_be_enabled()
        return page

    yield open_page
    for context in contexts:
        # What `tell` is in the middle of would else fail in the next test.
        context.unroute_all(behavior="ignoreErrors")
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


class _Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, *_: Any) -> None:
        pass


def _file() -> Response:
    headers = {"Content-Disposition": "attachment; filename=notes_en.txt"}
    return Response("dos uno", headers=headers, mimetype="text/plain")


def _hear(line: ConsoleMessage, complaints: list[str]) -> None:
    if line.type in ("error", "warning"):
        complaints.append(line.text)


def _watch(request: Request, server: str, complaints: list[str]) -> None:
    if not request.url.startswith((server, "blob:")):
        complaints.append(f"asked another server: {request.url}")
