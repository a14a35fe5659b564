"""What every implementation of ``notifications.interruptions.Interruptions`` keeps: the fake's and PostgreSQL's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.identifiers import FeedId, PersonId
from discharge.policy import Caller, Role
from notifications.interruptions import Interruption, Interruptions
from services.persistence.database import engine_for
from services.persistence.interruptions import SqlInterruptions
from tests.engines import Database
from tests.fakes_notifications import MUNICIPALITY, NOON, NORTH, FakeInterruptions

NURSE = Caller(person_id=PersonId("mette"), name="Mette", role=Role.HOME_NURSE, organization=MUNICIPALITY, unit=NORTH)


def told(number: int, *, rang: bool = True, minutes: int = 0) -> Interruption:
    return Interruption(feed=FeedId(NORTH), offset=number, at=NOON + timedelta(minutes=minutes), rang=rang)


@pytest.fixture(params=["fake", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Interruptions]:
    if request.param == "fake":
        yield FakeInterruptions()
        return
    database: Database = request.getfixturevalue("database")
    engine = engine_for(database.app_url)

    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncConnection]:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL ROLE stafet_writer"))
            yield connection

    yield SqlInterruptions(connect)
    await engine.dispose()


async def test_each_entry_is_kept_once_for_a_person_and_the_first_word_stands(store: Interruptions) -> None:
    await store.keep(NURSE, [told(1), told(2, rang=False)])
    await store.keep(NURSE, [told(1, rang=False), told(3)])

    kept = sorted(await store.since(NURSE, NOON), key=lambda each: each.offset)

    assert kept == [told(1), told(2, rang=False), told(3)]


async def test_what_came_earlier_or_to_others_is_not_among_them(store: Interruptions) -> None:
    await store.keep(NURSE, [told(1, minutes=-1), told(2)])
    await store.keep(replace(NURSE, person_id=PersonId("hanne")), [told(2), told(3)])
    await store.keep(replace(NURSE, role=Role.VISITATOR), [told(2), told(4)])

    assert list(await store.since(NURSE, NOON)) == [told(2)]
