"""Bodies go when their time is over; that a message came, and what it was answered, stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from discharge.identifiers import FeedId
from notifications.interruptions import Interruption
from services.persistence.interruptions import SqlInterruptions, drop_old_interruptions
from services.persistence.retention import drop_old_bodies
from tests import factories
from tests.services.persistence.store import Store, real_time
from tests.services.test_deliveries import post

DAY = timedelta(days=1)


async def test_only_bodies_that_are_old_enough_go(store: Store) -> None:
    command = factories.receive(sent=factories.envelope(body=b"one"))
    await store.receive(command)
    await store.receive(replace(command, envelope=replace(command.envelope, fingerprint=b"o", body=b"two")))
    await store.refuse(None, factories.envelope(body=b"three"))

    assert await drop_old_bodies(store.database, real_time() - DAY) == 0
    assert await drop_old_bodies(store.database, real_time() + DAY) == 3
    assert await drop_old_bodies(store.database, real_time() + DAY) == 0

    for table in ("message", "message_aside"):
        assert {(row["body"], row["wrapped_key"]) for row in store.rows(f"SELECT * FROM {table}")} == {(None, None)}
    kept = store.rows("SELECT receipt, fingerprint FROM message ORDER BY id")
    assert [row["receipt"] for row in kept] == ["ok", "fatal-error"]
    assert all(row["fingerprint"] for row in kept)


async def test_message_whose_body_went_is_still_a_repeat(store: Store) -> None:
    command = factories.receive()
    first = await store.receive(command)
    await drop_old_bodies(store.database, real_time() + DAY)

    again = await store.receive(command)

    assert again == replace(first, duplicate=True)


async def test_what_is_dropped_leaves_an_audit_row_and_nothing_dropped_leaves_none(store: Store) -> None:
    await store.admit()
    (stay,) = store.rows("SELECT id::text FROM stay")

    await drop_old_bodies(store.database, real_time() - DAY)
    assert store.rows("SELECT * FROM audit WHERE action = 'drop-bodies'") == []
    await drop_old_bodies(store.database, real_time() + DAY)

    (row,) = store.rows("SELECT route, role, stays FROM audit WHERE action = 'drop-bodies'")
    assert row == {"route": "WORKER retention", "role": "system", "stays": [stay["id"]]}


async def test_message_that_is_still_on_its_way_keeps_its_body(store: Store) -> None:
    await store.admit()
    for state in ("sent", "acknowledged"):
        made = await post(store)
        store.rows("UPDATE outbound_message SET state = %(state)s WHERE id = %(id)s::uuid", state=state, id=made)

    await drop_old_bodies(store.database, real_time() + DAY)

    kept = store.rows("SELECT state, body IS NOT NULL AS kept FROM outbound_message ORDER BY state")
    assert [(row["state"], row["kept"]) for row in kept] == [("acknowledged", False), ("sent", True)]


async def test_what_rang_at_whom_is_forgotten_when_its_time_is_over(store: Store) -> None:
    told = [
        Interruption(feed=FeedId(factories.NORTH), offset=day, at=real_time() - day * DAY, rang=True) for day in (1, 3)
    ]
    await SqlInterruptions(store.database.writing).keep(factories.home_nurse(), told)

    async with store.database.writing() as connection:
        assert await drop_old_interruptions(connection, real_time() - 2 * DAY) == 1

    assert [row["number"] for row in store.rows("SELECT number FROM interruption")] == [1]
