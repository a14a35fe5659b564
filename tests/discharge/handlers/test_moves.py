"""A person does something to a duty."""

from dataclasses import replace

import pytest

from discharge.agreement import StepKind
from discharge.errors import (
    ConcurrentUpdateError,
    NotAllowedError,
    ReasonRequiredError,
    TaskTakenError,
    TransitionError,
)
from discharge.events import TaskMoved, TaskRequested
from discharge.handlers import FireTimers, fire_timers
from discharge.policy import Role
from discharge.task import Move, Priority, Proof, TaskStatus
from tests.discharge.handlers.steps import DAY, HOUR, MINUTE, MUNICIPAL, do, rungs
from tests.factories import MUNICIPALITY, NORTH, NOW, SOUTH, WARD, gp, home_nurse, person, ward_nurse
from tests.fakes import FakeStore


async def test_a_nurse_sees_takes_on_and_completes(store: FakeStore) -> None:
    nurse = home_nurse()

    done = await do(store, nurse, store.task("R17"), Move.SEE, Move.ACCEPT, Move.START, Move.COMPLETE)

    assert (done.status, done.version, done.proofs.highest) == (TaskStatus.COMPLETED, 5, Proof.DONE)
    assert done.proofs.done_by is not None
    assert done.proofs.done_by.name == nurse.name
    assert not rungs(store, done)


async def test_two_people_accept_and_the_second_hears_who_was_first(store: FakeStore) -> None:
    resume = store.task("R17")
    await do(store, home_nurse(name="Ane"), resume, Move.ACCEPT)

    with pytest.raises(TaskTakenError) as refused:
        await do(store, home_nurse(name="Bo"), resume, Move.ACCEPT, expected_version=1)

    assert refused.value.holder == "Ane"


async def test_an_older_version_is_refused_before_a_missing_move(store: FakeStore) -> None:
    resume = await do(store, home_nurse(), store.task("R17"), Move.SEE)

    with pytest.raises(ConcurrentUpdateError):
        await do(store, home_nurse(), resume, Move.ACCEPT, expected_version=1)
    with pytest.raises(ConcurrentUpdateError):
        await do(store, home_nurse(), resume, Move.PAUSE, expected_version=1)
    with pytest.raises(TransitionError):
        await do(store, home_nurse(), resume, Move.PAUSE, expected_version=2)


async def test_a_repeated_press_is_no_second_event(store: FakeStore) -> None:
    resume = store.task("R17")

    await do(store, home_nurse(), resume, Move.ACCEPT, Move.ACCEPT, expected_version=1)

    assert len(store.happened(TaskMoved)) == 1


async def test_a_repeat_that_holds_on_to_an_old_version_is_refused_when_it_must_be_exact(store: FakeStore) -> None:
    resume = store.task("R17")
    await do(store, home_nurse(), resume, Move.ACCEPT, expected_version=1)

    await do(store, home_nurse(), resume, Move.ACCEPT, expected_version=2, is_exact=True)
    with pytest.raises(ConcurrentUpdateError):
        await do(store, home_nurse(), resume, Move.ACCEPT, expected_version=1, is_exact=True)


async def test_a_rejected_duty_is_asked_of_the_next_in_line_and_urgently(store: FakeStore) -> None:
    resume = store.task("R17")

    await do(store, home_nurse(), resume, Move.REJECT, reason="not our district")

    rejected, asked = store.tasks("R17")
    assert (rejected.status, asked.status) == (TaskStatus.REJECTED, TaskStatus.REQUESTED)
    assert (asked.owner, asked.chain, asked.replaces) == (MUNICIPALITY, (), rejected.id)
    assert asked.priority is not Priority.ROUTINE
    assert (asked.due_at, asked.status_reason, asked.version) == (resume.due_at, None, 1)
    assert (store.happened(TaskRequested)[-1].task) == asked


async def test_who_is_asked_next_is_kept_asking_too(store: FakeStore) -> None:
    await do(store, home_nurse(), store.task("R17"), Move.REJECT, reason="not our district")

    assert rungs(store, store.tasks("R17")[-1])[:2] == [
        (StepKind.ESCALATE, MUNICIPALITY, 30 * MINUTE),
        (StepKind.ESCALATE, MUNICIPALITY, HOUR),
    ]


async def test_a_duty_nobody_takes_comes_back_to_who_asked_and_stays_there(store: FakeStore) -> None:
    await do(store, home_nurse(), store.task("R17"), Move.REJECT, reason="not our district")
    await do(store, MUNICIPAL, store.tasks("R17")[-1], Move.REJECT, reason="nobody on duty")

    back = store.tasks("R17")[-1]
    assert back.owner == WARD
    assert back.audience == frozenset({Role.WARD, Role.DOCTOR})
    with pytest.raises(NotAllowedError) as refused:
        await do(store, ward_nurse(), back, Move.REJECT, reason="not us")
    assert refused.value.rule == "own-duty"


async def test_a_proposal_and_a_note_do_not_outlive_a_rejection(store: FakeStore) -> None:
    nurse, resume = home_nurse(), store.task("R17")
    await do(store, nurse, resume, Move.PROPOSE_TIME, proposed_time=NOW + DAY, note="tomorrow?")

    await do(store, nurse, resume, Move.REJECT, reason="no key")

    asked = store.tasks("R17")[-1]
    assert (asked.proposed_time, asked.note) == (None, None)


