"""What people and devices do to a duty."""

from dataclasses import replace
from datetime import timedelta

import pytest

from discharge.agreement import StepKind
from discharge.commands import ConfirmDelivered
from discharge.errors import (
    ConcurrentUpdateError,
    NotAllowedError,
    NotFoundError,
    PersonRequiredError,
    ReasonRequiredError,
    TaskTakenError,
    TransitionError,
)
from discharge.events import TaskDelivered, TaskMoved, TaskRequested
from discharge.handlers import FireTimers, confirm_delivered, fire_timers, move_task, receive_notice
from discharge.identifiers import FeedId, TaskId
from discharge.policy import Caller, Role
from discharge.stay import NoticeKind
from discharge.task import HandoverTask, Move, Priority, Proof, TaskStatus
from tests.factories import (
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    NOW,
    OTHER_WARD,
    PRACTICE,
    SOUTH,
    WARD,
    caller,
    gp,
    home_nurse,
    leader,
    move,
    new_id,
    notice,
    patient,
    person,
    receive,
    record_system,
    ward_nurse,
)
from tests.fakes import FakeStore

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MUNICIPAL = caller(Role.HOME_NURSE, MUNICIPALITY)


@pytest.fixture
async def store() -> FakeStore:
    """A citizen of district north has just gone home."""
    made = FakeStore(patients=[patient()])
    await made.run(receive_notice, receive(notice(NoticeKind.SLHJ)))
    return made


async def _do(store: FakeStore, who: Caller, task: HandoverTask, *moves: Move, **changes: object) -> HandoverTask:
    for what in moves:
        task = await store.run(move_task, move(who, task, what, **changes))
    return task


def _rungs(store: FakeStore, task: HandoverTask) -> list[tuple[StepKind, str, timedelta]]:
    return sorted(
        (timer.step.kind, timer.step.organization, timer.step.due_at - store.now)
        for timer in store.state.timers.values()
        if timer.step.task_id == task.id and timer.fired_at is None and timer.step.due_at is not None
    )


async def test_a_nurse_sees_takes_on_and_completes(store: FakeStore) -> None:
    nurse = home_nurse()

    done = await _do(store, nurse, store.task("R17"), Move.SEE, Move.ACCEPT, Move.START, Move.COMPLETE)

    assert (done.status, done.version, done.proofs.highest) == (TaskStatus.COMPLETED, 5, Proof.DONE)
    assert done.proofs.done_by is not None
    assert done.proofs.done_by.name == nurse.name
    assert not _rungs(store, done)


async def test_two_people_accept_and_the_second_hears_who_was_first(store: FakeStore) -> None:
    resume = store.task("R17")
    await _do(store, home_nurse(name="Ane"), resume, Move.ACCEPT)

    with pytest.raises(TaskTakenError) as refused:
        await _do(store, home_nurse(name="Bo"), resume, Move.ACCEPT, expected_version=1)

    assert refused.value.holder == "Ane"


async def test_an_older_version_is_refused_before_a_missing_move(store: FakeStore) -> None:
    resume = await _do(store, home_nurse(), store.task("R17"), Move.SEE)

    with pytest.raises(ConcurrentUpdateError):
        await _do(store, home_nurse(), resume, Move.ACCEPT, expected_version=1)
    with pytest.raises(ConcurrentUpdateError):
        await _do(store, home_nurse(), resume, Move.PAUSE, expected_version=1)
    with pytest.raises(TransitionError):
        await _do(store, home_nurse(), resume, Move.PAUSE, expected_version=2)


async def test_a_repeated_press_is_no_second_event(store: FakeStore) -> None:
    resume = store.task("R17")

    await _do(store, home_nurse(), resume, Move.ACCEPT, Move.ACCEPT, expected_version=1)

    assert len(store.happened(TaskMoved)) == 1


async def test_a_repeat_that_holds_on_to_an_old_version_is_refused_when_it_must_be_exact(store: FakeStore) -> None:
    resume = store.task("R17")
    await _do(store, home_nurse(), resume, Move.ACCEPT, expected_version=1)

    await _do(store, home_nurse(), resume, Move.ACCEPT, expected_version=2, is_exact=True)
    with pytest.raises(ConcurrentUpdateError):
        await _do(store, home_nurse(), resume, Move.ACCEPT, expected_version=1, is_exact=True)


