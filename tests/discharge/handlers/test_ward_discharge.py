"""The ward marks the patient as gone, takes that back, and changes the plan afterwards."""

from dataclasses import replace
from datetime import time

import pytest

from discharge.errors import NotFoundError, PlanError, TransitionError
from discharge.events import DischargeUndone, TaskMoved, TaskRedated
from discharge.handlers import FireTimers, begin_stay, fire_timers, move_task, revise_plan
from discharge.plan import Need, PlanRevision
from discharge.ports import ArmedStep
from discharge.task import Move, Proof, TaskStatus
from tests.discharge.handlers.steps import DAY, HOUR, MINUTE, discharged, do, house
from tests.factories import (
    ADMITTED_AT,
    HOSPITAL,
    MUNICIPALITY,
    NORTH,
    NOW,
    OTHER_WARD,
    PRACTICE,
    WARD,
    begin_by_hand,
    home_nurse,
    local_instant,
    move,
    revise,
    ward_nurse,
)
from tests.fakes import FakeStore


def _rung_of(store: FakeStore, code: str) -> ArmedStep:
    """The only rung of the latest duty of the code."""
    task = store.tasks(code=code)[-1]
    (rung,) = [timer.step for timer in store.state.timers.values() if timer.step.task_id == task.id]
    return rung


async def test_discharging_and_undoing_at_once_contradicts_itself() -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(PlanError):
        await store.run(revise_plan, revise(stay.id, discharged_at=NOW, undo_discharged=True))


@pytest.mark.parametrize("at", [ADMITTED_AT - MINUTE, NOW + DAY + MINUTE])
async def test_nobody_leaves_before_they_came_nor_the_day_after_tomorrow(at: object) -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(PlanError) as refused:
        await store.run(revise_plan, revise(stay.id, discharged_at=at))

    assert refused.value.element == "discharged"
    assert store.stay().is_open


async def test_undoing_a_discharge_withdraws_what_it_made_and_only_that() -> None:
    store = house()
    stay = await discharged(store)
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
    store = house()
    stay = await discharged(store)
    for what in (Move.ACCEPT, Move.COMPLETE):
        await store.run(move_task, move(ward_nurse(), store.task("R18"), what))

    await store.run(revise_plan, revise(stay.id, undo_discharged=True))

    assert store.task("R18").status is TaskStatus.COMPLETED


async def test_a_discharge_after_an_undone_one_asks_anew() -> None:
    store = house()
    stay = await discharged(store)
    letter = store.task(code="send-discharge-letter")
    await do(store, ward_nurse(), letter, Move.ACCEPT, Move.COMPLETE)
    await store.run(revise_plan, revise(stay.id, undo_discharged=True))

    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))

    assert [task.status for task in store.tasks("R17")] == [TaskStatus.CANCELLED, TaskStatus.REQUESTED]
    letters = store.tasks(code="send-discharge-letter")
    assert [task.status for task in letters] == [TaskStatus.COMPLETED, TaskStatus.REQUESTED]
    assert _rung_of(store, "read-discharge-letter").due_at is None, "the letter of this discharge is not sent"

    await do(store, ward_nurse(), letters[-1], Move.ACCEPT, Move.COMPLETE)

    assert _rung_of(store, "read-discharge-letter").due_at == NOW + 3 * DAY


async def test_a_discharge_at_another_time_leaves_the_practice_its_time_since_the_letter() -> None:
    store = house()
    stay = await discharged(store)
    await do(store, ward_nurse(), store.task(code="send-discharge-letter"), Move.ACCEPT, Move.COMPLETE)

    await store.run(revise_plan, revise(stay.id, discharged_at=NOW + DAY))

    assert store.task(code="read-discharge-letter").due_at == local_instant((NOW + 5 * DAY).date(), time(0, 0))
    assert _rung_of(store, "read-discharge-letter").due_at == NOW + 3 * DAY


async def test_a_discharge_is_not_undone_once_the_citizen_is_in_hospital_again() -> None:
    store = house()
    stay = await discharged(store)
    again = await store.run(begin_stay, begin_by_hand(ward=OTHER_WARD, caller=ward_nurse(OTHER_WARD), started_at=NOW))

    with pytest.raises(TransitionError):
        await store.run(revise_plan, revise(stay.id, undo_discharged=True))

    assert [each.id for each in store.state.stays.values() if each.is_open] == [again.id]


async def test_a_ward_whose_access_has_ended_changes_nothing() -> None:
    store = house()
    stay = await discharged(store)
    ended = tuple(replace(party, until=NOW) for party in store.stay().parties)
    store.state.stays[stay.id] = replace(store.stay(), parties=ended)

    with pytest.raises(NotFoundError):
        await store.run(revise_plan, revise(stay.id, revision=PlanRevision(bed="7")))


async def test_without_a_discharge_there_is_nothing_to_undo() -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(TransitionError):
        await store.run(revise_plan, revise(stay.id, undo_discharged=True))


async def test_the_first_visit_of_the_plan_is_when_the_municipality_must_be_there() -> None:
    store = house()

    await discharged(store, first_visit_at=NOW + 20 * HOUR, needs=frozenset({Need.HOME_NURSING}))

    assert store.task("R17").due_at == NOW + 20 * HOUR


async def test_a_plan_changed_after_departure_voids_an_acceptance_and_asks_again() -> None:
    store = house()
    stay = await discharged(store)
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
    store = house()
    stay = await discharged(store)
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
    stay = await discharged(store)
    assert not store.tasks("R17")

    await store.run(revise_plan, revise(stay.id, revision=PlanRevision(needs=frozenset({Need.MEALS}))))

    assert store.task("R17").owner == MUNICIPALITY
    assert store.stay().is_read_by(MUNICIPALITY, NOW)


async def test_a_duty_the_ward_withdrew_does_not_come_back_with_the_next_plan() -> None:
    store = house()
    stay = await discharged(store)
    await store.run(move_task, move(ward_nurse(), store.task("R17"), Move.WITHDRAW, reason="daughter does it"))

    await store.run(revise_plan, revise(stay.id, revision=PlanRevision(frail=True)))

    assert store.task("R17").status is TaskStatus.CANCELLED


async def test_access_ends_some_days_after_the_end_but_never_while_something_is_owed() -> None:
    store = house()
    stay = await discharged(store)

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
    store = house()
    await discharged(store)
    resume = store.task("R17")
    for task in (resume, store.task("R01"), store.task("R03")):
        for what in (Move.ACCEPT, Move.COMPLETE):
            await store.run(move_task, move(home_nurse(), task, what))
    store.now = NOW + 30 * DAY

    with pytest.raises(NotFoundError):
        await store.run(move_task, move(home_nurse(), resume, Move.COMPLETE))
