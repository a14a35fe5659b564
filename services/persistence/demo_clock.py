"""Demo mode: moving domain time forward, with everything that falls due on the way."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.errors import ClockError
from services.persistence.clock import push_ahead, wall_now
from services.persistence.database import Database
from services.persistence.firing import fire_batch

__all__ = ["advance_clock", "some_due"]

_SOME_DUE = text(
    "SELECT EXISTS (SELECT FROM timer t WHERE t.fired_at IS NULL AND t.due_at <= :until AND NOT EXISTS"
    " (SELECT FROM stalled_stay x WHERE x.stay_id = t.stay_id AND x.retry_at > :wall))"
)
_LOCK = 0x57AFE8
_BATCH = 250
_PAUSE_SECONDS = 0.05


async def advance_clock(database: Database, target: datetime) -> datetime:
    """Let it be ``target``: due timers fire in due order, dated when they were due, before the clock is set.

    Returns when all of them are committed. Two callers wait for each other.

    Raises:
        ClockError: it is later than ``target`` already.
    """
    async with database.engine.connect() as turn:
        await turn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        now = await database.now()
        if target < now:
            raise ClockError(now=now, asked=target)
        while True:
            if await fire_batch(database, until=target, limit=_BATCH):
                continue
            async with database.writing() as connection:
                # What is left is a stay that somebody else holds.
                if not await some_due(connection, target):
                    break
            await asyncio.sleep(_PAUSE_SECONDS)
        async with database.writing() as connection:
            await push_ahead(connection, target - wall_now())
    return await database.now()


async def some_due(connection: AsyncConnection, until: datetime) -> bool:
    """True while a rung that is due by ``until`` has not fired, and its stay is not passed over."""
    found = await connection.execute(_SOME_DUE, {"until": until, "wall": wall_now()})
    return bool(found.scalar())
