"""Duties that wait for another one of their stay, and reports that carry out the duty to send them."""

from __future__ import annotations

import pytest

from discharge.agreement import Consequence, Rule, Trigger
from discharge.conditions import Condition
from discharge.documents.report import DocumentStatus
from discharge.errors import TaskWaitsError
from discharge.events import MedicationRevised, TaskRequested, TaskSettled
from discharge.handlers import begin_stay, move_task, receive_notice, revise_plan
from discharge.identifiers import FeedId
from discharge.notices import NoticeKind
from discharge.plan import PlanRevision
from discharge.task import Move, TaskStatus
from notifications.entry import EntryEvent
from tests.discharge.documents.made import listing, report, version
from tests.discharge.handlers.filing import file
from tests.discharge.handlers.steps import DAY, EPISODE, SLHJ, STIN
from tests.discharge.handlers.test_agreed import agreement, condition, rule
from tests.discharge.medication.lines import medicine
from tests.factories import (
    HOSPITAL,
    NORTH,
    NOW,
    WARD,
    begin_by_hand,
    home_nurse,
    move,
    notice,
    patient,
    receive,
    revise,
    ward_nurse,
)
from tests.fakes import FakeStore

FIRST = rule("R21", Trigger.STAY_BEGAN, code="first")
WAITS = rule("R14", Trigger.STAY_BEGAN, owner="municipality", code="second", waits_for="first")


async def _begun(*rules: Rule) -> FakeStore:
    store = FakeStore(patients=[patient()], agreements=[agreement(*rules)])
    await store.run(begin_stay, begin_by_hand())
    return store


async def _moved(store: FakeStore, code: str, what: Move, **changes: object) -> None:
    caller = ward_nurse() if store.task(code=code).owner == WARD else home_nurse()
    await store.run(move_task, move(caller, store.task(code=code), what, **changes))


@pytest.mark.parametrize("rules", [(FIRST, WAITS), (WAITS, FIRST)])
async def test_order_of_the_rules_decides_nothing_and_who_is_just_asked_hears_it_once(rules: tuple[Rule, ...]) -> None:
    store = await _begun(*rules)

    assert store.task(code="second").is_waiting
    assert not store.happened(TaskSettled)
    assert len(store.happened(TaskRequested)) == 2


async def test_nothing_to_wait_for_is_no_wait() -> None:
    store = await _begun(WAITS, rule("R21", Trigger.PLAN_REVISED, code="first"))

    assert not store.task(code="second").is_waiting
    await _moved(store, "second", Move.ACCEPT)
    await _moved(store, "second", Move.COMPLETE)
    assert store.task(code="second").status_reason is None


@pytest.mark.parametrize("reason", [None, " "])
async def test_waiting_duty_is_done_with_a_reason_only(reason: str | None) -> None:
    store = await _begun(FIRST, WAITS)
    await _moved(store, "second", Move.ACCEPT)

    with pytest.raises(TaskWaitsError) as refused:
        await _moved(store, "second", Move.COMPLETE, reason=reason)
    await _moved(store, "second", Move.COMPLETE, reason="Det kunne ikke vente")

    assert (refused.value.rule, refused.value.waits_for) == ("R14", "first")
    assert store.task(code="second").status_reason == "Det kunne ikke vente"


async def test_owner_alone_is_told_at_once_when_the_other_is_done() -> None:
    store = await _begun(FIRST, WAITS)
    told = {feed: len(entries) for feed, entries in store.feeds.items()}
    await _moved(store, "first", Move.ACCEPT)

    await _moved(store, "first", Move.COMPLETE)

    (settled,) = store.happened(TaskSettled)
    entry = store.feeds[FeedId(NORTH)][-1]
    assert (settled.task.code, settled.task.is_waiting) == ("second", False)
    assert (entry.task_id, entry.event) == (settled.task.id, EntryEvent.TASK_CHANGED)
    assert len(store.feeds[FeedId(NORTH)]) == told[FeedId(NORTH)] + 1


async def test_withdrawing_the_other_leaves_it_undone_and_whoever_goes_on_says_why() -> None:
    asked = rule("R21", Trigger.STAY_BEGAN, owner="municipality", code="first")
    store = await _begun(asked, WAITS)

    await store.run(move_task, move(ward_nurse(), store.task(code="first"), Move.WITHDRAW, reason="Ikke nødvendig"))

    assert not store.happened(TaskSettled)
    assert store.task(code="second").is_waiting


