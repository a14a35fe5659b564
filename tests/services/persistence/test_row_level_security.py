"""The second wall, with the first one taken away: raw SELECTs as the reader, for callers of every kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from discharge.commands import HearReceipt, ReceiptCode, StateMedication
from discharge.documents.commands import RuleDocuments
from discharge.documents.rulings import RulingKind
from discharge.handlers import (
    FireTimers,
    file_report,
    fire_timers,
    hear_receipt,
    receive_letter,
    rule_documents,
    state_medication,
)
from discharge.identifiers import FeedId, MessageId, SorCode, StayId
from discharge.medication.lists import Column
from discharge.plan import Need, PlanRevision
from discharge.policy import Caller, Role
from discharge.task import Move
from notifications.interruptions import Interruption
from services.persistence.desk_acts import OpenMessage, open_outbound
from services.persistence.interruptions import SqlInterruptions
from tests import factories, letters
from tests.discharge.documents.made import a_report
from tests.discharge.medication.lines import medicine, stated
from tests.engines import Database
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, NOW, OTHER_WARD, PRACTICE, REGION, SOUTH, WARD
from tests.services.persistence.store import OPERATOR, Store, store_on
from tests.services.test_calls import on_call
from tests.services.test_deliveries import post

SETTINGS: Final = ("organizations", "classes", "leads", "caller_role", "now")
ACCESS: Final = timedelta(days=30)


@pytest.fixture
async def world(module_database: Database) -> AsyncIterator[Store]:
    """One citizen home from hospital with a plan, a rejected task and fired ladders; filled by the first test."""
    async with store_on(module_database, patients=[factories.patient()]) as store:
        if not store.rows("SELECT 1 FROM stay"):
            episode = factories.episode()
            await store.admit(episodes=(episode,))
            (stay,) = store.rows("SELECT id FROM stay")
            revision = PlanRevision(needs=frozenset({Need.HOME_NURSING}), contact_phone="35 45 35 45")
            await store.revise(str(stay["id"]), revision=revision)
            await store.send_home(episodes=(episode,), history=(MessageId("an-earlier-one"),))
            await store.send_home(episodes=(episode,), ended_at=NOW + timedelta(minutes=1))
            nurse = factories.home_nurse()
            await store.move(nurse, await store.task(nurse, "pause-services"), Move.REJECT, reason="Bor her ikke")
            await on_call(store)
            told = Interruption(feed=FeedId(NORTH), offset=1, at=NOW, rang=True)
            await SqlInterruptions(store.database.writing).keep(nurse, [told])
            await store.run(fire_timers, FireTimers(until=NOW + timedelta(hours=2)))
            await store.receive(factories.receive(sent=(sent := factories.envelope())))
            await store.receive(factories.receive(sent=replace(sent, fingerprint=b"another")))
            await store.run(receive_letter, letters.receive(letters.letter(letters.text(), letters.file())))
            await leave(store)
            doctor = factories.caller(Role.DOCTOR, HOSPITAL, unit=WARD)
            listed = stated(Column.AT_DISCHARGE, medicine(), id=factories.new_id())
            await store.run(
                state_medication, StateMedication(caller=doctor, stay_id=StayId(str(stay["id"])), stated=listed)
            )
            await two_reports(store, doctor, StayId(str(stay["id"])))
        yield store


async def two_reports(store: Store, doctor: Caller, stay_id: StayId) -> None:
    """Two reports are in question, and the ward settles it."""
    one, other = [await store.run(file_report, a_report(doctor, stay_id)) for _ in range(2)]
    said = RuleDocuments(
        caller=doctor,
        stay_id=stay_id,
        kind=RulingKind.REPLACES,
        document_id=other.filed.id,
        other_id=one.filed.id,
        expected_version=2,
    )
    await store.run(rule_documents, said)


async def leave(store: Store) -> None:
    """A message of the ward has left, was receipted, and an operator looked at it."""
    made = await post(store)
    (sent,) = store.rows("SELECT message_id FROM outbound_message")
    by = factories.caller(Role.SYSTEM, MUNICIPALITY)
    receipt = factories.envelope(sender=MUNICIPALITY, receiver=WARD)
    answers = MessageId(sent["message_id"])
    await store.run(hear_receipt, HearReceipt(caller=by, envelope=receipt, answers=answers, code=ReceiptCode.OK))
    why = "Modtageren siger, at den er tom"
    await store.run(open_outbound, OpenMessage(caller=OPERATOR, request_id="r", id=made, reason=why))


def guarded(store: Store) -> list[str]:
    """Every table behind the wall that a reader may ask."""
    found = store.rows(
        "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity"
        " AND has_table_privilege('stafet_reader', oid, 'SELECT') ORDER BY 1"
    )
    return [row["name"] for row in found]


async def seen_by(store: Store, caller: Caller) -> dict[str, int]:
    """How many rows of each guarded table a caller gets who asks for all of them."""
    async with store.reading(caller) as session:
        return {
            table: int((await session.connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())
            for table in guarded(store)
        }


async def codes_seen_by(store: Store, caller: Caller) -> set[str]:
    async with store.reading(caller) as session:
        return set((await session.connection.execute(text("SELECT code FROM task"))).scalars())


async def test_every_guarded_table_holds_something(world: Store) -> None:
    counts = world.counts()

    # Nobody writes to the last one any more; a later release drops it.
    assert {table for table in guarded(world) if not counts[table]} == {"superseded"}


@pytest.mark.parametrize(
    "caller",
    [
        factories.caller(Role.HOME_NURSE, NEIGHBOUR),
        factories.caller(Role.VISITATOR, NEIGHBOUR),
        factories.caller(Role.SYSTEM, NEIGHBOUR),
        factories.caller(Role.LEADER, NEIGHBOUR),
        factories.caller(Role.OPERATOR, NEIGHBOUR),
        factories.home_nurse(SOUTH),
        factories.ward_nurse(OTHER_WARD),
        factories.caller(Role.DOCTOR, HOSPITAL, unit=OTHER_WARD),
        factories.caller(Role.WARD, factories.PAPER_HOSPITAL),
        factories.caller(Role.HOME_NURSE, factories.UNREGISTERED),
        factories.caller(Role.AGREEMENT_EDITOR, MUNICIPALITY),
    ],
    ids=lambda caller: f"{caller.role}@{caller.acting}",
)
async def test_caller_of_another_place_gets_no_row_of_any_table(world: Store, caller: Caller) -> None:
    seen = await seen_by(world, caller)
    own = {"feed", "feed_entry"} if caller.acting == MUNICIPALITY else set()

    assert {table for table, rows in seen.items() if rows} <= own


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("place", [REGION, HOSPITAL, WARD, MUNICIPALITY, NORTH, PRACTICE])
async def test_role_reads_only_its_classes_at_its_kind_of_place(world: Store, role: Role, place: SorCode) -> None:
    caller = factories.caller(role, place)
    async with world.reading(caller) as session:
        directory = session.directory
        classes = {str(content) for content in caller.readable_classes(directory)}
        read = {row.content_class for row in await session.connection.execute(text("SELECT * FROM task"))}
        plans = (await session.connection.execute(text("SELECT count(*) FROM plan_version"))).scalar_one()
        told = {row.content_class for row in await session.connection.execute(text("SELECT * FROM event"))}
        patients = (await session.connection.execute(text("SELECT count(*) FROM patient"))).scalar_one()
        messages = (await session.connection.execute(text("SELECT count(*) FROM message"))).scalar_one()
        escalated = caller.leads() is not None and patients == 1

    if not escalated:
        assert read <= classes
        assert told <= classes
        assert patients == (1 if "notice" in classes else 0)
    assert bool(plans) == ("plan" in classes)
    assert bool(messages) == (role is Role.OPERATOR and place in {REGION, HOSPITAL, WARD, MUNICIPALITY})


async def test_visitator_never_sees_medicine_or_documents(world: Store) -> None:
    seen = await codes_seen_by(world, factories.caller(Role.VISITATOR, MUNICIPALITY))

    assert "resume-services" in seen
    assert seen.isdisjoint({"reconcile-medication", "read-discharge-letter", "send-discharge-letter"})


async def test_leader_sees_the_task_escalated_to_that_leader_and_no_other(world: Store) -> None:
    (escalated,) = world.rows("SELECT code, escalated_to FROM task WHERE escalated_to <> '{}'")
    organization = SorCode(escalated["escalated_to"][0].split("|")[0])
    another = next(sor for sor in (MUNICIPALITY, NORTH, SOUTH) if sor != organization)

    seen = await codes_seen_by(world, factories.leader(organization))
    seen_elsewhere = await codes_seen_by(world, factories.leader(another))

    assert seen == {escalated["code"]} == {"resume-services"}
    assert seen_elsewhere == set()


async def test_operator_sees_that_messages_came_and_no_citizen(world: Store) -> None:
    seen = await seen_by(world, OPERATOR)

    assert seen["message"] == 5
    traffic = {"message", "message_aside", "outbound_message", "outbound_receipt", "message_act"}
    book = {"on_call", "alert_mail", "interruption"}
    assert {table for table, rows in seen.items() if rows} <= traffic | book | {"feed", "feed_entry"}


async def test_leader_and_operator_of_a_place_alone_see_whom_it_has_on_call_and_what_rang(
    world: Store,
) -> None:
    for role in Role:
        seen = await seen_by(world, factories.caller(role, MUNICIPALITY))

        book = {table: bool(seen[table]) for table in ("on_call", "alert_mail", "interruption")}
        assert set(book.values()) == {role in {Role.LEADER, Role.OPERATOR}}, (role, book)


async def test_party_row_shows_only_ones_own_place(world: Store) -> None:
    async with world.reading(factories.home_nurse()) as session:
        seen = (await session.connection.execute(text("SELECT DISTINCT organization FROM party"))).scalars().all()

    assert seen == [NORTH]


async def test_reader_without_settings_sees_nothing(world: Store) -> None:
    async with world.database.engine.connect() as connection:
        await connection.execute(text("SET LOCAL ROLE stafet_reader"))
        for table in guarded(world):
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0, table


async def test_settings_do_not_reach_the_next_transaction_of_the_connection(world: Store) -> None:
    async with world.reading(factories.home_nurse()) as session:
        pid = (await session.connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()

    async with world.database.engine.connect() as connection:
        assert (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one() == pid, "the pooled one"
        for name in SETTINGS:
            left = await connection.execute(text(f"SELECT current_setting('stafet.{name}')"))
            assert left.scalar_one() == "", name
        assert (await connection.execute(text("SELECT current_user"))).scalar_one() == "stafet_app"
        await connection.execute(text("SET LOCAL ROLE stafet_reader"))
        for table in guarded(world):
            # Empty settings are no error, and they open nothing.
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0, table


async def test_reader_cannot_write(world: Store) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with world.reading(factories.ward_nurse()) as session:
            await session.connection.execute(text("UPDATE task SET status = 'completed'"))


async def test_access_ends_with_its_day_and_is_open_until_then(store: Store) -> None:
    episode = factories.episode()
    await store.admit(episodes=(episode,))
    await store.send_home(episodes=(episode,))
    await close_everything(store)
    before, after = NOW + ACCESS - timedelta(minutes=10), NOW + ACCESS + timedelta(minutes=10)

    await store.database.move_clock(before)
    seen_before = await seen_by(store, factories.home_nurse())
    await store.database.move_clock(after)
    seen_after = await seen_by(store, factories.home_nurse())

    assert seen_before["stay"] == seen_before["patient"] == 1
    assert {table for table, rows in seen_after.items() if rows} == {"feed", "feed_entry"}


async def test_after_a_transfer_the_ward_left_behind_sees_nothing(store: Store) -> None:
    episode = factories.episode()
    await store.admit(episodes=(episode,))
    seen_while_there = await seen_by(store, factories.ward_nurse())
    later = factories.notice(
        episodes=(episode,), service_provider=OTHER_WARD, started_at=factories.ADMITTED_AT + timedelta(minutes=20)
    )
    sent = factories.receive(later, sent=factories.envelope(sender=OTHER_WARD))

    await store.receive(sent)

    seen = await seen_by(store, factories.ward_nurse())
    assert seen_while_there["stay"] == 1
    assert {table for table, rows in seen.items() if rows} == {"feed", "feed_entry"}
    assert (await seen_by(store, factories.ward_nurse(OTHER_WARD)))["stay"] == 1


async def close_everything(store: Store) -> None:
    """Everybody does what they owe."""
    for who in (factories.home_nurse(), factories.gp(), factories.ward_nurse()):
        scope = [who.acting]
        for row in store.rows("SELECT code FROM task WHERE owner = ANY(%(scope)s) ORDER BY id", scope=scope):
            task = await store.task(who, row["code"])
            await store.move(who, await store.move(who, task, Move.ACCEPT), Move.COMPLETE)
