from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.errors import DischargeError, ReasonRequiredError, TaskTakenError, TransitionError
from discharge.identifiers import SorCode
from discharge.proofs import Proof, Proofs
from discharge.task import CLOSED, TASK_TRANSITIONS, HandoverTask, Move, Person, TaskStatus
from tests.factories import NORTH, NOW, SOUTH, person, task

ANE, BENTE = person("Ane"), person("Bente")
MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(hours=1)
_HELD = {TaskStatus.ACCEPTED, TaskStatus.IN_PROGRESS, TaskStatus.ON_HOLD}

steps = st.tuples(
    st.sampled_from(Move),
    st.sampled_from([ANE, BENTE]),
    st.sampled_from([None, "because"]),
    st.sampled_from([None, NOW + 2 * MINUTE, LATER]),
    st.sampled_from([None, ANE, BENTE]),
    st.sampled_from([None, NORTH, SOUTH]),
)


def _in(status: TaskStatus, holder: Person = ANE) -> HandoverTask:
    """A task in ``status`` as people bring it there."""
    moved = task()
    ways: dict[TaskStatus, tuple[Move, ...]] = {
        TaskStatus.REQUESTED: (),
        TaskStatus.RECEIVED: (Move.SEE,),
        TaskStatus.ACCEPTED: (Move.ACCEPT,),
        TaskStatus.IN_PROGRESS: (Move.ACCEPT, Move.START),
        TaskStatus.ON_HOLD: (Move.ACCEPT, Move.START, Move.PAUSE),
        TaskStatus.REJECTED: (Move.REJECT,),
        TaskStatus.COMPLETED: (Move.ACCEPT, Move.COMPLETE),
        TaskStatus.CANCELLED: (Move.WITHDRAW,),
        TaskStatus.FAILED: (Move.GIVE_UP,),
    }
    for way in ways[status]:
        moved = moved.moved(way, by=holder, at=NOW, reason="because")
    return moved


def _instants(proofs: Proofs) -> tuple[datetime | None, ...]:
    return (proofs.sent_at, proofs.delivered_at, proofs.seen_at, proofs.accepted_at, proofs.done_at)


@given(st.lists(steps, max_size=12))
def test_whatever_people_do_a_duty_keeps_its_promises(
    course: list[tuple[Move, Person, str | None, datetime | None, Person | None, SorCode | None]],
) -> None:
    now, before = NOW, task()
    for what, by, reason, proposed_time, assignee, owner in course:
        now += MINUTE
        try:
            after = before.moved(
                what, by=by, at=now, reason=reason, proposed_time=proposed_time, assignee=assignee, owner=owner
            )
        except DischargeError:
            continue
        same = (after.status, after.owner, after.assignee, after.due_at) == (
            before.status,
            before.owner,
            before.assignee,
            before.due_at,
        )
        assert after.version == before.version + (not same)
        if len(after.rounds) == len(before.rounds):
            kept = zip(_instants(before.proofs), _instants(after.proofs), strict=True)
            assert all(old is None or old == new for old, new in kept)
        else:
            assert after.rounds[-1].proofs == before.proofs
        assert after is before or before.is_open
        assert after.owner
        assert (after.assignee is not None) == (after.proofs.accepted_at is not None)
        assert (after.status not in _HELD) or after.assignee is not None
        assert (after.proofs.done_at is not None) == (after.status is TaskStatus.COMPLETED)
        before = after


@given(st.lists(steps, max_size=12))
def test_the_state_after_a_move_is_the_one_in_the_table(
    course: list[tuple[Move, Person, str | None, datetime | None, Person | None, SorCode | None]],
) -> None:
    before = task()
    for what, by, reason, proposed_time, assignee, owner in course:
        try:
            after = before.moved(
                what, by=by, at=NOW, reason=reason, proposed_time=proposed_time, assignee=assignee, owner=owner
            )
        except DischargeError:
            continue
        if after is before:
            continue
        handed_on = what is Move.ASSIGN and after.owner != before.owner
        expected = TaskStatus.REQUESTED if handed_on else TASK_TRANSITIONS[before.status, what]
        assert after.status is expected
        before = after


@pytest.mark.parametrize("status", sorted(CLOSED))
@pytest.mark.parametrize("what", list(Move))
def test_a_closed_task_never_moves(status: TaskStatus, what: Move) -> None:
    closed = _in(status)

    try:
        after = closed.moved(what, by=ANE, at=LATER, reason="because", proposed_time=LATER)
    except (TransitionError, TaskTakenError):
        return
    assert after is closed


