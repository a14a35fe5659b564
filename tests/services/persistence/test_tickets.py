from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.persistence.database import engine_for
from services.persistence.tickets import Tickets
from tests.engines import Database

START = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


class Wall:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def engine(module_database: Database) -> AsyncIterator[AsyncEngine]:
    made = engine_for(module_database.app_url)
    yield made
    await made.dispose()


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def tickets(engine: AsyncEngine, wall: Wall) -> Tickets:
    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncConnection]:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL ROLE stafet_writer"))
            yield connection

    return Tickets(connect, wall=wall, life=timedelta(seconds=30))


async def test_ticket_is_good_once(tickets: Tickets) -> None:
    ticket = await tickets.issue({"session": "a"})

    assert await tickets.redeem(ticket) == {"session": "a"}
    assert await tickets.redeem(ticket) is None


async def test_ticket_used_by_two_at_once_is_good_for_one(tickets: Tickets) -> None:
    ticket = await tickets.issue({"session": "a"})

    found = await asyncio.gather(*(tickets.redeem(ticket) for _ in range(8)))

    assert sum(claims is not None for claims in found) == 1


async def test_ticket_ends_after_its_life(tickets: Tickets, wall: Wall) -> None:
    ticket = await tickets.issue({"session": "a"})

    wall.at += tickets.life

    assert await tickets.redeem(ticket) is None


@pytest.mark.parametrize("made_up", ["", "nonsense", "x" * 1_000])
async def test_made_up_ticket_is_not_good(tickets: Tickets, made_up: str) -> None:
    assert await tickets.redeem(made_up) is None


async def test_ticket_itself_is_not_kept_and_ended_ones_are_swept(
    tickets: Tickets, wall: Wall, engine: AsyncEngine
) -> None:
    ticket = await tickets.issue({"session": "a"})
    wall.at += timedelta(hours=2)

    await tickets.issue({"session": "b"})

    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL ROLE stafet_writer"))
        rows = (await connection.execute(text("SELECT hash, claims FROM live_ticket"))).all()
    assert [row.claims for row in rows if row.claims["session"] in "ab"] == [{"session": "b"}]
    assert all(ticket.encode() not in row.hash for row in rows)