async def test_a_routine_duty_becomes_urgent_and_others_keep_their_haste(store: FakeStore) -> None:
    letter = replace(store.task(code="read-discharge-letter"), chain=(WARD,))
    store.state.tasks[letter.id] = letter

    await do(store, gp(), letter, Move.REJECT, reason="moved away")

    assert store.tasks(code="read-discharge-letter")[-1].priority is Priority.URGENT
    assert store.task("R17").priority is Priority.ASAP


async def test_a_released_duty_is_asked_for_again(store: FakeStore) -> None:
    nurse, resume = home_nurse(), store.task("R17")
    await do(store, nurse, resume, Move.ACCEPT)
    store.now = NOW + 2 * HOUR
    await store.run(fire_timers, FireTimers(until=store.now))

    released = await do(store, nurse, resume, Move.RELEASE)

    assert released.is_unanswered
    assert [kind for kind, _, _ in rungs(store, released)] == [
        StepKind.ESCALATE,
        StepKind.ESCALATE,
        StepKind.OVERDUE,
    ]


async def test_another_time_is_proposed_and_agreed(store: FakeStore) -> None:
    nurse, resume = home_nurse(), store.task("R17")
    proposed = await do(store, nurse, resume, Move.PROPOSE_TIME, proposed_time=NOW + DAY)

    agreed = await do(store, ward_nurse(), proposed, Move.AGREE_TIME)

    assert (proposed.status, agreed.due_at) == (TaskStatus.RECEIVED, NOW + DAY)
    assert (StepKind.OVERDUE, NORTH, DAY) in rungs(store, agreed)


async def test_another_time_is_proposed_and_declined(store: FakeStore) -> None:
    resume = store.task("R17")
    await do(store, home_nurse(), resume, Move.PROPOSE_TIME, proposed_time=NOW + DAY)

    declined = await do(store, ward_nurse(), resume, Move.DECLINE_TIME)

    assert (declined.due_at, declined.proposed_time) == (resume.due_at, None)


async def test_the_ward_withdraws_what_it_asked_for(store: FakeStore) -> None:
    withdrawn = await do(store, ward_nurse(), store.task("R17"), Move.WITHDRAW, reason="moved in with her son")

    assert withdrawn.status is TaskStatus.CANCELLED
    assert not rungs(store, withdrawn)


async def test_a_move_that_hurts_is_explained(store: FakeStore) -> None:
    with pytest.raises(ReasonRequiredError):
        await do(store, home_nurse(), store.task("R17"), Move.REJECT)


async def test_a_duty_is_handed_to_another_unit_of_the_same_municipality(store: FakeStore) -> None:
    resume = store.task("R17")

    handed_on = await do(store, home_nurse(), resume, Move.ASSIGN, owner=SOUTH)

    assert (handed_on.owner, handed_on.status) == (SOUTH, TaskStatus.REQUESTED)
    assert store.stay().is_read_by(SOUTH, NOW)
    assert (StepKind.OVERDUE, SOUTH) in [(kind, place) for kind, place, _ in rungs(store, handed_on)]
    await do(store, home_nurse(SOUTH), handed_on, Move.ACCEPT)


async def test_a_duty_handed_to_who_was_next_in_line_comes_back_to_who_asked(store: FakeStore) -> None:
    handed_on = await do(store, home_nurse(), store.task("R17"), Move.ASSIGN, owner=MUNICIPALITY)

    await do(store, MUNICIPAL, handed_on, Move.REJECT, reason="no")

    assert store.tasks("R17")[-1].owner == WARD


async def test_a_duty_is_given_to_a_colleague_by_name(store: FakeStore) -> None:
    given_out = await do(store, home_nurse(), store.task("R17"), Move.ASSIGN, assignee=person("Bente"))

    assert given_out.assignee == person("Bente")


async def test_the_letter_that_is_sent_starts_the_practices_time(store: FakeStore) -> None:
    reading = store.task(code="read-discharge-letter")
    assert not rungs(store, reading)

    await do(store, ward_nurse(), store.task(code="send-discharge-letter"), Move.ACCEPT, Move.COMPLETE)

    assert rungs(store, reading) == [(StepKind.ESCALATE, WARD, 3 * DAY)]


async def test_a_letter_sent_late_counts_days_on_a_danish_calendar(store: FakeStore) -> None:
    reading = store.task(code="read-discharge-letter")
    store.now = NOW + 4 * DAY

    await do(store, ward_nurse(), store.task(code="send-discharge-letter"), Move.ACCEPT, Move.COMPLETE)

    assert rungs(store, reading) == [(StepKind.ESCALATE, WARD, DAY)]


async def test_a_duty_of_no_rule_is_overdue_and_nothing_more(store: FakeStore) -> None:
    own = replace(store.task("R17"), rule=None, agreement=None)
    store.state.tasks[own.id] = own

    await do(store, home_nurse(), own, Move.ACCEPT, Move.RELEASE)

    assert [kind for kind, _, _ in rungs(store, own)] == [StepKind.OVERDUE]


async def test_a_rule_that_was_loaded_away_leaves_its_duty_overdue_at_least(store: FakeStore) -> None:
    store.agreements.versions = [replace(store.agreements.versions[0], rules=())]

    await do(store, home_nurse(), store.task("R17"), Move.ACCEPT, Move.RELEASE)

    assert [kind for kind, _, _ in rungs(store, store.task("R17"))] == [StepKind.OVERDUE]


async def test_a_duty_without_a_deadline_is_passed_on_without_one(store: FakeStore) -> None:
    endless = replace(store.task("R17"), due_at=None)
    store.state.tasks[endless.id] = endless

    await do(store, home_nurse(), endless, Move.REJECT, reason="no")

    assert not rungs(store, store.tasks("R17")[-1])
