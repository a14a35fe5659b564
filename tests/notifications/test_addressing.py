from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from discharge.events import (
    AgreementMissing,
    DischargeUndone,
    Event,
    MessageRefused,
    PatientDischarged,
    PlanRevised,
    StayBegan,
    StayContinued,
    TaskDelivered,
    TaskEscalated,
    TaskMoved,
    TaskOverdue,
    TaskRedated,
    TaskReminded,
    TaskRequested,
    TaskSettled,
)
from discharge.identifiers import FeedId, MessageId, PatientId, SorCode, StayId, TaskId
from discharge.policy import ContentClass, Role
from discharge.stay import NoticeKind
from discharge.task import HandoverTask, Move, Priority, Proofs, TaskStatus, Title
from notifications.addressing import entries_for, entries_for_all, feeds_of, staff_of
from notifications.entry import Addressed, EntryEvent
from tests.fakes_notifications import (
    CLINIC,
    HOSPITAL,
    MUNICIPALITY,
    NOON,
    NORTH,
    REGION,
    TEAM,
    WARD,
    small_denmark,
)

DENMARK = small_denmark()
STAY = StayId("018f3e6a-0000-7000-8000-000000000002")
UNKNOWN = SorCode("999999")
NURSES = frozenset({Role.HOME_NURSE})
MUNICIPAL_STAFF = frozenset({Role.VISITATOR, Role.HOME_NURSE})
WARD_STAFF = frozenset({Role.WARD, Role.DOCTOR})


def task(owner: SorCode = TEAM, requester: SorCode = WARD) -> HandoverTask:
    return HandoverTask(
        id=TaskId("018f3e6a-0000-7000-8000-000000000001"),
        stay_id=STAY,
        patient_id=PatientId("018f3e6a-0000-7000-8000-000000000003"),
        code="start-care",
        title=Title("Sæt hjemmepleje i gang", "Start home care"),
        content_class=ContentClass.PLAN,
        priority=Priority.ASAP,
        requester=requester,
        owner=owner,
        audience=NURSES,
        created_at=NOON,
        changed_at=NOON,
        due_at=NOON + timedelta(hours=4),
        proofs=Proofs(sent_at=NOON),
    )


def feed_ids(*sors: SorCode) -> tuple[FeedId, ...]:
    return tuple(FeedId(sor) for sor in sors)


def told(entries: tuple[Addressed, ...]) -> dict[str, tuple[str, frozenset[Role]]]:
    assert len({entry.feed for entry in entries}) == len(entries)
    return {entry.feed: (entry.event.value, entry.audience) for entry in entries}


def test_units_entries_also_stand_with_the_municipal_organisations_above_it() -> None:
    assert feeds_of(TEAM, DENMARK) == feed_ids(TEAM, NORTH, MUNICIPALITY)


@pytest.mark.parametrize("sor", [WARD, HOSPITAL, MUNICIPALITY, CLINIC, REGION, UNKNOWN])
def test_everybody_else_has_one_feed(sor: SorCode) -> None:
    assert feeds_of(sor, DENMARK) == feed_ids(sor)


def test_staff_follows_from_the_kind_of_organisation() -> None:
    assert staff_of(WARD, DENMARK) == WARD_STAFF
    assert staff_of(TEAM, DENMARK) == MUNICIPAL_STAFF
    assert staff_of(CLINIC, DENMARK) == {Role.GP}
    assert staff_of(UNKNOWN, DENMARK) == {Role.OPERATOR}


def test_new_task_rings_at_its_owner_and_is_news_to_its_requester() -> None:
    entries = entries_for(TaskRequested(at=NOON, stay_id=STAY, task=task()), DENMARK)

    assert told(entries) == {
        TEAM: ("task-requested", NURSES),
        NORTH: ("task-requested", NURSES),
        MUNICIPALITY: ("task-requested", NURSES),
        WARD: ("task-changed", WARD_STAFF),
    }


def test_entry_carries_ids_priority_deadline_and_the_nameless_title() -> None:
    (entry,) = entries_for(TaskRequested(at=NOON, stay_id=STAY, task=task(CLINIC, CLINIC)), DENMARK)

    assert entry == Addressed(
        feed=entry.feed,
        at=NOON,
        event=EntryEvent.TASK_REQUESTED,
        task_id=task().id,
        stay_id=STAY,
        priority=Priority.ASAP,
        due_at=NOON + timedelta(hours=4),
        title="Sæt hjemmepleje i gang",
        audience=NURSES,
    )


def test_requester_above_the_owner_gets_one_entry_that_rings_at_both() -> None:
    entries = entries_for(TaskRequested(at=NOON, stay_id=STAY, task=task(TEAM, MUNICIPALITY)), DENMARK)

    assert told(entries)[MUNICIPALITY] == ("task-requested", MUNICIPAL_STAFF)


def test_wards_task_stays_below_the_hospital() -> None:
    entries = entries_for(TaskRequested(at=NOON, stay_id=STAY, task=task(WARD, CLINIC)), DENMARK)

    assert set(told(entries)) == {WARD, CLINIC}


