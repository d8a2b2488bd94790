"""What can be known to be wrong before the server starts."""

from __future__ import annotations

from serving.database import Database
from serving.edge.rates import check_storage
from serving.settings import IN_MEMORY, Settings


def check_edge(settings: Settings) -> None:
    """Makes sure that what the settings name can be used; makes the database if it is missing.

    Raises:
        ConfigError: Redis does not answer.
        DatabaseError: The database cannot be used.
    """
    if settings.database is not None:
        database = Database(settings.database, schema="")
        database.check()
        database.close()
    if settings.rate_storage != IN_MEMORY:
        check_storage(settings)
