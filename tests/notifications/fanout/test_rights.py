"""Rights are looked at again and again."""

from __future__ import annotations

from dataclasses import replace

from tests.notifications.fanout.hub import FEED, RIGHTS, House
from tests.waiting import until


async def test_token_that_ends_closes_the_socket(house: House) -> None:
    _, socket = await house.following(lives=10.0)

    house.clock.seconds += 11.0

    await until(lambda: socket.closed == (1008, "token-expired"))


async def test_token_is_asked_for_every_entry() -> None:
    house = House()
    house.hub._sweep_seconds = 60.0  # noqa: SLF001 - no sweep: the entry itself must ask
    await house.hub.start()
    await house.settled()
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
    await house.settled()

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
