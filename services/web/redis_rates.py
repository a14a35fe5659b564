"""Redis as the sum of what all web processes have counted, as it is in Redis 6.2."""

from typing import Final

from limits.aio.storage import RedisStorage
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from typing_extensions import override

from services.web.rates import SharedCounts, SharedCountsAwayError

__all__ = ["RedisCounts"]

_PREFIX: Final = "stafet:rates"


class RedisCounts(SharedCounts):
    """Sums in Redis that end by themselves.

    Args:
        url: of Redis or Valkey.
        patience_seconds: the longest wait for it; nobody's request waits meanwhile, save one that is refused.
    """

    def __init__(self, url: str, *, patience_seconds: float = 1.0) -> None:
        # No retries inside, and RESP 2, for the reasons that the carrier of wake-ups has.
        self._pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=patience_seconds,
            socket_timeout=patience_seconds,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._storage = RedisStorage(
            "async+redis://",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix=_PREFIX,
            connection_pool=self._pool,  # type: ignore[arg-type]  # documented, but not in its types
        )

    @override
    async def add(self, key: str, count: int, *, seconds: int) -> int:
        try:
            return await self._storage.incr(key, seconds, count)
        except (StorageError, OSError) as error:
            raise SharedCountsAwayError from error

    @override
    async def close(self) -> None:
        await self._pool.aclose()
