"""Transactions as requests use them: retried when they lost a race, audited, and told to whoever follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from discharge.errors import NotFoundError
from discharge.handlers import FireTimers, fire_timers, revise_plan
from discharge.identifiers import FeedId, SorCode, StayId
from discharge.policy import Role
from services.persistence.audit import audit_row
from services.persistence.database import Database, engine_for, new_id
from services.persistence.facts import put_fact, read_fact
from services.persistence.master import put_organizations
from services.persistence.unit_of_work import SqlUnitOfWork
from tests import factories
from tests.factories import NOW
from tests.services.persistence.store import VAULT, Store, audit, cpr, real_time, store_on


def failing(code: str, times: int) -> tuple[Callable[[object, SqlUnitOfWork], Any], list[int]]:
    """A handler that PostgreSQL itself stops with an error of ``code``, so many times."""
    tries: list[int] = []

    async def handler(command: object, uow: SqlUnitOfWork) -> str:
        tries.append(1)
        await uow.messages.claim(factories.envelope())
        if len(tries) <= times:
            connection = uow._connection  # noqa: SLF001 - the test speaks to the server in its place
            await connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '{code}'; END $$"))
        await uow.commit()
        return "done"

    return handler, tries


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_lost_race_is_tried_once_more(store: Store, code: str) -> None:
    handler, tries = failing(code, 1)

    assert await store.run(handler, "command") == "done"

    assert len(tries) == 2
    assert store.counts()["message"] == 1


@pytest.mark.parametrize(("code", "expected"), [("40001", 2), ("23505", 1)])
async def test_race_lost_twice_and_other_failures_are_told(store: Store, code: str, expected: int) -> None:
    handler, tries = failing(code, 9)

    with pytest.raises(DBAPIError):
        await store.run(handler, "command")

    assert len(tries) == expected
    assert store.counts()["message"] == 0


async def test_real_deadlock_is_survived(store: Store) -> None:
    await store.admit()
    await store.admit(cpr=cpr(1), family="Anden")
    stays = [row["id"] for row in store.rows("SELECT id::text FROM stay ORDER BY id")]
    assert len(stays) == 2
    tries: list[str] = []
    both_hold_one = asyncio.Barrier(2)

    async def crossing(order: list[str], uow: SqlUnitOfWork) -> None:
        tries.append(order[0])
        await uow.stays.get(StayId(order[0]))
        if len(tries) <= both_hold_one.parties:
            await both_hold_one.wait()
        await uow.stays.get(StayId(order[1]))
        await uow.commit()

    await asyncio.gather(store.run(crossing, stays), store.run(crossing, stays[::-1]))

    assert len(tries) == 3


async def test_followers_are_woken_after_the_commit_only(store: Store) -> None:
    seen: list[int] = []
    store.database.wakes(lambda heads: seen.append(store.counts()["feed_entry"] * bool(heads)))

    await store.admit()

    assert seen == [store.counts()["feed_entry"]]


async def test_command_that_was_committed_is_timed_by_its_name(store: Store) -> None:
    timed: list[tuple[str, bool]] = []
    store.database.times(lambda name, seconds: timed.append((name, seconds > 0)))

    await store.admit()
    await store.run(fire_timers, FireTimers(until=NOW))
    with pytest.raises(NotFoundError):
        await store.revise(str(uuid4()))

    assert timed == [("test", True), ("fire-timers", True)]


async def test_rights_are_those_of_the_register_that_the_read_works_with(store: Store) -> None:
    nurse = factories.home_nurse(None)

    async def scopes() -> tuple[str, str]:
        async with store.reading(nurse) as session:
            told = await session.connection.execute(text("SELECT current_setting('stafet.organizations')"))
            return str(told.scalar_one()), ",".join(nurse.scope(session.directory))

    for number in range(5):
        async with store.database.writing() as connection:
            unit = replace(factories.directory()[factories.NORTH], sor=SorCode(f"77{number:06}"))
            await put_organizations(connection, [unit])
        for told, held in await asyncio.gather(*(scopes() for _ in range(8))):
            assert told == held
            assert unit.sor in told


async def test_database_without_followers_commits_all_the_same(store: Store) -> None:
    quiet = Database(store.database.engine, VAULT, access_days=30, demo=True)

    await Store(store.urls, quiet).admit()

    assert store.counts()["stay"] == 1


async def test_read_is_one_snapshot(store: Store) -> None:
    async with store.reading(factories.home_nurse()) as session:
        before = (await session.connection.execute(text("SELECT count(*) FROM task"))).scalar_one()
        head = await session.feed_head()
        await store.admit()
        after = (await session.connection.execute(text("SELECT count(*) FROM task"))).scalar_one()
        assert await session.feed_head() == head

    assert (before, after, head.offset) == (0, 0, 0)
    async with store.reading(factories.home_nurse()) as session:
        assert (await session.feed_head()).offset == 2
        above = await session.feed_head(FeedId(factories.MUNICIPALITY))
        assert above.offset == 0, "the feed of another place says nothing"


async def test_read_leaves_one_audit_row_with_the_stays_it_handed_out(store: Store) -> None:
    nurse = factories.home_nurse()
    async with store.reading(nurse) as session:
        session.saw(StayId("b"), StayId("a"))
        session.saw(StayId("a"))

    (row,) = store.rows("SELECT * FROM audit")
    assert row["stays"] == ["a", "b"]
    assert (row["person_id"], row["role"], row["route"], row["outcome"]) == (
        nurse.person_id,
        "home-nurse",
        "/test",
        200,
    )
    assert abs(row["at"] - real_time()) < timedelta(minutes=1), "audit keeps the real clock"


async def test_read_that_fails_hands_out_nothing_and_leaves_its_row_to_the_refusal(store: Store) -> None:
    with pytest.raises(NotFoundError):
        async with store.reading(factories.home_nurse()):
            raise NotFoundError(kind="Stay")
    assert store.counts()["audit"] == 0

    await store.database.audit_refusal(audit(factories.home_nurse()), 404)

    assert [row["outcome"] for row in store.rows("SELECT outcome, stays FROM audit")] == [404]


async def test_refusal_names_the_stay_that_was_reached(store: Store) -> None:
    await store.admit()
    (stay,) = store.rows("SELECT id::text FROM stay")
    stranger = audit(factories.ward_nurse(factories.OTHER_WARD))
    command = factories.revise(StayId(stay["id"]), caller=stranger.caller)

    with pytest.raises(NotFoundError):
        await store.database.run(stranger, revise_plan, command)
    await store.database.audit_refusal(stranger, 404)

    assert store.rows("SELECT stays FROM audit WHERE outcome = 404") == [{"stays": [stay["id"]]}]


async def test_no_audit_no_data(store: Store) -> None:
    store.rows("REVOKE INSERT ON audit FROM stafet_reader, stafet_writer")

    with pytest.raises(DBAPIError, match="permission denied"):
        async with store.reading(factories.home_nurse()):
            pass
    with pytest.raises(DBAPIError, match="permission denied"):
        await store.admit()

    assert store.counts()["stay"] == 0


async def test_sessions_speak_utc(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        assert (await connection.execute(text("SHOW timezone"))).scalar_one() == "UTC"


async def test_plans_that_are_kept_outlive_a_migration_of_every_table(store: Store) -> None:
    await store.admit()
    async with store.database.engine.connect() as connection:
        kept = (await connection.execute(text("SELECT statement FROM pg_prepared_statements"))).scalars().all()
    assert kept

    for table in store.counts():
        store.rows(f'ALTER TABLE "{table}" ADD COLUMN added_while_they_run text')

    await store.send_home()
    assert store.rows("SELECT state FROM stay ORDER BY state") == [{"state": "admitted"}, {"state": "ended"}]


async def test_cut_connection_is_told_and_the_next_one_works(store: Store) -> None:
    async def cut(command: object, uow: SqlUnitOfWork) -> None:
        await uow.messages.claim(factories.envelope())
        store.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'stafet_app' AND datname = current_database()"
        )
        await uow.commit()

    with pytest.raises(OperationalError) as told:
        await store.run(cut, "command")
    assert told.value.connection_invalidated

    await store.admit()

    assert store.counts()["stay"] == 1


async def test_bare_writing_commits_at_its_end_and_not_before_an_error(store: Store) -> None:
    async with store.database.writing() as connection:
        await put_fact(connection, "one", "1")
        await put_fact(connection, "one", "2")
        assert await read_fact(connection, "one") == "2"
        assert await read_fact(connection, "none") is None
    with pytest.raises(RuntimeError):
        await fail_after_writing(store)

    assert store.rows("SELECT key FROM meta WHERE key IN ('one', 'two')") == [{"key": "one"}]


async def fail_after_writing(store: Store) -> None:
    async with store.database.writing() as connection:
        await put_fact(connection, "two", "2")
        raise RuntimeError


async def test_clock_is_the_real_one_outside_demo_mode(store: Store) -> None:
    await store.database.move_clock(NOW + timedelta(days=400))

    async with store_on(store.urls, demo=False) as production:
        assert abs(await production.database.now() - real_time()) < timedelta(minutes=1)
        async with production.reading(factories.home_nurse()) as session:
            assert abs(session.now - real_time()) < timedelta(minutes=1)
            policy = await session.connection.execute(text("SELECT stafet_now()"))
            assert policy.scalar_one() == session.now


async def test_wall_and_policy_agree_on_the_moment_in_demo_mode(store: Store) -> None:
    async with store.reading(factories.home_nurse()) as session:
        policy = await session.connection.execute(text("SELECT stafet_now()"))
        assert policy.scalar_one() == session.now
        assert timedelta() <= session.now - NOW < timedelta(minutes=1)


def test_ids_rise_with_time() -> None:
    ids = [new_id() for _ in range(200)]

    assert len(set(ids)) == 200
    assert ids == sorted(ids)


def test_audit_row_names_caller_and_door() -> None:
    caller = factories.caller(Role.SYSTEM, factories.HOSPITAL)

    row = audit_row(audit(caller, action="read"), outcome=403, stays=("s",), audit_id=str(uuid4()))

    assert (row["action"], row["outcome"], row["stays"], row["unit"]) == ("read", 403, ["s"], None)


async def test_engine_waits_no_longer_than_its_timeout_for_a_connection(store: Store) -> None:
    engine = engine_for(store.urls.app_url, pool_size=1, overflow=0, timeout=0.1)
    database = Database(engine, VAULT, access_days=30, demo=True)

    async with database.unit_of_work(None):
        with pytest.raises(PoolTimeoutError, match="QueuePool limit"):
            await database.now()
    await engine.dispose()
