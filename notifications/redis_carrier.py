"""Redis or Valkey as a carrier of wake-ups: PUBLISH and SUBSCRIBE, as they are in Redis 6.2.

Redis only carries. A lost message costs up to one poll, and losing all of Redis costs nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from notifications.errors import CarrierError

__all__ = ["CHANNEL", "RedisCarrier"]

CHANNEL: Final = "stafet:feeds"


class RedisCarrier:
    """Short texts through one Redis channel. Values name feeds and numbers only."""

    def __init__(
        self, url: str, *, channel: str = CHANNEL, silence_seconds: float = 5.0, connect_seconds: float = 1.0
    ) -> None:
        self._url = url
        self._channel = channel
        self._silence_seconds = silence_seconds
        self._connect_seconds = connect_seconds
        self._publisher = self._client(socket_timeout=connect_seconds)

    @property
    def name(self) -> str:
        """What it is called in counts."""
        return "redis"

    async def publish(self, payload: str) -> bool:
        """Send ``payload``; False when no process was subscribed.

        Raises:
            CarrierError: Redis is away.
        """
        try:
            return bool(await self._publisher.publish(self._channel, payload))
        except (RedisError, OSError) as error:
            raise CarrierError(self.name, type(error).__name__) from error

    async def ping(self) -> None:
        """Ask whether Redis answers.

        Raises:
            CarrierError: it does not.
        """
        try:
            await self._publisher.ping()
        except (RedisError, OSError) as error:
            raise CarrierError(self.name, type(error).__name__) from error

    async def listen(self) -> AsyncGenerator[str | None, None]:
        """Every payload from now on; None once the subscription stands.

        Raises:
            CarrierError: Redis is away, or stopped answering.
        """
        # A connection of its own for each try: what is left over from a broken one is not worth mending.
        client = self._client(socket_timeout=None)
        channel = client.pubsub()
        try:
            await channel.subscribe(self._channel)
            asked = False
            while True:
                message = await channel.get_message(timeout=self._silence_seconds)
                if message is None:
                    if asked:
                        raise CarrierError(self.name, "silent")
                    asked = True
                    await channel.ping()
                    continue
                asked = False
                if message["type"] == "subscribe":
                    yield None
                elif message["type"] == "message":
                    yield message["data"].decode(errors="replace")
        except (RedisError, OSError, TimeoutError) as error:
            raise CarrierError(self.name, type(error).__name__) from error
        finally:
            with contextlib.suppress(RedisError, OSError):
                await channel.aclose()  # type: ignore[no-untyped-call]  # redis-py has no types here
            with contextlib.suppress(RedisError, OSError):
                await client.aclose()

    async def close(self) -> None:
        """Close the connections."""
        with contextlib.suppress(RedisError, OSError):
            await self._publisher.aclose()

    def _client(self, *, socket_timeout: float | None) -> Redis:
        # No retries inside: the caller has a better way (another carrier, a backoff of its own) than to wait here.
        # RESP 2 because every version and every fork speaks it.
        return Redis.from_url(
            self._url,
            socket_connect_timeout=self._connect_seconds,
            socket_timeout=socket_timeout,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
