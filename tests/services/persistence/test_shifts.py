"""Each shift is one worker's to count."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import text

from services.persistence.shifts import claim_shift
from tests.factories import NOW
from tests.services.persistence.store import Store
from tests.waiting import until

ENDED = NOW.replace(hour=14, minute=0)
HOURS_8 = timedelta(hours=8)


async def _claims(store: Store, ended: datetime) -> bool:
    async with store.database.writing() as connection:
        return await claim_shift(connection, ended)


async def test_shift_is_counted_once_by_any_number_of_workers(store: Store) -> None:
    async with store.database.writing() as first:
        assert await claim_shift(first, ENDED)
        async with asyncio.TaskGroup() as group:
            second = group.create_task(_claims(store, ENDED))
            await until(lambda: bool(store.rows("SELECT 1 FROM pg_locks WHERE NOT granted")))
            await first.commit()

    assert not second.result()
    assert not await _claims(store, ENDED)
    assert not await _claims(store, ENDED - HOURS_8)
    assert await _claims(store, ENDED + HOURS_8)


async def test_worker_that_dies_while_it_counts_leaves_the_shift_to_another(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        await connection.execute(text("SET LOCAL ROLE stafet_writer"))
        assert await claim_shift(connection, ENDED)
        await connection.rollback()

    assert await _claims(store, ENDED)
