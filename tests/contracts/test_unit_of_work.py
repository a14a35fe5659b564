"""What every unit of work promises, asked of the one in memory and of the one in PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings

from discharge.agreement import PlannedStep, StepKind
from discharge.commands import Issue, Receipt, ReceiptCode
from discharge.errors import NotFoundError
from discharge.events import TaskRedated, TaskRequested
from discharge.handlers import FireTimers, fire_timers, move_task, receive_notice
from discharge.identifiers import (
    BundleId,
    CprNumber,
    EncounterId,
    FeedId,
    MessageId,
    PatientId,
    StayId,
    TaskId,
)
from discharge.notices import Effect
from discharge.patient import Patient
from discharge.policy import Role
from discharge.ports import UnitOfWork
from discharge.stay import Encounter, EncounterClass, NoticeKind, Stay, StayState
from discharge.task import (
    AgreementRef,
    HandoverTask,
    Move,
    Proofs,
    TaskStatus,
)
from services.persistence.database import Database, engine_for
from services.persistence.master import put_agreement, put_organizations
from services.persistence.vault import Vault
from tests import factories
from tests.factories import MUNICIPALITY, NORTH, WARD, envelope, home_nurse, move, new_id, notice, receive
from tests.fakes import FakeStore
from tests.strategies import patients, stays, tasks

MINUTE = timedelta(minutes=1)
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class World:
    """A store of either kind."""

    unit_of_work: Callable[[], AbstractAsyncContextManager[UnitOfWork]]


@asynccontextmanager
async def _in_memory() -> AsyncIterator[World]:
    store = FakeStore()

    @asynccontextmanager
    async def unit_of_work() -> AsyncIterator[UnitOfWork]:
        yield store.unit_of_work()

    yield World(unit_of_work)


@asynccontextmanager
async def _in_postgresql(url: str) -> AsyncIterator[World]:
    engine = engine_for(url)
    database = Database(engine, Vault(b"m" * 32, b"i" * 32), access_days=30, demo=True)
    async with database.writing() as connection:
        await put_organizations(connection, factories.directory().organizations.values())
        await put_agreement(connection, factories.shipped_document())
    try:
        yield World(lambda: database.unit_of_work(None))
    finally:
        await engine.dispose()


@pytest.fixture(params=["memory", "postgresql"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A store of either kind with the little Denmark of the factories."""
    kind = _in_memory() if request.param == "memory" else _in_postgresql(request.getfixturevalue("database").app_url)
    async with kind as made:
        yield made


def _cpr() -> CprNumber:
    """A number nobody has had yet."""
    number = next(_numbers)
    return CprNumber.parse(f"{1 + number // 10000 % 28:02}0148{number % 10000:04}")


async def _kept(world: World, *, stay: Stay | None = None, tasks: tuple[HandoverTask, ...] = ()) -> Stay:
    """A stay with its patient, and tasks, committed."""
    async with world.unit_of_work() as uow:
        patient = await uow.patients.add(factories.patient(cpr=_cpr()))
        kept = replace(stay or factories.stay(), patient_id=patient.id)
        await uow.stays.save(kept)
        for task in tasks:
            await uow.tasks.save(replace(task, stay_id=kept.id, patient_id=patient.id))
        await uow.commit()
    return kept


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────────
# Each example is a row of its own in the same database: ids and numbers are given by the test.
round_trip = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@round_trip
@given(patient=patients)
async def test_a_patient_comes_back_as_it_was_kept(world: World, patient: Patient) -> None:
    patient = replace(patient, id=PatientId(new_id()), cpr=_cpr())
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
    kept = await _kept(world, stay=replace(stay, id=StayId(new_id()), encounters=encounters))

    async with world.unit_of_work() as uow:
        assert await uow.stays.get(kept.id) == kept
        assert list(await uow.stays.of_patient(kept.patient_id)) == [kept]


@round_trip
@given(task=tasks)
async def test_a_task_comes_back_as_it_was_kept(world: World, task: HandoverTask) -> None:
    task = replace(task, id=TaskId(new_id()))
    kept = await _kept(world, tasks=(task,))

    async with world.unit_of_work() as uow:
        expected = replace(task, stay_id=kept.id, patient_id=kept.patient_id)
        assert await uow.tasks.get(task.id) == expected
        assert list(await uow.tasks.of_stay(kept.id)) == [expected]
        assert await uow.tasks.stay_of(task.id) == kept.id


# ── what is changed ─────────────────────────────────────────────────────────────────────────────────────────────────
async def test_nothing_stays_without_a_commit(world: World) -> None:
    stay, task, patient = factories.stay(), factories.task(), factories.patient(cpr=_cpr())
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
    kept = await _kept(world, tasks=(factories.task(),))

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
    kept = await _kept(world)
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
    first, second = factories.patient(cpr=_cpr()), factories.patient()
    second = replace(second, cpr=first.cpr)
    async with world.unit_of_work() as uow:
        await uow.patients.add(first)
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert await uow.patients.add(second) == first


