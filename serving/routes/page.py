"""GET /: the page for people, and the files that it is made of."""

from __future__ import annotations

from flask import Blueprint, Response


def blueprint() -> Blueprint:
    """Makes the endpoints of the page."""
    routes = Blueprint("page", __name__, static_folder="../web", static_url_path="/web")

    @routes.get("/")
    def index() -> Response:
        return routes.send_static_file("index.html")

    return routes
