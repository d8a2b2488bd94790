"""A plain Flask endpoint around a model: what one writes first, and what the server is held to."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from flask import Flask, request

sys.path.insert(0, str(Path(__file__).parents[2]))

from translator.translator import Translator


def make_app(model: str) -> Flask:
    """Translates each request by itself, one after the other."""
    app = Flask(__name__)
    translator, lock = Translator.load(model), threading.Lock()

    @app.post("/translate")
    def translate() -> dict[str, str]:
        with lock:
            [text] = translator.translate_texts([request.get_json()["q"]])
        return {"translatedText": text.candidates[0]}

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    return app
