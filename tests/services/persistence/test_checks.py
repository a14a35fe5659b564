import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.checks import GUARDED_TABLES, UnsafeDatabaseError, database_findings, refuse_unsafe
from services.persistence.clock import set_ahead
from services.persistence.database import engine_for
from services.persistence.vault import Vault
from tests.engines import Database, TestEngines, create_database, drop_database
from tests.services.persistence.store import VAULT, Store


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    engine = engine_for(url, pool_size=1, overflow=0)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def findings(database: Database, vault: Vault | None = None, *, demo: bool = True, url: str | None = None) -> str:
    async with connected(url or database.app_url) as connection:
        return "\n".join(await database_findings(connection, vault, demo=demo))


async def test_a_migrated_database_has_its_walls(store: Store) -> None:
    found = await findings(store.urls, VAULT)

    assert "row-level" not in found
    assert "role" not in found
    assert "migrat" not in found
    assert "KEYS" not in found
    assert "clock" not in found


async def test_every_table_with_citizens_data_is_guarded(database: Database) -> None:
    async with await psycopg.AsyncConnection.connect(database.admin_url) as connection:
        rows = await connection.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity")
        forced = {row[0] for row in await rows.fetchall()}

    assert forced == GUARDED_TABLES


async def test_a_fallen_wall_is_found(database: Database) -> None:
    async with await psycopg.AsyncConnection.connect(database.admin_url, autocommit=True) as connection:
        await connection.execute("ALTER TABLE task NO FORCE ROW LEVEL SECURITY")

    assert "row-level security is not forced on the table task" in await findings(database)


async def test_a_commit_that_does_not_wait_is_refused_in_production(database: Database) -> None:
    async with connected(database.app_url) as connection:
        await connection.execute(text("SET synchronous_commit = off"))

        with pytest.raises(UnsafeDatabaseError, match="synchronous_commit = off"):
            await refuse_unsafe(connection)


async def test_an_empty_database_is_to_be_migrated(engines: TestEngines) -> None:
    database = create_database(engines, "checks_empty")
    try:
        assert "the database is empty" in await findings(database)
    finally:
        drop_database(engines, "checks_empty")


async def test_an_old_schema_is_to_be_migrated(database: Database) -> None:
    async with await psycopg.AsyncConnection.connect(database.admin_url, autocommit=True) as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '0000'")

    assert "stands at migration 0000" in await findings(database)


async def test_a_superuser_behind_the_door_is_found(database: Database) -> None:
    assert "is a superuser" in await findings(database, url=database.admin_url)


async def test_the_owner_behind_the_door_is_found(database: Database) -> None:
    assert "owner of the tables" in await findings(database, url=database.owner_url)


async def test_a_demo_in_production_is_found(store: Store) -> None:
    async with store.database.writing() as connection:
        await set_ahead(connection, timedelta(hours=1))

    assert "was a demo" in await findings(store.urls, demo=False)
    assert "was a demo" not in await findings(store.urls, demo=True)


async def test_the_wrong_master_key_is_found(store: Store) -> None:
    wrong = Vault(secrets.token_bytes(32), secrets.token_bytes(32))

    assert "STAFET_KEYS_MASTER" in await findings(store.urls, wrong)