@pytest.mark.parametrize("status", sorted(set(TaskStatus) - CLOSED))
def test_every_open_state_has_a_way_on_and_can_be_withdrawn_and_given_up(status: TaskStatus) -> None:
    moves = {what for (state, what) in TASK_TRANSITIONS if state is status}

    assert {Move.WITHDRAW, Move.GIVE_UP} < moves
    assert not {what for (state, what) in TASK_TRANSITIONS if state in CLOSED}


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (TaskStatus.RECEIVED, Move.SEE),
        (TaskStatus.ACCEPTED, Move.SEE),
        (TaskStatus.ACCEPTED, Move.ACCEPT),
        (TaskStatus.IN_PROGRESS, Move.START),
        (TaskStatus.IN_PROGRESS, Move.RESUME),
        (TaskStatus.ON_HOLD, Move.PAUSE),
        (TaskStatus.COMPLETED, Move.COMPLETE),
        (TaskStatus.REJECTED, Move.REJECT),
        (TaskStatus.CANCELLED, Move.WITHDRAW),
        (TaskStatus.FAILED, Move.GIVE_UP),
        (TaskStatus.ACCEPTED, Move.ASSIGN),
        (TaskStatus.ON_HOLD, Move.ASSIGN),
    ],
)
def test_a_repeated_press_finds_it_already_so(status: TaskStatus, what: Move) -> None:
    standing = _in(status)

    assert standing.moved(what, by=ANE, at=LATER, reason="because") is standing


def test_a_repeated_release_or_proposal_finds_it_already_so() -> None:
    released = _in(TaskStatus.ACCEPTED).moved(Move.RELEASE, by=ANE, at=NOW)
    proposed = task().moved(Move.PROPOSE_TIME, by=ANE, at=NOW, proposed_time=LATER)

    assert released.moved(Move.RELEASE, by=ANE, at=LATER) is released
    assert proposed.moved(Move.PROPOSE_TIME, by=ANE, at=LATER, proposed_time=LATER) is proposed


def test_releasing_what_one_never_had_is_no_move() -> None:
    with pytest.raises(TransitionError):
        _in(TaskStatus.RECEIVED).moved(Move.RELEASE, by=ANE, at=NOW)
    with pytest.raises(TransitionError):
        _in(TaskStatus.ACCEPTED).moved(Move.RELEASE, by=ANE, at=NOW).moved(Move.RELEASE, by=BENTE, at=NOW)


@pytest.mark.parametrize(
    "what",
    [
        Move.ACCEPT,
        Move.RELEASE,
        Move.REJECT,
        Move.PROPOSE_TIME,
        Move.START,
        Move.PAUSE,
        Move.RESUME,
        Move.COMPLETE,
    ],
)
def test_what_somebody_has_nobody_else_moves(what: Move) -> None:
    with pytest.raises(TaskTakenError) as refused:
        _in(TaskStatus.ACCEPTED).moved(what, by=BENTE, at=LATER, reason="because", proposed_time=LATER)

    assert (refused.value.holder, refused.value.since) == ("Ane", NOW)


@pytest.mark.parametrize("what", [Move.REJECT, Move.WITHDRAW, Move.GIVE_UP])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_what_hurts_is_explained(what: Move, reason: str | None) -> None:
    with pytest.raises(ReasonRequiredError):
        task().moved(what, by=ANE, at=NOW, reason=reason)


def test_a_reason_stays_with_the_task() -> None:
    assert task().moved(Move.REJECT, by=ANE, at=NOW, reason="wrong district").status_reason == "wrong district"


def test_a_proposal_names_its_time() -> None:
    with pytest.raises(ReasonRequiredError):
        task().moved(Move.PROPOSE_TIME, by=ANE, at=NOW)


@pytest.mark.parametrize("what", [Move.AGREE_TIME, Move.DECLINE_TIME])
def test_without_a_proposal_there_is_nothing_to_agree_to(what: Move) -> None:
    with pytest.raises(TransitionError):
        _in(TaskStatus.RECEIVED).moved(what, by=BENTE, at=NOW)


def test_an_agreed_time_becomes_the_deadline() -> None:
    proposed = task().moved(Move.PROPOSE_TIME, by=ANE, at=NOW, proposed_time=LATER)

    agreed = proposed.moved(Move.AGREE_TIME, by=BENTE, at=NOW)

    assert (agreed.due_at, agreed.proposed_time) == (LATER, None)
    assert agreed.version == proposed.version + 1


def test_a_declined_time_leaves_deadline_and_version() -> None:
    proposed = task().moved(Move.PROPOSE_TIME, by=ANE, at=NOW, proposed_time=LATER)

    declined = proposed.moved(Move.DECLINE_TIME, by=BENTE, at=NOW)

    assert (declined.due_at, declined.proposed_time) == (proposed.due_at, None)
    assert declined.version == proposed.version


def test_accepting_answers_an_open_proposal() -> None:
    proposed = task().moved(Move.PROPOSE_TIME, by=ANE, at=NOW, proposed_time=LATER)

    assert proposed.moved(Move.ACCEPT, by=ANE, at=NOW).proposed_time is None


