"""Rungs fire once, in due order, whoever takes them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from discharge.agreement import StepKind
from discharge.handlers import FireTimers, fire_timers
from discharge.identifiers import TaskId
from discharge.planning import PlannedStep
from discharge.policy import Role
from discharge.task import Move
from services.persistence.people import put_patient
from tests import factories
from tests.factories import NORTH, NOW
from tests.services.persistence.store import Store, cpr, store_on

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def fire(store: Store, until: datetime, limit: int = 100) -> int:
    return await store.run(fire_timers, FireTimers(until=until, limit=limit))


def unfired(store: Store) -> list[dict[str, Any]]:
    return store.rows("SELECT kind, due_at, after_code FROM timer WHERE fired_at IS NULL ORDER BY due_at, id")


async def many_stays(store: Store, number: int) -> None:
    async with store.database.writing() as connection:
        for each in range(number):
            await put_patient(connection, store.database.vault, factories.patient(cpr=cpr(each)))
    for each in range(number):
        await store.admit(cpr=cpr(each))


async def test_rungs_fire_in_due_order_with_entries_dated_when_they_were_due(store: Store) -> None:
    await store.admit()
    due = [row["due_at"] for row in unfired(store)]

    fired = await fire(store, NOW + HOUR)

    assert fired == len(due)
    told = store.rows(
        "SELECT at FROM feed_entry WHERE event LIKE 'task-escalated' OR event LIKE 'task-overdue'"
        " ORDER BY feed_id, number"
    )
    assert {row["at"] for row in told} <= set(due)
    events = store.rows("SELECT at FROM event WHERE kind IN ('task-escalated', 'task-overdue') ORDER BY number")
    assert [row["at"] for row in events] == sorted(row["at"] for row in events)
    assert unfired(store) == []


async def test_nothing_fires_before_its_time_or_twice(store: Store) -> None:
    await store.admit()
    (first, *_) = unfired(store)

    assert await fire(store, first["due_at"] - timedelta(microseconds=1)) == 0
    assert await fire(store, first["due_at"]) >= 1
    assert await fire(store, first["due_at"]) == 0


async def test_batch_takes_no_more_than_its_limit_and_the_earliest_first(store: Store) -> None:
    await many_stays(store, 3)
    due = [row["due_at"] for row in unfired(store)]

    assert await fire(store, NOW + DAY, limit=4) == 4

    assert [row["due_at"] for row in unfired(store)] == due[4:]


async def test_rung_of_an_answered_task_says_nothing(store: Store) -> None:
    await store.admit()
    nurse = factories.home_nurse()
    for code in ("pause-services", "send-admission-report"):
        task = await store.task(nurse, code)
        await store.move(nurse, await store.move(nurse, task, Move.ACCEPT), Move.COMPLETE)
    heads = store.rows("SELECT * FROM feed ORDER BY id")

    await fire(store, NOW + DAY)

    assert store.rows("SELECT * FROM feed ORDER BY id") == heads
    assert unfired(store) == []


async def test_two_workers_fire_each_rung_exactly_once(store: Store) -> None:
    await many_stays(store, 12)
    rungs = len(unfired(store))

    async with store_on(store.urls) as other:

        async def work(worker: Store) -> int:
            total = 0
            while unfired(store):
                total += await fire(worker, NOW + DAY, limit=3)
                await asyncio.sleep(0)
            return total

        counts = await asyncio.gather(work(store), work(other))

    assert sum(counts) == rungs
    assert all(counts), "both had a share"
    doubled = store.rows(
        "SELECT task_id, at, kind, detail FROM event WHERE kind IN ('task-escalated', 'task-overdue', 'task-reminded')"
        " GROUP BY task_id, at, kind, detail HAVING count(*) > 1"
    )
    assert doubled == []


async def test_stay_that_somebody_holds_is_left_for_the_next_round(store: Store) -> None:
    await store.admit()
    (row,) = store.rows("SELECT id::text FROM stay")

    async with store.database.unit_of_work(None) as holder:
        await holder.stays.get(row["id"])
        assert await fire(store, NOW + DAY) == 0

    assert await fire(store, NOW + DAY) > 0


async def test_rung_that_waits_for_another_task_gets_its_instant_when_that_is_done(store: Store) -> None:
    episode = factories.episode()
    await store.admit(episodes=(episode,))
    await store.send_home(episodes=(episode,))
    (waiting,) = [row for row in unfired(store) if row["due_at"] is None]
    assert waiting["after_code"] == "send-discharge-letter"
    ward = factories.ward_nurse()

    letter = await store.move(ward, await store.task(ward, "send-discharge-letter"), Move.ACCEPT)
    await store.move(ward, letter, Move.COMPLETE)

    (dated,) = [row for row in unfired(store) if row["after_code"] == "send-discharge-letter"]
    assert dated["due_at"] > NOW
    assert await fire(store, dated["due_at"]) > 0
    escalated = store.rows(
        "SELECT detail->>'organization' AS told FROM event WHERE kind = 'task-escalated' ORDER BY number"
    )
    assert factories.WARD in {row["told"] for row in escalated}


async def test_redated_task_has_its_ladder_armed_anew(store: Store) -> None:
    episode = factories.episode()
    await store.admit(episodes=(episode,))
    await store.send_home(episodes=(episode,), ended_at=NOW)
    before = {row["id"] for row in store.rows("SELECT id FROM timer WHERE fired_at IS NULL")}

    await store.send_home(episodes=(episode,), ended_at=NOW - HOUR, occurred_at=NOW + HOUR)

    after = store.rows("SELECT id, task_id, due_at FROM timer WHERE fired_at IS NULL")
    (report,) = store.rows("SELECT id, due_at FROM task WHERE code = 'send-discharge-report'")
    assert report["due_at"] == NOW - HOUR
    renewed = [row for row in after if row["task_id"] == report["id"]]
    assert renewed
    assert {row["id"] for row in renewed}.isdisjoint(before)


async def test_arming_replaces_what_has_not_fired_and_keeps_what_has(store: Store) -> None:
    await store.admit()
    read = await store.task(factories.home_nurse(), "pause-services")
    (first, *_) = store.rows("SELECT due_at FROM timer WHERE task_id = %(id)s ORDER BY due_at", id=read.id)
    await fire(store, first["due_at"])
    step = PlannedStep(kind=StepKind.REMIND, at=NOW + DAY, organization=NORTH, roles=frozenset({Role.HOME_NURSE}))

    async with store.database.unit_of_work(None) as uow:
        await uow.stays.get(read.stay_id)
        await uow.timers.arm(await uow.tasks.get(TaskId(read.id)), (step,))
        await uow.commit()

    rows = store.rows("SELECT kind, fired_at IS NOT NULL AS fired FROM timer WHERE task_id = %(id)s", id=read.id)
    assert [row["kind"] for row in rows if not row["fired"]] == ["remind"]
    assert {row["kind"] for row in rows if row["fired"]} >= {"overdue"}
