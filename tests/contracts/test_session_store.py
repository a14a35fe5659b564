"""One suite for the sessions in PostgreSQL and those in the tests' memory."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.persistence.browser_sessions import SessionRow, SqlSessionStore
from services.persistence.database import Database, engine_for
from services.persistence.vault import Vault
from services.web.sessions import SessionStore
from tests import engines
from tests.services.web.doubles import MemorySessionStore

AT = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[SessionStore]:
    if request.param == "memory":
        yield MemorySessionStore()
        return
    where: engines.Database = request.getfixturevalue("database")
    engine = engine_for(where.app_url, pool_size=1, overflow=1)
    vault = Vault(secrets.token_bytes(32), secrets.token_bytes(32))
    yield SqlSessionStore(Database(engine, vault, access_days=30, demo=False).writing)
    await engine.dispose()


def row(name: bytes = b"1", **changes: datetime) -> SessionRow:
    times = {"created_at": AT, "last_seen_at": AT, "expires_at": AT + timedelta(hours=10)} | changes
    return SessionRow(id_hash=name * 32, claims={"sub": "p1", "role": "gp"}, csrf="c", **times)


async def test_what_was_added_is_found(store: SessionStore) -> None:
    await store.add(row())

    assert await store.find(row().id_hash) == row()
    assert await store.find(b"2" * 32) is None


async def test_touched_session_was_last_seen_then(store: SessionStore) -> None:
    await store.add(row())

    await store.touch(row().id_hash, AT + timedelta(minutes=5))

    found = await store.find(row().id_hash)
    assert found is not None
    assert found.last_seen_at == AT + timedelta(minutes=5)


async def test_removed_session_is_gone(store: SessionStore) -> None:
    await store.add(row())

    await store.remove(row().id_hash)
    await store.remove(row().id_hash)

    assert await store.find(row().id_hash) is None


async def test_sweep_takes_what_has_ended_and_nothing_else(store: SessionStore) -> None:
    await store.add(row(b"1"))
    await store.add(row(b"2", expires_at=AT))
    await store.add(row(b"3", last_seen_at=AT - timedelta(hours=1)))

    await store.remove_ended(before=AT, idle_since=AT - timedelta(minutes=30))

    assert [await store.find(name * 32) is not None for name in (b"1", b"2", b"3")] == [True, False, False]