@pytest.mark.parametrize("move", [Move.ACCEPT, Move.REJECT, Move.COMPLETE, Move.GIVE_UP, Move.SEE])
def test_move_is_told_to_both_sides(move: Move) -> None:
    entries = entries_for(TaskMoved(at=NOON, stay_id=STAY, task=task(), move=move), DENMARK)

    assert {feed: event for feed, (event, _) in told(entries).items()} == dict.fromkeys(
        (TEAM, NORTH, MUNICIPALITY, WARD), "task-changed"
    )


def test_withdrawal_is_told_as_such() -> None:
    entries = entries_for(TaskMoved(at=NOON, stay_id=STAY, task=task(), move=Move.WITHDRAW), DENMARK)

    assert {event for event, _ in told(entries).values()} == {"task-withdrawn"}


def test_assigning_within_the_unit_is_a_change() -> None:
    entries = entries_for(TaskMoved(at=NOON, stay_id=STAY, task=task(), move=Move.ASSIGN), DENMARK)

    assert told(entries)[TEAM] == ("task-changed", NURSES)


def test_handing_over_to_another_unit_is_a_new_duty_there_and_gone_here() -> None:
    later = NOON + timedelta(hours=1)
    moved = task().renewed(later, owner=NORTH)

    entries = entries_for(TaskMoved(at=later, stay_id=STAY, task=moved, move=Move.ASSIGN), DENMARK)

    assert {feed: event for feed, (event, _) in told(entries).items()} == {
        NORTH: "task-requested",
        MUNICIPALITY: "task-requested",
        TEAM: "task-withdrawn",
        WARD: "task-changed",
    }


def test_assigning_long_after_a_handover_is_a_change() -> None:
    moved = replace(task().renewed(NOON, owner=NORTH), changed_at=NOON + timedelta(hours=2))

    entries = entries_for(TaskMoved(at=NOON, stay_id=STAY, task=moved, move=Move.ASSIGN), DENMARK)

    assert told(entries)[NORTH] == ("task-changed", NURSES)


def test_new_deadline_is_told_to_both_sides() -> None:
    entries = entries_for(TaskRedated(at=NOON, stay_id=STAY, task=task()), DENMARK)

    assert set(told(entries)) == {TEAM, NORTH, MUNICIPALITY, WARD}


def test_wait_that_begins_or_ends_is_told_to_the_owner_only() -> None:
    entries = entries_for(TaskSettled(at=NOON, stay_id=STAY, task=task()), DENMARK)

    assert set(told(entries)) == {TEAM, NORTH, MUNICIPALITY}


def test_delivery_is_told_to_the_requester_only() -> None:
    entries = entries_for(TaskDelivered(at=NOON, stay_id=STAY, task=task()), DENMARK)

    assert told(entries) == {WARD: ("task-changed", WARD_STAFF)}


def test_delivery_at_the_requester_itself_is_told_to_nobody() -> None:
    assert entries_for(TaskDelivered(at=NOON, stay_id=STAY, task=task(CLINIC, CLINIC)), DENMARK) == ()


def test_reminder_goes_to_those_who_were_reminded() -> None:
    event = TaskReminded(at=NOON, stay_id=STAY, task=task(), organization=TEAM, roles=NURSES)

    assert told(entries_for(event, DENMARK)) == {
        TEAM: ("task-reminder", NURSES),
        NORTH: ("task-reminder", NURSES),
        MUNICIPALITY: ("task-reminder", NURSES),
    }


def test_escalation_rings_at_the_leader_and_at_no_nurse() -> None:
    leaders = frozenset({Role.LEADER})
    event = TaskEscalated(at=NOON, stay_id=STAY, task=task(), organization=MUNICIPALITY, roles=leaders)

    assert told(entries_for(event, DENMARK)) == {MUNICIPALITY: ("task-escalated", leaders)}


def test_overdue_is_told_to_the_requester_as_well() -> None:
    event = TaskOverdue(at=NOON, stay_id=STAY, task=task(), organization=MUNICIPALITY, roles=NURSES)

    assert told(entries_for(event, DENMARK)) == {
        MUNICIPALITY: ("task-overdue", NURSES),
        WARD: ("task-overdue", WARD_STAFF),
    }


@pytest.mark.parametrize(
    ("event", "title"),
    [
        (StayBegan(at=NOON, stay_id=STAY, ward=WARD, kind=NoticeKind.STIN), "Patient er indlagt"),
        (StayBegan(at=NOON, stay_id=STAY, ward=WARD, kind=NoticeKind.STAA), "Akut ambulant kontakt er begyndt"),
        (PatientDischarged(at=NOON, stay_id=STAY, ward=WARD, left_at=NOON), "Patient er udskrevet"),
        (
            PatientDischarged(at=NOON, stay_id=STAY, ward=WARD, left_at=NOON, redated=True),
            "Udskrivningstidspunktet er rettet",
        ),
        (DischargeUndone(at=NOON, stay_id=STAY, ward=WARD), "Udskrivningen er taget tilbage"),
    ],
)
def test_stay_is_the_wards_news(event: Event, title: str) -> None:
    (entry,) = entries_for(event, DENMARK)

    assert (entry.feed, entry.event, entry.audience, entry.title) == (
        FeedId(WARD),
        EntryEvent.STAY_CHANGED,
        WARD_STAFF,
        title,
    )
    assert (entry.task_id, entry.stay_id) == (None, STAY)