async def test_a_rejected_duty_is_asked_of_the_next_in_line_and_urgently(store: FakeStore) -> None:
    resume = store.task("R17")

    await _do(store, home_nurse(), resume, Move.REJECT, reason="not our district")

    rejected, asked = store.tasks("R17")
    assert (rejected.status, asked.status) == (TaskStatus.REJECTED, TaskStatus.REQUESTED)
    assert (asked.owner, asked.chain, asked.replaces) == (MUNICIPALITY, (), rejected.id)
    assert asked.priority is not Priority.ROUTINE
    assert (asked.due_at, asked.status_reason, asked.version) == (resume.due_at, None, 1)
    assert (store.happened(TaskRequested)[-1].task) == asked


async def test_who_is_asked_next_is_kept_asking_too(store: FakeStore) -> None:
    await _do(store, home_nurse(), store.task("R17"), Move.REJECT, reason="not our district")

    assert _rungs(store, store.tasks("R17")[-1])[:2] == [
        (StepKind.ESCALATE, MUNICIPALITY, 30 * MINUTE),
        (StepKind.ESCALATE, MUNICIPALITY, HOUR),
    ]


async def test_a_duty_nobody_takes_comes_back_to_who_asked_and_stays_there(store: FakeStore) -> None:
    await _do(store, home_nurse(), store.task("R17"), Move.REJECT, reason="not our district")
    await _do(store, MUNICIPAL, store.tasks("R17")[-1], Move.REJECT, reason="nobody on duty")

    back = store.tasks("R17")[-1]
    assert back.owner == WARD
    assert back.audience == frozenset({Role.WARD, Role.DOCTOR})
    with pytest.raises(NotAllowedError) as refused:
        await _do(store, ward_nurse(), back, Move.REJECT, reason="not us")
    assert refused.value.rule == "own-duty"


async def test_a_proposal_and_a_note_do_not_outlive_a_rejection(store: FakeStore) -> None:
    nurse, resume = home_nurse(), store.task("R17")
    await _do(store, nurse, resume, Move.PROPOSE_TIME, proposed_time=NOW + DAY, note="tomorrow?")

    await _do(store, nurse, resume, Move.REJECT, reason="no key")

    asked = store.tasks("R17")[-1]
    assert (asked.proposed_time, asked.note) == (None, None)


async def test_a_routine_duty_becomes_urgent_and_others_keep_their_haste(store: FakeStore) -> None:
    letter = replace(store.task(code="read-discharge-letter"), chain=(WARD,))
    store.state.tasks[letter.id] = letter

    await _do(store, gp(), letter, Move.REJECT, reason="moved away")

    assert store.tasks(code="read-discharge-letter")[-1].priority is Priority.URGENT
    assert store.task("R17").priority is Priority.ASAP


async def test_a_released_duty_is_asked_for_again(store: FakeStore) -> None:
    nurse, resume = home_nurse(), store.task("R17")
    await _do(store, nurse, resume, Move.ACCEPT)
    store.now = NOW + 2 * HOUR
    await store.run(fire_timers, FireTimers(until=store.now))

    released = await _do(store, nurse, resume, Move.RELEASE)

    assert released.is_unanswered
    assert [kind for kind, _, _ in _rungs(store, released)] == [
        StepKind.ESCALATE,
        StepKind.ESCALATE,
        StepKind.OVERDUE,
    ]


async def test_another_time_is_proposed_and_agreed(store: FakeStore) -> None:
    nurse, resume = home_nurse(), store.task("R17")
    proposed = await _do(store, nurse, resume, Move.PROPOSE_TIME, proposed_time=NOW + DAY)

    agreed = await _do(store, ward_nurse(), proposed, Move.AGREE_TIME)

    assert (proposed.status, agreed.due_at) == (TaskStatus.RECEIVED, NOW + DAY)
    assert (StepKind.OVERDUE, NORTH, DAY) in _rungs(store, agreed)


