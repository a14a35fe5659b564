"""What somebody did on a fact that was taken back is no answer to the next one."""

from __future__ import annotations

import pytest

from discharge.events import DischargeUndone, TaskOverdue
from discharge.handlers import FireTimers, fire_timers, revise_plan
from discharge.notices import NoticeKind, StayState
from discharge.task import Move, TaskStatus
from tests.discharge.handlers.steps import MINUTE, course, do, end
from tests.factories import NOW, OTHER_WARD, home_nurse, revise, ward_nurse

K = NoticeKind


async def test_what_must_be_put_right_is_overdue_when_nobody_does() -> None:
    told = course()
    await told.tell(K.STIN)
    await do(told.store, home_nurse(), told.store.task("R03"), Move.ACCEPT)
    await told.tell(K.AN_STIN)
    act = told.store.task("R32")
    assert act.due_at is not None

    await told.store.run(fire_timers, FireTimers(until=act.due_at))

    assert [event.task.id for event in told.store.happened(TaskOverdue)] == [act.id]


async def test_a_report_that_was_rejected_is_asked_for_again_by_the_next_notice() -> None:
    told = course()
    await told.tell(K.STIN)
    unit = told.store.task("R03")
    await do(told.store, home_nurse(), unit, Move.REJECT, reason="Ikke vores")

    await told.tell(K.STIN, service_provider=OTHER_WARD)

    assert [task.status for task in told.store.tasks("R03")].count(TaskStatus.REJECTED) == 1


@pytest.mark.parametrize("ends", [TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED])
@pytest.mark.parametrize("by_ward", [False, True])
async def test_a_duty_of_an_undone_discharge_is_owed_again_after_the_next(ends: TaskStatus, *, by_ward: bool) -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    await end(told.store, told.store.task("R17"), ends)
    if by_ward:
        await told.store.run(revise_plan, revise(told.store.stay().id, undo_discharged=True))
        told.store.now += MINUTE
        await told.store.run(revise_plan, revise(told.store.stay().id, discharged_at=told.store.now))
    else:
        await told.tell(K.AN_SLHJ)
        told.store.now += MINUTE
        await told.tell(K.SLHJ)

    assert told.store.stay().state is StayState.ENDED
    assert [task.status for task in told.store.tasks("R17")] == [ends, TaskStatus.REQUESTED]


@pytest.mark.parametrize("by_ward", [False, True])
async def test_the_ward_sends_its_report_again_after_the_next_discharge(*, by_ward: bool) -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    await do(told.store, ward_nurse(), told.store.task("R18"), Move.ACCEPT, Move.COMPLETE)
    if by_ward:
        await told.store.run(revise_plan, revise(told.store.stay().id, undo_discharged=True))
    else:
        await told.tell(K.AN_SLHJ)
    told.store.now += MINUTE

    await told.store.run(revise_plan, revise(told.store.stay().id, discharged_at=told.store.now))

    assert [task.status for task in told.store.tasks("R18")] == [TaskStatus.COMPLETED, TaskStatus.REQUESTED]


@pytest.mark.parametrize("ends", [TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED])
async def test_a_duty_that_ended_is_not_owed_again_when_the_same_discharge_is_told_once_more(ends: TaskStatus) -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    await end(told.store, told.store.task("R17"), ends)
    told.store.now += MINUTE

    await told.tell(K.SLHJ)
    await told.tell(K.RE_SLHJ)

    assert [task.status for task in told.store.tasks("R17")] == [ends]


async def test_a_correction_that_came_before_its_discharge_has_told_of_it() -> None:
    told = course()
    await told.tell(K.STIN)
    late = told.lose()
    await told.tell(K.RE_SLHJ)
    await do(told.store, home_nurse(), told.store.task("R17"), Move.ACCEPT, Move.COMPLETE)
    told.store.now += MINUTE

    await told.tell(K.SLHJ, message_id=late, history=tuple(told.sent[:1]))

    assert [task.status for task in told.store.tasks("R17")] == [TaskStatus.COMPLETED]


async def test_what_was_done_on_a_discharge_is_owed_again_when_its_undoing_comes_after_the_next() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    await do(told.store, home_nurse(), told.store.task("R17"), Move.ACCEPT, Move.COMPLETE)
    first, undoing = told.sent[-1], told.lose()
    await told.tell(K.SLHJ)
    assert [task.status for task in told.store.tasks("R17")] == [TaskStatus.COMPLETED]

    told.store.now += MINUTE
    await told.tell(K.AN_SLHJ, message_id=undoing, about=first, history=tuple(told.sent[:2]))

    assert told.store.stay().state is StayState.ENDED
    assert [task.status for task in told.store.tasks("R17")] == [TaskStatus.COMPLETED, TaskStatus.REQUESTED]


async def test_what_was_done_before_a_death_that_was_none_stays_done() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    await do(told.store, home_nurse(), told.store.task("R17"), Move.ACCEPT, Move.COMPLETE)
    await told.die(K.SLHJ)

    await told.die(K.SLHJ, deceased=False)

    assert [task.status for task in told.store.tasks("R17")] == [TaskStatus.COMPLETED]
    assert [task.status for task in told.store.tasks("R21")] == [TaskStatus.CANCELLED, TaskStatus.REQUESTED]


async def test_a_duty_given_up_on_a_cancelled_admission_is_owed_again_after_the_next() -> None:
    told = course()
    await told.tell(K.STIN)
    await end(told.store, told.store.task("R03"), TaskStatus.CANCELLED)
    await told.tell(K.AN_STIN)

    await told.tell(K.STIN)

    assert [task.status for task in told.store.tasks("R03")] == [TaskStatus.CANCELLED, TaskStatus.REQUESTED]


async def test_people_who_were_told_that_there_was_no_stay_are_asked_again_when_there_was_one_after_all() -> None:
    told = course()
    await told.tell(K.STIN)
    await do(told.store, home_nurse(), told.store.task("R03"), Move.ACCEPT, Move.COMPLETE)
    lost = told.lose()
    # It knows the admission that has come, so it may be of a correction of that.
    await told.tell(K.AN_STIN)
    assert told.store.stay().state is StayState.CANCELLED

    await told.tell(K.STIN, message_id=lost, history=tuple(told.sent[:1]), occurred_at=NOW, service_provider=OTHER_WARD)

    assert told.store.stay().state is StayState.ADMITTED
    assert [task.status for task in told.store.tasks("R03")] == [TaskStatus.COMPLETED, TaskStatus.REQUESTED]


async def test_a_discharge_that_is_undone_while_the_patient_is_thought_dead_is_put_right_when_it_is_told() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    await do(told.store, home_nurse(), told.store.task("R17"), Move.ACCEPT, Move.COMPLETE)
    await told.die(K.SLHJ)
    await told.tell(K.AN_SLHJ)
    assert told.store.stay().state is StayState.DEAD
    assert not told.store.happened(DischargeUndone)

    await told.die(K.SLHJ, deceased=False)

    assert told.store.stay().state is StayState.ADMITTED
    assert len(told.store.happened(DischargeUndone)) == 1
    assert told.store.task("R32").replaces == told.store.task("R17").id
