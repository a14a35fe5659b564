"""Waiting for a fact, with an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["until"]


async def until(fact: Callable[[], bool], *, within: float = 5.0) -> None:
    """Return as soon as ``fact`` is true.

    Raises:
        TimeoutError: it has not become true ``within`` seconds.
    """
    async with asyncio.timeout(within):
        while not fact():  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(0.005)
