"""The command `python -m serving`."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from serving.registry import find_versions
from serving.server import Server, check_address
from serving.settings import Settings
from translator.errors import TranslatorError


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port.  [default: 5000]")
@click.option("--models", type=Path, help="Folder of the models.  [default: saved_models]")
@click.option("--workers", type=click.IntRange(min=1), help="Processes.  [default: 1]")
def main(host: str | None, port: int | None, models: Path | None, workers: int | None) -> None:
    """Serve the models in a folder over HTTP.

    An option that is not given is taken from its environment variable, such as TRANSLATE_PORT.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    try:
        settings = Settings.from_environ(
            os.environ, host=host, port=port, models=models, workers=workers
        )
        find_versions(settings.models)
        check_address(settings.host, settings.port)
    except TranslatorError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    Server(settings).run()


if __name__ == "__main__":
    main(prog_name="python -m serving")
