from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace

import pytest
from typing_extensions import override

from discharge.identifiers import FeedId, PersonId
from discharge.policy import Caller, Role
from notifications.entry import FeedEntry
from notifications.fanout import Follower, Hub, Visitor
from notifications.ports import Wake
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

NURSE = Caller(person_id=PersonId("p"), name="Anna", role=Role.HOME_NURSE, organization=MUNICIPALITY, unit=NORTH)
RIGHTS = FollowRights.of(NURSE, small_denmark())
FEED, OTHER = FeedId(NORTH), FeedId(TEAM)
FOLLOW = '{"type":"follow","feed":"default","epoch":null,"offset":null}'


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
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

    def attach(self, *, lives: float = 3_600.0) -> tuple[Follower, FakeSocket]:
        socket = FakeSocket()
        visitor = Visitor(
            rights=RIGHTS,
            expires_at=self.clock() + lives,
            note=self._note,
            confirm=self._confirm,
            recheck=self._recheck,
        )
        return self.hub.attach(socket, visitor), socket

    async def following(self, frame: str = FOLLOW, *, lives: float = 3_600.0) -> tuple[Follower, FakeSocket]:
        follower, socket = self.attach(lives=lives)
        await self.hub.receive(follower, frame)
        return follower, socket

    async def append(self, *feeds: FeedId, wake: bool = True) -> None:
        heads = await self.feeds.append([addressed(feed) for feed in feeds or (FEED,)])
        if wake:
            self.wakeups.publish(heads)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House()
    await made.hub.start()
    await asyncio.sleep(0.02)
    yield made
    await made.hub.stop()


async def test_all_sockets_of_a_feed_get_the_same_bytes_from_one_reading(house: House) -> None:
    _, first = await house.following()
    _, second = await house.following()

    await house.append()
    await until(lambda: first.offsets(FEED) == [1] and second.offsets(FEED) == [1])

    assert house.feeds.reads == 1
    assert first.payloads[-1] is second.payloads[-1]


async def test_nobody_gets_what_stands_in_another_feed(house: House) -> None:
    _, socket = await house.following()

    await house.append(FeedId(MUNICIPALITY), FEED)
    await until(lambda: socket.offsets(FEED) == [1])

    assert len(socket.of_type("entry")) == 1


async def test_lost_wakeup_is_made_good_by_the_poll(house: House) -> None:
    _, socket = await house.following()

    await house.append(wake=False)
    house.wakeups.wake(Wake(everything=True))

    await until(lambda: socket.offsets(FEED) == [1])


async def test_old_news_are_not_read_again(house: House) -> None:
    _, socket = await house.following()
    await house.append()
    await until(lambda: socket.offsets(FEED) == [1])

    house.wakeups.publish({FEED: 1})
    house.wakeups.publish({OTHER: 5})
    house.wakeups.wake(Wake(everything=True))
    await asyncio.sleep(0.02)

    assert house.feeds.reads == 1


async def test_resuming_reads_the_gap_and_then_joins_the_others(house: House) -> None:
    _, other = await house.following()
    for _ in range(4):
        await house.append()
    await until(lambda: len(other.offsets(FEED)) == 4)

    _, socket = await house.following('{"type":"follow","feed":"default","offset":1}')
    await house.append()

    await until(lambda: socket.offsets(FEED) == [2, 3, 4, 5])
    assert socket.frames[0] | {"epoch": ""} == {
        "type": "following",
        "feed": FEED,
        "epoch": "",
        "offset": 1,
        "heartbeat_s": 20,
    }
    assert other.offsets(FEED) == [1, 2, 3, 4, 5]


async def test_following_is_noted_before_anything_is_sent(house: House) -> None:
    await house.following()

    assert house.noted == [FEED]


