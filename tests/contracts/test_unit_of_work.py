"""What every unit of work promises, asked of the one in memory and of the one in PostgreSQL."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from discharge.errors import NotFoundError
from discharge.handlers import FireTimers, fire_timers, move_task, receive_notice
from discharge.identifiers import (
    EncounterId,
    PatientId,
    StayId,
    TaskId,
)
from discharge.patient import Patient
from discharge.stay import Encounter, EncounterClass, NoticeKind, Stay, StayState
from discharge.task import (
    AgreementRef,
    HandoverTask,
    Move,
    TaskStatus,
)
from tests import factories
from tests.contracts.worlds import World, keep_stay, new_cpr
from tests.factories import NORTH, WARD, envelope, home_nurse, move, new_id, notice, receive
from tests.strategies import patients, stays, tasks

MINUTE = timedelta(minutes=1)


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────────
# Each example is a row of its own in the same database: ids and numbers are given by the test.
round_trip = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@round_trip
@given(patient=patients)
async def test_a_patient_comes_back_as_it_was_kept(world: World, patient: Patient) -> None:
    patient = replace(patient, id=PatientId(new_id()), cpr=new_cpr())
    async with world.unit_of_work() as uow:
        await uow.patients.add(patient)
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert await uow.patients.by_cpr(patient.cpr) == patient
        assert await uow.patients.get(patient.id) == patient


@round_trip
@given(stay=stays)
async def test_a_stay_comes_back_as_it_was_kept(world: World, stay: Stay) -> None:
    encounters = tuple(replace(contact, id=EncounterId(new_id())) for contact in stay.encounters)
    kept = await keep_stay(world, stay=replace(stay, id=StayId(new_id()), encounters=encounters))

    async with world.unit_of_work() as uow:
        assert await uow.stays.get(kept.id) == kept
        assert list(await uow.stays.of_patient(kept.patient_id)) == [kept]


@round_trip
@given(task=tasks)
async def test_a_task_comes_back_as_it_was_kept(world: World, task: HandoverTask) -> None:
    task = replace(task, id=TaskId(new_id()))
    kept = await keep_stay(world, tasks=(task,))

    async with world.unit_of_work() as uow:
        expected = replace(task, stay_id=kept.id, patient_id=kept.patient_id)
        assert await uow.tasks.get(task.id) == expected
        assert list(await uow.tasks.of_stay(kept.id)) == [expected]
        assert await uow.tasks.stay_of(task.id) == kept.id


# ── what is changed ─────────────────────────────────────────────────────────────────────────────────────────────────
async def test_nothing_stays_without_a_commit(world: World) -> None:
    stay, task, patient = factories.stay(), factories.task(), factories.patient(cpr=new_cpr())
    async with world.unit_of_work() as uow:
        await uow.patients.add(patient)
        await uow.stays.save(replace(stay, patient_id=patient.id))
        await uow.tasks.save(replace(task, stay_id=stay.id, patient_id=patient.id))
        await uow.messages.claim(envelope(sender=WARD))

    async with world.unit_of_work() as uow:
        assert await uow.patients.by_cpr(patient.cpr) is None
        for missing in (uow.patients.get(patient.id), uow.stays.get(stay.id), uow.tasks.get(task.id)):
            with pytest.raises(NotFoundError):
                await missing


async def test_what_is_saved_is_found_in_the_same_unit_of_work(world: World) -> None:
    kept = await keep_stay(world, tasks=(factories.task(),))

    async with world.unit_of_work() as uow:
        stay = await uow.stays.get(kept.id)
        (task,) = await uow.tasks.of_stay(kept.id)
        await uow.stays.save(replace(stay, ward=NORTH))
        await uow.tasks.save(replace(task, note="new"))

        assert (await uow.stays.get(kept.id)).ward == NORTH
        assert (await uow.tasks.get(task.id)).note == "new"
        assert [found.note for found in await uow.tasks.of_stay(kept.id)] == ["new"]


@pytest.mark.parametrize("unknown", [new_id(), "not-an-id"])
async def test_what_never_was_is_not_found(world: World, unknown: str) -> None:
    async with world.unit_of_work() as uow:
        for missing in (
            uow.stays.get(StayId(unknown)),
            uow.tasks.get(TaskId(unknown)),
            uow.tasks.stay_of(TaskId(unknown)),
        ):
            with pytest.raises(NotFoundError):
                await missing


async def test_a_changed_patient_and_a_longer_stay_replace_what_was_kept(world: World) -> None:
    kept = await keep_stay(world)
    async with world.unit_of_work() as uow:
        patient = await uow.patients.get(kept.patient_id)
        stay = await uow.stays.get(kept.id)
        bed = Encounter(
            id=EncounterId(new_id()), encounter_class=EncounterClass.INPATIENT, ward=NORTH, started_at=uow.now
        )
        longer = replace(stay, ward=NORTH, encounters=(*stay.encounters, bed))
        await uow.patients.save(replace(patient, family="Nyt"))
        await uow.stays.save(replace(longer, plan=replace(stay.plan, version=1, bed="7")))
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert (await uow.patients.get(kept.patient_id)).family == "Nyt"
        found = await uow.stays.get(kept.id)
        assert [contact.ward for contact in found.encounters] == [WARD, NORTH]
        assert (found.plan.version, found.plan.bed) == (1, "7")


async def test_a_citizen_is_added_once(world: World) -> None:
    first, second = factories.patient(cpr=new_cpr()), factories.patient()
    second = replace(second, cpr=first.cpr)
    async with world.unit_of_work() as uow:
        await uow.patients.add(first)
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert await uow.patients.add(second) == first


async def test_the_latest_stay_comes_first(world: World) -> None:
    first = await keep_stay(world)
    later = replace(factories.stay(began_at=first.began_at + MINUTE), patient_id=first.patient_id)
    async with world.unit_of_work() as uow:
        await uow.stays.save(later)
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert [stay.id for stay in await uow.stays.of_patient(first.patient_id)] == [later.id, first.id]


async def test_an_id_is_never_given_twice(world: World) -> None:
    async with world.unit_of_work() as uow:
        made = [uow.new_id() for _ in range(50)]

    assert len(set(made)) == 50
    assert made == sorted(made)


# ── agreements, deliveries, and the handlers on both ────────────────────────────────────────────────────────────────
async def test_agreements_are_found_by_region_day_and_version(world: World) -> None:
    async with world.unit_of_work() as uow:
        found = await uow.agreements.in_force(region="DK-83", municipality=None, day=date(2026, 11, 20))
        assert found is not None
        assert await uow.agreements.get(found.ref) == found
        assert await uow.agreements.in_force(region="DK-99", municipality=None, day=date(2026, 11, 20)) is None
        assert await uow.agreements.in_force(region="DK-83", municipality=None, day=date(2019, 12, 31)) is None
        with pytest.raises(NotFoundError):
            await uow.agreements.get(AgreementRef("other", "1"))


async def test_citizen_who_came_back_has_another_open_stay(world: World) -> None:
    first = await keep_stay(world)
    second = replace(factories.stay(), patient_id=first.patient_id)
    async with world.unit_of_work() as uow:
        assert not await uow.stays.is_another_open(first)
        await uow.stays.save(second)
        await uow.commit()
    async with world.unit_of_work() as uow:
        assert await uow.stays.is_another_open(first)
        await uow.stays.save(replace(second, state=StayState.ENDED, ended_at=uow.now, end_received_at=uow.now))
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert not await uow.stays.is_another_open(first)


async def test_the_same_commands_make_the_same_duties(world: World) -> None:
    cpr, course = new_cpr(), (factories.episode(),)
    async with world.unit_of_work() as uow:
        patient = await uow.patients.add(factories.patient(cpr=cpr))
        await uow.commit()
        now = uow.now
    stin = notice(cpr=cpr, episodes=course, report_requested=True, started_at=now - 60 * MINUTE)
    slhj = notice(NoticeKind.SLHJ, cpr=cpr, episodes=course, started_at=stin.started_at, ended_at=now)
    sent = envelope()
    for command in (receive(stin, sent=sent), receive(stin, sent=sent), receive(slhj)):
        async with world.unit_of_work() as uow:
            await receive_notice(command, uow)

    async with world.unit_of_work() as uow:
        (stay,) = await uow.stays.of_patient(patient.id)
        made = {task.code: task for task in await uow.tasks.of_stay(stay.id)}
    assert len(made) == 7
    async with world.unit_of_work() as uow:
        await move_task(move(home_nurse(), made["resume-services"], Move.ACCEPT, expected_version=1), uow)
    async with world.unit_of_work() as uow:
        assert await fire_timers(FireTimers(until=now + 120 * MINUTE), uow) > 0
    async with world.unit_of_work() as uow:
        resumed = await uow.tasks.get(made["resume-services"].id)
    assert (resumed.status, resumed.version, resumed.escalated_to) == (TaskStatus.ACCEPTED, 2, frozenset())
