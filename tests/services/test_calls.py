"""Those on call hear of a duty that nobody takes on: a real SMTP server, real jobs, real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from discharge.handlers import FireTimers, fire_timers
from discharge.identifiers import SorCode
from discharge.task import Move
from notifications.outside import OnCall, QuietHours
from services.mail import SmtpChannel
from services.observability import Metrics
from services.persistence.call_book import SqlCalls
from services.persistence.on_call import put_on_call
from services.settings import SmtpSettings
from services.worker import Worker, calling
from tests import factories
from tests.engines import Database
from tests.factories import NORTH, NOW
from tests.running import free_port
from tests.services.mail_server import MailServer, mail_server
from tests.services.persistence.store import Store, store_on
from tests.services.test_worker import settings
from tests.waiting import until

HOME = "https://stafet.region.example"
DAY = timedelta(days=1)
SOON = timedelta(seconds=0.3)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """A citizen in hospital, and duties that nobody has taken on."""
    async with store_on(database, patients=[factories.patient()]) as made:
        await made.admit()
        yield made


async def on_call(store: Store, **changes: Any) -> None:
    """Somebody is on call at every place that a ladder leads to."""
    places = {row["organization"] for row in store.rows("SELECT DISTINCT organization FROM timer")}
    async with store.database.writing() as connection:
        await put_on_call(
            connection,
            [
                OnCall(
                    **{
                        "id": factories.new_id(),
                        "organization": SorCode(place),
                        "roles": frozenset(),
                        "address": "vagt@kommune.example",
                        **changes,
                    }
                )
                for place in sorted(places)
            ],
        )


@asynccontextmanager
async def mailing(store: Store, to: SmtpSettings, *, most: int = 8, number: int = 1) -> AsyncIterator[list[Metrics]]:
    """So many workers that mail, for the length of a block."""
    made = settings()
    made = made.model_copy(
        update={
            "poll": made.poll.model_copy(update={"jobs_seconds": 0.1}),
            "database": made.database.model_copy(update={"url": SecretStr(store.urls.app_url)}),
        }
    )
    counted = [Metrics.create() for _ in range(number)]
    calls = SqlCalls(store.database, HOME, lambda tries: SOON if tries < most else None)
    workers = [
        Worker(store.database, made, metrics, None, calling(calls, SmtpChannel(to), metrics)) for metrics in counted
    ]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield counted
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.wait_for(asyncio.gather(*running), 20)


def escalations(store: Store) -> set[str]:
    """The duties that somebody on call must hear of."""
    return {row["task"] for row in store.rows("SELECT task_id::text AS task FROM timer WHERE kind = 'escalate'")}


def mails(store: Store) -> list[dict[str, Any]]:
    return store.rows("SELECT * FROM alert_mail ORDER BY created_at, id")


def states(store: Store) -> list[str]:
    return [row["state"] for row in mails(store)]


async def fire(store: Store, limit: int = 100) -> int:
    return await store.run(fire_timers, FireTimers(until=NOW + DAY, limit=limit))


async def test_each_step_is_mailed_once_by_two_workers_and_names_no_citizen(store: Store) -> None:
    await on_call(store)
    steps = len(store.rows("SELECT 1 FROM timer WHERE kind = 'escalate'"))
    assert steps

    with mail_server() as server:
        async with mailing(store, server.settings, number=2):
            # One rung at a time, so that each is a commit of its own.
            while await fire(store, limit=1):
                continue
            await until(lambda: set(states(store)) == {"sent"})

    assert len(server.mails) == steps == len(mails(store))
    assert len({mail["Message-ID"] for mail in server.mails}) == steps
    listed = "\n".join(server.texts)
    assert all(f"{HOME}/tasks/{task}" in listed for task in escalations(store))
    assert all(mail["To"] == "vagt@kommune.example" for mail in server.mails)
    patient = factories.patient()
    for name in (patient.cpr.digits, patient.cpr.digits[:6], patient.family, *patient.given):
        assert name
        assert name.lower() not in listed.lower()


async def test_duties_that_climb_together_are_one_mail_to_each_address(store: Store) -> None:
    await on_call(store)

    with mail_server() as server:
        async with mailing(store, server.settings):
            await fire(store)
            await until(lambda: set(states(store)) == {"sent"})

    assert len(mails(store)) == len({row["organization"] for row in mails(store)})
    assert {str(task) for row in mails(store) for task in row["tasks"]} == escalations(store)


async def test_nobody_is_mailed_about_what_has_been_taken_on_meanwhile(store: Store) -> None:
    await on_call(store)
    await fire(store)
    nurse = factories.home_nurse()
    for task in sorted(escalations(store)):
        found = store.rows("SELECT code FROM task WHERE id = %(id)s::uuid", id=task)
        await store.move(nurse, await store.task(nurse, found[0]["code"]), Move.ACCEPT)

    with mail_server() as server:
        async with mailing(store, server.settings):
            await until(lambda: set(states(store)) == {"answered"})

    assert server.mails == []


async def test_server_that_is_away_is_tried_again_until_it_is_there(store: Store) -> None:
    await on_call(store)
    port = free_port()
    where = MailServer(port).settings

    async with mailing(store, where):
        await fire(store)
        await until(lambda: all(row["tries"] > 1 for row in mails(store)))
        assert {row["reason"] for row in mails(store)} == {"SMTPConnectError"}
        with mail_server(port) as server:
            await until(lambda: set(states(store)) == {"sent"})

    assert len(server.mails) == len(mails(store))


async def test_server_that_cannot_now_is_given_up_in_the_open_after_a_bounded_number_of_tries(store: Store) -> None:
    await on_call(store)

    with mail_server() as server:
        server.answer = "451 later"
        async with mailing(store, server.settings, most=3) as (metrics,):
            await fire(store)
            await until(lambda: set(states(store)) == {"failed"})

    assert len(server.mails) == 3 * len(mails(store))
    assert len({mail["Message-ID"] for mail in server.mails}) == len(mails(store))
    told = store.rows("SELECT feed_id, audience, priority FROM feed_entry WHERE title LIKE 'En e-mail til vagten%%'")
    assert {row["feed_id"] for row in told} >= {row["organization"] for row in mails(store)}
    assert {tuple(row["audience"]) for row in told} == {("operator",)}
    assert metrics.alert_mails.labels(result="failed")._value.get() == len(mails(store))  # noqa: SLF001 - the counter shows it no other way


async def test_address_that_the_server_knows_nothing_of_is_given_up_at_once(store: Store) -> None:
    await on_call(store)

    with mail_server() as server:
        server.answers_recipient = "550 nobody here"
        async with mailing(store, server.settings):
            await fire(store)
            await until(lambda: set(states(store)) == {"failed"})

    assert {(row["tries"], row["reason"]) for row in mails(store)} == {(0, "smtp-550")}


async def test_quiet_hours_hold_back_what_can_wait_and_nothing_else(store: Store) -> None:
    # It is 11:40 to 11:40 the next day in Denmark: the rungs of this agreement strike within the first half day.
    await on_call(store, quiet=QuietHours(NOW.time().replace(hour=0), NOW.time().replace(hour=23, minute=59)))
    store.rows("UPDATE task SET priority = 'urgent'")
    (first, *_) = sorted(escalations(store))
    store.rows("UPDATE task SET priority = 'asap' WHERE id = %(id)s::uuid", id=first)

    await fire(store)

    waits = {str(task): row["due_at"] - row["created_at"] for row in mails(store) for task in row["tasks"]}
    assert waits.pop(first) == timedelta()
    assert waits
    assert all(wait > timedelta(hours=1) for wait in waits.values())


async def test_entry_of_another_role_or_another_time_is_left_alone(store: Store) -> None:
    await on_call(store, address="old@kommune.example", valid_to=(NOW - DAY).date())
    await on_call(store, address="later@kommune.example", valid_from=(NOW + DAY).date())

    await fire(store)

    assert mails(store) == []
    assert NORTH in {row["organization"] for row in store.rows("SELECT organization FROM on_call")}
