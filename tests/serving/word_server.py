"""A real server, gunicorn and all, around a translator that writes words backwards.

    python tests/serving/word_server.py

Settings come from the environment. Every answer tells the process that gave it, and a text that
holds the word `slow` takes a second. TensorFlow is not needed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from flask import Flask, Response

from serving.app import create_app
from serving.edge.checks import check_edge
from serving.registry import Registry
from serving.server import Server
from serving.settings import Settings
from translator.config import SearchConfig, from_mapping
from translator.texts.translating import TranslatedText


class Reverser:
    source_language = "es"
    target_language = "en"

    def search_config(self, **settings: float | None) -> SearchConfig:
        return from_mapping(SearchConfig, {k: v for k, v in settings.items() if v is not None})

    def translate_texts(
        self, texts: Sequence[str], search: SearchConfig, **_options: object
    ) -> list[TranslatedText]:
        time.sleep(1.0 * any("slow" in text.split() for text in texts))
        return [
            TranslatedText((" ".join(reversed(text.split())),), (0.0,), (), truncated=False)
            for text in texts
        ]

    def confidence(self, translation: object) -> float:
        return 1.0


class WordServer(Server):
    def load(self) -> Flask:
        self._registry = Registry([Reverser()])
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
