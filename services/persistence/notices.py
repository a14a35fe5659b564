"""PostgreSQL as a carrier of wake-ups: LISTEN and NOTIFY on connections of their own.

Never inside the transaction of a fact: NOTIFY takes a lock there that makes all commits stand in line.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from psycopg import AsyncConnection, Error, sql

from notifications.errors import CarrierError

__all__ = ["CHANNEL", "PostgresCarrier"]

CHANNEL: Final = "stafet_feeds"
_CONNECT_SECONDS: Final = 5


class PostgresCarrier:
    """Short texts through one channel of the database at ``url``."""

    def __init__(self, url: str, *, channel: str = CHANNEL) -> None:
        self._url = url
        self._channel = channel
        self._publisher: AsyncConnection | None = None
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        """What it is called in counts."""
        return "postgres"

    async def publish(self, payload: str) -> bool:
        """Send ``payload``. PostgreSQL does not say whether anybody listens.

        Raises:
            CarrierError: the database is away.
        """
        async with self._turn:
            try:
                if self._publisher is None or self._publisher.closed:
                    self._publisher = await self._connected()
                await self._publisher.execute("SELECT pg_notify(%s, %s)", (self._channel, payload))
            except (Error, OSError) as error:
                await self._drop_publisher()
                raise CarrierError(self.name, type(error).__name__) from error
            except asyncio.CancelledError:
                # Given up in the middle of a question: what this connection would say next is anybody's guess.
                await self._drop_publisher()
                raise
        return True

    async def listen(self) -> AsyncGenerator[str | None, None]:
        """Every payload from now on; None once the channel is listened to.

        Raises:
            CarrierError: the database is away.
        """
        try:
            async with await self._connected() as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
                yield None
                async for notice in connection.notifies():
                    yield notice.payload
        except (Error, OSError) as error:
            raise CarrierError(self.name, type(error).__name__) from error

    async def close(self) -> None:
        """Close the connection that publishes."""
        async with self._turn:
            await self._drop_publisher()

    async def _connected(self) -> AsyncConnection:
        return await AsyncConnection.connect(
            self._url,
            autocommit=True,
            application_name="stafet wake-ups",
            connect_timeout=_CONNECT_SECONDS,
            # A host that vanished without a word is noticed by the operating system within about ten seconds.
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )

    async def _drop_publisher(self) -> None:
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            with contextlib.suppress(Error, OSError):
                await publisher.close()
