"""What can be known to be wrong before the server starts."""

from __future__ import annotations

from pathlib import Path

from serving.database import Database
from serving.edge.rates import check_storage
from serving.file_store import FileStore
from serving.settings import IN_MEMORY, Settings
from translator.errors import ConfigError


def check_edge(settings: Settings) -> None:
    """Makes sure that what the settings name can be used; makes what is missing.

    Raises:
        ConfigError: Redis does not answer, or the folder for files cannot be used.
        DatabaseError: The database cannot be used.
    """
    if settings.database is not None:
        database = Database(settings.database, schema="")
        database.check()
        database.close()
    if settings.files and settings.files_folder is not None:
        _check_folder(settings, settings.files_folder)
    if settings.rate_storage != IN_MEMORY:
        check_storage(settings)


def _check_folder(settings: Settings, folder: Path) -> None:
    try:
        FileStore(folder, settings.file_keep_seconds, settings.file_store_bytes).check()
    except OSError as error:
        raise ConfigError(
            f"TRANSLATE_FILES_FOLDER: expected a folder for this user alone (chmod 700). "
            f"Received: {folder} ({error.strerror})"
        ) from error
