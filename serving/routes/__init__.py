"""The endpoints: one module for each, one blueprint for each module."""

from __future__ import annotations

from flask import Blueprint

from serving.metrics import Metrics
from serving.registry import Registry
from serving.routes import (
    about,
    detect,
    documentation,
    files,
    health,
    languages,
    page,
    suggest,
    translate,
)
from serving.routes import metrics as metrics_route
from serving.settings import Settings


def blueprints(settings: Settings, registry: Registry, metrics: Metrics | None) -> list[Blueprint]:
    """Makes the blueprints of all endpoints; without metrics, that of the metrics is left out."""
    measured = [] if metrics is None else [metrics_route.blueprint(settings, metrics)]
    return [
        page.blueprint(settings),
        health.blueprint(registry),
        languages.blueprint(registry),
        translate.blueprint(settings, registry),
        detect.blueprint(settings),
        files.blueprint(settings, registry),
        suggest.blueprint(settings, registry),
        about.blueprint(settings, registry),
        documentation.blueprint(settings, registry),
        *measured,
    ]
