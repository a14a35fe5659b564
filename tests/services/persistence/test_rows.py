"""Whatever the domain can hold goes into rows and comes back the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from discharge.agreement import PlannedStep, StepKind
from discharge.directory import Organization, OrganizationKind
from discharge.identifiers import (
    CprNumber,
    EncounterId,
    EpisodeOfCareId,
    PatientId,
    PersonId,
    RuleId,
    SorCode,
    StayId,
    TaskId,
)
from discharge.patient import Patient
from discharge.plan import Certainty, DischargePlan, Need
from discharge.policy import ContentClass, Role
from discharge.stay import Encounter, EncounterClass, Party, PartyBasis, Stay, StayState
from discharge.task import AgreementRef, HandoverTask, PastRound, Person, Priority, Proofs, TaskStatus, Title
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

KEY: Final = DataKey(b"k" * 32)

# What JSON and PostgreSQL refuse (NUL, lone surrogates) is refused before it gets here.
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
codes = st.text("abcdefghij-", min_size=1, max_size=12)
ids = st.uuids(version=4).map(str)
sors = st.integers(10**9, 10**12).map(str).map(SorCode)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
people = st.builds(Person, codes.map(PersonId), words.filter(bool))
roles = st.frozensets(st.sampled_from(Role), max_size=3)


@st.composite
def proofs(draw: st.DrawFn) -> Proofs:
    seen, accepted, done = (draw(st.none() | st.tuples(instants, people)) for _ in range(3))
    return Proofs(
        sent_at=draw(instants),
        delivered_at=draw(st.none() | instants),
        seen_at=seen and seen[0],
        seen_by=seen and seen[1],
        accepted_at=accepted and accepted[0],
        accepted_by=accepted and accepted[1],
        done_at=done and done[0],
        done_by=done and done[1],
    )


rounds = st.builds(PastRound, proofs=proofs(), status=st.sampled_from(TaskStatus), owner=sors, closed_at=instants)
tasks = st.builds(
    HandoverTask,
    id=ids.map(TaskId),
    version=st.integers(1, 2**31 - 1),
    stay_id=ids.map(StayId),
    patient_id=ids.map(PatientId),
    rule=st.none() | codes.map(RuleId),
    agreement=st.none() | st.builds(AgreementRef, codes, codes),
    cause=st.none() | codes,
    code=codes,
    title=st.builds(Title, words, words),
    content_class=st.sampled_from(ContentClass),
    priority=st.sampled_from(Priority),
    requester=sors,
    owner=sors,
    audience=roles,
    chain=st.lists(sors, max_size=3).map(tuple),
    status=st.sampled_from(TaskStatus),
    status_reason=st.none() | words.filter(bool),
    assignee=st.none() | people,
    created_at=instants,
    changed_at=instants,
    due_at=st.none() | instants,
    proposed_time=st.none() | instants,
    note=st.none() | words.filter(bool),
    proofs=proofs(),
    rounds=st.lists(rounds, max_size=3).map(tuple),
    escalated_to=st.frozensets(codes, max_size=2),
    replaces=st.none() | ids.map(TaskId),
)
plans = st.builds(
    DischargePlan,
    version=st.integers(1, 1000),
    expected_discharge_at=st.none() | instants,
    certainty=st.sampled_from(Certainty),
    treatment_finished_at=st.none() | instants,
    needs=st.none() | st.frozensets(st.sampled_from(Need)),
    first_visit_at=st.none() | instants,
    destination=st.none() | words,
    functional_level=st.none() | words,
    frail=st.none() | st.booleans(),
    medicine_until=st.none() | st.dates(),
    contact_phone=st.none() | words,
    agreed_by_phone=st.none() | words,
    first_24_hours=st.none() | words,
    override_reason=st.none() | words,
    bed=st.none() | words,
)
patients = st.builds(
    Patient,
    id=ids.map(PatientId),
    cpr=st.just(CprNumber("2512489996")),
    family=st.none() | words,
    given=st.lists(words, max_size=3).map(tuple),
    municipality=st.none() | sors,
    district=st.none() | words,
    services=st.frozensets(codes, max_size=3),
    gp=st.none() | sors,
    relatives=st.lists(words, max_size=3).map(tuple),
    protected=st.booleans(),
    blocks=st.lists(codes, max_size=2).map(tuple),
)
organizations = st.builds(
    Organization,
    sor=sors,
    name=words,
    kind=st.sampled_from(OrganizationKind),
    gln=st.none() | codes,
    part_of=st.none() | sors,
    region=st.none() | codes,
    districts=st.frozensets(words, max_size=3),
    uses_stafet=st.booleans(),
)
encounters = st.builds(
    Encounter,
    id=ids.map(EncounterId),
    encounter_class=st.sampled_from(EncounterClass),
    ward=sors,
    started_at=instants,
    ended_at=st.none() | instants,
)
parties = st.builds(
    Party, organization=sors, basis=st.sampled_from(PartyBasis), since=instants, until=st.none() | instants
)
episodes = st.builds(EpisodeOfCareId, words, words)
stays = st.builds(
    Stay,
    id=ids.map(StayId),
    patient_id=ids.map(PatientId),
    receiver=st.none() | sors,
    hospital=sors,
    ward=sors,
    state=st.sampled_from(StayState),
    began_at=instants,
    ended_at=st.none() | instants,
    end_received_at=st.none() | instants,
    encounters=st.lists(encounters, min_size=1, max_size=4, unique_by=lambda e: e.id).map(tuple),
    episodes=st.lists(episodes, max_size=4, unique_by=lambda e: e.key).map(tuple),
    parties=st.lists(parties, max_size=4, unique_by=lambda p: p.organization).map(tuple),
    plan=st.just(DischargePlan()) | plans,
)
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
def test_words_of_a_task_are_sealed_and_absent_where_there_are_none(task: HandoverTask) -> None:
    row = task_row(task, KEY)

    assert (row["words"] is None) == (not task.status_reason and not task.note)
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
