"""Waiting for a fact, with an end. No test waits for a time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Final, LiteralString

import psycopg

__all__ = ["PATIENCE", "until", "until_blocked", "wait_until"]

PATIENCE: Final = 60.0
"""Seconds that a fact may take to become true on the slowest machine. Nothing takes so long on an idle one."""
_PAUSE: Final = 0.005
_WAITERS: Final[LiteralString] = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def until(fact: Callable[[], bool | Awaitable[bool]], *, within: float = PATIENCE) -> None:
    """Return as soon as ``fact`` is true.

    Raises:
        TimeoutError: it has not become true ``within`` seconds.
    """
    async with asyncio.timeout(within):
        while not await _answer(fact()):  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(_PAUSE)


def wait_until(fact: Callable[[], bool], *, within: float = PATIENCE) -> None:
    """Return as soon as ``fact`` is true, where no loop runs.

    Raises:
        TimeoutError: it has not become true ``within`` seconds.
    """
    deadline = time.monotonic() + within
    while not fact():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(_PAUSE)


async def until_blocked(admin_url: str, *, waiters: int = 1) -> None:
    """Return as soon as so many sessions of the database wait for a lock that another holds."""
    async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True) as connection:

        async def are_blocked() -> bool:
            row = await (await connection.execute(_WAITERS)).fetchone()
            assert row is not None
            return int(row[0]) >= waiters

        await until(are_blocked)


async def _answer(fact: bool | Awaitable[bool]) -> bool:  # noqa: FBT001 - what a fact says
    return await fact if inspect.isawaitable(fact) else fact
