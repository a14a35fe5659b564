"""What follows from corrections and cancellations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from discharge.events import DischargeUndone, NoticeUnexpected, PatientDischarged, StayBegan, StayCancelled
from discharge.handlers import begin_stay, receive_notice, revise_plan
from discharge.handlers.duties import ACT_TAKEN, CANCELLED_BY_NOTICE
from discharge.notices import Effect, NoticeKind, StayState
from discharge.task import Move, TaskStatus
from tests.discharge.handlers.steps import HOUR, MINUTE, course, do, status_of
from tests.factories import (
    MUNICIPALITY,
    NORTH,
    NOW,
    OTHER_WARD,
    PRACTICE,
    WARD,
    begin_by_hand,
    envelope,
    home_nurse,
    notice,
    receive,
    revise,
)

K = NoticeKind


async def test_a_cancelled_admission_takes_everything_back_and_asks_who_acted_to_put_it_right() -> None:
    told = course()
    await told.tell(K.STIN, report_requested=True)
    await do(told.store, home_nurse(), told.store.task("R03"), Move.ACCEPT)
    await do(told.store, home_nurse(), told.store.task("R03"), Move.COMPLETE)

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

    end = told.store.now + 30 * 24 * HOUR
    assert {party.until for party in told.store.stay().parties if party.organization == WARD} == {end}

    await told.tell(K.AN_STIN)

    assert len(told.store.tasks("R32")) == 1
    assert len(told.store.happened(StayCancelled)) == 1
    assert told.store.stay().notices[-1].effect is Effect.UNEXPECTED


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
    await do(told.store, home_nurse(), told.store.task("R17"), Move.ACCEPT)

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


async def test_a_corrected_discharge_re_dates_what_it_made() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)

    await told.tell(K.RE_SLHJ)

    assert [event.redated for event in told.store.happened(PatientDischarged)] == [False, True]
    assert told.store.task("R21").due_at == NOW + 2 * MINUTE + 72 * HOUR
    assert told.store.stay().ended_at == NOW + 2 * MINUTE


async def test_a_cancellation_of_what_never_came_waits_for_it() -> None:
    told = course()
    lost = told.lose()
    await told.tell(K.AN_STIN)

    assert told.store.stay().state is StayState.CANCELLED
    assert told.store.tasks() == []
    assert len(told.store.happened(NoticeUnexpected)) == 1

    late = replace(notice(K.STIN), occurred_at=NOW)
    await told.store.run(receive_notice, receive(late, sent=envelope(message_id=lost)))

    assert told.store.stay().state is StayState.CANCELLED
    assert told.store.tasks() == []
    assert {each.effect for each in told.store.stay().notices} == {Effect.CANCELLED, Effect.STANDS}


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


async def test_a_practice_whose_discharge_was_taken_back_reads_that_for_a_day_and_no_admission_after_it() -> None:
    told = course()
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    assert told.store.stay().is_read_by(PRACTICE, NOW)

    await told.tell(K.AN_SLHJ)
    undone_at = told.store.now
    told.store.now += 5 * HOUR
    await told.tell(K.RE_STIN)

    assert told.store.stay().is_read_by(PRACTICE, undone_at + 23 * HOUR)
    assert not told.store.stay().is_read_by(PRACTICE, undone_at + 24 * HOUR)


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_cancellation_of_what_has_not_come_leaves_what_was_accepted_on_another(*, is_whole: bool) -> None:
    told = course()
    await told.tell(K.STIN)
    await do(told.store, home_nurse(), told.store.task("R03"), Move.ACCEPT)
    kept = told.store.task("R03")
    later: dict[str, Any] = {"started_at": NOW, "service_provider": OTHER_WARD}
    lost = told.lose()

    await told.tell(K.AN_STIN, history=(*told.sent[:1], lost) if is_whole else (lost,), **later)

    assert told.store.stay().state is StayState.ADMITTED
    assert told.store.task("R03") == kept
    assert told.store.stay().notices[-1].effect is Effect.UNEXPECTED
    assert [event.kind for event in told.store.happened(NoticeUnexpected)] == [K.AN_STIN]

    await told.tell(K.STIN, message_id=lost, history=tuple(told.sent[:1]), occurred_at=NOW, **later)

    stay = told.store.stay()
    assert {each.id: each.effect for each in stay.notices}[lost] is Effect.CANCELLED
    assert (stay.state, stay.ward) == (StayState.ADMITTED, WARD)
    assert told.store.task("R03") == kept
    assert not told.store.happened(StayCancelled)
