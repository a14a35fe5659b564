"""The chain over the audit shows whatever a superuser does to it afterwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.persistence.sealing import first_broken_seal, seal_audit
from tests import factories
from tests.services.persistence.store import Store, audit, real_time

ROWS = 7


async def fill(store: Store, rows: int = ROWS) -> None:
    for number in range(rows):
        await store.database.audit_refusal(audit(factories.home_nurse(name=f"nurse {number}")), 404)


async def broken(store: Store, batch: int = 3) -> int | None:
    async with store.database.engine.connect() as connection:
        return await first_broken_seal(connection, batch)


async def test_chain_over_all_rows_is_whole(store: Store) -> None:
    await fill(store)

    assert await seal_audit(store.database.engine) == ROWS
    assert await seal_audit(store.database.engine) == 0
    assert await broken(store) is None
    assert [row["number"] for row in store.rows("SELECT number FROM audit_seal ORDER BY number")] == list(range(1, 8))


async def test_sealing_goes_on_where_it_stopped(store: Store) -> None:
    await fill(store)

    assert [await seal_audit(store.database.engine, limit=3) for _ in range(4)] == [3, 3, 1, 0]
    await fill(store, 2)
    assert await seal_audit(store.database.engine) == 2
    assert await broken(store) is None


async def test_nothing_sealed_is_nothing_broken(store: Store) -> None:
    assert await broken(store) is None


async def test_two_workers_make_one_chain(store: Store) -> None:
    await fill(store)

    await asyncio.gather(*(seal_audit(store.database.engine, limit=2) for _ in range(8)))
    while await seal_audit(store.database.engine, limit=2):
        pass

    assert store.counts()["audit_seal"] == ROWS
    assert await broken(store) is None


@pytest.mark.parametrize(
    ("harm", "at"),
    [
        ("UPDATE audit SET person_name = 'Someone else' WHERE id = %(third)s", 3),
        ("UPDATE audit SET stays = '{}', outcome = 200 WHERE id = %(third)s", 3),
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE id = %(third)s", 3),
        ("DELETE FROM audit WHERE id = %(third)s", 3),
        ("DELETE FROM audit_seal WHERE number = 3", 3),
        ("DELETE FROM audit_seal WHERE number = 1", 1),
        ("UPDATE audit_seal SET digest = '' WHERE number = 3", 3),
        ("UPDATE audit_seal SET number = number + 100 WHERE number > 2", 3),
        (
            "DELETE FROM audit WHERE id = %(third)s; DELETE FROM audit_seal WHERE number = 3;"  # noqa: ISC004 - one text
            "UPDATE audit_seal SET number = -number WHERE number > 3;"
            "UPDATE audit_seal SET number = -number - 1 WHERE number < 0",
            3,
        ),
    ],
    ids=["name", "stays", "time", "row gone", "seal gone", "first seal gone", "digest", "hole", "closed up"],
)
async def test_what_a_superuser_does_is_found(store: Store, harm: str, at: int) -> None:
    await fill(store)
    await seal_audit(store.database.engine)
    (third,) = store.rows("SELECT audit_id FROM audit_seal WHERE number = 3")

    for statement in harm.split(";"):
        store.rows(statement, third=third["audit_id"])

    assert await broken(store) == at


async def test_swapped_rows_are_found(store: Store) -> None:
    await fill(store)
    await seal_audit(store.database.engine)
    second, fifth = store.rows("SELECT audit_id AS id FROM audit_seal WHERE number IN (2, 5) ORDER BY number")

    store.rows("UPDATE audit_seal SET audit_id = gen_random_uuid() WHERE number = 2")
    store.rows("UPDATE audit_seal SET audit_id = %(id)s WHERE number = 5", **second)
    store.rows("UPDATE audit_seal SET audit_id = %(id)s WHERE number = 2", **fifth)

    assert await broken(store) == 2


async def test_row_slipped_in_among_older_ones_is_never_sealed_and_is_found(store: Store) -> None:
    await fill(store)
    await seal_audit(store.database.engine)
    slip = (
        "INSERT INTO audit (id, at, request_id, action, route, outcome, stays)"
        " VALUES (gen_random_uuid(), %(at)s, 'r', 'a', '/x', 200, '{}')"
    )

    store.rows(slip, at=real_time() - timedelta(days=2))
    await seal_audit(store.database.engine)

    assert await broken(store) == ROWS + 1


async def test_row_of_a_slow_request_is_still_sealed(store: Store) -> None:
    await fill(store)
    await seal_audit(store.database.engine)
    late = (
        "INSERT INTO audit (id, at, request_id, action, route, outcome, stays)"
        " VALUES (gen_random_uuid(), %(at)s, 'r', 'a', '/x', 200, '{}')"
    )

    store.rows(late, at=real_time() - timedelta(minutes=5))

    assert await seal_audit(store.database.engine) == 1
    assert await broken(store) is None
