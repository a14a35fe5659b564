"""A hub with sockets that note what they are sent."""

from __future__ import annotations

from discharge.identifiers import FeedId, PersonId
from discharge.policy import Caller, Role
from notifications.fanout import Follower, Hub, Visitor
from notifications.interruptions import AlertBudget
from notifications.protocol import Limits
from notifications.rights import FollowRights
from notifications.tally import Tally
from tests.fakes_notifications import (
    MUNICIPALITY,
    NORTH,
    TEAM,
    FakeFeeds,
    FakeSocket,
    FakeWakeups,
    addressed,
    small_denmark,
)
from tests.waiting import until

FEED, OTHER = FeedId(NORTH), FeedId(TEAM)
NURSE = Caller(person_id=PersonId("p"), name="Anna", role=Role.HOME_NURSE, organization=MUNICIPALITY, unit=NORTH)
RIGHTS = FollowRights.of(NURSE, small_denmark())
FOLLOW = '{"type":"follow","feed":"default","epoch":null,"offset":null}'


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.asked = 0

    def __call__(self) -> float:
        self.asked += 1
        return self.seconds


class House:
    """A hub on fakes, with its clock in hand."""

    def __init__(self) -> None:
        self.feeds = FakeFeeds()
        self.wakeups = FakeWakeups()
        self.tally = Tally()
        self.clock = Clock()
        self.confirmed: list[tuple[FeedId, int]] = []
        self.noted: list[FeedId] = []
        self.rights: FollowRights | None = RIGHTS
        self.broken = False
        limits = Limits(pending_bytes=2_000, slow_seconds=30.0)
        self.hub = Hub(
            feeds=self.feeds,
            wakeups=self.wakeups,
            limits=limits,
            tally=self.tally,
            clock=self.clock,
            sweep_seconds=0.01,
        )

    async def _confirm(self, feed: FeedId, offset: int) -> None:
        if self.broken:
            msg = "away"
            raise ConnectionError(msg)
        self.confirmed.append((feed, offset))

    async def _note(self, feed: FeedId) -> None:
        if self.broken:
            msg = "away"
            raise ConnectionError(msg)
        self.noted.append(feed)

    async def _recheck(self) -> FollowRights | None:
        if self.broken:
            msg = "away"
            raise ConnectionError(msg)
        return self.rights

    def attach(self, *, lives: float = 3_600.0, budget: AlertBudget | None = None) -> tuple[Follower, FakeSocket]:
        socket = FakeSocket()
        visitor = Visitor(
            rights=RIGHTS,
            expires_at=self.clock() + lives,
            note=self._note,
            confirm=self._confirm,
            recheck=self._recheck,
            budget=budget,
        )
        return self.hub.attach(socket, visitor), socket

    async def following(
        self, frame: str = FOLLOW, *, lives: float = 3_600.0, budget: AlertBudget | None = None
    ) -> tuple[Follower, FakeSocket]:
        follower, socket = self.attach(lives=lives, budget=budget)
        await self.hub.receive(follower, frame)
        return follower, socket

    async def settled(self) -> None:
        """Return when the hub listens, and has dealt with every wake-up until now."""
        await until(lambda: self.wakeups.is_heard)
        await self.wakeups.settled()

    async def swept(self) -> None:
        """Return when the hub has looked after every open socket since now."""
        # Each sweep asks the clock once a socket, and one may be under way.
        enough = self.clock.asked + 2 * self.hub.open_sockets
        await until(lambda: self.clock.asked >= enough)

    async def append(self, *feeds: FeedId, wake: bool = True) -> None:
        heads = await self.feeds.append([addressed(feed) for feed in feeds or (FEED,)])
        if wake:
            self.wakeups.publish(heads)
