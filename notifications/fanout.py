"""From wake-ups to open sockets: one reader per process.

For each wake-up the gap of every followed feed is read once and its entries are encoded once; all sockets of the feed
get the same bytes, but for those whose alert budget is spent. A socket that resumes reads for itself until it has
caught up, then joins the others. Nothing here is remembered for a client but its number: what is lost with the
process is read again.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, assert_never

from discharge.identifiers import FeedId
from notifications.entry import FeedEntry, Frame
from notifications.follower import Follower, Visitor
from notifications.interruptions import AlertBudget, frame_of
from notifications.ports import Feeds, Head, Socket, Wake, Wakeups
from notifications.protocol import POLICY, RESTART, TRY_LATER, Ask, Close, Limits, LiveProtocol, Send
from notifications.tally import Tally

__all__ = ["Follower", "Hub", "Visitor"]

TOKEN_EXPIRED: Final = "token-expired"

_BATCH: Final = 500
_SOCKETS_PER_BREATH: Final = 500
_CONFIRMING_AT_ONCE: Final = 4
_RETURN_WITHIN_MS: Final = (500, 5_000)


@dataclass(slots=True, eq=False)
class _Channel:
    """One feed that somebody in this process follows."""

    feed: FeedId
    epoch: str
    position: int
    followers: dict[Follower, None] = field(default_factory=dict)


class Hub:
    """Hands every feed's entries to the sockets of this process that follow it."""

    def __init__(
        self,
        *,
        feeds: Feeds,
        wakeups: Wakeups,
        limits: Limits,
        tally: Tally,
        clock: Callable[[], float] = time.monotonic,
        sweep_seconds: float = 1.0,
    ) -> None:
        self._feeds = feeds
        self._wakeups = wakeups
        self._limits = limits
        self._tally = tally
        self._clock = clock
        self._sweep_seconds = sweep_seconds
        self._channels: dict[FeedId, _Channel] = {}
        self._followers: dict[Follower, None] = {}
        self._running: list[asyncio.Task[None]] = []
        self._aside: set[asyncio.Task[None]] = set()
        self._confirming = asyncio.Semaphore(_CONFIRMING_AT_ONCE)
        self._draining = False

    @property
    def draining(self) -> bool:
        """True once the process is about to end: no socket is taken in any more."""
        return self._draining

    @property
    def open_sockets(self) -> int:
        """How many sockets are open."""
        return len(self._followers)

    def now(self) -> float:
        """Seconds on the hub's clock."""
        return self._clock()

    async def start(self) -> None:
        """Begin to listen for wake-ups."""
        self._draining = False
        if not self._running:
            self._running = [
                asyncio.create_task(self._listen(), name="hub-listen"),
                asyncio.create_task(self._sweep_for_ever(), name="hub-sweep"),
            ]

    async def stop(self) -> None:
        """Close every socket with 1012 and a hint when to return, write what they confirmed, stop listening."""
        self._draining = True
        least, most = _RETURN_WITHIN_MS
        for follower in list(self._followers):
            # Spread out, or all of them would be back in the same instant.
            self._close(follower, RESTART, f"retry-after-ms={least + secrets.randbelow(most - least)}")
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running = []
        await asyncio.gather(*(self.detach(follower) for follower in list(self._followers)))
        await asyncio.gather(*self._aside, return_exceptions=True)

    def attach(self, socket: Socket, visitor: Visitor) -> Follower:
        """Take a socket in; it follows nothing yet."""
        protocol = LiveProtocol(rights=visitor.rights, limits=self._limits, tally=self._tally, budget=visitor.budget)
        follower = Follower(socket, visitor, protocol, self._clock())
        self._followers[follower] = None
        self._tally.add("sockets-opened")
        return follower

    async def receive(self, follower: Follower, data: str | bytes) -> None:
        """Do what a client's frame asks for. Frames of one socket come one after the other."""
        if not follower.is_open:
            return
        for action in follower.protocol.receive(data, self._clock()):
            if isinstance(action, Ask):
                try:
                    await self._follow(follower, action)
                except Exception:  # noqa: BLE001 - the store is away: the client comes back by itself, and nothing is lost
                    self._tally.add("follow-failed")
                    self._close(follower, TRY_LATER, "try-again-later")
            else:
                self._perform(follower, (action,))

    async def detach(self, follower: Follower) -> None:
        """The socket is gone: forget it, and write what it confirmed last."""
        if follower not in self._followers:
            return
        del self._followers[follower]
        follower.is_open = False
        self._tally.add("sockets-closed")
        for feed in follower.protocol.feeds:
            self._leave(follower, feed)
        await self._confirm(follower, follower.protocol.confirmations(self._clock(), last=True))
        await self._count(follower.visitor.budget)

    async def _follow(self, follower: Follower, ask: Ask) -> None:
        await follower.visitor.note(ask.feed)
        if follower.visitor.budget is not None:
            await follower.visitor.budget.load()
        standing = await self._feeds.standing(ask.feed)
        if not follower.is_open:
            return
        channel = self._channels.get(ask.feed)
        if channel is None:
            channel = _Channel(ask.feed, standing.head.epoch, standing.head.offset)
            self._channels[ask.feed] = channel
        elif channel.epoch != standing.head.epoch:
            self._renew(channel, standing.head)
        self._perform(follower, follower.protocol.answer(ask, standing, self._clock()))
        channel.followers[follower] = None
        await self._catch_up(follower, channel)

    async def _catch_up(self, follower: Follower, channel: _Channel) -> None:
        """Read for one socket until it stands where the feed stands; from there the common reading serves it."""
        while follower.is_open and follower in channel.followers:
            offset = follower.protocol.offset(channel.feed)
            if offset is None or offset >= channel.position:
                return
            if follower.socket.pending_bytes > self._limits.pending_bytes // 2:
                # It reads more slowly than we: wait, so that resuming alone never cuts a socket.
                await asyncio.sleep(self._sweep_seconds / 20)
                continue
            entries = await self._feeds.read_after(channel.feed, offset, _BATCH)
            if not entries or entries[0].offset != offset + 1:
                await self._lost(channel, follower)
                return
            self._perform(follower, self._passed(follower, channel.feed, [frame_of(entry) for entry in entries]))

    async def _lost(self, channel: _Channel, *followers: Follower) -> None:
        """What should be read next is no longer there: a snapshot must help."""
        self._tally.add("feeds-gap")
        standing = await self._feeds.standing(channel.feed)
        for follower in followers:
            self._perform(follower, follower.protocol.reset(channel.feed, standing.head, self._clock()))

    async def _listen(self) -> None:
        while True:
            try:
                async with aclosing(self._wakeups.listen()) as news:
                    async for wake in news:
                        await self._survive(self._woken(wake), "fanout-failed")
            except Exception:  # noqa: BLE001 - whatever breaks the news, they are asked for again
                self._tally.add("fanout-failed")
            await asyncio.sleep(self._sweep_seconds)

    async def _woken(self, wake: Wake) -> None:
        due = {
            feed: channel
            for feed, offset in wake.heads.items()
            if (channel := self._channels.get(feed)) is not None and offset > channel.position
        }
        if wake.everything and self._channels:
            due |= await self._looked_at()
        while due:
            gaps = await self._feeds.read_gaps({feed: channel.position for feed, channel in due.items()}, _BATCH)
            due = await self._hand_out(gaps, due)

    async def _looked_at(self) -> dict[FeedId, _Channel]:
        """The followed feeds that have grown; those with a new life are begun anew."""
        before = dict(self._channels)
        grown: dict[FeedId, _Channel] = {}
        for feed, head in (await self._feeds.heads(before.keys())).items():
            channel = before[feed]
            # Left and followed again meanwhile, it may already stand further than this answer knows.
            if self._channels.get(feed) is not channel:
                continue
            if head.epoch != channel.epoch or head.offset < channel.position:
                self._renew(channel, head)
            elif head.offset > channel.position:
                grown[feed] = channel
        return grown

    async def _hand_out(
        self, gaps: Mapping[FeedId, Sequence[FeedEntry]], due: Mapping[FeedId, _Channel]
    ) -> dict[FeedId, _Channel]:
        """Give each gap to the sockets of its feed; what is left over are the feeds with more to read."""
        more: dict[FeedId, _Channel] = {}
        for feed, entries in gaps.items():
            channel = due[feed]
            if not entries or self._channels.get(feed) is not channel:
                continue
            whole = entries[0].offset == channel.position + 1
            channel.position = entries[-1].offset
            if not whole:
                await self._lost(channel, *channel.followers)
                continue
            frames = [frame_of(entry) for entry in entries]
            for follower in list(channel.followers):
                self._perform(follower, self._passed(follower, feed, frames))
                if follower.protocol.offset(feed) is None:
                    self._leave(follower, feed)
            if len(entries) == _BATCH:
                more[feed] = channel
        return more

    def _passed(self, follower: Follower, feed: FeedId, frames: Sequence[Frame]) -> tuple[Send | Close, ...]:
        now = self._clock()
        if now >= follower.visitor.expires_at:
            return (Close(POLICY, TOKEN_EXPIRED),)
        return follower.protocol.pass_on(feed, frames, now)

    def _renew(self, channel: _Channel, head: Head) -> None:
        self._tally.add("feeds-renewed")
        channel.epoch, channel.position = head.epoch, head.offset
        for follower in list(channel.followers):
            self._perform(follower, follower.protocol.reset(channel.feed, head, self._clock()))

    def _perform(self, follower: Follower, actions: Sequence[Send | Close]) -> None:
        for action in actions:
            if not follower.is_open:
                return
            match action:
                case Send():
                    follower.send(action.payload)
                    if follower.socket.pending_bytes > self._limits.pending_bytes:
                        self._cut(follower)
                case Close():
                    self._close(follower, action.code, action.reason)
                case _:
                    assert_never(action)

    def _leave(self, follower: Follower, feed: FeedId) -> None:
        channel = self._channels.get(feed)
        if channel is None:
            return
        channel.followers.pop(follower, None)
        if not channel.followers:
            del self._channels[feed]

    def _close(self, follower: Follower, code: int, reason: str) -> None:
        self._tally.add(f"sockets-closed-{code}")
        follower.close(code, reason)

    def _cut(self, follower: Follower) -> None:
        self._tally.add("sockets-cut-slow")
        follower.abort()

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_seconds)
            await self._survive(self._sweep(), "sweep-failed")

    async def _sweep(self) -> None:
        for index, follower in enumerate(list(self._followers)):
            if index % _SOCKETS_PER_BREATH == _SOCKETS_PER_BREATH - 1:
                await asyncio.sleep(0)
            if follower.is_open:
                self._look_after(follower, self._clock())

    def _look_after(self, follower: Follower, now: float) -> None:
        if now >= follower.visitor.expires_at:
            self._close(follower, POLICY, TOKEN_EXPIRED)
            return
        if follower.seconds_behind(now) > self._limits.slow_seconds:
            self._cut(follower)
            return
        self._perform(follower, follower.protocol.heartbeats(now))
        if now - follower.checked_at >= self._limits.recheck_seconds:
            follower.checked_at = now
            self._beside(self._survive(self._recheck(follower), "recheck-failed"))
        batch = follower.protocol.confirmations(now)
        if batch:
            self._beside(self._confirm(follower, batch))
        budget = follower.visitor.budget
        if budget is not None and not budget.is_written:
            self._beside(self._count(budget))

    async def _recheck(self, follower: Follower) -> None:
        rights = await follower.visitor.recheck()
        if not follower.is_open:
            return
        if rights is None:
            self._close(follower, POLICY, TOKEN_EXPIRED)
            return
        before = follower.protocol.feeds
        self._perform(follower, follower.protocol.change_rights(rights))
        for feed in set(before).difference(follower.protocol.feeds):
            self._leave(follower, feed)

    async def _confirm(self, follower: Follower, batch: Sequence[tuple[FeedId, int]]) -> None:
        for feed, offset in batch:
            try:
                async with self._confirming:
                    await follower.visitor.confirm(feed, offset)
            except Exception:  # noqa: BLE001 - it stays to be confirmed and comes with the next batch
                self._tally.add("confirm-failed")
                follower.protocol.unconfirmed(feed, offset)

    async def _count(self, budget: AlertBudget | None) -> None:
        """Keep how often a person was interrupted."""
        if budget is not None:
            try:
                async with self._confirming:
                    self._tally.add("alerts-told", await budget.write())
            except Exception:  # noqa: BLE001 - it stays to be written and comes with the next sweep
                self._tally.add("alerts-unwritten")

    def _beside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _survive(self, work: Coroutine[None, None, None], name: str) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001 - one failure must not end delivery for everybody; the next poll mends it
            self._tally.add(name)
