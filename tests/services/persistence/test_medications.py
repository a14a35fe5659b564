"""Medicine in the real store: what goes in comes out, and who may not read it is told that there is none."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from discharge.commands import CommentLine, DecideLines, LineDecision, SignOffMedication, StateMedication
from discharge.errors import NotFoundError
from discharge.handlers import comment_line, decide_lines, sign_off_medication, state_medication
from discharge.identifiers import StayId
from discharge.medication.lines import Change, MedicationLine
from discharge.medication.lists import Column, MedicationList
from discharge.medication.record import LineId, LineState, MedicationReconciliation, Verdict
from discharge.policy import Role
from services.persistence.medication_reads import medication_of, stay_of_line
from tests import factories
from tests.discharge.medication.lines import dose, medicine, stated
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, WARD, caller
from tests.services.persistence.store import Store, store_on

DOCTOR = caller(Role.DOCTOR, HOSPITAL, unit=WARD)
SECRET = "Hemmelix"


@pytest.fixture
async def store(database: Any) -> AsyncIterator[Store]:
    """A citizen has gone home."""
    async with store_on(database, patients=[factories.patient()]) as made:
        await made.send_home()
        yield made


def stay_of(store: Store) -> StayId:
    (row,) = store.rows("SELECT id FROM stay")
    return StayId(str(row["id"]))


def a_list(column: Column, *lines: MedicationLine, **changes: object) -> MedicationList:
    return stated(column, *lines, id=str(uuid.uuid4()), received_at=factories.NOW, **changes)


async def two_lists(store: Store) -> MedicationReconciliation:
    full = medicine(
        SECRET,
        orders=frozenset({("urn:order", "1")}),
        products=frozenset({("urn:vnr", "12")}),
        dosage=(dose("0.5", text="en halv", length="3 d"),),
        begins=date(2026, 11, 1),
        ends=date(2026, 12, 1),
        change=Change.NEW,
        change_reason="smerter",
    )
    for each in (
        a_list(Column.BEFORE, medicine()),
        a_list(Column.AT_DISCHARGE, medicine(), full, by=factories.person("Ida")),
    ):
        record = await store.run(state_medication, StateMedication(caller=DOCTOR, stay_id=stay_of(store), stated=each))
    return record


async def read(store: Store, who: Any) -> MedicationReconciliation:
    async with store.reading(who) as session:
        return await medication_of(session, stay_of(store))


async def test_what_was_stated_signed_and_decided_is_read_again(store: Store) -> None:
    await two_lists(store)
    signed = await store.run(sign_off_medication, SignOffMedication(caller=DOCTOR, stay_id=stay_of(store)))
    task = await store.task(factories.gp(), "reconcile-medication")
    goes_on, new = signed.lines
    await store.run(
        decide_lines,
        DecideLines(
            caller=factories.gp(),
            task_id=task.id,
            decisions=(LineDecision(line_id=new, verdict=Verdict.ASK, reason="Hvor længe?"),),
        ),
    )

    for who in (DOCTOR, factories.gp(), caller(Role.HOME_NURSE, MUNICIPALITY, unit=NORTH)):
        found = await read(store, who)
        assert (found.lists, found.named, found.sign_offs) == (signed.lists, signed.named, signed.sign_offs)
        assert (found.state_of(goes_on), found.state_of(new)) == (LineState.OPEN, LineState.ASKED)
    (row,) = store.rows("SELECT version, unresolved, signed_at FROM medication")
    assert signed.signed_off is not None
    assert (row["version"], row["unresolved"], row["signed_at"]) == (4, 2, signed.signed_off.at)


@pytest.mark.parametrize("place", [HOSPITAL, WARD, MUNICIPALITY, NORTH, factories.PRACTICE])
async def test_a_remark_is_read_again_by_who_wrote_it_and_by_everybody_else(store: Store, place: Any) -> None:
    record = await two_lists(store)
    line, pharmacist = next(iter(record.lines)), caller(Role.PHARMACIST, place)
    remark = CommentLine(caller=pharmacist, stay_id=stay_of(store), line_id=line, text=f"{SECRET}: ikke med warfarin")

    said = await store.run(comment_line, remark)

    for who in (pharmacist, DOCTOR, factories.gp(), caller(Role.HOME_NURSE, MUNICIPALITY, unit=NORTH)):
        assert (await read(store, who)).comments == said.comments
    (row,) = store.rows("SELECT version, unresolved FROM medication")
    assert (row["version"], row["unresolved"]) == (3, 2)
    for table in ("medication", "event", "feed_entry", "audit"):
        assert all(SECRET not in repr(each) for each in store.rows(f"SELECT * FROM {table}"))


async def test_a_record_without_remarks_that_an_older_release_wrote_is_read(store: Store) -> None:
    record = await two_lists(store)
    stored = TypeAdapter(MedicationReconciliation)
    older = {name: value for name, value in stored.dump_python(record, mode="json").items() if name != "comments"}

    assert stored.validate_python(older).comments == ()


async def test_a_stay_without_lists_has_an_empty_reconciliation(store: Store) -> None:
    found = await read(store, DOCTOR)

    assert (found.version, found.lists, dict(found.lines)) == (0, (), {})


@pytest.mark.parametrize(
    "who",
    [
        caller(Role.VISITATOR, MUNICIPALITY),
        caller(Role.LEADER, MUNICIPALITY),
        caller(Role.OPERATOR, HOSPITAL),
        caller(Role.HOME_NURSE, NEIGHBOUR),
        caller(Role.PHARMACIST, NEIGHBOUR),
    ],
)
async def test_who_reads_no_medicine_is_told_that_there_is_none(store: Store, who: Any) -> None:
    line = next(iter((await two_lists(store)).lines))

    with pytest.raises(NotFoundError):
        await read(store, who)
    with pytest.raises(NotFoundError):
        async with store.reading(who) as session:
            await stay_of_line(session, line)
    async with store.reading(who) as session:
        for table in ("medication", "medication_list", "medication_line"):
            assert await session.talk.ask(f"SELECT 1 FROM {table}", {}) == []


async def test_a_line_is_found_by_its_id(store: Store) -> None:
    line = next(iter((await two_lists(store)).lines))

    async with store.reading(factories.gp()) as session:
        assert await stay_of_line(session, line) == stay_of(store)
        for nobodys in (LineId("x"), LineId(str(uuid.uuid4()))):
            with pytest.raises(NotFoundError):
                await stay_of_line(session, nobodys)
        for strange in (StayId("x"), StayId(str(uuid.uuid4()))):
            with pytest.raises(NotFoundError):
                await medication_of(session, strange)


async def test_no_medicine_stands_in_clear(store: Store) -> None:
    await two_lists(store)

    for table in ("medication", "medication_list", "event", "feed_entry", "audit"):
        for row in store.rows(f"SELECT * FROM {table}"):
            assert SECRET.encode() not in repr(row).encode()


async def test_five_hundred_lines_are_kept(store: Store) -> None:
    lines = [medicine(f"Middel {number}", None, strength=None) for number in range(500)]
    await store.run(
        state_medication,
        StateMedication(caller=DOCTOR, stay_id=stay_of(store), stated=a_list(Column.AT_DISCHARGE, *lines)),
    )

    found = await read(store, factories.gp())
    assert len(found.lines) == 500
