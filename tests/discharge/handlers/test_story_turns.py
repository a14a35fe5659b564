"""What follows from a course that turns: leave, transfer, death, coming back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discharge.errors import TransitionError
from discharge.events import (
    DeathWithdrawn,
    LeaveBegan,
    LeaveEnded,
    NoticeUnexpected,
    PatientDied,
    StayBegan,
    StayContinued,
    TaskMoved,
)
from discharge.handlers import receive_notice, revise_plan
from discharge.handlers.duties import ACT_TAKEN, DEATH
from discharge.notices import NoticeKind, StayState
from discharge.plan import Need, PlanRevision
from discharge.task import Move, TaskStatus
from tests.discharge.handlers.steps import HOUR, MINUTE, course, do
from tests.factories import (
    MUNICIPALITY,
    NOW,
    OTHER_WARD,
    WARD,
    envelope,
    home_nurse,
    notice,
    receive,
    revise,
    ward_nurse,
)

K = NoticeKind


async def test_leave_is_told_and_restarts_nothing() -> None:
    told = course()
    await told.tell(K.STIN)
    before = told.store.tasks()

    await told.tell(K.STOR)

    stay = told.store.stay()
    assert (stay.state, stay.leave_started_at) == (StayState.ON_LEAVE, NOW + MINUTE)
    (began,) = told.store.happened(LeaveBegan)
    assert MUNICIPALITY in began.receivers
    assert stay.is_open

    await told.tell(K.SLOR)

    assert told.store.stay().state is StayState.ADMITTED
    assert told.store.stay().leave_started_at is None
    assert len(told.store.happened(LeaveEnded)) == 1
    assert told.store.tasks() == before


async def test_a_transfer_moves_what_is_open_to_the_new_ward() -> None:
    told = course()
    await told.tell(K.STIN, report_requested=True)

    await told.tell(K.STIN, service_provider=OTHER_WARD)

    assert {task.requester for task in told.store.tasks() if task.is_open} == {OTHER_WARD}
    assert len(told.store.happened(StayContinued)) == 1
    assert told.store.stay().ward == OTHER_WARD


async def test_what_the_old_ward_owed_is_the_new_wards_to_take_on() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    report = told.store.task("R18")
    await do(told.store, ward_nurse(), report, Move.ACCEPT)

    await told.tell(K.RE_STIN, service_provider=OTHER_WARD)

    moved = told.store.task("R18")
    assert (moved.owner, moved.status, moved.assignee) == (OTHER_WARD, TaskStatus.REQUESTED, None)
    assert moved.rounds[-1].owner == WARD
    assert {event.move for event in told.store.happened(TaskMoved)} == {Move.ACCEPT, Move.ASSIGN}


async def test_a_death_closes_and_silences() -> None:
    told = course()
    await told.tell(K.STIN)
    await do(told.store, home_nurse(), told.store.task("R03"), Move.ACCEPT)

    await told.die()

    stay = told.store.stay()
    assert (stay.state, stay.is_open) == (StayState.DEAD, False)
    assert {task.status for task in told.store.tasks()} == {TaskStatus.CANCELLED}
    assert {task.status_reason for task in told.store.tasks()} == {DEATH}
    assert not [timer for timer in told.store.state.timers.values() if timer.fired_at is None]
    (died,) = told.store.happened(PatientDied)
    assert MUNICIPALITY in died.receivers
    assert not told.store.tasks(code=ACT_TAKEN), "nobody is sent out again"


async def test_a_death_told_again_re_dates_and_the_same_one_says_nothing() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.STIN, deceased=True)
    await told.tell(K.STIN, deceased=True)

    assert [event.redated for event in told.store.happened(PatientDied)] == [False, True]

    repeated = told.store.stay().died_at
    await told.store.run(
        receive_notice,
        receive(
            replace(notice(K.STIN), deceased=True, ended_at=repeated, occurred_at=NOW + HOUR, history=tuple(told.sent)),
            sent=envelope(),
        ),
    )

    assert len(told.store.happened(PatientDied)) == 2


async def test_a_death_that_was_none_brings_the_duties_back() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.die()

    await told.die(deceased=False)

    assert told.store.stay().state is StayState.ADMITTED
    assert len(told.store.happened(DeathWithdrawn)) == 1
    assert [task.status for task in told.store.tasks("R03")] == [TaskStatus.CANCELLED, TaskStatus.REQUESTED]


async def test_a_death_at_home_that_was_none_leaves_the_discharge() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    await told.die(K.SLHJ)
    await told.die(K.SLHJ, deceased=False)

    assert told.store.stay().state is StayState.ENDED
    assert len(told.store.happened(DeathWithdrawn)) == 1
    assert told.store.tasks("R17")[-1].is_open


async def test_a_death_on_arrival_makes_a_stay_without_duties() -> None:
    told = course()

    await told.die(K.STAA)

    assert told.store.stay().state is StayState.DEAD
    assert told.store.tasks() == []
    assert len(told.store.happened(StayBegan)) == len(told.store.happened(PatientDied)) == 1


async def test_what_comes_after_a_death_is_kept_and_shown() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.die()

    await told.tell(K.SLHJ)

    assert told.store.stay().state is StayState.DEAD
    (unexpected,) = told.store.happened(NoticeUnexpected)
    assert unexpected.kind is K.SLHJ


async def test_who_comes_back_the_same_night_has_another_stay() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    back = replace(notice(K.STIN), started_at=NOW + 2 * HOUR, occurred_at=NOW + 2 * HOUR)

    await told.store.run(receive_notice, receive(back))

    states = sorted(stay.state for stay in told.store.state.stays.values())
    assert states == [StayState.ADMITTED, StayState.ENDED]


async def test_nobody_is_sent_to_the_dead_by_a_changed_plan() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.die()
    stay = told.store.stay()

    await told.store.run(revise_plan, revise(stay.id, revision=PlanRevision(needs=frozenset({Need.HOME_NURSING}))))

    assert not [task for task in told.store.tasks() if task.is_open]
    with pytest.raises(TransitionError):
        await told.store.run(revise_plan, revise(stay.id, discharged_at=NOW))
