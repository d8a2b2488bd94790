"""The server of `fake_server`, whose answers tell the process that gave them.

One waits for as many seconds as the header X-Sleep of the request says.

    python tests/telling_server.py FOLDER

Settings come from the environment.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from fake_server import Loader
from flask import Flask, Response, request

from serving.edge.checks import check_edge
from serving.server import Server
from serving.settings import Settings


class TellingServer(Server):
    def load(self) -> Flask:
        app = super().load()

        @app.after_request
        def tell_worker(response: Response) -> Response:
            response.headers["X-Worker"] = str(os.getpid())
            time.sleep(float(request.headers.get("X-Sleep", "0")))
            return response

        return app


if __name__ == "__main__":
    settings = Settings.from_environ(os.environ, models=Path(sys.argv[1]))
    check_edge(settings)
    TellingServer(settings, Loader()).run()
