"""Rungs that are due, fired in one transaction; when one stay spoils that, stay by stay: nobody waits for it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from discharge.handlers import FireTimers, HoldTimers, fire_timers, hold_timers
from discharge.identifiers import StayId
from services.observability import get_logger
from services.persistence.database import Database

__all__ = ["fire_batch", "is_of_the_store"]

_ABOUT_ROWS: Final = (DataError, IntegrityError)
"""What PostgreSQL refuses for what a row says: of one stay, as a key that opens nothing is."""


async def fire_batch(database: Database, *, until: datetime, limit: int = 100) -> int:
    """Fire at most ``limit`` rungs that are due by ``until`` and return how many were taken.

    A stay that cannot be worked on is passed over for a while, and operators are told.

    Raises:
        SQLAlchemyError: the store is away, or not as it should be; that is no stay's fault.
    """
    while True:
        try:
            return await database.run(None, fire_timers, FireTimers(until=until, limit=limit))
        except Exception as error:
            if is_of_the_store(error):
                raise
        fired, held = await _one_by_one(database, until, limit)
        if fired or not held:
            return fired


async def _one_by_one(database: Database, until: datetime, limit: int) -> tuple[int, int]:
    """How many rungs were fired, and how many stays had to be passed over."""
    async with database.unit_of_work(None) as uow:
        stays = await uow.timers.due_stays(until, limit)
    fired = held = 0
    for stay_id in stays:
        try:
            fired += await database.run(None, fire_timers, FireTimers(until=until, limit=limit, stay_id=stay_id))
        except Exception as error:
            if is_of_the_store(error):
                raise
            await _hold(database, stay_id, error)
            held += 1
    return fired, held


async def _hold(database: Database, stay_id: StayId, error: Exception) -> None:
    get_logger().error("stay-passed-over", stay=stay_id, error=type(error).__name__)
    await database.run(None, hold_timers, HoldTimers(stay_id=stay_id))


def is_of_the_store(error: Exception) -> bool:
    """Tell whether the store is to blame rather than what stands in it: to be tried again as it is."""
    return isinstance(error, SQLAlchemyError | OSError) and not isinstance(error, _ABOUT_ROWS)
