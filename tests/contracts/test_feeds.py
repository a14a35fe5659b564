"""What every implementation of ``notifications.ports.Feeds`` keeps: the fake's and PostgreSQL's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from discharge.identifiers import FeedId
from notifications.ports import Feeds
from services.persistence.database import engine_for
from services.persistence.feeds import PostgresFeeds
from tests.engines import Database
from tests.fakes_notifications import MUNICIPALITY, NOON, NORTH, FakeFeeds, addressed

A, B = FeedId(NORTH), FeedId(MUNICIPALITY)


def writing_on(engine: AsyncEngine) -> PostgresFeeds:
    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncConnection]:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL ROLE stafet_writer"))
            yield connection

    return PostgresFeeds(connect)


@pytest.fixture(params=["fake", "postgres"])
async def feeds(request: pytest.FixtureRequest) -> AsyncIterator[Feeds]:
    if request.param == "fake":
        yield FakeFeeds()
        return
    database: Database = request.getfixturevalue("database")
    engine = engine_for(database.app_url)
    yield writing_on(engine)
    await engine.dispose()


async def test_feed_that_nobody_wrote_to_is_empty(feeds: Feeds) -> None:
    standing = await feeds.standing(A)

    assert (standing.head.offset, standing.floor) == (0, 0)
    assert list(await feeds.read_after(A, 0, 10)) == []


async def test_numbers_of_each_feed_begin_at_one_and_have_no_holes(feeds: Feeds) -> None:
    assert await feeds.append([addressed(A), addressed(B), addressed(A)]) == {A: 2, B: 1}
    assert await feeds.append([addressed(A)]) == {A: 3}

    assert [entry.offset for entry in await feeds.read_after(A, 0, 10)] == [1, 2, 3]
    assert [entry.offset for entry in await feeds.read_after(B, 0, 10)] == [1]


async def test_appending_nothing_changes_nothing(feeds: Feeds) -> None:
    assert await feeds.append([]) == {}


async def test_entry_comes_back_as_it_was_written(feeds: Feeds) -> None:
    written = addressed(A, "Bestil hjælpemidler", at=NOON + timedelta(microseconds=5))

    await feeds.append([written])
    (entry,) = await feeds.read_after(A, 0, 10)

    assert entry.offset == 1
    for name in ("feed", "at", "event", "task_id", "stay_id", "priority", "due_at", "title", "audience"):
        assert getattr(entry, name) == getattr(written, name)


async def test_reading_goes_on_after_an_offset_up_to_a_limit(feeds: Feeds) -> None:
    await feeds.append([addressed(A, str(number)) for number in range(1, 6)])

    assert [entry.title for entry in await feeds.read_after(A, 2, 2)] == ["3", "4"]


async def test_gaps_of_several_feeds_are_read_at_once(feeds: Feeds) -> None:
    await feeds.append([addressed(A), addressed(A), addressed(B)])

    gaps = await feeds.read_gaps({A: 1, B: 1, FeedId("999999"): 0}, 10)

    assert {feed: [entry.offset for entry in entries] for feed, entries in gaps.items()} == {A: [2]}


async def test_gaps_are_limited_feed_by_feed(feeds: Feeds) -> None:
    await feeds.append([addressed(A), addressed(A), addressed(B), addressed(B)])

    gaps = await feeds.read_gaps({A: 0, B: 0}, 1)

    assert {feed: [entry.offset for entry in entries] for feed, entries in gaps.items()} == {A: [1], B: [1]}


async def test_heads_of_all_asked_feeds_share_an_epoch(feeds: Feeds) -> None:
    await feeds.append([addressed(A)])

    heads = await feeds.heads([A, B])

    assert {feed: head.offset for feed, head in heads.items()} == {A: 1, B: 0}
    assert len({head.epoch for head in heads.values()}) == 1
    assert (await feeds.standing(A)).head == heads[A]


async def test_epoch_has_three_parts_and_no_space(feeds: Feeds) -> None:
    parts = (await feeds.standing(A)).head.epoch.split("-")

    assert len(parts) == 3
    assert all(part.isdigit() for part in parts)


async def test_concurrent_appends_leave_no_hole_and_no_double(feeds: Feeds) -> None:
    async def write(title: str) -> None:
        await feeds.append([addressed(B, title), addressed(A, title)] if int(title) % 2 else [addressed(A, title)])

    await asyncio.gather(*(write(str(number)) for number in range(40)))

    entries = await feeds.read_after(A, 0, 100)
    assert [entry.offset for entry in entries] == list(range(1, 41))
    assert len({entry.title for entry in entries}) == 40
    assert [entry.offset for entry in await feeds.read_after(B, 0, 100)] == list(range(1, 21))
