"""What browsers are told, and what is believed of proxies."""

from __future__ import annotations

from flask import Flask, Response
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from serving.settings import Settings

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PREFLIGHT_SECONDS = 600


def install(app: Flask, settings: Settings) -> None:
    """Gives an application its security headers, and what the settings allow beyond them."""
    app.after_request(_secure)
    if settings.cors_origins:
        _allow_origins(app, settings.origins)
    if settings.trusted_proxies:
        _trust_proxies(app, settings.trusted_proxies)


def _secure(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        # A page with needs of its own has said so.
        response.headers.setdefault(name, value)
    return response


def _allow_origins(app: Flask, origins: list[str]) -> None:
    """Lets pages of these origins ask; without cookies, which this server has none of."""
    CORS(
        app,
        origins=origins,
        methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After", "X-Request-ID"],
        max_age=_PREFLIGHT_SECONDS,
        send_wildcard=True,
        always_send=False,
        intercept_exceptions=False,
    )


def _trust_proxies(app: Flask, count: int) -> None:
    """Takes address, scheme and host from the last of so many proxies, counted from here."""
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, x_for=count, x_proto=count, x_host=count
    )
