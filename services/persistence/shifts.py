"""Which shifts have been counted: of any number of workers each shift is one worker's to count."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["claim_shift"]

_CLAIM: Final = text(
    "INSERT INTO meta (key, value) VALUES ('counted_until', :ends)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    " WHERE meta.value::timestamptz < excluded.value::timestamptz RETURNING key"
)


async def claim_shift(connection: AsyncConnection, ends: datetime) -> bool:
    """Tell whether the shift that ended then is the caller's to count: the first who asks, once it commits.

    Others who ask meanwhile wait for that, and hear no; a shift before one that was counted is nobody's any more.
    """
    claimed = await connection.execute(_CLAIM, {"ends": ends.astimezone(UTC).isoformat()})
    return claimed.first() is not None
