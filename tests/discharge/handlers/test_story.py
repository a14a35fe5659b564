"""What follows from a course that turns: transfer, leave, death, corrections, cancellations, coming back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from discharge.commands import ReceiptCode
from discharge.directory import Organization, OrganizationKind
from discharge.errors import TransitionError
from discharge.events import (
    DeathWithdrawn,
    DischargeUndone,
    LeaveBegan,
    LeaveEnded,
    NoticeUnexpected,
    PatientDied,
    PatientDischarged,
    StayBegan,
    StayCancelled,
    StayContinued,
    TaskMoved,
    TaskOverdue,
    TaskRequested,
)
from discharge.handlers import FireTimers, begin_stay, fire_timers, move_task, receive_notice, revise_plan
from discharge.handlers.duties import ACT_TAKEN, CANCELLED_BY_NOTICE, DEATH
from discharge.identifiers import MessageId, SorCode
from discharge.notices import Effect, NoticeKind, StayState
from discharge.plan import Need, PlanRevision
from discharge.policy import Caller, Role
from discharge.task import Move, TaskStatus
from tests.factories import (
    ADMITTED_AT,
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    NOW,
    OTHER_WARD,
    PRACTICE,
    WARD,
    begin_by_hand,
    caller,
    directory,
    envelope,
    episode,
    home_nurse,
    move,
    notice,
    patient,
    receive,
    revise,
    ward_nurse,
)
from tests.fakes import FakeStore

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ELSEWHERE = SorCode("97000000000")
K = NoticeKind


class Course:
    """Messages of one stay, each naming those before it, a minute apart."""

    def __init__(self, store: FakeStore) -> None:
        self.store = store
        self.sent: list[MessageId] = []
        self.episode = episode()

    async def tell(self, kind: NoticeKind, *, client: Caller | None = None, **changes: Any) -> None:
        """One more message."""
        at = NOW + len(self.sent) * MINUTE
        message = envelope(**({"sender": client.acting} if client is not None else {}))
        told = replace(
            notice(kind),
            episodes=(self.episode,),
            occurred_at=at,
            ended_at=at if kind.base is K.SLHJ else None,
            leave_started_at=at if kind.base is K.STOR else None,
            leave_ended_at=at if kind.base is K.SLOR else None,
            history=tuple(self.sent),
            about=self.sent[-1] if self.sent else None,
            **changes,
        )
        receipt = await self.store.run(receive_notice, receive(told, sent=message, client=client))
        assert receipt.code is ReceiptCode.OK
        self.sent.append(message.message_id)

    async def die(self, kind: NoticeKind = K.STIN, *, deceased: bool = True) -> None:
        """A death repeats an older activity."""
        await self.tell(kind, deceased=deceased)


def course(**changes: Any) -> Course:
    return Course(FakeStore(patients=[patient()], **changes))


def status_of(store: FakeStore) -> dict[str, TaskStatus]:
    return {task.code: task.status for task in store.tasks()}


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
    await told.store.run(move_task, move(ward_nurse(), report, Move.ACCEPT))

    await told.tell(K.RE_STIN, service_provider=OTHER_WARD)

    moved = told.store.task("R18")
    assert (moved.owner, moved.status, moved.assignee) == (OTHER_WARD, TaskStatus.REQUESTED, None)
    assert moved.rounds[-1].owner == WARD
    assert {event.move for event in told.store.happened(TaskMoved)} == {Move.ACCEPT, Move.ASSIGN}


async def test_the_next_hospital_that_asks_gets_a_report_too() -> None:
    there = Organization(sor=ELSEWHERE, name="Fjernt", kind=OrganizationKind.HOSPITAL, region="DK-81")
    told = course(directory=directory().of((*directory().organizations.values(), there)))
    await told.tell(K.STIN, report_requested=True)
    first = told.store.task("R01")
    system = caller(Role.SYSTEM, MUNICIPALITY)
    await told.store.run(move_task, move(system, first, Move.ACCEPT))
    await told.store.run(move_task, move(system, first, Move.COMPLETE))

    elsewhere = caller(Role.SYSTEM, ELSEWHERE)
    await told.tell(K.STIN, client=elsewhere, service_provider=ELSEWHERE, report_requested=True)

    assert [task.status for task in told.store.tasks("R01")] == [TaskStatus.COMPLETED, TaskStatus.REQUESTED]
    assert len(told.store.tasks("R03")) == 1


async def test_the_report_goes_to_whom_the_hospital_names() -> None:
    told = course()

    await told.tell(K.STIN, report_requested=True, report_recipient=OTHER_WARD)

    note = told.store.task("R01").note
    assert note is not None
    assert OTHER_WARD in note


async def test_a_report_to_somebody_unknown_is_named_by_code() -> None:
    told = course()

    await told.tell(K.STIN, report_requested=True, report_recipient=ELSEWHERE)

    assert told.store.task("R01").note == f"Rapporten sendes til {ELSEWHERE}"


async def test_a_death_closes_and_silences() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.store.run(move_task, move(home_nurse(), told.store.task("R03"), Move.ACCEPT))

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


async def test_a_cancelled_admission_takes_everything_back_and_asks_who_acted_to_put_it_right() -> None:
    told = course()
    await told.tell(K.STIN, report_requested=True)
    await told.store.run(move_task, move(home_nurse(), told.store.task("R03"), Move.ACCEPT))
    await told.store.run(move_task, move(home_nurse(), told.store.task("R03"), Move.COMPLETE))

    await told.tell(K.AN_STIN)

    assert told.store.stay().state is StayState.CANCELLED
    status = status_of(told.store)
    assert status == {
        "send-admission-report": TaskStatus.CANCELLED,
        "pause-services": TaskStatus.COMPLETED,
        ACT_TAKEN: TaskStatus.REQUESTED,
    }
    assert told.store.task("R01").status_reason == CANCELLED_BY_NOTICE
    act = told.store.task("R32")
    assert (act.owner, act.requester, act.replaces) == (NORTH, WARD, told.store.task("R03").id)
    assert act.note is not None
    assert told.store.task("R03").title.da in act.note
    (cancelled,) = told.store.happened(StayCancelled)
    assert MUNICIPALITY in cancelled.receivers

    assert {party.until for party in told.store.stay().parties if party.organization == WARD} == {NOW + 30 * 24 * HOUR}

    await told.tell(K.AN_STIN)

    assert len(told.store.tasks("R32")) == 1
    assert len(told.store.happened(StayCancelled)) == 1
    assert told.store.stay().notices[-1].effect is Effect.UNEXPECTED


async def test_what_must_be_put_right_is_overdue_when_nobody_does() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.store.run(move_task, move(home_nurse(), told.store.task("R03"), Move.ACCEPT))
    await told.tell(K.AN_STIN)
    act = told.store.task("R32")
    assert act.due_at is not None

    await told.store.run(fire_timers, FireTimers(until=act.due_at))

    assert [event.task.id for event in told.store.happened(TaskOverdue)] == [act.id]


async def test_an_admission_told_again_after_its_cancellation_begins_anew() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.AN_STIN)

    await told.tell(K.STIN)

    assert told.store.stay().state is StayState.ADMITTED
    assert len(told.store.happened(StayBegan)) == 2
    assert told.store.tasks("R03")[-1].is_open


async def test_a_cancelled_discharge_withdraws_its_duties_and_keeps_the_others() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    await told.store.run(move_task, move(home_nurse(), told.store.task("R17"), Move.ACCEPT))

    await told.tell(K.AN_SLHJ)

    assert told.store.stay().is_open
    status = status_of(told.store)
    assert status["resume-services"] is TaskStatus.CANCELLED
    assert status["pause-services"] is TaskStatus.REQUESTED
    assert status[ACT_TAKEN] is TaskStatus.REQUESTED
    (undone,) = told.store.happened(DischargeUndone)
    assert undone.by is None

    await told.tell(K.SLHJ)

    assert [task.status for task in told.store.tasks("R17")] == [TaskStatus.CANCELLED, TaskStatus.REQUESTED]
    assert len(told.store.tasks("R32")) == 1, "what was put right once is not asked for again"


async def test_a_duty_that_was_done_on_a_cancelled_discharge_is_owed_again_after_the_next() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    for what in (Move.ACCEPT, Move.COMPLETE):
        await told.store.run(move_task, move(home_nurse(), told.store.task("R17"), what))
    await told.tell(K.AN_SLHJ)

    await told.tell(K.SLHJ)

    assert [task.status for task in told.store.tasks("R17")] == [TaskStatus.COMPLETED, TaskStatus.REQUESTED]


async def test_a_corrected_discharge_re_dates_what_it_made() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)

    await told.tell(K.RE_SLHJ)

    assert [event.redated for event in told.store.happened(PatientDischarged)] == [False, True]
    assert told.store.task("R21").due_at == NOW + 2 * MINUTE + 72 * HOUR
    assert told.store.stay().ended_at == NOW + 2 * MINUTE


async def test_what_comes_after_a_death_is_kept_and_shown() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.die()

    await told.tell(K.SLHJ)

    assert told.store.stay().state is StayState.DEAD
    (unexpected,) = told.store.happened(NoticeUnexpected)
    assert unexpected.kind is K.SLHJ


async def test_a_cancellation_of_what_never_came_waits_for_it() -> None:
    told = course()
    lost = MessageId("the-stin")
    told.sent.append(lost)
    await told.tell(K.AN_STIN)

    assert told.store.stay().state is StayState.CANCELLED
    assert told.store.tasks() == []
    assert len(told.store.happened(NoticeUnexpected)) == 1

    late = replace(notice(K.STIN), occurred_at=NOW)
    await told.store.run(receive_notice, receive(late, sent=envelope(message_id=lost)))

    assert told.store.stay().state is StayState.CANCELLED
    assert told.store.tasks() == []
    assert {each.effect for each in told.store.stay().notices} == {Effect.CANCELLED, Effect.STANDS}


async def test_who_comes_back_the_same_night_has_another_stay() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    back = replace(notice(K.STIN), started_at=NOW + 2 * HOUR, occurred_at=NOW + 2 * HOUR)

    await told.store.run(receive_notice, receive(back))

    states = sorted(stay.state for stay in told.store.state.stays.values())
    assert states == [StayState.ADMITTED, StayState.ENDED]


async def test_a_stay_that_no_message_ends_is_closed_by_hand_and_the_late_message_confirms() -> None:
    told = course()
    await told.tell(K.STIN)
    stay = told.store.stay()
    await told.store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    tasks = len(told.store.tasks())

    await told.tell(K.SLHJ)

    assert told.store.stay().state is StayState.ENDED
    assert told.store.stay().ended_at == NOW + MINUTE
    assert len(told.store.tasks()) == tasks


async def test_a_press_that_changes_nothing_is_not_filed() -> None:
    store = FakeStore(patients=[patient()])
    stay = await store.run(begin_stay, begin_by_hand())
    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    told = len(store.stay().notices)

    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))

    assert len(store.stay().notices) == told


async def test_a_stay_of_before_notices_were_filed_goes_on() -> None:
    told = course()
    await told.tell(K.STAA)
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    kept = told.store.stay()
    contacts = tuple(replace(each, source=None) for each in kept.encounters)
    told.store.state.stays[kept.id] = replace(kept, notices=(), encounters=contacts)

    await told.tell(K.RE_SLHJ)

    after = told.store.stay()
    assert after.ended_at == NOW + 3 * MINUTE
    assert [each.id for each in after.encounters] == [each.id for each in contacts]
    assert len(told.store.happened(TaskRequested)) == len(told.store.tasks())
    assert after.began_at == ADMITTED_AT
    assert after.hospital == HOSPITAL


async def test_an_open_stay_of_before_notices_were_filed_is_ended() -> None:
    told = course()
    await told.tell(K.STIN)
    kept = told.store.stay()
    told.store.state.stays[kept.id] = replace(kept, notices=())

    await told.tell(K.SLHJ)

    assert told.store.stay().state is StayState.ENDED


async def test_a_report_that_was_rejected_is_asked_for_again_by_the_next_notice() -> None:
    told = course()
    await told.tell(K.STIN)
    unit = told.store.task("R03")
    await told.store.run(move_task, move(home_nurse(), unit, Move.REJECT, reason="Ikke vores"))

    await told.tell(K.STIN, service_provider=OTHER_WARD)

    assert [task.status for task in told.store.tasks("R03")].count(TaskStatus.REJECTED) == 1


async def test_a_cancellation_takes_out_the_press_that_the_message_had_confirmed() -> None:
    told = course()
    await told.tell(K.STIN)
    stay = told.store.stay()
    await told.store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    await told.tell(K.SLHJ)

    await told.tell(K.AN_SLHJ)

    assert told.store.stay().is_open
    assert not [task for task in told.store.tasks("R17") if task.is_open]


async def test_an_undone_discharge_is_undone_though_a_message_had_confirmed_it() -> None:
    told = course()
    await told.tell(K.STIN)
    stay = told.store.stay()
    await told.store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    await told.tell(K.SLHJ)

    opened = await told.store.run(revise_plan, revise(stay.id, undo_discharged=True))

    assert opened.is_open


async def test_a_stay_begun_by_hand_and_told_by_message_is_cancelled_by_message() -> None:
    told = course()
    await told.store.run(begin_stay, begin_by_hand())
    await told.tell(K.STIN)

    await told.tell(K.AN_STIN)

    assert told.store.stay().state is StayState.CANCELLED


async def test_nobody_is_sent_to_the_dead_by_a_changed_plan() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.die()
    stay = told.store.stay()

    await told.store.run(revise_plan, revise(stay.id, revision=PlanRevision(needs=frozenset({Need.HOME_NURSING}))))

    assert not [task for task in told.store.tasks() if task.is_open]
    with pytest.raises(TransitionError):
        await told.store.run(revise_plan, revise(stay.id, discharged_at=NOW))


async def test_the_place_that_serves_the_citizen_gets_the_duties_though_another_was_told_first() -> None:
    told = course()
    lost = envelope(receiver=NEIGHBOUR)
    await told.store.run(receive_notice, receive(notice(K.STIN, episodes=(told.episode,)), sent=lost))
    told.sent.append(lost.message_id)

    await told.tell(K.RE_STIN)

    assert told.store.stay().receiver == MUNICIPALITY
    assert {task.owner for task in told.store.tasks("R03")} == {NORTH}
    assert not told.store.stay().is_party(NEIGHBOUR)


async def test_a_ward_that_is_told_of_late_reads_nothing_new() -> None:
    told = course()
    early = MessageId("the-first")
    told.sent.append(early)
    await told.tell(K.STIN, service_provider=OTHER_WARD)

    late = replace(notice(K.STIN, episodes=(told.episode,)), occurred_at=NOW - HOUR)
    await told.store.run(receive_notice, receive(late, sent=envelope(message_id=early)))

    stay = told.store.stay()
    assert stay.ward == OTHER_WARD
    assert {party.until for party in stay.parties if party.organization == WARD} == {NOW}


async def test_a_practice_whose_discharge_was_taken_back_reads_that_for_a_day_and_no_admission_after_it() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    assert told.store.stay().is_read_by(PRACTICE, NOW)

    await told.tell(K.AN_SLHJ)
    told.store.now += 5 * HOUR
    await told.tell(K.RE_STIN)

    assert told.store.stay().is_read_by(PRACTICE, NOW + 23 * HOUR)
    assert not told.store.stay().is_read_by(PRACTICE, NOW + 24 * HOUR)


async def test_a_contact_that_another_notice_tells_of_keeps_its_id() -> None:
    told = course()
    admitted = envelope()
    told.sent.append(admitted.message_id)
    await told.tell(K.SLHJ)
    (before,) = told.store.stay().encounters

    late = replace(notice(K.STIN, episodes=(told.episode,)), occurred_at=NOW - HOUR)
    await told.store.run(receive_notice, receive(late, sent=admitted))

    assert [each.id for each in told.store.stay().encounters] == [before.id]


async def test_a_contact_that_nobody_tells_of_any_more_stays_as_an_error() -> None:
    told = course()
    admitted = envelope()
    told.sent.append(admitted.message_id)
    await told.tell(K.SLHJ, service_provider=OTHER_WARD)

    late = replace(notice(K.STIN, episodes=(told.episode,)), occurred_at=NOW - HOUR)
    await told.store.run(receive_notice, receive(late, sent=admitted))

    stay = told.store.stay()
    assert [(each.ward, each.is_cancelled) for each in stay.encounters] == [(OTHER_WARD, True), (WARD, False)]
