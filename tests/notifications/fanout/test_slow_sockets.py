"""Sockets that do not keep up, and those that are silent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from typing_extensions import override

from discharge.identifiers import FeedId
from notifications.entry import FeedEntry
from tests.fakes_notifications import (
    FakeFeeds,
    addressed,
)
from tests.notifications.fanout.hub import FEED, House
from tests.waiting import until


async def test_heartbeats_come_on_silent_feeds(house: House) -> None:
    _, socket = await house.following()

    house.clock.seconds += 20.0

    await until(lambda: socket.of_type("heartbeat") == [{"type": "heartbeat", "feed": FEED, "offset": 0}])


async def test_socket_with_too_much_waiting_is_cut_and_the_others_are_not(house: House) -> None:
    _, slow = await house.following()
    _, quick = await house.following()
    slow.stuck = True

    for _ in range(10):
        await house.append()
    await until(lambda: slow.aborted and len(quick.offsets(FEED)) == 10)

    assert len(slow.offsets(FEED)) < 10
    assert house.tally["sockets-cut-slow"] == 1


async def test_socket_that_is_thirty_seconds_behind_is_cut(house: House) -> None:
    _, socket = await house.following()
    socket.stuck = True
    await house.append()
    await until(lambda: socket.pending_bytes > 0)
    await house.swept()

    house.clock.seconds += 15.0
    await house.swept()
    assert not socket.aborted
    house.clock.seconds += 16.0

    await until(lambda: socket.aborted)


async def test_socket_that_keeps_reading_is_not_behind(house: House) -> None:
    follower, socket = await house.following()
    for _ in range(5):
        socket.stuck = True
        await house.append()
        await house.settled()
        await house.swept()
        socket.stuck = False
        house.clock.seconds += 16.0
        await house.swept()

    assert follower.is_open


async def test_resuming_waits_for_a_slow_reader_instead_of_cutting_it(house: House) -> None:
    await house.feeds.append([addressed(FEED)] * 3)
    _, other = await house.following()
    follower, socket = house.attach()
    socket.stuck = True
    while socket.pending_bytes < 1_100:
        follower.send(b'{"type":"heartbeat","feed":"x","offset":1}')

    task = asyncio.create_task(house.hub.receive(follower, '{"type":"follow","feed":"default","offset":0}'))
    await house.swept()
    assert socket.offsets(FEED) == []
    socket.stuck = False
    await task

    assert socket.offsets(FEED) == [1, 2, 3]
    assert other.offsets(FEED) == []


async def test_gap_that_vanished_while_resuming_resets(house: House) -> None:
    class Purging(FakeFeeds):
        @override
        async def read_after(self, feed: FeedId, offset: int, limit: int) -> Sequence[FeedEntry]:
            del feed, offset, limit
            return []

    house.hub._feeds = purging = Purging()  # noqa: SLF001 - the store changes under the hub
    await purging.append([addressed(FEED)] * 3)

    _, socket = await house.following('{"type":"follow","feed":"default","offset":0}')

    assert [frame["type"] for frame in socket.frames] == ["following", "reset"]
    assert house.tally["feeds-gap"] == 1
