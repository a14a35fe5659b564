"""Three workers on two thousand rungs that are all due: each is climbed once, in due order per task."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

from discharge.policy import Role
from services.persistence.firing import fire_batch
from services.persistence.people import put_patient
from tests import factories
from tests.engines import Database
from tests.factories import NORTH, NOW
from tests.services.persistence.store import Store, cpr, store_on

STAYS = 50
RUNGS = 2_000
WORKERS = 3
UNTIL = NOW + timedelta(days=1)
_MANY = """
    INSERT INTO timer (id, task_id, stay_id, kind, due_at, organization, roles, while_unanswered, span_seconds,
      working_days)
    SELECT gen_random_uuid(), t.id, t.stay_id, (ARRAY['remind', 'escalate', 'overdue'])[1 + n %% 3],
      %(now)s + (n * 7919 %% 3600) * interval '1 second', %(unit)s, ARRAY[%(role)s], true, 0, 0
    FROM generate_series(1, %(rungs)s) n
    JOIN (SELECT id, stay_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS tasks FROM task) t
      ON t.place = n %% t.tasks
    """


async def _climb(store: Store) -> int:
    """What a worker does, until nothing is left for anybody."""
    total = 0
    while store.rows("SELECT 1 FROM timer WHERE fired_at IS NULL AND due_at <= %(until)s LIMIT 1", until=UNTIL):
        total += await fire_batch(store.database, until=UNTIL, limit=37)
    return total


async def test_each_rung_is_climbed_once_in_due_order_whoever_takes_it(database: Database) -> None:
    async with AsyncExitStack() as held:
        stores = [await held.enter_async_context(store_on(database)) for _ in range(WORKERS)]
        store = stores[0]
        async with store.database.writing() as connection:
            for number in range(STAYS):
                await put_patient(connection, store.database.vault, factories.patient(cpr=cpr(number)))
        for number in range(STAYS):
            await store.admit(cpr=cpr(number))
        store.rows("DELETE FROM timer")
        store.rows(_MANY, now=NOW, unit=NORTH, role=Role.HOME_NURSE.value, rungs=RUNGS)

        taken = await asyncio.gather(*(_climb(worker) for worker in stores))

    assert sum(taken) == RUNGS
    assert all(taken), "all had a share"
    kinds = "('task-reminded', 'task-escalated', 'task-overdue')"
    told = store.rows(f"SELECT task_id::text AS task, at FROM event WHERE kind IN {kinds} ORDER BY number")
    due = store.rows("SELECT task_id::text AS task, due_at FROM timer ORDER BY due_at")
    assert _by_task(told, "at") == _by_task(due, "due_at")
    unit = store.rows("SELECT number FROM feed_entry WHERE feed_id = %(unit)s ORDER BY number", unit=NORTH)
    assert [row["number"] for row in unit] == list(range(1, len(unit) + 1))


def _by_task(rows: list[dict[str, object]], instant: str) -> dict[str, list[datetime]]:
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for row in rows:
        at = row[instant]
        assert isinstance(at, datetime)
        found[str(row["task"])].append(at)
    return dict(found)
