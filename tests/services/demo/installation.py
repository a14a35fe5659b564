"""A demo's settings over a database of the tests."""

from __future__ import annotations

from pathlib import Path

from services.demo.home import environment_of
from services.settings import Settings, load_settings
from tests.engines import Database


def settings_over(home: Path, database: Database, *, redis_url: str | None = None, **variables: str) -> Settings:
    """The settings that a demo in ``home`` would run with on ``database``."""
    environment = environment_of(
        home, database=(database.app_url, database.owner_url), redis_url=redis_url, host="127.0.0.1", port=8000
    )
    return load_settings({**environment, **variables})
