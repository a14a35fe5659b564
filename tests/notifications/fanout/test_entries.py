"""Entries reach who follows their feed, once and in order."""

from __future__ import annotations

from discharge.identifiers import FeedId
from notifications.ports import Wake
from tests.fakes_notifications import (
    MUNICIPALITY,
    addressed,
)
from tests.notifications.fanout.hub import FEED, OTHER, House
from tests.waiting import until


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
    await house.settled()

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
