"""Whatever the domain can hold goes into rows and comes back the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import HealthCheck, given, settings

from discharge.agreement import StepKind
from discharge.directory import Organization
from discharge.identifiers import (
    PatientId,
    StayId,
    TaskId,
)
from discharge.patient import Patient
from discharge.plan import DischargePlan
from discharge.planning import PlannedStep
from discharge.policy import Role
from discharge.stay import Stay
from discharge.task import HandoverTask, TaskStatus
from services.persistence.course import snapshot_of
from services.persistence.rows import (
    organization_from,
    organization_row,
    patient_from,
    patient_row,
    plan_from,
    plan_sealed,
    task_from,
    task_row,
)
from services.persistence.vault import DataKey
from tests import factories
from tests.services.persistence.store import Store
from tests.strategies import (
    ids,
    organizations,
    patients,
    plans,
    stays,
    tasks,
)

KEY: Final = DataKey(b"k" * 32)

many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@many
@given(task=tasks)
def test_task_comes_back_from_its_row(task: HandoverTask) -> None:
    assert task_from(task_row(task, KEY), KEY) == task


@many
@given(task=tasks)
def test_version_that_was_kept_before_tasks_waited_is_read_as_one_that_does_not(task: HandoverTask) -> None:
    row = task_row(task, KEY)
    before = {name: value for name, value in row.items() if name not in {"waits_for", "waits_since", "released_at"}}

    assert task_from(before, KEY) == replace(task, wait=None)


@many
@given(task=tasks)
def test_words_of_a_task_are_sealed_and_absent_where_there_are_none(task: HandoverTask) -> None:
    row = task_row(task, KEY)

    assert (row["words"] is None) == (not any((task.status_reason, task.note, task.note_en)))
    assert "words" not in snapshot_of(row)
    assert orjson.loads(orjson.dumps(snapshot_of(row)))["status"] == task.status.value


@many
@given(plan=plans, stay_id=ids.map(StayId))
def test_plan_comes_back_from_its_ciphertext(plan: DischargePlan, stay_id: StayId) -> None:
    sealed = plan_sealed(plan, stay_id, KEY)

    assert plan_from(sealed, stay_id, plan.version, KEY) == plan
    with pytest.raises(InvalidTag):
        plan_from(sealed, stay_id, plan.version + 1, KEY)


@many
@given(patient=patients)
def test_citizen_comes_back_from_the_row(patient: Patient) -> None:
    assert patient_from(patient_row(patient, KEY), KEY) == patient


@many
@given(organization=organizations)
def test_organisation_comes_back_from_its_row(organization: Organization) -> None:
    assert organization_from(organization_row(organization)) == organization


@few
@given(task=tasks, stay=stays, later=stays)
async def test_stay_and_task_come_back_from_the_store(
    shared: Store, task: HandoverTask, stay: Stay, later: Stay
) -> None:
    """Through JSON, PostgreSQL and the driver, new and then changed."""
    async with shared.database.unit_of_work(None) as uow:
        citizen = await uow.patients.by_cpr(factories.CPR)
        assert citizen is not None
        stay = replace(stay, id=StayId(uow.new_id()), patient_id=citizen.id)
        task = replace(task, id=TaskId(uow.new_id()), stay_id=stay.id, patient_id=citizen.id)
        await uow.stays.save(stay)
        await uow.tasks.save(task)
        await uow.commit()
    assert await read_back(shared, stay.id) == (stay, [task])

    changed = replace(
        later,
        id=stay.id,
        patient_id=citizen.id,
        encounters=(*stay.encounters, *(e for e in later.encounters if e.id not in {o.id for o in stay.encounters})),
        episodes=stay.episodes,
        parties=tuple(replace(party, until=factories.NOW) for party in stay.parties),
        plan=replace(later.plan, version=stay.plan.version + 1),
    )
    moved = replace(task, status=TaskStatus.CANCELLED, version=task.version - 1 or 2, note="a new note")
    async with shared.database.unit_of_work(None) as uow:
        await uow.stays.get(stay.id)
        await uow.tasks.get(task.id)
        await uow.stays.save(changed)
        await uow.tasks.save(moved)
        await uow.commit()
    assert await read_back(shared, stay.id) == (changed, [moved])


async def read_back(store: Store, stay_id: StayId) -> tuple[Stay, list[HandoverTask]]:
    async with store.database.unit_of_work(None) as uow:
        return await uow.stays.get(stay_id), list(await uow.tasks.of_stay(stay_id))


@few
@given(patient=patients)
async def test_citizen_comes_back_from_the_store(shared: Store, patient: Patient) -> None:
    async with shared.database.unit_of_work(None) as uow:
        known = await uow.patients.by_cpr(factories.CPR)
        assert known is not None
        changed = replace(patient, id=known.id, cpr=known.cpr)
        await uow.patients.save(changed)
        await uow.commit()

    async with shared.database.unit_of_work(None) as uow:
        assert await uow.patients.get(known.id) == changed
        assert await uow.patients.by_cpr(factories.CPR) == changed
        assert await uow.patients.of_ids([known.id, PatientId(factories.new_id())]) == {known.id: changed}


@pytest.mark.parametrize("kind", list(StepKind))
async def test_rung_comes_back_from_the_store(shared: Store, kind: StepKind) -> None:
    step = PlannedStep(
        kind=kind,
        at=None,
        organization=factories.NORTH,
        roles=frozenset({Role.LEADER, Role.HOME_NURSE}),
        after_code=f"code-{kind}",
        span=timedelta(minutes=90),
        working_days=2,
    )
    async with shared.database.unit_of_work(None) as uow:
        citizen = await uow.patients.by_cpr(factories.CPR)
        assert citizen is not None
        stay = factories.stay(id=StayId(uow.new_id()), patient_id=citizen.id)
        task = factories.task(id=TaskId(uow.new_id()), stay_id=stay.id, patient_id=citizen.id)
        await uow.stays.save(stay)
        await uow.tasks.save(task)
        await uow.timers.arm(task, (step,))
        await uow.commit()

    async with shared.database.unit_of_work(None) as uow:
        (armed,) = await uow.timers.waiting_for(stay.id, f"code-{kind}")

    kept: dict[str, Any] = {name: getattr(armed, name) for name in ("kind", "organization", "roles", "after_code")}
    assert kept == {name: getattr(step, name) for name in kept}
    assert (armed.span, armed.working_days, armed.while_unanswered, armed.due_at) == (
        *(step.span, step.working_days, step.while_unanswered),
        None,
    )
    assert UUID(armed.id).version == 7
