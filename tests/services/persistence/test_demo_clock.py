"""The demo's clock: one for everybody, only forward, with everything that falls due on the way."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from discharge.errors import ClockError
from services.persistence.demo_clock import advance_clock
from tests import factories
from tests.factories import NOW
from tests.services.persistence.store import Store, cpr, store_on
from tests.waiting import until

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def test_clock_moves_for_every_process_and_runs_on(store: Store) -> None:
    async with store_on(store.urls) as other:
        reached = await advance_clock(store.database, NOW + DAY)

        assert timedelta() <= reached - (NOW + DAY) < MINUTE
        first = await other.database.now()
        async with other.reading(factories.home_nurse()) as session:
            assert timedelta() <= session.now - first < MINUTE
        assert first >= reached


async def test_clock_may_stand_before_the_real_one(store: Store) -> None:
    await store.database.move_clock(NOW - 4000 * DAY)

    reached = await advance_clock(store.database, NOW - 4000 * DAY + HOUR)

    assert timedelta() <= reached - (NOW - 4000 * DAY + HOUR) < MINUTE


async def test_clock_never_goes_back(store: Store) -> None:
    with pytest.raises(ClockError):
        await advance_clock(store.database, NOW - MINUTE)

    assert await store.database.now() >= NOW


async def test_what_falls_due_fires_in_order_dated_at_its_instant_before_the_clock_is_set(store: Store) -> None:
    for number in range(3):
        await store.admit(cpr=cpr(number), service_provider=factories.WARD)
    episode = factories.episode()
    await store.admit(episodes=(episode,))
    await store.send_home(episodes=(episode,))
    due = [row["due_at"] for row in store.rows("SELECT due_at FROM timer WHERE due_at IS NOT NULL ORDER BY due_at")]

    reached = await advance_clock(store.database, NOW + 10 * DAY)

    assert reached >= NOW + 10 * DAY
    assert store.rows("SELECT 1 FROM timer WHERE fired_at IS NULL AND due_at IS NOT NULL") == []
    told = ("task-escalated", "task-overdue", "task-reminded")
    events = store.rows("SELECT at FROM event WHERE kind = ANY(%(kinds)s) ORDER BY number", kinds=list(told))
    assert [row["at"] for row in events] == sorted(row["at"] for row in events)
    assert {row["at"] for row in events} <= set(due)
    entries = store.rows(
        "SELECT feed_id, at FROM feed_entry WHERE event IN ('task-escalated', 'task-overdue', 'task-reminder')"
        " ORDER BY feed_id, number"
    )
    for feed in {row["feed_id"] for row in entries}:
        instants = [row["at"] for row in entries if row["feed_id"] == feed]
        assert instants == sorted(instants)


async def test_advance_waits_for_a_stay_that_somebody_holds(store: Store) -> None:
    await store.admit()
    await store.admit(cpr=cpr(1), family="Anden")
    held, _ = store.rows("SELECT id::text FROM stay ORDER BY id")
    others = "SELECT 1 FROM timer WHERE fired_at IS NULL AND due_at <= %(until)s AND stay_id <> %(held)s"

    async with store.database.unit_of_work(None) as holder:
        await holder.stays.get(held["id"])
        moving = asyncio.create_task(advance_clock(store.database, NOW + DAY))
        await until(lambda: store.rows(others, until=NOW + DAY, held=held["id"]) == [])
        assert not moving.done()

    assert await moving >= NOW + DAY
    assert store.rows("SELECT 1 FROM timer WHERE fired_at IS NULL AND due_at IS NOT NULL") == []


async def until_past(store: Store, instant: datetime) -> datetime:
    """Wait until the demo's clock has run past ``instant``, and return what it shows."""

    async def is_past() -> bool:
        return await store.database.now() > instant

    await until(is_past)
    return await store.database.now()


async def test_clock_that_ran_past_the_target_meanwhile_is_left_alone(store: Store) -> None:
    await store.admit()
    (row,) = store.rows("SELECT id::text FROM stay")
    (timer,) = store.rows("SELECT min(due_at) AS due_at FROM timer WHERE fired_at IS NULL")
    await store.database.move_clock(timer["due_at"] - timedelta(milliseconds=300))

    async with store.database.unit_of_work(None) as holder:
        await holder.stays.get(row["id"])
        moving = asyncio.create_task(advance_clock(store.database, timer["due_at"]))
        before = await until_past(store, timer["due_at"])

    assert await moving >= before > timer["due_at"]


async def test_two_who_advance_at_once_wait_for_each_other(store: Store) -> None:
    await store.admit()

    answers = await asyncio.gather(
        advance_clock(store.database, NOW + DAY), advance_clock(store.database, NOW + 2 * DAY), return_exceptions=True
    )

    assert await store.database.now() >= NOW + 2 * DAY
    assert all(isinstance(answer, ClockError) for answer in answers if isinstance(answer, BaseException))
