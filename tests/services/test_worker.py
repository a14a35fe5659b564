"""The real worker: starts, does what is due, survives what PostgreSQL does to it, and stops when told."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from notifications.budget import ShiftPlan, spent
from services.observability import Metrics
from services.persistence.alert_reads import rings_of
from services.persistence.sealing import first_broken_seal
from services.settings import Settings
from services.worker import Worker, fire_due
from tests import factories
from tests.engines import Database
from tests.factories import NOW
from tests.services.own_postgres import own_postgres
from tests.services.persistence.store import Store, audit, cpr, store_on
from tests.services.web.doubles import settings_for
from tests.waiting import PATIENCE, until

DAY = timedelta(days=1)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """A store with one citizen."""
    async with store_on(database, patients=[factories.patient()]) as made:
        yield made


def settings() -> Settings:
    made = settings_for()
    return made.model_copy(update={"poll": made.poll.model_copy(update={"timers_seconds": 0.05})})


@asynccontextmanager
async def working(store: Store) -> AsyncIterator[Metrics]:
    """A worker that runs for the length of a block, and ends by itself when told."""
    metrics = Metrics.create()
    worker = Worker(store.database, settings(), metrics)
    running = asyncio.create_task(worker.run())
    try:
        yield metrics
    finally:
        worker.stop()
        await asyncio.wait_for(running, PATIENCE)


def nothing_due(store: Store) -> bool:
    return not store.rows("SELECT 1 FROM timer WHERE fired_at IS NULL AND due_at IS NOT NULL")


async def test_worker_fires_seals_and_counts(store: Store) -> None:
    await store.admit()
    await store.database.move_clock(NOW + DAY)
    rungs = store.counts()["timer"]

    async with working(store) as metrics:
        await until(lambda: nothing_due(store) and store.counts()["audit_seal"] == store.counts()["audit"])

    assert metrics.timers_fired._value.get() == rungs  # noqa: SLF001 - the counter shows it no other way
    async with store.database.engine.connect() as connection:
        assert await first_broken_seal(connection) is None


async def test_rung_is_not_fired_before_the_domain_clock_reaches_it(store: Store) -> None:
    await store.admit()

    async with working(store):
        await until(lambda: store.counts()["audit_seal"] == store.counts()["audit"])
        fired = store.rows("SELECT due_at FROM timer WHERE fired_at IS NOT NULL")

    assert all(row["due_at"] < NOW + timedelta(minutes=5) for row in fired)
    assert not nothing_due(store)


async def test_old_bodies_go(store: Store) -> None:
    await store.receive(factories.receive(sent=factories.envelope(body=b"verbatim")))
    store.rows("UPDATE message SET received_at = received_at - interval '40 years'")

    async with working(store):
        await until(lambda: store.rows("SELECT body FROM message") == [{"body": None}])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_worker_ends_on_a_signal(store: Store, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    running = asyncio.create_task(Worker(store.database, settings(), Metrics.create()).run())
    await until(lambda: signal.getsignal(number) is not before)

    os.kill(os.getpid(), number)

    await asyncio.wait_for(running, PATIENCE)


async def test_stopped_worker_leaves_the_rest_to_the_next(store: Store) -> None:
    await store.admit()
    await store.database.move_clock(NOW + DAY)
    worker = Worker(store.database, settings(), Metrics.create())

    worker.stop()
    await worker.run()

    assert not nothing_due(store)


async def test_batch_is_one_transaction_of_a_bounded_number(store: Store) -> None:
    await store.admit()
    await store.database.move_clock(NOW + DAY)
    rungs = store.counts()["timer"]

    taken = [await fire_due(store.database, limit=2) for _ in range(rungs)]

    assert sum(taken) == rungs
    assert max(taken) == 2
    assert taken[-1] == 0


async def test_round_that_fails_is_told_and_the_next_one_works(store: Store) -> None:
    await store.admit()
    await store.database.move_clock(NOW + DAY)
    store.rows("REVOKE UPDATE ON timer FROM stafet_writer")

    with capture_logs() as logs:
        async with working(store):
            await until(lambda: any(line["event"] == "worker-round-failed" for line in logs))
            store.rows("GRANT UPDATE ON timer TO stafet_writer")
            await until(lambda: nothing_due(store))

    failed = [line for line in logs if line["event"] == "worker-round-failed"]
    assert {(line["loop"], line["error"]) for line in failed} == {("timers", "ProgrammingError")}


@pytest.mark.fault
async def test_worker_survives_a_restart_of_postgresql() -> None:
    with own_postgres() as (engines, urls):
        async with store_on(urls, patients=[factories.patient()]) as store, working(store):
            await store.admit()
            with capture_logs() as logs:
                await asyncio.to_thread(engines.postgres.stop)
                await until(lambda: any(line["event"] == "worker-round-failed" for line in logs))
            await asyncio.to_thread(engines.postgres.start)

            await store.database.move_clock(NOW + DAY)
            await store.database.audit_refusal(audit(factories.home_nurse()), 404)
            await store.admit(cpr=cpr(1))
            await store.database.move_clock(NOW + 2 * DAY)
            await until(lambda: nothing_due(store) and store.counts()["audit_seal"] == store.counts()["audit"])
        doubled = store.rows("SELECT task_id, kind, at FROM event GROUP BY 1, 2, 3, detail HAVING count(*) > 1")
        assert doubled == []


async def test_interruptions_are_counted_once_when_their_shift_has_ended(store: Store) -> None:
    await store.admit()

    async with working(store) as metrics:
        await store.database.move_clock(NOW + timedelta(minutes=40))
        await until(lambda: bool(store.rows("SELECT 1 FROM timer WHERE fired_at IS NOT NULL")))
        assert metrics.registry.get_sample_value("stafet_alerts_per_shift_count") == 0
        await store.database.move_clock(NOW + timedelta(hours=5))
        await until(lambda: bool(metrics.registry.get_sample_value("stafet_alerts_per_shift_count")))

    told = store.rows(
        "SELECT count(*) AS rung FROM feed_entry, unnest(audience) AS role WHERE role <> 'system' AND event IN"
        " ('task-reminder', 'task-escalated', 'task-overdue') AND at < %(ended)s",
        ended=NOW.replace(hour=14, minute=0),
    )
    assert metrics.registry.get_sample_value("stafet_alerts_per_shift_sum") >= told[0]["rung"] > 0


async def test_interruptions_of_a_shift_are_counted_by_one_of_two_workers(store: Store) -> None:
    await store.admit()
    counted = "stafet_alerts_per_shift_count"

    async with working(store) as one, working(store) as other:
        await store.database.move_clock(NOW + timedelta(minutes=40))
        await until(lambda: bool(store.rows("SELECT 1 FROM timer WHERE fired_at IS NOT NULL")))
        await store.database.move_clock(NOW + timedelta(hours=5))
        await until(lambda: any(each.registry.get_sample_value(counted) for each in (one, other)))
    async with store.database.writing() as connection:
        rings = await rings_of(connection, since=NOW.replace(hour=6, minute=0), until=NOW.replace(hour=14, minute=0))
    assert sum(each.registry.get_sample_value(counted) or 0 for each in (one, other)) == len(spent(rings, ShiftPlan()))