def test_both_wards_hear_of_a_continued_stay() -> None:
    event = StayContinued(at=NOON, stay_id=STAY, ward=WARD, previous_ward=HOSPITAL, kind=NoticeKind.STIN)

    assert set(told(entries_for(event, DENMARK))) == {WARD, HOSPITAL}


def test_stay_continued_in_its_ward_is_one_entry() -> None:
    event = StayContinued(at=NOON, stay_id=STAY, ward=WARD, previous_ward=WARD, kind=NoticeKind.STIN)

    assert len(entries_for(event, DENMARK)) == 1


def test_plan_goes_to_the_ward_and_its_receivers() -> None:
    event = PlanRevised(at=NOON, stay_id=STAY, ward=WARD, version=2, fields=("needs",), receivers=(NORTH, CLINIC))

    assert told(entries_for(event, DENMARK)) == {
        WARD: ("plan-changed", WARD_STAFF),
        NORTH: ("plan-changed", MUNICIPAL_STAFF),
        MUNICIPALITY: ("plan-changed", MUNICIPAL_STAFF),
        CLINIC: ("plan-changed", frozenset({Role.GP})),
    }


@pytest.mark.parametrize(("receiver", "feed"), [(MUNICIPALITY, MUNICIPALITY), (None, WARD), (UNKNOWN, WARD)])
def test_refused_message_is_shown_to_operators(receiver: SorCode | None, feed: SorCode) -> None:
    event = MessageRefused(at=NOON, message_id=MessageId("m"), sender=WARD, receiver=receiver)

    (entry,) = entries_for(event, DENMARK)

    assert (entry.feed, entry.event, entry.audience) == (FeedId(feed), EntryEvent.MESSAGE, frozenset({Role.OPERATOR}))
    assert (entry.task_id, entry.stay_id, entry.priority) == (None, None, Priority.URGENT)


def test_one_commit_says_each_thing_once_per_feed() -> None:
    seen = replace(task(), status=TaskStatus.RECEIVED)
    later = replace(task(), status=TaskStatus.ACCEPTED, due_at=NOON)

    entries = entries_for_all(
        [
            TaskMoved(at=NOON, stay_id=STAY, task=seen, move=Move.SEE),
            TaskMoved(at=NOON, stay_id=STAY, task=later, move=Move.ACCEPT),
        ],
        DENMARK,
    )

    assert tuple(entry.feed for entry in entries) == feed_ids(TEAM, NORTH, MUNICIPALITY, WARD)
    assert {entry.due_at for entry in entries} == {NOON}


def test_two_rungs_of_one_task_in_one_commit_ring_at_their_own_people() -> None:
    late = task()

    entries = entries_for_all(
        [
            TaskEscalated(
                at=NOON, stay_id=STAY, task=late, organization=MUNICIPALITY, roles=frozenset({Role.HOME_NURSE})
            ),
            TaskEscalated(at=NOON, stay_id=STAY, task=late, organization=MUNICIPALITY, roles=frozenset({Role.LEADER})),
        ],
        DENMARK,
    )

    assert [entry.audience for entry in entries] == [frozenset({Role.HOME_NURSE}), frozenset({Role.LEADER})]


def test_a_stay_without_an_agreement_is_told_to_ward_receiver_and_operators() -> None:
    event = AgreementMissing(at=NOON, stay_id=STAY, ward=WARD, receiver=MUNICIPALITY)

    ward, receiver = entries_for(event, DENMARK)

    assert (ward.feed, receiver.feed) == feed_ids(WARD, MUNICIPALITY)
    assert ward.priority is receiver.priority is Priority.STAT
    assert Role.OPERATOR in ward.audience & receiver.audience
    assert len(entries_for(replace(event, receiver=None), DENMARK)) == 1


def test_one_commit_keeps_different_things_apart_and_in_order() -> None:
    other = replace(task(), id=TaskId("018f3e6a-0000-7000-8000-000000000009"))

    entries = entries_for_all(
        [
            PatientDischarged(at=NOON, stay_id=STAY, ward=WARD, left_at=NOON),
            TaskRequested(at=NOON, stay_id=STAY, task=task(CLINIC, CLINIC)),
            TaskRequested(at=NOON, stay_id=STAY, task=replace(other, owner=CLINIC, requester=CLINIC)),
            MessageRefused(at=NOON, message_id=MessageId("a"), sender=WARD, receiver=None),
            MessageRefused(at=NOON, message_id=MessageId("b"), sender=WARD, receiver=None),
        ],
        DENMARK,
    )

    assert [(str(entry.feed), entry.event.value) for entry in entries] == [
        (WARD, "stay-changed"),
        (CLINIC, "task-requested"),
        (CLINIC, "task-requested"),
        (WARD, "message"),
        (WARD, "message"),
    ]


# ── care messages ───────────────────────────────────────────────────────────────────────────────────────────────────