async def test_new_epoch_resets_every_follower_and_entries_flow_on(house: House) -> None:
    await house.append()
    _, socket = await house.following()

    house.feeds.restore("7-2-0", {FEED: 0})
    house.wakeups.wake(Wake(everything=True))
    await until(lambda: bool(socket.of_type("reset")))
    await house.append()
    await until(lambda: socket.offsets(FEED) == [1])

    assert socket.of_type("reset") == [{"type": "reset", "feed": FEED, "epoch": "7-2-0", "offset": 0}]


async def test_head_that_went_back_is_a_new_life_even_in_the_same_epoch(house: House) -> None:
    await house.append(FEED, FEED)
    _, socket = await house.following()

    house.feeds.restore("7-1-0", {FEED: 1})
    house.wakeups.wake(Wake(everything=True))

    await until(lambda: [frame["offset"] for frame in socket.of_type("reset")] == [1])


async def test_follower_that_meets_a_new_epoch_first_renews_the_feed_for_all(house: House) -> None:
    _, first = await house.following()
    house.feeds.restore("7-2-0", {FEED: 5})

    _, second = await house.following()

    assert [frame["offset"] for frame in first.of_type("reset")] == [5]
    assert [frame["offset"] for frame in second.of_type("following")] == [5]


async def test_hole_from_retention_resets_instead_of_skipping(house: House) -> None:
    _, socket = await house.following()
    await house.append(FEED, FEED, FEED, wake=False)
    house.feeds.forget_up_to(FEED, 2)

    house.wakeups.wake(Wake(everything=True))

    await until(lambda: [frame["offset"] for frame in socket.of_type("reset")] == [3])
    assert socket.offsets(FEED) == []
    assert house.tally["feeds-gap"] == 1


async def test_long_gap_is_read_in_batches(house: House) -> None:
    _, socket = await house.following()
    await house.feeds.append([addressed(FEED, "x")] * 1_200)

    house.wakeups.publish({FEED: 1_200})

    await until(lambda: socket.offsets(FEED) == list(range(1, 1_201)))


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


async def test_token_that_ends_closes_the_socket(house: House) -> None:
    _, socket = await house.following(lives=10.0)

    house.clock.seconds += 11.0

    await until(lambda: socket.closed == (1008, "token-expired"))


async def test_token_is_asked_for_every_entry() -> None:
    house = House()
    house.hub._sweep_seconds = 60.0  # noqa: SLF001 - no sweep: the entry itself must ask
    await house.hub.start()
    await asyncio.sleep(0.01)
    _, socket = await house.following(lives=10.0)
    house.clock.seconds += 11.0

    await house.append()
    await until(lambda: socket.closed == (1008, "token-expired"))

    assert socket.offsets(FEED) == []
    await house.hub.stop()


async def test_rights_are_asked_for_again_and_lost_feeds_are_left(house: House) -> None:
    follower, socket = await house.following()
    house.rights = replace(RIGHTS, feeds=frozenset())

    house.clock.seconds += 60.0
    await until(lambda: socket.of_type("error") == [{"type": "error", "feed": FEED, "code": "not-yours"}])
    await house.append()
    await asyncio.sleep(0.02)

    assert socket.offsets(FEED) == []
    assert follower.is_open


async def test_right_that_vanished_meanwhile_stops_the_next_entry(house: House) -> None:
    follower, socket = await house.following()
    follower.protocol._rights = replace(RIGHTS, feeds=frozenset())  # noqa: SLF001 - what no public way lets happen

    await house.append()
    await until(lambda: bool(socket.of_type("error")))

    assert socket.offsets(FEED) == []


async def test_session_that_ended_closes_the_socket(house: House) -> None:
    _, socket = await house.following()
    house.rights = None

    house.clock.seconds += 60.0

    await until(lambda: socket.closed == (1008, "token-expired"))


