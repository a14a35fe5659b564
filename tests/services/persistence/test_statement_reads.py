"""Lines of medicine as the FHIR door finds them in the real store."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from discharge.commands import DecideLines, LineDecision, StateMedication
from discharge.errors import NotFoundError
from discharge.handlers import decide_lines, state_medication
from discharge.identifiers import PatientId, StayId, TaskId
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column
from discharge.medication.record import LineId, MedicationReconciliation, Verdict
from discharge.policy import Caller, Role
from discharge.task import HandoverTask
from services.persistence import statement_reads
from services.persistence.statement_reads import LineQuery
from tests import factories
from tests.discharge.medication.lines import medicine, stated
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, PRACTICE, WARD, caller
from tests.services.persistence.store import Store, store_on

DOCTOR = caller(Role.DOCTOR, HOSPITAL, unit=WARD)
STRANGERS = [caller(Role.VISITATOR, MUNICIPALITY), caller(Role.LEADER, PRACTICE), caller(Role.HOME_NURSE, NEIGHBOUR)]


@pytest.fixture
async def store(database: Any) -> AsyncIterator[Store]:
    """A citizen has gone home."""
    async with store_on(database, patients=[factories.patient()]) as made:
        await made.send_home()
        yield made


async def state(store: Store, *lines: MedicationLine) -> MedicationReconciliation:
    """The hospital sends the citizen home with these."""
    (row,) = store.rows("SELECT id FROM stay")
    made = stated(Column.AT_DISCHARGE, *lines, id=str(uuid.uuid4()), received_at=factories.NOW)
    command = StateMedication(caller=DOCTOR, stay_id=StayId(str(row["id"])), stated=made)
    return await store.run(state_medication, command)


async def duty(store: Store) -> HandoverTask:
    return await store.task(factories.gp(), "reconcile-medication")


async def lines_of(store: Store, who: Caller, *tasks: HandoverTask) -> Any:
    async with store.reading(who) as session:
        return dict(await statement_reads.lines_of(session, tasks))


async def asked(store: Store, who: Caller, **query: Any) -> list[LineId]:
    async with store.reading(who) as session:
        found = await statement_reads.lines(session, LineQuery(**query))
        return [line for each in found for line in each.ids]


async def test_a_duty_has_the_lines_that_stand_in_the_table_in_its_order(store: Store) -> None:
    first = await state(store, medicine(), medicine("Pinex", "N02BE01"))
    goes_on, gone = first.lines
    second = await state(store, medicine("Furix", "C03CA01"), medicine())
    new, _ = second.lines
    task = await duty(store)

    assert await lines_of(store, factories.gp(), task) == {task.stay_id: (new, goes_on)}
    async with store.reading(factories.gp()) as session:
        assert (await statement_reads.line(session, new)).tasks == (task.id,)
        with pytest.raises(NotFoundError):
            await statement_reads.line(session, gone)


async def test_a_decision_writes_no_line_anew(store: Store) -> None:
    (line,) = (await state(store, medicine())).lines
    before = store.rows("SELECT xmin::text, id, place FROM medication_line")
    decision = LineDecision(line_id=line, verdict=Verdict.AGREE)
    task = await duty(store)

    await store.run(decide_lines, DecideLines(caller=factories.gp(), task_id=task.id, decisions=(decision,)))

    assert store.rows("SELECT xmin::text, id, place FROM medication_line") == before


async def test_lines_are_found_by_any_part_and_all_that_are_given_must_hold(store: Store) -> None:
    made = await state(store, medicine(), medicine("Pinex", "N02BE01"))
    one, other = made.lines
    task = await duty(store)
    whose, under = frozenset({task.patient_id}), frozenset({task.id})
    gp = factories.gp()

    assert await asked(store, gp, patients=whose) == [one, other]
    assert await asked(store, gp, tasks=under, patients=whose) == [one, other]
    assert await asked(store, gp, ids=frozenset({other, LineId("nobody's")}), tasks=under) == [other]
    assert await asked(store, gp, tasks=under, patients=frozenset({PatientId(str(uuid.uuid4()))})) == []
    assert await asked(store, gp, tasks=frozenset({TaskId("nobody's")})) == []
    assert await asked(store, gp) == []
    # One stay more than is read for a search is there to be seen.
    assert await asked(store, gp, patients=whose, most=0) == [one, other]


@pytest.mark.parametrize("who", STRANGERS)
async def test_who_reads_no_medicine_finds_no_line(store: Store, who: Caller) -> None:
    (line,) = (await state(store, medicine())).lines
    task = await duty(store)

    assert await lines_of(store, who, task) == {}
    assert await asked(store, who, patients=frozenset({task.patient_id})) == []
    assert await asked(store, who, ids=frozenset({line})) == []
    with pytest.raises(NotFoundError):
        async with store.reading(who) as session:
            await statement_reads.line(session, line)


async def test_other_duties_have_no_lines(store: Store) -> None:
    await state(store, medicine())

    assert await lines_of(store, factories.gp(), replace(await duty(store), code="first-visit")) == {}
