"""The one clock of domain time: real, or in a demo the real one moved ahead by a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["push_ahead", "set_ahead", "wall_now"]

_SET: Final = text(
    "INSERT INTO demo_clock (id, ahead) VALUES (1, :ahead) ON CONFLICT (id) DO UPDATE SET ahead = excluded.ahead"
)
_PUSH: Final = text(
    "INSERT INTO demo_clock (id, ahead) VALUES (1, greatest(CAST(:ahead AS interval), interval '0'))"
    " ON CONFLICT (id) DO UPDATE SET ahead = greatest(demo_clock.ahead, CAST(:ahead AS interval))"
)


def wall_now() -> datetime:
    """The real time, for tokens, sessions, audit and retries; never for deadlines."""
    return datetime.now(UTC)  # noqa: TID251 - the one place where the machine is asked


async def set_ahead(connection: AsyncConnection, ahead: timedelta) -> None:
    """Let the demo's clock run ``ahead`` of the real one, for every process from its next transaction on."""
    await connection.execute(_SET, {"ahead": ahead})


async def push_ahead(connection: AsyncConnection, ahead: timedelta) -> None:
    """The same, unless the clock has run past that meanwhile: it never turns back."""
    await connection.execute(_PUSH, {"ahead": ahead})