async def test_the_latest_stay_comes_first(world: World) -> None:
    first = await _kept(world)
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


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────
WARNED = Receipt(
    code=ReceiptCode.OK, issues=(Issue(severity="warning", code="value", rule="r", expression="Bundle", text="Odd."),)
)


async def test_a_new_message_is_claimed_and_its_repeat_gets_the_first_answer(world: World) -> None:
    sent = envelope()
    async with world.unit_of_work() as uow:
        assert await uow.messages.claim(sent) is None
        await uow.messages.conclude(sent, WARNED, stay_id=None, patient=None, keep=False)
        await uow.commit()

    for bundle_id in (sent.bundle_id, BundleId(new_id())):
        async with world.unit_of_work() as uow:
            again = await uow.messages.claim(replace(sent, bundle_id=bundle_id, fingerprint=b"other"))
            await uow.commit()
        assert again == replace(WARNED, duplicate=True)


async def test_a_reused_bundle_id_is_fatal_again_and_again_and_the_first_keeps_its_answer(world: World) -> None:
    sent = envelope()
    reusing = replace(sent, message_id=MessageId(new_id()))
    async with world.unit_of_work() as uow:
        await uow.messages.claim(sent)
        await uow.messages.conclude(sent, WARNED, stay_id=None, patient=None, keep=True)
        await uow.commit()

    answers = []
    for message in (reusing, reusing, sent):
        async with world.unit_of_work() as uow:
            answers.append(await uow.messages.claim(message))
            await uow.commit()

    assert [answer.code for answer in answers if answer is not None] == [
        ReceiptCode.FATAL_ERROR,
        ReceiptCode.FATAL_ERROR,
        ReceiptCode.OK,
    ]


async def test_the_keys_of_a_message_are_the_senders_own(world: World) -> None:
    sent = envelope()
    async with world.unit_of_work() as uow:
        await uow.messages.claim(sent)
        await uow.messages.conclude(sent, WARNED, stay_id=None, patient=None, keep=True)
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert await uow.messages.claim(replace(sent, sender=NORTH)) is None


async def test_what_was_told_is_kept_with_the_stay_in_its_order(world: World) -> None:
    kept = await _kept(world)
    first, second = factories.filed(follows=frozenset({MessageId("lost")})), factories.filed(effect=Effect.CANCELLED)
    for told in ((second,), (first, second)):
        async with world.unit_of_work() as uow:
            await uow.stays.save(replace(await uow.stays.get(kept.id), notices=told))
            await uow.commit()

    async with world.unit_of_work() as uow:
        found = await uow.stays.get(kept.id)
    assert found.notices == (first, second)
    assert found.known_messages == {first.id, second.id, "lost"}


# ── timers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _rung(at: datetime | None, kind: StepKind = StepKind.REMIND, after: str | None = None) -> PlannedStep:
    return PlannedStep(
        kind=kind,
        at=at,
        organization=NORTH,
        roles=frozenset({Role.HOME_NURSE}),
        after_code=after,
        span=MINUTE,
        working_days=2,
        while_unanswered=True,
    )


async def _armed(world: World, *steps: PlannedStep) -> tuple[Stay, HandoverTask]:
    kept = await _kept(world, tasks=(factories.task(),))
    async with world.unit_of_work() as uow:
        (task,) = await uow.tasks.of_stay(kept.id)
        await uow.timers.arm(task, steps)
        await uow.commit()
    return kept, task


async def test_rungs_come_due_in_order_and_once(world: World) -> None:
    async with world.unit_of_work() as uow:
        now = uow.now.replace(microsecond=0)
    await _armed(world, _rung(now + 2 * MINUTE), _rung(now), _rung(now + MINUTE), _rung(now + 9 * MINUTE), _rung(None))

    async with world.unit_of_work() as uow:
        assert [step.due_at for step in await uow.timers.due(now + 2 * MINUTE, 2)] == [now, now + MINUTE]
        due = await uow.timers.due(now + 2 * MINUTE, 10)
        for step in due[:2]:
            await uow.timers.fired(step.id, now)
        await uow.commit()
    async with world.unit_of_work() as uow:
        assert [step.due_at for step in await uow.timers.due(now + 2 * MINUTE, 10)] == [now + 2 * MINUTE]


async def test_arming_again_replaces_what_has_not_fired(world: World) -> None:
    async with world.unit_of_work() as uow:
        now = uow.now.replace(microsecond=0)
    _, task = await _armed(world, _rung(now), _rung(now + MINUTE))
    async with world.unit_of_work() as uow:
        (first,) = await uow.timers.due(now, 10)
        await uow.timers.fired(first.id, now)
        await uow.commit()

    async with world.unit_of_work() as uow:
        await uow.timers.arm(task, [_rung(now + 5 * MINUTE, StepKind.OVERDUE)])
        await uow.commit()

    async with world.unit_of_work() as uow:
        due = await uow.timers.due(now + 9 * MINUTE, 10)
        assert [(step.kind, step.due_at) for step in due] == [(StepKind.OVERDUE, now + 5 * MINUTE)]