def test_seeing_does_not_cost_a_colleague_the_version_twice() -> None:
    seen = task().moved(Move.SEE, by=ANE, at=NOW)

    assert (seen.status, seen.version) == (TaskStatus.RECEIVED, 2)
    assert seen.moved(Move.SEE, by=BENTE, at=LATER) is seen


def test_a_released_task_keeps_the_round_in_which_somebody_had_it() -> None:
    accepted = _in(TaskStatus.ACCEPTED)

    released = accepted.moved(Move.RELEASE, by=ANE, at=LATER)

    assert (released.status, released.assignee, released.proofs.highest) == (TaskStatus.RECEIVED, None, Proof.SEEN)
    assert [past.proofs for past in released.rounds] == [accepted.proofs]


def test_a_task_given_to_a_colleague_is_hers() -> None:
    given_on = _in(TaskStatus.IN_PROGRESS).moved(Move.ASSIGN, by=ANE, at=LATER, assignee=BENTE)

    assert (given_on.assignee, given_on.status) == (BENTE, TaskStatus.IN_PROGRESS)
    assert given_on.proofs.accepted_by == BENTE
    assert given_on.proofs.seen_by == ANE
    assert given_on.rounds[-1].proofs.accepted_by == ANE


def test_an_unanswered_task_can_be_given_to_somebody() -> None:
    given_out = task().moved(Move.ASSIGN, by=ANE, at=NOW, assignee=BENTE)

    assert (given_out.assignee, given_out.status) == (BENTE, TaskStatus.ACCEPTED)
    assert (given_out.proofs.seen_by, given_out.proofs.accepted_by) == (ANE, BENTE)


def test_another_unit_begins_a_round_of_its_own() -> None:
    handed_on = _in(TaskStatus.ACCEPTED).moved(Move.ASSIGN, by=BENTE, at=LATER, owner=SOUTH, note="hers")

    assert (handed_on.owner, handed_on.status, handed_on.assignee) == (SOUTH, TaskStatus.REQUESTED, None)
    assert handed_on.proofs == Proofs(sent_at=LATER)
    assert handed_on.rounds[-1].owner == NORTH
    assert handed_on.note == "hers"


def test_a_persons_words_take_the_place_of_the_agreements_in_both_languages() -> None:
    told = replace(_in(TaskStatus.ACCEPTED), note="Ring først.", note_en="Call first.")

    silent = told.moved(Move.START, by=ANE, at=LATER)
    spoken = told.moved(Move.START, by=ANE, at=LATER, note="Jeg ringer kl. 10")

    assert (silent.note, silent.note_en) == ("Ring først.", "Call first.")
    assert (spoken.note, spoken.note_en) == ("Jeg ringer kl. 10", None)


def test_a_new_round_of_an_unanswered_task_raises_no_version() -> None:
    asked = task()

    renewed = asked.renewed(LATER)

    assert renewed.version == asked.version
    assert renewed.proofs == Proofs(sent_at=LATER)


def test_a_new_round_voids_an_acceptance_and_may_bring_a_new_deadline() -> None:
    accepted = _in(TaskStatus.ACCEPTED)

    renewed = accepted.renewed(LATER, due_at=LATER)

    assert (renewed.status, renewed.assignee, renewed.due_at) == (TaskStatus.REQUESTED, None, LATER)
    assert renewed.version == accepted.version + 1


def test_a_new_date_leaves_who_has_it() -> None:
    accepted = _in(TaskStatus.ACCEPTED)

    redated = accepted.redated(NOW, LATER)

    assert (redated.assignee, redated.due_at, redated.version) == (ANE, LATER, accepted.version + 1)
    assert redated.redated(NOW, LATER) is redated


def test_a_delivery_counts_once_and_raises_no_version() -> None:
    delivered = task().delivered(NOW)

    assert (delivered.proofs.highest, delivered.version) == (Proof.DELIVERED, 1)
    assert delivered.delivered(LATER) is delivered


def test_an_escalation_raises_no_version() -> None:
    told = task().escalated("93000000000|leader")

    assert told.escalated_to == frozenset({"93000000000|leader"})
    assert told.version == 1


@pytest.mark.parametrize("status", list(TaskStatus))
def test_a_task_is_unanswered_until_somebody_takes_it_on(status: TaskStatus) -> None:
    standing = _in(status)

    assert standing.is_unanswered == (status in {TaskStatus.REQUESTED, TaskStatus.RECEIVED})
    assert standing.is_open == (status not in CLOSED)


def test_a_title_names_nobody() -> None:
    assert {f.name for f in fields(task().title)} == {"da", "en"}


def test_a_duty_whose_fact_was_taken_back_stays_as_it_is_and_answers_to_nothing() -> None:
    duty = task(cause="discharged", version=3)

    assert duty.groundless() == replace(duty, cause=None)
