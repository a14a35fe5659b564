"""What clients confirm, and how following ends."""

from __future__ import annotations

import asyncio

from notifications.ports import Wake
from tests.notifications.fanout.hub import FEED, FOLLOW, House
from tests.waiting import until


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
    await house.settled()

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
