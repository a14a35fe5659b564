"""The one clock of domain time: real, or in a demo the real one moved ahead by a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["set_ahead", "wall_now"]


def wall_now() -> datetime:
    """The real time, for tokens, sessions, audit and retries; never for deadlines."""
    return datetime.now(UTC)  # noqa: TID251 - the one place where the machine is asked


async def set_ahead(connection: AsyncConnection, ahead: timedelta) -> None:
    """Let the demo's clock run ``ahead`` of the real one, for every process from its next transaction on."""
    await connection.execute(
        text(
            "INSERT INTO demo_clock (id, ahead) VALUES (1, :ahead)"
            " ON CONFLICT (id) DO UPDATE SET ahead = excluded.ahead"
        ),
        {"ahead": ahead},
    )
