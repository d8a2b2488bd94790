"""A real server, gunicorn and all, around the translator that writes words backwards.

    python tests/serving/word_server.py

Settings come from the environment. Every answer tells the process that gave it, and a text that
holds the word `slow` takes two seconds.
"""

from __future__ import annotations

import os
import time
from typing import Any

from conftest import WordReverser
from flask import Flask, Response

from serving.app import create_app
from serving.edge.checks import check_edge
from serving.registry import Registry
from serving.server import Server
from serving.settings import Settings
from translator.texts.translating import TranslatedText


class SlowReverser(WordReverser):
    def translate_texts(self, texts: Any, *arguments: Any, **options: Any) -> list[TranslatedText]:
        time.sleep(2.0 * any("slow" in text.split() for text in texts))
        return super().translate_texts(texts, *arguments, **options)


class WordServer(Server):
    def load(self) -> Flask:
        self._registry = Registry([SlowReverser("es", "en")])
        app = create_app(self._settings, self._registry, self._shared)

        @app.after_request
        def tell_worker(response: Response) -> Response:
            response.headers["X-Worker"] = str(os.getpid())
            return response

        return app


if __name__ == "__main__":
    settings = Settings.from_environ(os.environ)
    check_edge(settings)
    WordServer(settings).run()
