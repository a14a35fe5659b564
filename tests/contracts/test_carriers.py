"""What every carrier of wake-ups keeps, and wake-ups over each of them: fake, Redis, PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from discharge.identifiers import FeedId
from notifications.errors import CarrierError
from notifications.ports import Carrier, Wakeups
from notifications.redis_carrier import RedisCarrier
from notifications.tally import Tally
from notifications.wakeup import CarriedWakeups
from services.persistence.notices import PostgresCarrier
from tests.engines import TestEngines
from tests.fakes_notifications import Air, FakeCarrier, FakeWakeups

FEED = FeedId("200001")
NOWHERE = {"redis": "redis://127.0.0.1:1/0", "postgres": "postgresql://stafet_app@127.0.0.1:1/stafet"}
KINDS = ["fake", "redis", "postgres"]


def carrier_of(kind: str, request: pytest.FixtureRequest, air: Air) -> Carrier:
    if kind == "fake":
        return FakeCarrier(air)
    if kind == "redis":
        return RedisCarrier(request.getfixturevalue("redis_url"))
    engines: TestEngines = request.getfixturevalue("engines")
    return PostgresCarrier(engines.app_url)


@pytest.fixture(params=KINDS)
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Carrier, Carrier]]:
    air = Air()
    here, there = carrier_of(request.param, request, air), carrier_of(request.param, request, air)
    yield here, there
    await here.close()
    await there.close()


async def test_what_is_published_is_heard(pair: tuple[Carrier, Carrier]) -> None:
    here, there = pair

    async with asyncio.timeout(5), aclosing(there.listen()) as payloads:
        assert await anext(payloads) is None
        assert await here.publish('{"200001":1}')
        assert await here.publish('{"200001":2}')

        assert [await anext(payloads), await anext(payloads)] == ['{"200001":1}', '{"200001":2}']


@pytest.fixture(params=KINDS)
async def away(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    if request.param == "fake":
        fake = FakeCarrier()
        fake.away = True
        yield fake
        return
    made = RedisCarrier if request.param == "redis" else PostgresCarrier
    carrier = made(NOWHERE[request.param])
    yield carrier
    await carrier.close()


async def test_carrier_that_is_away_says_so(away: Carrier) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(CarrierError):
            await away.publish("{}")
        with pytest.raises(CarrierError):
            await anext(away.listen())


@pytest.fixture(params=[*KINDS, "fake wake-ups"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Wakeups, Wakeups]]:
    if request.param == "fake wake-ups":
        same = FakeWakeups()
        yield same, same
        return
    air = Air()
    here, there = (
        CarriedWakeups([carrier_of(request.param, request, air)], tally=Tally(), poll_seconds=60) for _ in range(2)
    )
    yield here, there
    await here.close()
    await there.close()


async def test_first_wake_is_for_everything_and_news_follow(both: tuple[Wakeups, Wakeups]) -> None:
    here, there = both

    async with asyncio.timeout(5), aclosing(there.listen()) as news:
        first = await anext(news)
        assert first.everything
        reached = 0
        number = 0
        while not reached:
            # Published until it is heard: nobody promises that the first one is.
            number += 1
            here.publish({FEED: number})
            await asyncio.sleep(0.02)
            async with asyncio.timeout(1):
                reached = (await anext(news)).heads.get(FEED, 0)

    assert 1 <= reached <= number
