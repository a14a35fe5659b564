"""How many requests each client may make in a window, so that one that runs wild does not hold up all others.

Each process counts by itself and decides by what it knows, so no request waits for anything. Where there is Redis,
a process adds what it has counted to a common sum, a lump at a time, and learns from it what the others have counted;
without Redis each process grants the whole limit, no more and no less. Windows begin at multiples of their length.
"""

import asyncio
import hashlib
import math
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from services.observability import get_logger
from services.settings import RateSettings
from services.web.refusals import ThrottledError

__all__ = ["ClientRates", "SharedCounts", "SharedCountsAwayError"]

_LUMPS: Final = 20
"""A sum is told in as many parts of the limit: so many times at most does a process ask Redis about one client."""


class SharedCountsAwayError(Exception):
    """The common sums cannot be reached."""


class SharedCounts(Protocol):
    """Sums that every process adds to."""

    async def add(self, key: str, count: int, *, seconds: int) -> int:
        """Add ``count`` to a sum that is kept for ``seconds`` from its beginning, and return the sum.

        Raises:
            SharedCountsAwayError: it cannot be reached; it may or may not have been added.
        """

    async def close(self) -> None:
        """Let go of the connections."""


class ClientRates:
    """The limit on each client.

    Args:
        settings: how many requests in how long a window.
        wall: the real clock.
        shared: the sums of all processes, None when this process counts alone.
        pause_seconds: how long they are left alone when they could not be reached.
    """

    def __init__(
        self,
        settings: RateSettings,
        wall: Callable[[], datetime],
        shared: SharedCounts | None = None,
        *,
        pause_seconds: float = 5.0,
    ) -> None:
        self._seconds = settings.window_seconds
        self._lump = max(1, settings.requests // _LUMPS)
        self._limit = RateLimitItemPerSecond(settings.requests, settings.window_seconds)
        self._known = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._known)
        self._wall = wall
        self._shared = shared
        self._window = 0
        self._untold: Counter[str] = Counter()
        self._refused: set[str] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._pause_seconds = pause_seconds
        self._alone_until = 0.0

    async def count(self, client: str) -> None:
        """Count one request of ``client``.

        Raises:
            ThrottledError: it has made as many as it may until the window ends.
        """
        now = self._wall().timestamp()
        self._begin(int(now // self._seconds))
        # A client's name may be a person's; what stands in Redis names nobody.
        whose = hashlib.blake2b(client.encode(), digest_size=16).hexdigest(), str(self._window)
        key = self._limit.key_for(*whose)
        within = await self._limiter.hit(self._limit, *whose)
        self._note(key)
        if not within:
            left = math.ceil((self._window + 1) * self._seconds - now)
            raise ThrottledError(wait_seconds=max(1, left), first=await self._is_first(key))

    async def close(self) -> None:
        """Tell what is being told, and let go of the connections."""
        await asyncio.gather(*self._telling)
        if self._shared is not None:
            await self._shared.close()

    def _begin(self, window: int) -> None:
        if window != self._window:
            self._window = window
            self._untold.clear()
            self._refused.clear()

    def _note(self, key: str) -> None:
        if self._shared is None:
            return
        self._untold[key] += 1
        if self._untold[key] >= self._lump and not self._is_alone():
            told = self._untold.pop(key)
            task = asyncio.create_task(self._tell(self._shared, key, told), name="rates-tell")
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell(self, shared: SharedCounts, key: str, count: int) -> None:
        try:
            total = await shared.add(key, count, seconds=self._seconds)
        except SharedCountsAwayError:
            self._go_alone()
            self._untold[key] += count
            return
        others = total - await self._known.get(key)
        if others > 0:
            await self._known.incr(key, self._seconds, others)

    async def _is_first(self, key: str) -> bool:
        """Tell whether nobody has been told yet that this client is over its limit."""
        if key in self._refused:
            return False
        self._refused.add(key)
        if self._shared is None or self._is_alone():
            return True
        try:
            return await self._shared.add(f"{key}/refused", 1, seconds=self._seconds) == 1
        except SharedCountsAwayError:
            self._go_alone()
            return True

    def _is_alone(self) -> bool:
        return asyncio.get_running_loop().time() < self._alone_until

    def _go_alone(self) -> None:
        self._alone_until = asyncio.get_running_loop().time() + self._pause_seconds
        get_logger().warning("rates-counted-alone", seconds=self._pause_seconds)
