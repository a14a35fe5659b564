"""What is kept only so long: verbatim messages lose their body when their time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text

from services.persistence.database import Database

__all__ = ["drop_old_bodies"]


_DROP: Final = (
    "UPDATE message SET body = NULL, wrapped_key = NULL WHERE body IS NOT NULL AND received_at < :before",
    "UPDATE message_aside SET body = NULL, wrapped_key = NULL WHERE body IS NOT NULL AND received_at < :before",
)


async def drop_old_bodies(database: Database, before: datetime) -> int:
    """Drop the bodies of messages received before ``before``; ids, times and answers stay. Return how many."""
    async with database.writing() as connection:
        return sum([(await connection.execute(text(statement), {"before": before})).rowcount for statement in _DROP])
