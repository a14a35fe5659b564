"""Wake-ups: "feed F stands at n", told to every process after the commit.

They may be lost, doubled or late; nothing rests on them but speed. Publishing is coalesced (one message in flight,
what comes meanwhile goes together in the next) and never fails: it takes the first carrier that reaches anybody,
Redis before PostgreSQL. Listening merges all carriers with a poll, which is the truth behind them. A carrier that is
away is tried again for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import orjson

from discharge.identifiers import FeedId
from notifications.errors import CarrierError
from notifications.ports import Carrier, Wake
from notifications.tally import Tally

__all__ = ["Backoff", "CarriedWakeups"]

# NOTIFY takes less than 8,000 bytes; a feed and its number are well under 40.
_FEEDS_PER_MESSAGE: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Growing pauses with full jitter between tries that go on for ever."""

    first_seconds: float = 0.1
    longest_seconds: float = 1.0

    def pause(self, failures: int, chance: Random) -> float:
        """Seconds to wait after ``failures`` failures in a row."""
        longest = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures, 16))
        return longest * chance.uniform(0.5, 1.0)


class _Inbox:
    """What one listener has not looked at yet, merged: the newest number per feed."""

    def __init__(self) -> None:
        self._heads: dict[FeedId, int] = {}
        self._everything = False
        self._news = asyncio.Event()

    def put(self, heads: Mapping[FeedId, int], *, everything: bool = False) -> None:
        for feed, offset in heads.items():
            self._heads[feed] = max(offset, self._heads.get(feed, 0))
        self._everything = self._everything or everything
        self._news.set()

    async def take(self) -> Wake:
        await self._news.wait()
        self._news.clear()
        wake = Wake(self._heads, everything=self._everything)
        self._heads, self._everything = {}, False
        return wake


class CarriedWakeups:
    """Wake-ups over ``carriers``, the quickest first; the last one is the one that is always there."""

    def __init__(
        self,
        carriers: Sequence[Carrier],
        *,
        tally: Tally,
        poll_seconds: float = 1.0,
        publish_seconds: float = 1.0,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._carriers = tuple(carriers)
        self._tally = tally
        self._poll_seconds = poll_seconds
        self._publish_seconds = publish_seconds
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._chance = Random()  # noqa: S311 - spreads reconnects, guards nothing
        self._away_until: dict[str, float] = {}
        self._pending: dict[FeedId, int] = {}
        self._sending: asyncio.Task[None] | None = None
        self._inboxes: set[_Inbox] = set()

    def publish(self, heads: Mapping[FeedId, int]) -> None:
        """Tell every process, soon and never failing; to be called after the commit, on the running loop."""
        if not heads:
            return
        for inbox in self._inboxes:
            # Our own sockets need not wait for the way out and back.
            inbox.put(heads)
        for feed, offset in heads.items():
            self._pending[feed] = max(offset, self._pending.get(feed, 0))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send(), name="wakeups-publish")

    async def listen(self) -> AsyncGenerator[Wake, None]:
        """Every wake-up from now on, beginning with one for everything."""
        inbox = _Inbox()
        self._inboxes.add(inbox)
        tasks = [asyncio.create_task(self._poll(inbox), name="wakeups-poll")]
        tasks += [
            asyncio.create_task(self._hear(carrier, inbox), name=f"wakeups-{carrier.name}")
            for carrier in self._carriers
        ]
        try:
            while True:
                yield await inbox.take()
        finally:
            self._inboxes.discard(inbox)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Tell what is still to be told, and give the carriers back."""
        if self._sending is not None:
            await self._sending
        for carrier in self._carriers:
            with contextlib.suppress(CarrierError):
                await carrier.close()

    async def _send(self) -> None:
        while self._pending:
            taken = dict(list(self._pending.items())[:_FEEDS_PER_MESSAGE])
            for feed in taken:
                del self._pending[feed]
            await self._carry(orjson.dumps(taken).decode())

    async def _carry(self, payload: str) -> None:
        for carrier in self._carriers:
            if self._clock() < self._away_until.get(carrier.name, 0.0):
                continue
            try:
                async with asyncio.timeout(self._publish_seconds):
                    if await carrier.publish(payload):
                        self._tally.add(f"wakeups-sent-{carrier.name}")
                        return
            except Exception:  # noqa: BLE001 - the commit stands; whatever a carrier does, the poll finds the entries
                self._tally.add(f"wakeups-failed-{carrier.name}")
                self._away_until[carrier.name] = self._clock() + self._backoff.longest_seconds / 2
        self._tally.add("wakeups-unsent")

    async def _poll(self, inbox: _Inbox) -> None:
        while True:
            inbox.put({}, everything=True)
            await asyncio.sleep(self._poll_seconds)

    async def _hear(self, carrier: Carrier, inbox: _Inbox) -> None:
        failures = 0
        while True:
            try:
                async with contextlib.aclosing(carrier.listen()) as payloads:
                    async for payload in payloads:
                        failures = 0
                        if payload is None:
                            inbox.put({}, everything=True)
                        else:
                            self._tally.add(f"wakeups-heard-{carrier.name}")
                            inbox.put(self._understood(payload))
            except Exception:  # noqa: BLE001 - a carrier that breaks in any way is tried again for ever
                self._tally.add(f"wakeups-lost-{carrier.name}")
            failures += 1
            await asyncio.sleep(self._backoff.pause(failures - 1, self._chance))

    def _understood(self, payload: str) -> Mapping[FeedId, int]:
        try:
            found = orjson.loads(payload)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict) or not all(isinstance(offset, int) for offset in found.values()):
            # Another version's message, or not ours at all: the poll will see what there is.
            self._tally.add("wakeups-unreadable")
            return {}
        return {FeedId(feed): offset for feed, offset in found.items()}
