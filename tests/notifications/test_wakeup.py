from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from random import Random

import orjson

from discharge.identifiers import FeedId
from notifications.ports import Wake
from notifications.tally import Tally
from notifications.wakeup import Backoff, CarriedWakeups
from tests.fakes_notifications import Air, FakeCarrier
from tests.waiting import until

A, B = FeedId("200001"), FeedId("200002")
QUICK = Backoff(first_seconds=0.005, longest_seconds=0.01)


def carried(*carriers: FakeCarrier, tally: Tally | None = None, poll_seconds: float = 60.0) -> CarriedWakeups:
    return CarriedWakeups(carriers, tally=tally or Tally(), poll_seconds=poll_seconds, backoff=QUICK)


@asynccontextmanager
async def heard_by(wakeups: CarriedWakeups) -> AsyncIterator[list[Wake]]:
    wakes: list[Wake] = []

    async def listen() -> None:
        nonlocal wakes
        async with aclosing(wakeups.listen()) as news:
            async for wake in news:
                wakes += [wake]

    task = asyncio.create_task(listen())
    await until(lambda: bool(wakes))
    await asyncio.sleep(0.02)
    yield wakes
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def reached(wakes: list[Wake], feed: FeedId) -> int:
    return max((wake.heads.get(feed, 0) for wake in wakes), default=0)


async def test_publishing_reaches_other_processes() -> None:
    air = Air()
    here, there = carried(FakeCarrier(air)), carried(FakeCarrier(air))

    async with heard_by(there) as wakes:
        here.publish({A: 3})
        await until(lambda: reached(wakes, A) == 3)


async def test_own_process_does_not_wait_for_the_way_out_and_back() -> None:
    carrier = FakeCarrier()
    wakeups = carried(carrier)

    async with heard_by(wakeups) as wakes:
        carrier.away = True
        wakeups.publish({A: 3})
        await until(lambda: reached(wakes, A) == 3)


async def test_what_comes_while_one_is_in_flight_goes_together() -> None:
    carrier = FakeCarrier()
    wakeups = carried(carrier)

    async with heard_by(wakeups):
        for number in range(1, 101):
            wakeups.publish({A: number})
            wakeups.publish({B: 101 - number})
            await asyncio.sleep(0)
        await wakeups.close()

    assert len(carrier.sent) < 101
    assert orjson.loads(carrier.sent[-1])[A] == 100
    assert max(orjson.loads(payload).get(B, 0) for payload in carrier.sent) == 100


async def test_many_feeds_are_split_so_that_notify_can_carry_them() -> None:
    carrier = FakeCarrier()
    wakeups = carried(carrier)

    async with heard_by(wakeups) as wakes:
        wakeups.publish({FeedId(f"{number:019d}"): 10**12 for number in range(400)})
        await wakeups.close()

    assert len(carrier.sent) == 3
    assert all(len(payload) < 8_000 for payload in carrier.sent)
    assert len({feed for wake in wakes for feed in wake.heads}) == 400


async def test_publishing_nothing_is_silent() -> None:
    carrier = FakeCarrier()
    wakeups = carried(carrier)

    wakeups.publish({})
    await wakeups.close()

    assert carrier.tries == 0
    assert carrier.closed


async def test_second_carrier_takes_over_when_the_first_is_away_or_heard_by_nobody() -> None:
    tally = Tally()
    redis, postgres = FakeCarrier(name="redis"), FakeCarrier(name="postgres")
    wakeups = carried(redis, postgres, tally=tally)

    async with heard_by(wakeups):
        redis.away = True
        wakeups.publish({A: 1})
        await until(lambda: tally["wakeups-sent-postgres"] == 1)
        redis.away, redis.deaf = False, True
        await asyncio.sleep(0.02)
        wakeups.publish({A: 2})
        await until(lambda: tally["wakeups-sent-postgres"] == 2)

    assert tally["wakeups-failed-redis"] == 1
    assert postgres.sent == [f'{{"{A}":1}}', f'{{"{A}":2}}']


async def test_carrier_that_failed_is_left_alone_for_a_moment() -> None:
    clock = [100.0]
    redis, postgres = FakeCarrier(name="redis"), FakeCarrier(name="postgres")
    wakeups = CarriedWakeups([redis, postgres], tally=Tally(), clock=lambda: clock[0])
    redis.away = True

    wakeups.publish({A: 1})
    await wakeups.close()
    wakeups.publish({A: 2})
    await wakeups.close()
    assert redis.tries == 1

    clock[0] += 1.0
    wakeups.publish({A: 3})
    await wakeups.close()
    assert redis.tries == 2


async def test_publishing_never_fails() -> None:
    tally = Tally()
    carrier = FakeCarrier()
    carrier.away = True
    wakeups = carried(carrier, tally=tally)

    wakeups.publish({A: 1})
    await wakeups.close()

    assert (tally["wakeups-failed-fake"], tally["wakeups-unsent"]) == (1, 1)


async def test_first_wake_and_every_poll_ask_for_everything() -> None:
    wakeups = carried(FakeCarrier(), poll_seconds=0.01)

    async with heard_by(wakeups) as wakes:
        await until(lambda: sum(wake.everything for wake in wakes) >= 3)

    assert wakes[0].everything


async def test_carrier_is_tried_again_for_ever_and_then_everything_is_looked_at() -> None:
    tally = Tally()
    air = Air()
    carrier = FakeCarrier(air)
    wakeups = carried(carrier, tally=tally)

    async with heard_by(wakeups) as wakes:
        carrier.away = True
        carrier.cut()
        await until(lambda: tally["wakeups-lost-fake"] > 3)
        before = len(wakes)
        carrier.away = False
        await until(lambda: any(wake.everything for wake in wakes[before:]))
        carried(FakeCarrier(air)).publish({A: 9})
        await until(lambda: reached(wakes, A) == 9)


async def test_unreadable_news_are_counted_and_survived() -> None:
    tally = Tally()
    carrier = FakeCarrier()
    wakeups = carried(carrier, tally=tally)

    async with heard_by(wakeups) as wakes:
        for payload in ("{", "[]", '{"200001":"many"}', '{"200001":4}'):
            await carrier.publish(payload)
        await until(lambda: reached(wakes, A) == 4)

    assert tally["wakeups-unreadable"] == 3


def test_pauses_grow_up_to_a_limit_and_are_never_all_the_same() -> None:
    backoff, chance = Backoff(first_seconds=0.1, longest_seconds=1.0), Random(1)

    assert 0.05 <= backoff.pause(0, chance) <= 0.1
    assert all(0.5 <= backoff.pause(1_000, chance) <= 1.0 for _ in range(50))
    assert len({backoff.pause(5, chance) for _ in range(5)}) == 5
