"""GET /: the page for people, and the files that it is made of."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from serving.interface import choose, load_interfaces
from serving.settings import Settings

THEMES = ("light", "dark")


def blueprint(settings: Settings) -> Blueprint:
    """Makes the endpoints of the page.

    It comes in the reader's language and colours, so that it is right when it is first painted:
    the cookies `language` and `theme`, which the page's own switches set, else what the browser
    asks for.
    """
    routes = Blueprint(
        "page",
        __name__,
        static_folder="../web",
        static_url_path="/web",
        template_folder="../templates",
    )
    interfaces = load_interfaces()

    @routes.get("/")
    def index() -> Response:
        chosen = choose(interfaces, request.cookies.get("language"), request.accept_languages)
        theme = request.cookies.get("theme")
        page = render_template(
            "index.html",
            _=chosen.gettext,
            interface=chosen,
            interfaces=list(interfaces.values()),
            theme=theme if theme in THEMES else None,
            settings=settings,
        )
        response = make_response(page)
        response.headers["Cache-Control"] = "no-cache"
        response.vary.update(("Accept-Language", "Cookie"))
        return response

    return routes