async def test_a_rung_waits_for_another_task_of_its_stay(world: World) -> None:
    async with world.unit_of_work() as uow:
        now = uow.now.replace(microsecond=0)
    kept, task = await _armed(world, _rung(None, StepKind.ESCALATE, after="send-letter"))

    async with world.unit_of_work() as uow:
        assert not await uow.timers.due(now + 9 * MINUTE, 10)
        assert not await uow.timers.waiting_for(kept.id, "sing")
        (waiting,) = await uow.timers.waiting_for(kept.id, "send-letter")
        await uow.timers.set_due(waiting.id, now)
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert not await uow.timers.waiting_for(kept.id, "send-letter")
        (due,) = await uow.timers.due(now, 10)
        assert due == replace(waiting, due_at=now)
        assert (due.task_id, due.span, due.working_days, due.while_unanswered) == (task.id, MINUTE, 2, True)


# ── agreements, deliveries, and the handlers on both ────────────────────────────────────────────────────────────────
async def test_agreements_are_found_by_region_day_and_version(world: World) -> None:
    async with world.unit_of_work() as uow:
        found = await uow.agreements.for_region("DK-83", date(2026, 11, 20))
        assert found is not None
        assert await uow.agreements.get(found.ref) == found
        assert await uow.agreements.for_region("DK-99", date(2026, 11, 20)) is None
        assert await uow.agreements.for_region("DK-83", date(2019, 12, 31)) is None
        with pytest.raises(NotFoundError):
            await uow.agreements.get(AgreementRef("other", "1"))


async def test_only_what_a_feed_told_is_undelivered(world: World) -> None:
    kept = await _kept(world)
    async with world.unit_of_work() as uow:
        task = factories.task(id=TaskId(uow.new_id()), stay_id=kept.id, patient_id=kept.patient_id)
        await uow.tasks.save(task)
        uow.record(TaskRequested(at=uow.now, stay_id=kept.id, task=task))
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert [found.id for found in await uow.tasks.undelivered(FeedId(NORTH), 1)] == [task.id]
        assert not await uow.tasks.undelivered(FeedId(NORTH), 0)
        assert not await uow.tasks.undelivered(FeedId(MUNICIPALITY), 9)
        await uow.tasks.save(task.delivered(uow.now))
        await uow.commit()
    async with world.unit_of_work() as uow:
        assert not await uow.tasks.undelivered(FeedId(NORTH), 9)


async def test_citizen_who_came_back_has_another_open_stay(world: World) -> None:
    first = await _kept(world)
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


async def test_entry_of_an_earlier_round_delivers_nothing_of_the_next(world: World) -> None:
    kept = await _kept(world)
    async with world.unit_of_work() as uow:
        task = factories.task(
            id=TaskId(uow.new_id()), stay_id=kept.id, patient_id=kept.patient_id, proofs=Proofs(sent_at=uow.now)
        )
        await uow.tasks.save(task)
        uow.record(TaskRequested(at=uow.now, stay_id=kept.id, task=task))
        await uow.commit()
    async with world.unit_of_work() as uow:
        at = uow.now + MINUTE
        renewed = (await uow.tasks.get(task.id)).renewed(at)
        await uow.tasks.save(renewed)
        uow.record(TaskRedated(at=at, stay_id=kept.id, task=renewed))
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert not await uow.tasks.undelivered(FeedId(NORTH), 1)
        assert [found.id for found in await uow.tasks.undelivered(FeedId(NORTH), 2)] == [task.id]


async def test_the_same_commands_make_the_same_duties(world: World) -> None:
    cpr, course = _cpr(), (factories.episode(),)
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


async def test_a_postponed_stay_is_named_once_and_its_rungs_wait_unless_it_is_asked_for(world: World) -> None:
    cpr = _cpr()
    async with world.unit_of_work() as uow:
        patient = await uow.patients.add(factories.patient(cpr=cpr))
        await uow.commit()
    async with world.unit_of_work() as uow:
        await receive_notice(receive(notice(cpr=cpr, report_requested=True)), uow)
    async with world.unit_of_work() as uow:
        (stay,) = await uow.stays.of_patient(patient.id)
        await uow.commit()
    until = uow.now + 60 * MINUTE * 24

    told = []
    for _ in range(2):
        async with world.unit_of_work() as uow:
            told.append(await uow.timers.postpone(stay.id))
            await uow.commit()

    async with world.unit_of_work() as uow:
        assert told == [(stay.hospital, stay.receiver), ()]
        assert not [
            step for step in await uow.timers.due(until, 100) if await uow.tasks.stay_of(step.task_id) == stay.id
        ]
        assert await uow.timers.due(until, 100, stay.id)
