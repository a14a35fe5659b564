"""Whether this process can serve: PostgreSQL answers, its schema is ours, and how Redis is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.persistence.schema import current_revision, head_revision
from services.web.runtime import Health

__all__ = ["Checkup"]

_PATIENCE_SECONDS: Final = 3.0


class Checkup:
    """Asks the engines how they are. Called, it never raises.

    Args:
        engine: the store.
        ping: asks Redis; None: this installation has none.
    """

    def __init__(self, engine: AsyncEngine, ping: Callable[[], Awaitable[object]] | None) -> None:
        self._engine = engine
        self._ping = ping
        self._head: str | None = None

    async def __call__(self) -> Health:
        """How they are now."""
        revision, redis = await asyncio.gather(self._revision(), self._redis())
        return Health(
            postgres=revision is not None, migrated=revision is not None and revision == self._newest(), redis=redis
        )

    def _newest(self) -> str | None:
        if self._head is None:
            self._head = head_revision()
        return self._head

    async def _revision(self) -> str | None:
        """The schema's revision, empty when it has none; None when PostgreSQL does not answer."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), self._engine.connect() as connection:
                return await current_revision(connection) or ""
        except (SQLAlchemyError, OSError, TimeoutError):
            return None

    async def _redis(self) -> bool | None:
        if self._ping is None:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._ping()
        except Exception:  # noqa: BLE001 - whatever is wrong with it, Redis only degrades
            return False
        return True
