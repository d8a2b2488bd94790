"""The server of `fake_server`, whose answers tell the process that gave them.

    python tests/telling_server.py FOLDER

Settings come from the environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fake_server import Loader
from flask import Flask, Response

from serving.edge.checks import check_edge
from serving.server import Server
from serving.settings import Settings


class TellingServer(Server):
    def load(self) -> Flask:
        app = super().load()

        @app.after_request
        def tell_worker(response: Response) -> Response:
            response.headers["X-Worker"] = str(os.getpid())
            return response

        return app


if __name__ == "__main__":
    settings = Settings.from_environ(os.environ, models=Path(sys.argv[1]))
    check_edge(settings)
    TellingServer(settings, Loader()).run()
