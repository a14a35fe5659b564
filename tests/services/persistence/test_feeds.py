from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from discharge.identifiers import FeedId
from services.persistence import feeds
from services.persistence.database import engine_for
from tests.engines import Database
from tests.fakes_notifications import MUNICIPALITY, NORTH, addressed
from tests.waiting import until_blocked

A, B = FeedId(NORTH), FeedId(MUNICIPALITY)


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    made = engine_for(database.app_url)
    yield made
    await made.dispose()


async def as_writer(connection: AsyncConnection) -> AsyncConnection:
    await connection.execute(text("SET LOCAL ROLE stafet_writer"))
    return connection


async def offsets(engine: AsyncEngine, feed: FeedId) -> list[int]:
    async with engine.begin() as connection:
        return [entry.offset for entry in await feeds.read_after(await as_writer(connection), feed, 0, 100)]


async def test_number_of_a_transaction_that_rolled_back_is_given_again(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await feeds.append(await as_writer(connection), [addressed(A)]) == {A: 1}
        await connection.rollback()

    async with engine.begin() as connection:
        assert await feeds.append(await as_writer(connection), [addressed(A)]) == {A: 1}

    assert await offsets(engine, A) == [1]


async def test_nobody_reads_a_number_before_the_one_below_it_is_committed(
    engine: AsyncEngine, database: Database
) -> None:
    async with engine.begin() as connection:
        await feeds.append(await as_writer(connection), [addressed(A)])

    async def second() -> None:
        async with engine.begin() as connection:
            await feeds.append(await as_writer(connection), [addressed(A)])

    async with engine.connect() as slow:
        await feeds.append(await as_writer(slow), [addressed(A)])
        waiting = asyncio.create_task(second())
        await until_blocked(database.admin_url)
        assert await offsets(engine, A) == [1]
        await slow.commit()

    await waiting
    assert await offsets(engine, A) == [1, 2, 3]


async def test_feeds_named_in_any_order_never_lock_one_another_out(engine: AsyncEngine) -> None:
    async def write(*order: FeedId) -> None:
        async with engine.begin() as connection:
            await feeds.append(await as_writer(connection), [addressed(feed) for feed in order])

    async with asyncio.timeout(30):
        await asyncio.gather(*(write(A, B) if number % 2 else write(B, A) for number in range(40)))

    assert await offsets(engine, A) == await offsets(engine, B) == list(range(1, 41))


async def test_reader_and_writer_may_read_the_same_epoch(engine: AsyncEngine) -> None:
    found = []
    for role in ("stafet_reader", "stafet_writer"):
        async with engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL ROLE {role}"))
            found.append(await feeds.epoch(connection))

    assert found[0] == found[1]


async def test_restore_that_postgresql_cannot_see_makes_a_new_epoch(engine: AsyncEngine, database: Database) -> None:
    async with engine.begin() as connection:
        before = await feeds.epoch(await as_writer(connection))
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "INSERT INTO meta (key, value) VALUES ('restore_counter', '7')"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        )

    async with engine.begin() as connection:
        standing = await feeds.standing(await as_writer(connection), A)

    assert standing.head.epoch == f"{before.rpartition('-')[0]}-7"


async def test_floor_rises_with_what_retention_removed(engine: AsyncEngine, database: Database) -> None:
    async with engine.begin() as connection:
        await feeds.append(await as_writer(connection), [addressed(A)] * 5)
    with psycopg.connect(database.admin_url) as owner:
        owner.execute("DELETE FROM feed_entry WHERE number <= 3")

    async with engine.begin() as connection:
        standing = await feeds.standing(await as_writer(connection), A)

    assert (standing.floor, standing.head.offset) == (3, 5)
