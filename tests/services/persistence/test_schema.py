"""What a web process knows of the schema without Alembic."""

from __future__ import annotations

from importlib.resources import as_file, files

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from services.persistence.schema import current_revision, head_revision
from tests.services.persistence.store import Store


def test_newest_file_is_the_head_that_alembic_finds() -> None:
    with as_file(files("services.persistence") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        assert ScriptDirectory.from_config(config).get_current_head() == head_revision()


async def test_database_tells_its_revision(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        assert await current_revision(connection) == head_revision()


async def test_database_that_was_never_migrated_has_none(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        await connection.execute(text("SELECT set_config('search_path', 'pg_temp', true)"))
        assert await current_revision(connection) is None
