"""Whatever happens between, a client gets each number once and in order, or is told to take a snapshot."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discharge.identifiers import FeedId, PersonId
from discharge.policy import Caller, Role
from notifications.fanout import Follower, Hub, Visitor
from notifications.ports import Wake
from notifications.protocol import Limits
from notifications.rights import FollowRights
from notifications.tally import Tally
from tests.fakes_notifications import MUNICIPALITY, NORTH, FakeFeeds, FakeSocket, FakeWakeups, addressed, small_denmark

FEED = FeedId(NORTH)
NURSE = Caller(person_id=PersonId("p"), name="Anna", role=Role.HOME_NURSE, organization=MUNICIPALITY, unit=NORTH)
RIGHTS = FollowRights.of(NURSE, small_denmark())


class Client:
    """A client by the book: drops repeats, reconnects with its own offset, takes a snapshot on a reset."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.socket = FakeSocket()
        self.follower: Follower | None = None
        self.epoch: str | None = None
        self.offset: int | None = None
        self.resets = 0

    async def connect(self) -> None:
        await self.cut()
        self.socket = FakeSocket()
        visitor = Visitor(
            rights=RIGHTS, expires_at=float("inf"), note=_nothing, confirm=_nothing_confirmed, recheck=_same
        )
        self.follower = self.hub.attach(self.socket, visitor)
        offset = "null" if self.offset is None else str(self.offset)
        epoch = "null" if self.epoch is None else f'"{self.epoch}"'
        await self.hub.receive(self.follower, f'{{"type":"follow","feed":"default","epoch":{epoch},"offset":{offset}}}')

    async def cut(self) -> None:
        if self.follower is not None:
            self.read()
            await self.hub.detach(self.follower)
            self.follower = None

    def read(self) -> None:
        for frame in self.socket.frames:
            number = frame["offset"]
            assert isinstance(number, int)
            match frame["type"]:
                case "following":
                    assert self.offset in {None, number}
                    self.epoch, self.offset = str(frame["epoch"]), number
                case "reset":
                    self.resets += 1
                    self.epoch, self.offset = str(frame["epoch"]), number
                case "entry":
                    assert self.offset is not None
                    assert number == self.offset + 1, "a hole or a repeat"
                    self.offset = number
                case other:
                    assert other == "heartbeat"
        self.socket.frames.clear()


async def _nothing(_feed: FeedId) -> None: ...


async def _nothing_confirmed(_feed: FeedId, _offset: int) -> None: ...


async def _same() -> FollowRights | None:
    return RIGHTS


STEPS = st.lists(
    st.sampled_from(["append", "append_many", "wake", "poll", "cut", "connect", "read", "purge", "restore", "away"]),
    max_size=40,
)


@pytest.mark.no_cover
@given(STEPS, st.integers(min_value=0, max_value=3))
@settings(max_examples=400, deadline=None)
def test_any_interleaving_of_appends_cuts_and_resumes(steps: list[str], breaths: int) -> None:
    asyncio.run(_walk(steps, breaths))


class World:
    """A hub, its store and one client, and what may happen to them."""

    def __init__(self) -> None:
        self.feeds, self.wakeups = FakeFeeds(), FakeWakeups()
        self.hub = Hub(feeds=self.feeds, wakeups=self.wakeups, limits=Limits(resume_limit=50), tally=Tally())
        self.client = Client(self.hub)
        self.lives = 1

    async def append(self, count: int = 1) -> None:
        with contextlib.suppress(ConnectionError):
            self.wakeups.publish(await self.feeds.append([addressed(FEED)] * count))

    async def append_many(self) -> None:
        await self.append(40)

    async def wake(self) -> None:
        self.wakeups.wake(Wake({FEED: 10_000}))

    async def poll(self) -> None:
        self.wakeups.wake(Wake(everything=True))

    async def cut(self) -> None:
        await self.client.cut()

    async def connect(self) -> None:
        await self.client.connect()

    async def read(self) -> None:
        self.client.read()

    async def purge(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.feeds.forget_up_to(FEED, (await self.feeds.standing(FEED)).head.offset // 2)

    async def restore(self) -> None:
        self.lives += 1
        self.feeds.restore(f"7-{self.lives}-0", {FEED: 3})

    async def away(self) -> None:
        self.feeds.away = not self.feeds.away


async def _walk(steps: list[str], breaths: int) -> None:
    world = World()
    await world.hub.start()
    for step in steps:
        await getattr(world, step)()
        await _breathe(breaths)
    world.feeds.away = False
    if world.client.follower is None or not world.client.follower.is_open:
        await world.connect()
    await world.poll()
    await _breathe(50)
    world.client.read()
    standing = await world.feeds.standing(FEED)
    assert (world.client.epoch, world.client.offset) == (standing.head.epoch, standing.head.offset)
    await world.hub.stop()


async def _breathe(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)
