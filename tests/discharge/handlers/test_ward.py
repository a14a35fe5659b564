"""What the ward's own hand does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from discharge.errors import ConcurrentUpdateError, NotAllowedError, NotFoundError, PlanError, TransitionError
from discharge.events import DischargeUndone, PlanRevised, StayContinued, TaskMoved, TaskRedated
from discharge.handlers import FireTimers, begin_stay, fire_timers, move_task, receive_notice, revise_plan
from discharge.plan import Need, PlanRevision
from discharge.policy import Caller, Role
from discharge.stay import NoticeKind, Stay, StayState
from discharge.task import Move, Proof, TaskStatus
from tests.factories import (
    ADMITTED_AT,
    HOSPITAL,
    MUNICIPALITY,
    NORTH,
    NOW,
    OTHER_WARD,
    PAPER_HOSPITAL,
    PAPER_WARD,
    PRACTICE,
    UNREGISTERED,
    WARD,
    begin_by_hand,
    caller,
    envelope,
    gp,
    home_nurse,
    move,
    notice,
    patient,
    receive,
    record_system,
    revise,
    ward_nurse,
)
from tests.fakes import FakeStore

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def _store(**changes: object) -> FakeStore:
    return FakeStore(patients=[patient(**changes)])


async def _discharged(store: FakeStore, **plan: object) -> Stay:
    stay = await store.run(begin_stay, begin_by_hand())
    revision = PlanRevision(**plan)  # type: ignore[arg-type] # fields carry their own types
    return await store.run(revise_plan, revise(stay.id, revision=revision, discharged_at=NOW))


async def test_a_stay_begun_by_hand_asks_as_a_message_would() -> None:
    store = _store()

    stay = await store.run(begin_stay, begin_by_hand(bed="7"))

    assert (stay.state, stay.began_at, stay.plan.bed) == (StayState.ADMITTED, ADMITTED_AT, "7")
    assert {task.rule: task.owner for task in store.tasks()} == {"R01": NORTH, "R03": NORTH}


async def test_an_acute_stay_begins_by_hand_too() -> None:
    store = _store()

    stay = await store.run(begin_stay, begin_by_hand(kind=NoticeKind.STAA))

    assert stay.state is StayState.ACUTE


async def test_a_citizen_nobody_has_listed_is_the_hospitals_own() -> None:
    store = FakeStore()

    await store.run(begin_stay, begin_by_hand())

    (known,) = store.state.patients.values()
    assert (known.name, known.gp, known.municipality) == ("Ane Elmerskov", PRACTICE, None)
    assert not store.tasks()
    assert not store.stay().is_party(MUNICIPALITY)


async def test_a_practice_named_by_hand_is_kept_when_none_was_known() -> None:
    store = _store(gp=None)

    await store.run(begin_stay, begin_by_hand())

    assert [known.gp for known in store.state.patients.values()] == [PRACTICE]


async def test_the_citizens_own_municipality_receives_when_none_is_named() -> None:
    store = _store(gp=None)

    stay = await store.run(begin_stay, begin_by_hand(municipality=None, gp=None))

    assert stay.receiver == MUNICIPALITY


async def test_beginning_twice_is_beginning_once() -> None:
    store = _store()
    first = await store.run(begin_stay, begin_by_hand())
    events = len(store.events)

    again = await store.run(begin_stay, begin_by_hand(started_at=NOW))

    assert again == first
    assert len(store.events) == events


async def test_a_patient_who_is_in_another_ward_is_moved_by_hand() -> None:
    store = _store()
    await store.run(begin_stay, begin_by_hand())

    moved = await store.run(
        begin_stay, begin_by_hand(caller=ward_nurse(OTHER_WARD), ward=OTHER_WARD, started_at=ADMITTED_AT - HOUR)
    )

    assert moved.ward == OTHER_WARD
    assert moved.encounter.started_at == ADMITTED_AT
    assert len(store.happened(StayContinued)) == 1


async def test_a_transfer_by_hand_from_another_hospital_continues_the_stay() -> None:
    store = _store()
    away = replace(notice(), service_provider=PAPER_WARD)
    sent = envelope(sender=PAPER_WARD)
    await store.run(receive_notice, receive(away, sent=sent, client=record_system(PAPER_HOSPITAL)))

    stay = await store.run(begin_stay, begin_by_hand(started_at=NOW))

    assert (stay.hospital, stay.ward) == (HOSPITAL, WARD)
    assert not stay.is_read_by(PAPER_WARD, NOW)


@pytest.mark.parametrize("who", [gp(), home_nurse(), caller(Role.LEADER, HOSPITAL), record_system()])
async def test_only_a_ward_begins_a_stay_by_hand(who: Caller) -> None:
    with pytest.raises(NotAllowedError):
        await _store().run(begin_stay, begin_by_hand(caller=who))


async def test_a_ward_begins_stays_at_home_only() -> None:
    with pytest.raises(NotFoundError):
        await _store().run(begin_stay, begin_by_hand(ward=OTHER_WARD))


@pytest.mark.parametrize("field", ["municipality", "gp"])
async def test_an_unregistered_place_is_not_found(field: str) -> None:
    with pytest.raises(NotFoundError):
        await _store().run(begin_stay, begin_by_hand(**{field: UNREGISTERED}))


async def test_nobody_is_admitted_the_day_after_tomorrow() -> None:
    with pytest.raises(PlanError) as refused:
        await _store().run(begin_stay, begin_by_hand(started_at=NOW + DAY + MINUTE))

    assert refused.value.element == "started-at"


async def test_a_plan_is_told_to_who_serves_the_citizen() -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand())

    planned = await store.run(
        revise_plan, revise(stay.id, revision=PlanRevision(expected_discharge_at=NOW + DAY, bed="9"))
    )

    (told,) = store.happened(PlanRevised)
    assert (planned.plan.version, told.version) == (1, 1)
    assert told.fields == ("expected_discharge_at",)
    assert told.receivers == (MUNICIPALITY, NORTH)


async def test_a_bed_is_nobody_elses_business() -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand())

    moved = await store.run(revise_plan, revise(stay.id, revision=PlanRevision(bed="9")))

    assert moved.plan.version == 1
    assert not store.happened(PlanRevised)


async def test_a_plan_that_says_nothing_new_tells_nobody() -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand())
    events = len(store.events)

    await store.run(revise_plan, revise(stay.id))

    assert len(store.events) == events


async def test_a_plan_decided_on_an_older_version_is_refused() -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand(bed="7"))

    with pytest.raises(ConcurrentUpdateError) as refused:
        await store.run(revise_plan, revise(stay.id, expected_version=0))

    assert (refused.value.expected, refused.value.actual) == (0, 1)
    await store.run(revise_plan, revise(stay.id, expected_version=1))


@pytest.mark.parametrize("who", [gp(), home_nurse(), caller(Role.OPERATOR, HOSPITAL)])
async def test_only_the_hospital_writes_the_plan(who: Caller) -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(NotAllowedError):
        await store.run(revise_plan, revise(stay.id, caller=who))


@pytest.mark.parametrize("who", [ward_nurse(OTHER_WARD), record_system(MUNICIPALITY)])
async def test_another_place_does_not_find_the_stay(who: Caller) -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(NotFoundError):
        await store.run(revise_plan, revise(stay.id, caller=who))


async def test_discharging_and_undoing_at_once_contradicts_itself() -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(PlanError):
        await store.run(revise_plan, revise(stay.id, discharged_at=NOW, undo_discharged=True))


@pytest.mark.parametrize("at", [ADMITTED_AT - MINUTE, NOW + DAY + MINUTE])
async def test_nobody_leaves_before_they_came_nor_the_day_after_tomorrow(at: object) -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(PlanError) as refused:
        await store.run(revise_plan, revise(stay.id, discharged_at=at))

    assert refused.value.element == "discharged"
    assert store.stay().is_open


async def test_undoing_a_discharge_withdraws_what_it_made_and_only_that() -> None:
    store = _store()
    stay = await _discharged(store)
    await store.run(move_task, move(home_nurse(), store.task("R17"), Move.ACCEPT))

    opened = await store.run(revise_plan, revise(stay.id, undo_discharged=True))

    assert opened.is_open
    status = {task.code: task.status for task in store.tasks()}
    assert status.pop("act-already-taken") is TaskStatus.REQUESTED, "somebody had begun"
    assert status.pop("pause-services") is status.pop("send-admission-report") is TaskStatus.REQUESTED
    assert set(status.values()) == {TaskStatus.CANCELLED}
    assert {timer.step.task_id for timer in store.state.timers.values()} == {
        store.task("R01").id,
        store.task("R03").id,
        store.task("R32").id,
    }
    assert len(store.happened(DischargeUndone)) == 1
    assert {event.move for event in store.happened(TaskMoved)} == {Move.ACCEPT, Move.WITHDRAW}


async def test_what_was_done_before_the_undoing_stays_done() -> None:
    store = _store()
    stay = await _discharged(store)
    for what in (Move.ACCEPT, Move.COMPLETE):
        await store.run(move_task, move(ward_nurse(), store.task("R18"), what))

    await store.run(revise_plan, revise(stay.id, undo_discharged=True))

    assert store.task("R18").status is TaskStatus.COMPLETED


async def test_a_discharge_after_an_undone_one_asks_anew() -> None:
    store = _store()
    stay = await _discharged(store)
    letter = store.task(code="send-discharge-letter")
    for what in (Move.ACCEPT, Move.COMPLETE):
        await store.run(move_task, move(ward_nurse(), letter, what))
    await store.run(revise_plan, revise(stay.id, undo_discharged=True))

    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))

    assert [task.status for task in store.tasks("R17")] == [TaskStatus.CANCELLED, TaskStatus.REQUESTED]
    assert len(store.tasks(code="send-discharge-letter")) == 1
    reading = store.tasks(code="read-discharge-letter")[-1]
    (rung,) = [timer.step for timer in store.state.timers.values() if timer.step.task_id == reading.id]
    assert rung.due_at == NOW + 3 * DAY


async def test_a_discharge_is_not_undone_once_the_citizen_is_in_hospital_again() -> None:
    store = _store()
    stay = await _discharged(store)
    again = await store.run(begin_stay, begin_by_hand(ward=OTHER_WARD, caller=ward_nurse(OTHER_WARD), started_at=NOW))

    with pytest.raises(TransitionError):
        await store.run(revise_plan, revise(stay.id, undo_discharged=True))

    assert [each.id for each in store.state.stays.values() if each.is_open] == [again.id]


async def test_a_ward_whose_access_has_ended_changes_nothing() -> None:
    store = _store()
    stay = await _discharged(store)
    ended = tuple(replace(party, until=NOW) for party in store.stay().parties)
    store.state.stays[stay.id] = replace(store.stay(), parties=ended)

    with pytest.raises(NotFoundError):
        await store.run(revise_plan, revise(stay.id, revision=PlanRevision(bed="7")))


async def test_without_a_discharge_there_is_nothing_to_undo() -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(TransitionError):
        await store.run(revise_plan, revise(stay.id, undo_discharged=True))


async def test_the_first_visit_of_the_plan_is_when_the_municipality_must_be_there() -> None:
    store = _store()

    await _discharged(store, first_visit_at=NOW + 20 * HOUR, needs=frozenset({Need.HOME_NURSING}))

    assert store.task("R17").due_at == NOW + 20 * HOUR


async def test_a_plan_changed_after_departure_voids_an_acceptance_and_asks_again() -> None:
    store = _store()
    stay = await _discharged(store)
    await store.run(move_task, move(home_nurse(), store.task("R17"), Move.ACCEPT))
    store.now = NOW + 2 * HOUR
    await store.run(fire_timers, FireTimers(until=store.now))

    revision = PlanRevision(first_visit_at=NOW + 5 * HOUR)
    await store.run(revise_plan, revise(stay.id, revision=revision))

    resume = store.task("R17")
    assert (resume.status, resume.assignee, resume.due_at) == (TaskStatus.REQUESTED, None, NOW + 5 * HOUR)
    assert resume.rounds[-1].proofs.highest is Proof.ACCEPTED
    rungs = sorted(
        timer.step.due_at - store.now
        for timer in store.state.timers.values()
        if timer.step.task_id == resume.id and timer.fired_at is None and timer.step.due_at is not None
    )
    assert rungs == [30 * MINUTE, 60 * MINUTE, 3 * HOUR]
    assert {event.task.rule for event in store.happened(TaskRedated)} == {"R17"}


async def test_a_new_telephone_number_voids_nobodys_yes_and_no_agreed_time() -> None:
    store = _store()
    stay = await _discharged(store)
    nurse, resume = home_nurse(), store.task("R17")
    await store.run(move_task, move(nurse, resume, Move.PROPOSE_TIME, proposed_time=NOW + 3 * HOUR))
    await store.run(move_task, move(ward_nurse(), resume, Move.AGREE_TIME))
    await store.run(move_task, move(nurse, resume, Move.ACCEPT))
    before = store.task("R17")

    await store.run(revise_plan, revise(stay.id, revision=PlanRevision(contact_phone="12 34 56 78")))

    assert store.task("R17") == before
    assert before.due_at == NOW + 3 * HOUR


async def test_a_need_named_after_departure_brings_the_municipality_in() -> None:
    store = FakeStore()
    stay = await _discharged(store)
    assert not store.tasks("R17")

    await store.run(revise_plan, revise(stay.id, revision=PlanRevision(needs=frozenset({Need.MEALS}))))

    assert store.task("R17").owner == MUNICIPALITY
    assert store.stay().is_read_by(MUNICIPALITY, NOW)


async def test_a_duty_the_ward_withdrew_does_not_come_back_with_the_next_plan() -> None:
    store = _store()
    stay = await _discharged(store)
    await store.run(move_task, move(ward_nurse(), store.task("R17"), Move.WITHDRAW, reason="daughter does it"))

    await store.run(revise_plan, revise(stay.id, revision=PlanRevision(frail=True)))

    assert store.task("R17").status is TaskStatus.CANCELLED


async def test_a_need_without_a_known_municipality_makes_nobody_party() -> None:
    store = FakeStore()
    stay = await store.run(begin_stay, begin_by_hand(municipality=None))

    await store.run(revise_plan, revise(stay.id, revision=PlanRevision(needs=frozenset({Need.MEALS}))))

    assert {party.organization for party in store.stay().parties} == {WARD, HOSPITAL}


async def test_access_ends_some_days_after_the_end_but_never_while_something_is_owed() -> None:
    store = _store()
    stay = await _discharged(store)

    for task in store.tasks():
        if task.owner == PRACTICE:
            continue
        who = ward_nurse() if task.owner == WARD else home_nurse()
        for what in (Move.ACCEPT, Move.COMPLETE):
            await store.run(move_task, move(who, task, what))

    until = {party.organization: party.until for party in store.stay().parties}
    assert until == {
        WARD: NOW + 30 * DAY,
        HOSPITAL: NOW + 30 * DAY,
        MUNICIPALITY: NOW + 30 * DAY,
        NORTH: NOW + 30 * DAY,
        PRACTICE: None,
    }
    assert stay.ended_at == NOW


async def test_whose_access_has_ended_finds_nothing() -> None:
    store = _store()
    await _discharged(store)
    resume = store.task("R17")
    for task in (resume, store.task("R01"), store.task("R03")):
        for what in (Move.ACCEPT, Move.COMPLETE):
            await store.run(move_task, move(home_nurse(), task, what))
    store.now = NOW + 30 * DAY

    with pytest.raises(NotFoundError):
        await store.run(move_task, move(home_nurse(), resume, Move.COMPLETE))
