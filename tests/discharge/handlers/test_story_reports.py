"""Who is owed the report of admission, and who no longer is."""

from __future__ import annotations

import pytest

from discharge.directory import Organization, OrganizationKind
from discharge.events import TaskMoved, TaskRequested
from discharge.handlers.duties import ACT_TAKEN, REPORT_NOT_ASKED
from discharge.identifiers import SorCode
from discharge.notices import NoticeKind, StayState
from discharge.policy import Role
from discharge.task import Move, TaskStatus
from tests.discharge.handlers.steps import HOUR, course, do
from tests.factories import ADMITTED_AT, MUNICIPALITY, NORTH, OTHER_WARD, WARD, caller, directory, record_system

ELSEWHERE = SorCode("97000000000")


K = NoticeKind


async def test_the_next_hospital_that_asks_gets_a_report_too() -> None:
    there = Organization(sor=ELSEWHERE, name="Fjernt", kind=OrganizationKind.HOSPITAL, region="DK-81")
    told = course(directory=directory().of((*directory().organizations.values(), there)))
    await told.tell(K.STIN, report_requested=True)
    first = told.store.task("R01")
    system = caller(Role.SYSTEM, MUNICIPALITY)
    await do(told.store, system, first, Move.ACCEPT)
    await do(told.store, system, first, Move.COMPLETE)

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


async def test_who_no_longer_asks_for_the_report_is_not_owed_it() -> None:
    told = course()
    await told.tell(K.STAA)
    await told.tell(K.STIN, report_requested=True)
    assert told.store.task("R01").is_open

    await told.tell(K.AN_STIN)

    report = told.store.task("R01")
    assert told.store.stay().state is StayState.ACUTE
    assert (report.status, report.status_reason) == (TaskStatus.CANCELLED, REPORT_NOT_ASKED)
    assert not [rung for rung in told.store.state.timers.values() if rung.step.task_id == report.id]
    assert [(event.task.id, event.move) for event in told.store.happened(TaskMoved)] == [(report.id, Move.WITHDRAW)]
    assert told.store.task("R03").is_open
    assert not told.store.tasks(code=ACT_TAKEN), "nobody had begun"


@pytest.mark.parametrize("moves", [(Move.ACCEPT,), (Move.ACCEPT, Move.COMPLETE)])
async def test_who_took_on_or_sent_the_report_is_asked_to_put_that_right(moves: tuple[Move, ...]) -> None:
    told = course()
    await told.tell(K.STAA)
    await told.tell(K.STIN, report_requested=True)
    await do(told.store, record_system(MUNICIPALITY), told.store.task("R01"), *moves)

    await told.tell(K.AN_STIN)

    act = told.store.task("R32")
    assert (act.owner, act.replaces) == (NORTH, told.store.task("R01").id)
    assert act.note is not None
    assert REPORT_NOT_ASKED in act.note
    assert act in [event.task for event in told.store.happened(TaskRequested)]


async def test_a_report_that_was_sent_is_owed_again_when_it_is_asked_for_anew() -> None:
    told = course()
    await told.tell(K.STAA)
    await told.tell(K.STIN, report_requested=True)
    await do(told.store, record_system(MUNICIPALITY), told.store.task("R01"), Move.ACCEPT, Move.COMPLETE)
    await told.tell(K.AN_STIN)

    await told.tell(K.STIN, report_requested=True)

    assert [task.status for task in told.store.tasks("R01")] == [TaskStatus.COMPLETED, TaskStatus.REQUESTED]
    assert len(told.store.tasks("R03")) == 1


async def test_the_report_is_owed_as_long_as_one_notice_asks_for_it() -> None:
    told = course()
    await told.tell(K.STAA, report_requested=True)
    await told.tell(K.STIN, report_requested=True)

    await told.tell(K.AN_STIN)

    assert told.store.task("R01").is_open


async def test_a_correction_that_does_not_ask_leaves_the_asking_as_it_was() -> None:
    told = course()
    await told.tell(K.STIN, report_requested=True)

    await told.tell(K.RE_STIN, started_at=ADMITTED_AT - HOUR)

    assert told.store.task("R01").is_open


async def test_a_report_is_taken_back_though_the_patient_has_gone_home() -> None:
    told = course()
    await told.tell(K.STAA)
    await told.tell(K.STIN, report_requested=True)
    await told.tell(K.SLHJ)

    await told.tell(K.AN_STIN)

    assert told.store.stay().state is StayState.ENDED
    assert told.store.task("R01").status_reason == REPORT_NOT_ASKED


async def test_only_the_hospital_that_takes_its_asking_back_is_owed_no_report() -> None:
    there = Organization(sor=ELSEWHERE, name="Fjernt", kind=OrganizationKind.HOSPITAL, region="DK-81")
    told = course(directory=directory().of((*directory().organizations.values(), there)))
    await told.tell(K.STIN, report_requested=True)
    await do(told.store, record_system(MUNICIPALITY), told.store.task("R01"), Move.ACCEPT, Move.COMPLETE)
    elsewhere = caller(Role.SYSTEM, ELSEWHERE)
    await told.tell(K.STIN, client=elsewhere, service_provider=ELSEWHERE, report_requested=True)

    await told.tell(K.AN_STIN, client=elsewhere, service_provider=ELSEWHERE)

    assert told.store.stay().ward == WARD
    assert [task.status for task in told.store.tasks("R01")] == [TaskStatus.COMPLETED, TaskStatus.CANCELLED]
    assert not told.store.tasks(code=ACT_TAKEN), "the first hospital has its report"


async def test_nobody_puts_a_report_right_for_the_dead() -> None:
    told = course()
    await told.tell(K.STAA)
    await told.tell(K.STIN, report_requested=True)
    await do(told.store, record_system(MUNICIPALITY), told.store.task("R01"), Move.ACCEPT, Move.COMPLETE)
    await told.die()

    await told.tell(K.AN_STIN)

    assert told.store.stay().state is StayState.DEAD
    assert not told.store.tasks(code=ACT_TAKEN)
