"""A stay that cannot be read keeps nobody else's deadline waiting, and operators hear of it once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from services.persistence.demo_clock import advance_clock
from services.persistence.firing import fire_batch
from services.persistence.people import put_patient
from tests import factories
from tests.engines import Database
from tests.factories import HOSPITAL, MUNICIPALITY, NOW
from tests.services.persistence.store import Store, cpr, store_on

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """Three citizens in hospital; the key of the one whose deadlines come first is damaged."""
    async with store_on(database) as made:
        async with made.database.writing() as connection:
            for each in range(3):
                await put_patient(connection, made.database.vault, factories.patient(cpr=cpr(each)))
        for each in range(3):
            await made.admit(cpr=cpr(each))
        yield made


def stay_of(store: Store, number: int) -> dict[str, Any]:
    index = store.database.vault.blind_index(cpr(number))
    (row,) = store.rows(
        "SELECT s.id::text, p.id::text AS patient FROM stay s JOIN patient p ON p.id = s.patient_id"
        " WHERE p.cpr_index = %(index)s",
        index=index,
    )
    return row


def damage(store: Store, number: int = 0) -> str:
    """Damage the citizen's key; return the stay."""
    stay = stay_of(store, number)
    store.rows(
        "UPDATE patient SET wrapped_key = repeat('damaged', 9)::bytea WHERE id = %(id)s::uuid", id=stay["patient"]
    )
    return str(stay["id"])


def unfired(store: Store) -> set[str]:
    rows = store.rows("SELECT DISTINCT stay_id::text AS id FROM timer WHERE fired_at IS NULL AND due_at IS NOT NULL")
    return {row["id"] for row in rows}


def told(store: Store) -> list[dict[str, Any]]:
    return store.rows(
        "SELECT feed_id, priority, audience, stay_id::text FROM feed_entry"
        " WHERE title LIKE 'Fristerne i et forløb%%' ORDER BY feed_id"
    )


async def test_everybody_elses_timers_fire_and_operators_hear_of_it_once(store: Store) -> None:
    damaged = damage(store)

    with capture_logs() as logs:
        first = await fire_batch(store.database, until=NOW + DAY)
        again = await fire_batch(store.database, until=NOW + DAY)

    assert first > 0
    assert again == 0
    assert unfired(store) == {damaged}
    assert told(store) == [
        {"feed_id": place, "priority": "stat", "audience": ["operator"], "stay_id": damaged}
        for place in sorted((HOSPITAL, MUNICIPALITY))
    ]
    assert [(line["event"], line["stay"], line["error"]) for line in logs if line["log_level"] == "error"] == [
        ("stay-passed-over", damaged, "InvalidTag")
    ]


async def test_damaged_stay_fills_no_batch_that_others_wait_for(store: Store) -> None:
    damaged = damage(store)

    while await fire_batch(store.database, until=NOW + DAY, limit=1):
        continue

    assert unfired(store) == {damaged}


async def test_it_is_tried_again_later_and_later_and_told_no_second_time(store: Store) -> None:
    damage(store)
    waits = []
    for _ in range(9):
        store.rows("UPDATE stalled_stay SET retry_at = now() - interval '1 second'")
        await fire_batch(store.database, until=NOW + DAY)
        (row,) = store.rows("SELECT round(extract(epoch FROM retry_at - now()) / 60)::int AS minutes FROM stalled_stay")
        waits.append(row["minutes"])

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert len(told(store)) == 2


async def test_mended_stay_catches_up_and_a_new_damage_is_told_anew(store: Store) -> None:
    stay = stay_of(store, 0)
    (kept,) = store.rows("SELECT wrapped_key FROM patient WHERE id = %(id)s::uuid", id=stay["patient"])
    damage(store)
    await fire_batch(store.database, until=NOW + 16 * MINUTE)
    store.rows(
        "UPDATE patient SET wrapped_key = %(key)s WHERE id = %(id)s::uuid", key=kept["wrapped_key"], id=stay["patient"]
    )
    store.rows("UPDATE stalled_stay SET retry_at = now() - interval '1 second'")

    await fire_batch(store.database, until=NOW + 16 * MINUTE)

    assert store.rows("SELECT retry_at FROM stalled_stay") == [{"retry_at": None}]
    damage(store)
    await fire_batch(store.database, until=NOW + DAY)
    assert len(told(store)) == 4


async def test_demo_clock_moves_on_past_it(store: Store) -> None:
    damaged = damage(store)

    assert await advance_clock(store.database, NOW + DAY) >= NOW + DAY

    assert unfired(store) == {damaged}


async def test_what_the_store_refuses_is_no_stays_fault(store: Store) -> None:
    store.rows("REVOKE UPDATE ON timer FROM stafet_writer")

    with pytest.raises(ProgrammingError):
        await fire_batch(store.database, until=NOW + DAY)

    assert store.rows("SELECT * FROM stalled_stay") == []
    assert told(store) == []