async def test_another_time_is_proposed_and_declined(store: FakeStore) -> None:
    resume = store.task("R17")
    await _do(store, home_nurse(), resume, Move.PROPOSE_TIME, proposed_time=NOW + DAY)

    declined = await _do(store, ward_nurse(), resume, Move.DECLINE_TIME)

    assert (declined.due_at, declined.proposed_time) == (resume.due_at, None)


@pytest.mark.parametrize("what", [Move.AGREE_TIME, Move.WITHDRAW])
async def test_only_who_asked_agrees_or_withdraws(store: FakeStore, what: Move) -> None:
    with pytest.raises(NotAllowedError) as refused:
        await _do(store, home_nurse(), store.task("R17"), what, reason="because")

    assert refused.value.rule == "requester"


async def test_nobody_withdraws_what_they_owe_themselves(store: FakeStore) -> None:
    with pytest.raises(NotAllowedError):
        await _do(store, ward_nurse(), store.task("R18"), Move.WITHDRAW, reason="no time")


async def test_a_visitator_withdraws_nothing(store: FakeStore) -> None:
    asked = replace(store.task("R17"), requester=NORTH, owner=WARD)
    store.state.tasks[asked.id] = asked

    with pytest.raises(NotAllowedError) as refused:
        await _do(store, caller(Role.VISITATOR, MUNICIPALITY), asked, Move.WITHDRAW, reason="because")

    assert refused.value.rule == "role"


async def test_the_ward_withdraws_what_it_asked_for(store: FakeStore) -> None:
    withdrawn = await _do(store, ward_nurse(), store.task("R17"), Move.WITHDRAW, reason="moved in with her son")

    assert withdrawn.status is TaskStatus.CANCELLED
    assert not _rungs(store, withdrawn)


async def test_a_move_that_hurts_is_explained(store: FakeStore) -> None:
    with pytest.raises(ReasonRequiredError):
        await _do(store, home_nurse(), store.task("R17"), Move.REJECT)


async def test_a_duty_is_handed_to_another_unit_of_the_same_municipality(store: FakeStore) -> None:
    resume = store.task("R17")

    handed_on = await _do(store, home_nurse(), resume, Move.ASSIGN, owner=SOUTH)

    assert (handed_on.owner, handed_on.status) == (SOUTH, TaskStatus.REQUESTED)
    assert store.stay().is_read_by(SOUTH, NOW)
    assert (StepKind.OVERDUE, SOUTH) in [(kind, place) for kind, place, _ in _rungs(store, handed_on)]
    await _do(store, home_nurse(SOUTH), handed_on, Move.ACCEPT)


async def test_a_duty_handed_to_who_was_next_in_line_comes_back_to_who_asked(store: FakeStore) -> None:
    handed_on = await _do(store, home_nurse(), store.task("R17"), Move.ASSIGN, owner=MUNICIPALITY)

    await _do(store, MUNICIPAL, handed_on, Move.REJECT, reason="no")

    assert store.tasks("R17")[-1].owner == WARD


async def test_a_duty_is_not_handed_to_strangers(store: FakeStore) -> None:
    with pytest.raises(NotAllowedError) as refused:
        await _do(store, home_nurse(), store.task("R17"), Move.ASSIGN, owner=NEIGHBOUR)

    assert refused.value.rule == "same-organization"


async def test_a_duty_is_given_to_a_colleague_by_name(store: FakeStore) -> None:
    given_out = await _do(store, home_nurse(), store.task("R17"), Move.ASSIGN, assignee=person("Bente"))

    assert given_out.assignee == person("Bente")


async def test_a_record_system_that_withdraws_does_not_speak_for_who_has_it(store: FakeStore) -> None:
    resume = await _do(store, home_nurse(), store.task("R17"), Move.ACCEPT)

    await _do(store, record_system(), resume, Move.WITHDRAW, reason="moved in with her son")

    by = store.happened(TaskMoved)[-1].by
    assert by is not None
    assert by.id == record_system().person_id


async def test_a_record_system_names_the_person_who_accepts(store: FakeStore) -> None:
    system = record_system(MUNICIPALITY)

    accepted = await _do(store, system, store.task("R17"), Move.ACCEPT, assignee=person("Bente"))

    assert (accepted.assignee, accepted.proofs.accepted_by) == (person("Bente"), person("Bente"))


