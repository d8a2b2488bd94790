"""The command `python -m serving`: the server, and `keys` and `suggestions` beside it."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import click

from serving.commands.common import EXIT_FAILED
from serving.commands.keys import keys
from serving.commands.suggestions import suggestions
from serving.edge.checks import check_edge
from serving.model_folders import find_versions
from serving.server import Server, check_address
from serving.settings import Settings
from translator.errors import TranslatorError


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: 5000]")
@click.option("--models", type=Path, help="Folder of models.  [default: saved_models]")
@click.option("--workers", type=click.IntRange(min=1), help="Number of processes.  [default: 1]")
@click.pass_context
def main(
    context: click.Context,
    host: str | None,
    port: int | None,
    models: Path | None,
    workers: int | None,
) -> None:
    """Serve the models in a folder over HTTP, unless a command is given.

    An option that is not given is read from its environment variable, such as TRANSLATE_PORT.
    """
    if context.invoked_subcommand is None:
        _serve(host=host, port=port, models=models, workers=workers)


main.add_command(keys)
main.add_command(suggestions)


def _serve(**options: Any) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    try:
        settings = Settings.from_environ(os.environ, **options)
        find_versions(settings.models)
        check_edge(settings)
        check_address(settings.host, settings.port)
    except TranslatorError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(EXIT_FAILED)
    Server(settings).run()


if __name__ == "__main__":
    main(prog_name="python -m serving")
