"""What happens while a store, a client or an audit fails."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from typing_extensions import override

from notifications.fanout import Hub
from notifications.ports import Wake
from notifications.protocol import Limits
from tests.fakes_notifications import (
    FakeWakeups,
)
from tests.notifications.fanout.hub import FEED, FOLLOW, House
from tests.waiting import until


async def test_store_that_is_away_costs_nothing_but_time(house: House) -> None:
    _, socket = await house.following()
    await house.append(wake=False)
    house.feeds.away = True
    house.wakeups.publish({FEED: 1})
    await until(lambda: house.tally["fanout-failed"] == 1)

    house.feeds.away = False
    house.wakeups.wake(Wake(everything=True))

    await until(lambda: socket.offsets(FEED) == [1])


async def test_news_that_break_are_asked_for_again(house: House) -> None:
    class Broken(FakeWakeups):
        @override
        def listen(self) -> AsyncGenerator[Wake, None]:
            raise ConnectionError

    hub = Hub(
        feeds=house.feeds, wakeups=Broken(), limits=Limits(), tally=house.tally, clock=house.clock, sweep_seconds=0.001
    )
    await hub.start()
    await hub.start()
    await until(lambda: house.tally["fanout-failed"] > 2)
    await hub.stop()


async def test_following_without_the_store_asks_the_client_to_come_back(house: House) -> None:
    house.feeds.away = True

    _, socket = await house.following()

    assert socket.closed == (1013, "try-again-later")


async def test_following_that_cannot_be_audited_is_not_begun(house: House) -> None:
    house.broken = True

    _, socket = await house.following()

    assert socket.closed == (1013, "try-again-later")
    assert socket.frames == []


async def test_bad_frame_closes_and_later_ones_are_not_read(house: House) -> None:
    follower, socket = house.attach()

    await house.hub.receive(follower, "{")
    await house.hub.receive(follower, FOLLOW)

    assert socket.closed == (1007, "bad-json")
    assert socket.frames == []
