"""The endpoints: one module for each, one blueprint for each module."""

from __future__ import annotations

from flask import Blueprint

from serving.registry import Registry
from serving.routes import detect, health, languages, page, suggest, translate
from serving.settings import Settings


def blueprints(settings: Settings, registry: Registry) -> list[Blueprint]:
    """Makes the blueprints of all endpoints."""
    return [
        page.blueprint(),
        health.blueprint(registry),
        languages.blueprint(registry),
        translate.blueprint(settings, registry),
        detect.blueprint(settings),
        suggest.blueprint(settings, registry),
    ]
