from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import redis.asyncio
from typing_extensions import override

from services.settings import RateSettings
from services.web.rates import ClientRates, SharedCounts, SharedCountsAwayError
from services.web.redis_rates import RedisCounts
from services.web.refusals import ThrottledError
from tests.services.web.doubles import SettableClock
from tests.waiting import until

WINDOW = 10
SYSTEM = "ehr.example"
NOWHERE = "redis://127.0.0.1:9/0"
START = datetime(2026, 11, 20, 10, 40, 3, tzinfo=UTC)


@dataclass
class NotingCounts(SharedCounts):
    """Sums in a dict, which may be away."""

    sums: dict[str, int] = field(default_factory=dict)
    away: bool = False
    asked: int = 0

    @override
    async def add(self, key: str, count: int, *, seconds: int) -> int:
        self.asked += 1
        if self.away:
            raise SharedCountsAwayError
        self.sums[key] = self.sums.get(key, 0) + count
        return self.sums[key]

    @override
    async def close(self) -> None:
        self.away = True


class HeardCounts(RedisCounts):
    """Redis, and what it has answered."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.sums: list[int] = []

    @override
    async def add(self, key: str, count: int, *, seconds: int) -> int:
        total = await super().add(key, count, seconds=seconds)
        self.sums.append(total)
        return total


@asynccontextmanager
async def counting(
    requests: int, shared: SharedCounts | None = None, wall: SettableClock | None = None, pause_seconds: float = 5.0
) -> AsyncIterator[ClientRates]:
    """The rates of one process."""
    settings = RateSettings(requests=requests, window_seconds=WINDOW)
    rates = ClientRates(settings, wall or SettableClock(START), shared, pause_seconds=pause_seconds)
    yield rates
    await rates.close()


async def allowed(rates: ClientRates, times: int, client: str = SYSTEM) -> int:
    """How many of so many requests pass."""
    passed = 0
    for _ in range(times):
        try:
            await rates.count(client)
        except ThrottledError:
            continue
        finally:
            # As between two requests: what is told beside them goes out.
            await asyncio.sleep(0)
        passed += 1
    return passed


async def refusal(rates: ClientRates, client: str = SYSTEM) -> ThrottledError:
    """What the next request is told."""
    with pytest.raises(ThrottledError) as told:
        await rates.count(client)
    return told.value


async def test_a_client_gets_what_it_may_have_and_is_told_how_long_to_wait() -> None:
    async with counting(5) as rates:
        assert await allowed(rates, 5) == 5
        assert (await refusal(rates)).wait_seconds == 7


async def test_the_next_window_begins_anew() -> None:
    wall = SettableClock(START)
    async with counting(5, wall=wall) as rates:
        await allowed(rates, 9)
        wall.pass_(timedelta(seconds=7))

        assert await allowed(rates, 9) == 5


async def test_two_clients_do_not_disturb_each_other() -> None:
    async with counting(5) as rates:
        await allowed(rates, 50)

        assert await allowed(rates, 5, "other.example") == 5


async def test_only_the_first_refusal_of_a_window_is_to_be_noted() -> None:
    wall = SettableClock(START)
    async with counting(1, wall=wall) as rates:
        await rates.count(SYSTEM)
        assert [(await refusal(rates)).first for _ in range(3)] == [True, False, False]
        wall.pass_(timedelta(seconds=WINDOW))
        await rates.count(SYSTEM)

        assert (await refusal(rates)).first


async def test_processes_that_share_their_sums_grant_one_limit_and_a_lump_together() -> None:
    shared = NotingCounts()
    async with counting(100, shared) as one, counting(100, shared) as other:
        assert await allowed(one, 60) == 60
        assert await allowed(other, 60) == 40
        assert await allowed(one, 60) == 5
        assert await allowed(other, 60, "other.example") == 60


async def test_processes_with_one_redis_share_their_sums(redis_url: str) -> None:
    one, other = RedisCounts(redis_url), RedisCounts(redis_url)

    sums = [await one.add("a", 5, seconds=60), await other.add("a", 2, seconds=60), await other.add("b", 1, seconds=60)]
    await one.close()
    await other.close()

    assert sums == [5, 7, 1]


async def test_a_process_learns_from_redis_what_others_have_counted(redis_url: str) -> None:
    async with counting(20, RedisCounts(redis_url)) as one:
        assert await allowed(one, 20) == 20
    heard = HeardCounts(redis_url)
    async with counting(20, heard) as other:
        assert await allowed(other, 1) == 1
        await until(lambda: heard.sums == [21])

        assert await allowed(other, 1) == 0


async def test_refusal_is_noted_once_by_all_processes_together(redis_url: str) -> None:
    async with counting(1, RedisCounts(redis_url)) as one, counting(1, RedisCounts(redis_url)) as other:
        await one.count(SYSTEM)
        await other.count(SYSTEM)
        told = [await refusal(one), await refusal(other), await refusal(one)]

    assert [each.first for each in told] == [True, False, False]


async def test_nobody_is_named_in_redis_and_nothing_stays_there(redis_url: str) -> None:
    async with counting(1, RedisCounts(redis_url)) as rates:
        await allowed(rates, 3, "999000000001000  pernille.holm")
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        keys = [key.decode() async for key in client.scan_iter()]
        lives = [await client.ttl(key) for key in keys]

    assert keys
    assert not [key for key in keys if "holm" in key or "999000000001000" in key]
    assert all(0 < life <= WINDOW for life in lives)


async def test_with_redis_away_each_process_grants_the_whole_limit() -> None:
    async with counting(40, RedisCounts(NOWHERE)) as one, counting(40, RedisCounts(NOWHERE)) as other:
        assert await allowed(one, 60) == 40
        assert await allowed(other, 60) == 40
        assert await allowed(one, 40, "other.example") == 40


async def test_redis_away_is_not_asked_again_and_again() -> None:
    shared = NotingCounts(away=True)
    async with counting(20, shared) as rates:
        await allowed(rates, 1)
        await until(lambda: shared.asked == 1)
        await allowed(rates, 60)

        assert shared.asked == 1


async def test_what_redis_has_not_heard_is_told_when_it_is_back() -> None:
    shared = NotingCounts(away=True)
    async with counting(40, shared, pause_seconds=0.0) as rates:
        await allowed(rates, 10)
        await until(lambda: shared.asked > 0)
        shared.away = False
        await allowed(rates, 1)
        await until(lambda: sum(shared.sums.values()) == 11)


async def test_a_client_far_below_its_limit_costs_redis_nothing() -> None:
    shared = NotingCounts()
    async with counting(5000, shared) as rates:
        await allowed(rates, 249)

    assert shared.asked == 0
