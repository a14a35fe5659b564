"""Bodies go when their time is over; that a message came, and what it was answered, stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.persistence.retention import drop_old_bodies
from tests import factories
from tests.services.persistence.store import Store, real_time

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