async def test_a_record_system_carries_out_what_its_practitioner_took_on(store: FakeStore) -> None:
    system = record_system(MUNICIPALITY)
    accepted = await _do(store, system, store.task("R17"), Move.ACCEPT, assignee=person("Bente"))

    done = await _do(store, system, accepted, Move.ACCEPT, Move.START, Move.COMPLETE)

    assert done.proofs.done_by == person("Bente")


async def test_a_record_system_that_names_another_practitioner_hears_who_has_it(store: FakeStore) -> None:
    system = record_system(MUNICIPALITY)
    await _do(store, system, store.task("R17"), Move.ACCEPT, assignee=person("Bente"))

    with pytest.raises(TaskTakenError):
        await _do(store, system, store.task("R17"), Move.ACCEPT, assignee=person("Ane"))


async def test_a_record_system_takes_no_duty_of_people_on_in_its_own_name(store: FakeStore) -> None:
    with pytest.raises(PersonRequiredError):
        await _do(store, record_system(MUNICIPALITY), store.task("R17"), Move.ACCEPT)


async def test_a_duty_for_systems_is_taken_on_by_the_system_itself() -> None:
    store = FakeStore(patients=[patient()])
    await store.run(receive_notice, receive(notice(report_requested=True)))
    system = record_system(MUNICIPALITY)

    done = await _do(store, system, store.task("R01"), Move.ACCEPT, Move.COMPLETE)

    assert done.proofs.done_by is not None
    assert done.proofs.done_by.id == system.person_id


async def test_a_record_system_that_names_nobody_speaks_for_itself(store: FakeStore) -> None:
    system = record_system(MUNICIPALITY)

    seen = await _do(store, system, store.task("R17"), Move.SEE)

    assert seen.proofs.seen_by is not None
    assert seen.proofs.seen_by.id == system.person_id


@pytest.mark.parametrize(
    "who",
    [
        home_nurse(SOUTH),
        caller(Role.HOME_NURSE, NEIGHBOUR),
        ward_nurse(OTHER_WARD),
        leader(),
        caller(Role.OPERATOR, MUNICIPALITY),
    ],
)
async def test_who_is_no_party_finds_no_task(store: FakeStore, who: Caller) -> None:
    with pytest.raises(NotFoundError):
        await _do(store, who, store.task("R17"), Move.ACCEPT)


async def test_an_unknown_task_is_not_found(store: FakeStore) -> None:
    unknown = replace(store.task("R17"), id=TaskId(new_id()))

    with pytest.raises(NotFoundError):
        await _do(store, home_nurse(), unknown, Move.ACCEPT)


async def test_a_visitator_finds_no_medicine(store: FakeStore) -> None:
    medicine = replace(store.task("R21"), owner=NORTH, audience=frozenset(Role))
    store.state.tasks[medicine.id] = medicine

    with pytest.raises(NotFoundError):
        await _do(store, caller(Role.VISITATOR, MUNICIPALITY), medicine, Move.ACCEPT)


async def test_a_party_does_not_move_another_partys_duty(store: FakeStore) -> None:
    with pytest.raises(NotAllowedError) as refused:
        await _do(store, ward_nurse(), store.task("R17"), Move.ACCEPT)

    assert refused.value.rule == "addressee"


async def test_a_role_the_duty_is_not_for_does_not_take_it(store: FakeStore) -> None:
    resume = replace(store.task("R17"), audience=frozenset({Role.HOME_NURSE}))
    store.state.tasks[resume.id] = resume

    with pytest.raises(NotAllowedError):
        await _do(store, caller(Role.VISITATOR, MUNICIPALITY), resume, Move.ACCEPT)


async def test_a_leader_gives_up_only_what_was_escalated_to_that_leader(store: FakeStore) -> None:
    resume = store.task("R17")
    store.now = NOW + HOUR
    await store.run(fire_timers, FireTimers(until=store.now))

    with pytest.raises(NotFoundError):
        await _do(store, leader(NEIGHBOUR), resume, Move.GIVE_UP, reason="because")
    with pytest.raises(NotAllowedError):
        await _do(store, leader(), resume, Move.ACCEPT)
    given_up = await _do(store, leader(), resume, Move.GIVE_UP, reason="she has moved")

    assert (given_up.status, given_up.status_reason) == (TaskStatus.FAILED, "she has moved")