async def test_recheck_that_fails_is_tried_again(house: House) -> None:
    _, socket = await house.following()
    house.broken = True
    house.clock.seconds += 60.0
    await until(lambda: house.tally["recheck-failed"] == 1)

    house.broken, house.rights = False, None
    house.clock.seconds += 60.0

    await until(lambda: socket.closed == (1008, "token-expired"))


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
    await asyncio.sleep(0.03)

    house.clock.seconds += 15.0
    await asyncio.sleep(0.03)
    assert not socket.aborted
    house.clock.seconds += 16.0

    await until(lambda: socket.aborted)


async def test_socket_that_keeps_reading_is_not_behind(house: House) -> None:
    follower, socket = await house.following()
    for _ in range(5):
        socket.stuck = True
        await house.append()
        await asyncio.sleep(0.03)
        socket.stuck = False
        house.clock.seconds += 16.0
        await asyncio.sleep(0.03)

    assert follower.is_open


async def test_resuming_waits_for_a_slow_reader_instead_of_cutting_it(house: House) -> None:
    await house.feeds.append([addressed(FEED)] * 3)
    _, other = await house.following()
    follower, socket = house.attach()
    socket.stuck = True
    while socket.pending_bytes < 1_100:
        follower.send(b'{"type":"heartbeat","feed":"x","offset":1}')

    task = asyncio.create_task(house.hub.receive(follower, '{"type":"follow","feed":"default","offset":0}'))
    await asyncio.sleep(0.03)
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


async def test_confirmations_are_written_in_batches(house: House) -> None:
    follower, socket = await house.following()
    await house.append(FEED, FEED, FEED)
    await until(lambda: len(socket.offsets(FEED)) == 3)

    for number in (1, 2, 3):
        await house.hub.receive(follower, f'{{"type":"delivered","feed":"default","offset":{number}}}')

    await until(lambda: house.confirmed == [(FEED, 3)])


async def test_confirmation_that_failed_is_written_later(house: House) -> None:
    follower, socket = await house.following()
    await house.append()
    await until(lambda: socket.offsets(FEED) == [1])
    house.broken = True
    await house.hub.receive(follower, '{"type":"delivered","feed":"default","offset":1}')
    await until(lambda: house.tally["confirm-failed"] >= 1)

    house.broken = False
    house.clock.seconds += 1.0

    await until(lambda: house.confirmed == [(FEED, 1)])


async def test_last_confirmation_is_written_when_the_socket_goes(house: House) -> None:
    follower, socket = await house.following()
    await house.append()
    await until(lambda: socket.offsets(FEED) == [1])
    await house.hub.receive(follower, '{"type":"delivered","feed":"default","offset":1}')

    await house.hub.detach(follower)
    await house.hub.detach(follower)

    assert house.confirmed == [(FEED, 1)]
    assert house.hub.open_sockets == 0


async def test_feed_without_followers_is_not_read(house: House) -> None:
    follower, _ = await house.following()
    await house.hub.detach(follower)

    await house.append()
    house.wakeups.wake(Wake(everything=True))
    await asyncio.sleep(0.02)

    assert house.feeds.reads == 0


async def test_socket_that_went_while_following_gets_nothing(house: House) -> None:
    follower, socket = house.attach()

    task = asyncio.create_task(house.hub.receive(follower, FOLLOW))
    await asyncio.sleep(0)
    await house.hub.detach(follower)
    await task

    assert socket.frames == []


async def test_stopping_closes_with_a_hint_when_to_return() -> None:
    house = House()
    await house.hub.start()
    sockets = [(await house.following())[1] for _ in range(20)]
    before = house.hub.draining

    await house.hub.stop()
    await house.hub.stop()

    closed = [socket.closed for socket in sockets]
    assert all(end is not None and end[0] == 1012 for end in closed)
    hints = {int(end[1].removeprefix("retry-after-ms=")) for end in closed if end is not None}
    assert len(hints) > 10
    assert min(hints) >= 500
    assert max(hints) < 5_000
    assert (before, house.hub.draining) == (False, True)
    assert house.hub.open_sockets == 0