async def test_duty_whose_other_falls_away_by_itself_waits_no_longer() -> None:
    asked = rule(
        "R21",
        Trigger.STAY_BEGAN,
        code="first",
        voided_by=Consequence(on=frozenset({Trigger.PLAN_REVISED})),
    )
    store = await _begun(asked, WAITS)

    await store.run(revise_plan, revise(store.stay().id, revision=PlanRevision(frail=True)))

    assert [event.task.code for event in store.happened(TaskSettled)] == ["second"]


def _filed(kind: str) -> Condition:
    return condition("in", ["text", "discharge-letter"], ["field", f"document.{kind}"])


ON = frozenset({Trigger.DOCUMENT_FILED})
SEND = rule(
    "R20",
    Trigger.DISCHARGED,
    code="send",
    triggers=frozenset({Trigger.DISCHARGED, Trigger.DOCUMENT_FILED}),
    when=condition("or", ["not", ["has", ["field", "document.in_force"]]], _filed("taken_back").tree),
    completed_by=Consequence(on=ON, when=_filed("in_force")),
    renewed_by=Consequence(on=ON, when=_filed("taken_back")),
)


async def _home(*rules: Rule) -> FakeStore:
    store = FakeStore(patients=[patient()], agreements=[agreement(*rules)])
    for each in (STIN, SLHJ):
        await store.run(receive_notice, receive(each))
    return store


async def test_report_of_a_record_system_is_the_duty_to_send_it_done_by_that_system() -> None:
    store = await _home(SEND)

    await file(store, report())

    sent = store.task(code="send")
    assert (sent.status, sent.status_reason) == (TaskStatus.COMPLETED, "Udskrivningsrapporten er kommet")
    assert sent.proofs.done_by is not None


@pytest.mark.parametrize("is_person", [True, False])
async def test_report_that_came_before_the_departure_is_sent_with_it(*, is_person: bool) -> None:
    store = FakeStore(patients=[patient()], agreements=[agreement(SEND)])
    await store.run(receive_notice, receive(STIN))
    await file(store, report(), ward_nurse() if is_person else None)

    await store.run(receive_notice, receive(SLHJ))

    done_by = store.task(code="send").proofs.done_by
    assert done_by is not None
    assert done_by.id == (ward_nurse().person_id if is_person else HOSPITAL)


async def test_newer_version_leaves_the_duty_done_and_one_taken_back_asks_again() -> None:
    store = await _home(SEND)
    await file(store, version(0))
    await file(store, version(1))
    assert [task.status for task in store.tasks(code="send")] == [TaskStatus.COMPLETED]

    await file(store, version(2, status=DocumentStatus.ENTERED_IN_ERROR))

    assert [task.status for task in store.tasks(code="send")] == [TaskStatus.COMPLETED, TaskStatus.REQUESTED]


async def test_nobody_owes_a_report_of_the_dead() -> None:
    store = await _home(SEND)
    await file(store, version(0))
    dead = notice(NoticeKind.MORS, episodes=(EPISODE,), ended_at=NOW + DAY, occurred_at=NOW + DAY, deceased=True)
    await store.run(receive_notice, receive(dead))

    await file(store, version(1, status=DocumentStatus.ENTERED_IN_ERROR))

    assert [task.status for task in store.tasks(code="send")] == [TaskStatus.COMPLETED]


async def test_duty_to_answer_that_nobody_waits_for_is_done_as_any_other() -> None:
    store = await _begun(rule("R22", Trigger.STAY_BEGAN, code="answer-medicine-question"))
    await _moved(store, "answer-medicine-question", Move.ACCEPT)

    await _moved(store, "answer-medicine-question", Move.COMPLETE)

    assert store.task(code="answer-medicine-question").status is TaskStatus.COMPLETED


async def test_list_that_comes_after_a_death_makes_no_duty() -> None:
    listed = rule("R21", Trigger.MEDICATION_REVISED, code="go-through")
    store = await _home(listed)
    dead = notice(NoticeKind.MORS, episodes=(EPISODE,), ended_at=NOW + DAY, occurred_at=NOW + DAY, deceased=True)
    await store.run(receive_notice, receive(dead))

    await file(store, report(medicine=listing(medicine("Pinex"))))

    assert not store.tasks(code="go-through")
    assert store.happened(MedicationRevised)
