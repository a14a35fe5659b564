"""What runs beside the web processes: deadlines, audit seals, retention. Any number of workers may run."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta

from discharge.handlers import FireTimers, fire_timers
from services.observability import Metrics, get_logger
from services.persistence.clock import wall_now
from services.persistence.database import Database
from services.persistence.retention import drop_old_bodies
from services.persistence.sealing import seal_audit
from services.settings import Settings

__all__ = ["Worker", "fire_due"]

_SEAL_SECONDS = 2.0
_RETENTION_SECONDS = 3600.0


class Worker:
    """The loops of one worker process; each survives what PostgreSQL does to it."""

    def __init__(self, database: Database, settings: Settings, metrics: Metrics) -> None:
        self._database = database
        self._settings = settings
        self._metrics = metrics
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin no further round."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until SIGTERM, SIGINT or ``stop``; a round that has begun is finished."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            await self._run()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def _run(self) -> None:
        retention = timedelta(days=self._settings.retention.message_days)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._every(self._settings.poll.timers_seconds, "timers", self._fire))
            group.create_task(self._every(_SEAL_SECONDS, "seals", lambda: seal_audit(self._database.engine)))
            group.create_task(
                self._every(
                    _RETENTION_SECONDS, "retention", lambda: drop_old_bodies(self._database, wall_now() - retention)
                )
            )

    async def _fire(self) -> int:
        total = 0
        while not self._stopping.is_set() and (fired := await fire_due(self._database)):
            self._metrics.timers_fired.inc(fired)
            total += fired
        return total

    async def _every(self, seconds: float, name: str, work: Callable[[], Awaitable[int]]) -> None:
        while not self._stopping.is_set():
            try:
                done = await work()
            except Exception as error:  # noqa: BLE001 - a loop that ended would let deadlines pass in silence
                get_logger().warning("worker-round-failed", loop=name, error=type(error).__name__)
            else:
                if done:
                    get_logger().info("worker-round", loop=name, done=done)
            try:
                await asyncio.wait_for(self._stopping.wait(), seconds)
            except TimeoutError:
                continue


async def fire_due(database: Database, limit: int = 100) -> int:
    """Fire at most ``limit`` rungs that are due now, in one transaction, and return how many were taken."""
    return await database.run(None, fire_timers, FireTimers(until=await database.now(), limit=limit))