async def test_nobody_else_gives_a_duty_up(store: FakeStore) -> None:
    with pytest.raises(NotAllowedError) as refused:
        await _do(store, home_nurse(), store.task("R17"), Move.GIVE_UP, reason="because")

    assert refused.value.rule == "escalated-to-this-leader"


async def test_the_letter_that_is_sent_starts_the_practices_time(store: FakeStore) -> None:
    reading = store.task(code="read-discharge-letter")
    assert not _rungs(store, reading)

    await _do(store, ward_nurse(), store.task(code="send-discharge-letter"), Move.ACCEPT, Move.COMPLETE)

    assert _rungs(store, reading) == [(StepKind.ESCALATE, WARD, 3 * DAY)]


async def test_a_letter_sent_late_counts_days_on_a_danish_calendar(store: FakeStore) -> None:
    reading = store.task(code="read-discharge-letter")
    store.now = NOW + 4 * DAY

    await _do(store, ward_nurse(), store.task(code="send-discharge-letter"), Move.ACCEPT, Move.COMPLETE)

    assert _rungs(store, reading) == [(StepKind.ESCALATE, WARD, DAY)]


async def test_a_duty_of_no_rule_is_overdue_and_nothing_more(store: FakeStore) -> None:
    own = replace(store.task("R17"), rule=None, agreement=None)
    store.state.tasks[own.id] = own

    await _do(store, home_nurse(), own, Move.ACCEPT, Move.RELEASE)

    assert [kind for kind, _, _ in _rungs(store, own)] == [StepKind.OVERDUE]


async def test_a_rule_that_was_loaded_away_leaves_its_duty_overdue_at_least(store: FakeStore) -> None:
    store.agreements.versions = [replace(store.agreements.versions[0], rules=())]

    await _do(store, home_nurse(), store.task("R17"), Move.ACCEPT, Move.RELEASE)

    assert [kind for kind, _, _ in _rungs(store, store.task("R17"))] == [StepKind.OVERDUE]


async def test_a_duty_without_a_deadline_is_passed_on_without_one(store: FakeStore) -> None:
    endless = replace(store.task("R17"), due_at=None)
    store.state.tasks[endless.id] = endless

    await _do(store, home_nurse(), endless, Move.REJECT, reason="no")

    assert not _rungs(store, store.tasks("R17")[-1])


async def test_a_device_proves_delivery_once_and_only_who_asked_hears(store: FakeStore) -> None:
    feed, heard = FeedId(NORTH), len(store.feeds[FeedId(NORTH)])
    confirm = ConfirmDelivered(caller=home_nurse(), feed=feed, offset=heard)

    await store.run(confirm_delivered, confirm)
    await store.run(confirm_delivered, confirm)

    (told,) = store.happened(TaskDelivered)
    assert told.task.proofs.highest is Proof.DELIVERED
    assert told.task.version == 1
    assert store.feeds[FeedId(WARD)][-1].task_id == told.task.id
    assert len(store.feeds[feed]) == heard


async def test_a_device_proves_nothing_beyond_its_offset(store: FakeStore) -> None:
    await store.run(confirm_delivered, ConfirmDelivered(caller=home_nurse(), feed=FeedId(NORTH), offset=0))

    assert not store.happened(TaskDelivered)


@pytest.mark.parametrize("who", [MUNICIPAL, caller(Role.LEADER, HOSPITAL), gp()])
async def test_a_feed_of_somebody_else_proves_nothing(store: FakeStore, who: Caller) -> None:
    await store.run(confirm_delivered, ConfirmDelivered(caller=who, feed=FeedId(NORTH), offset=99))

    assert not store.happened(TaskDelivered)


async def test_the_practice_has_its_own_duties_in_its_own_feed(store: FakeStore) -> None:
    assert {entry.task_id for entry in store.feeds[FeedId(PRACTICE)]} == {
        store.task("R21").id,
        store.task(code="read-discharge-letter").id,
    }
