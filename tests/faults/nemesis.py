"""What breaks things: kill -9, SIGSTOP, FLUSHALL, and a clock that jumps."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import psutil
import redis

from tests.faults.load import Load
from tests.running import RunningDemo

__all__ = ["Nemesis"]

PAUSE_SECONDS = (0.5, 2.5)
ALIVE_SECONDS = 60.0
BURST = 10


@dataclass(slots=True)
class Nemesis:
    """Breaks the parts of one demo, in an order that the seed decides."""

    demo: RunningDemo
    load: Load
    seed: int
    done: Counter[str] = field(default_factory=Counter)
    _stopped: list[psutil.Process] = field(default_factory=list)
    _moves: list[asyncio.Task[datetime]] = field(default_factory=list)

    async def run(self, rounds: int) -> None:
        """Break everything ``rounds`` times over, in any order."""
        chance = Random(f"{self.seed} nemesis")
        plan: list[tuple[str, Callable[[Random], Awaitable[None]]]] = [
            *[("kill serve while it answers", self._kill_serve_answering)] * 3,
            ("kill serve", self._kill_serve),
            *[("kill worker", self._kill_worker)] * 2,
            ("kill redis", self._kill_redis),
            ("stop redis", self._stop_redis),
            ("stop worker", self._stop_worker),
            ("flush redis", self._flush),
            ("kill postgres", self._kill_postgres),
            *[("move clock", self._move_clock)] * 2,
        ] * rounds
        chance.shuffle(plan)
        try:
            for name, breaking in plan:
                await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))
                await breaking(chance)
                self.done[name] += 1
        finally:
            self.heal()

    def heal(self) -> None:
        """Let go of what was stopped; the supervisor starts what was killed."""
        while self._stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                self._stopped.pop().send_signal(signal.SIGCONT)

    async def _kill_serve_answering(self, chance: Random) -> None:
        """With many requests between their first byte and their answer, and so between commit and answer."""
        await self._until_ready()
        self.load.burst(BURST)
        for _ in range(200):
            if self.load.in_flight >= BURST // 2:
                break
            await asyncio.sleep(0.005)
        await asyncio.sleep(chance.uniform(0.0, 0.12))
        (await self._process("serve")).kill()

    async def _kill_serve(self, _chance: Random) -> None:
        (await self._process("serve")).kill()

    async def _kill_worker(self, _chance: Random) -> None:
        (await self._process("worker")).kill()

    async def _kill_redis(self, _chance: Random) -> None:
        (await self._process("redis")).kill()

    async def _kill_postgres(self, _chance: Random) -> None:
        (await self._process("postgres")).kill()

    async def _stop_redis(self, chance: Random) -> None:
        await self._stop("redis", chance)

    async def _stop_worker(self, chance: Random) -> None:
        await self._stop("worker", chance)

    async def _stop(self, name: str, chance: Random) -> None:
        process = await self._process(name)
        process.suspend()
        self._stopped.append(process)
        await asyncio.sleep(chance.uniform(1.0, 3.0))
        self.heal()

    async def _flush(self, _chance: Random) -> None:
        address = self.demo.settings.redis.address()
        assert address is not None, "the demo of the tests has a Redis"
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(address, socket_timeout=2) as client:
            client.flushall()

    async def _move_clock(self, chance: Random) -> None:
        """In the background: the next kill may well strike in the middle of it."""
        moving = asyncio.create_task(self.load.advance(timedelta(minutes=chance.randint(10, 90))))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(moving), chance.uniform(0.05, 1.0))
        self._moves.append(moving)

    async def settled(self) -> None:
        """The clock stands where it was moved to."""
        await asyncio.gather(*self._moves)

    async def _until_ready(self) -> None:
        await asyncio.to_thread(self.demo.await_ready, ALIVE_SECONDS)

    async def _process(self, name: str) -> psutil.Process:
        """The demo's child of this name, alive: never a process that only bears its number."""
        home = self.demo.home.resolve()
        async with asyncio.timeout(ALIVE_SECONDS):
            while True:
                with contextlib.suppress(OSError, ValueError, psutil.Error):
                    process = psutil.Process(self.demo.pid(name))
                    if Path(process.cwd()).is_relative_to(home) and process.status() != psutil.STATUS_ZOMBIE:
                        return process
                await asyncio.sleep(0.05)
