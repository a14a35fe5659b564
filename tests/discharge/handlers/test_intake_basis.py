"""Which messages are kept, and for whom; what becomes of the others."""

from dataclasses import replace
from typing import Any

import pytest

from discharge.commands import Issue, ReceiptCode, RefuseMessage
from discharge.errors import NotAllowedError
from discharge.events import AgreementMissing, MessageRefused, TaskRequested
from discharge.handlers import move_task, receive_notice, refuse_message, revise_plan
from discharge.identifiers import FeedId, PatientId, SorCode
from discharge.plan import Need, PlanRevision
from discharge.policy import Role
from discharge.stay import PartyBasis
from discharge.task import Move, TaskStatus
from tests.discharge.handlers.steps import OK, SLHJ, STIN, fresh_id, house
from tests.factories import (
    CPR,
    FAMILY,
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    OTHER_WARD,
    PAPER_HOSPITAL,
    PAPER_WARD,
    PRACTICE,
    UNREGISTERED,
    WARD,
    caller,
    envelope,
    home_nurse,
    move,
    new_id,
    patient,
    receive,
    record_system,
    revise,
)
from tests.fakes import FakeStore


def _refusal(**changes: Any) -> RefuseMessage:
    issue = Issue(severity="error", code="invalid", rule="hospitalNotification-4", text="Say it properly.")
    command = RefuseMessage(caller=record_system(), envelope=envelope(body=b"body"), issues=(issue,))
    return replace(command, **changes)


async def test_a_repeated_message_changes_nothing_and_gets_the_first_answer() -> None:
    store = house()
    sent = envelope()
    warnings = (Issue(severity="warning", code="value", rule="r", text="Odd."),)
    first = await store.run(receive_notice, replace(receive(STIN, sent=sent), warnings=warnings))
    tasks, events = store.tasks(), list(store.events)

    again = await store.run(receive_notice, receive(STIN, sent=replace(sent, bundle_id=envelope().bundle_id)))

    assert again == replace(first, duplicate=True)
    assert (store.tasks(), store.events) == (tasks, events)


async def test_a_reused_bundle_id_is_refused_and_the_first_message_stands() -> None:
    store = house()
    sent = envelope()
    await store.run(receive_notice, receive(STIN, sent=sent))

    refused = await store.run(receive_notice, receive(SLHJ, sent=replace(sent, message_id=fresh_id())))

    assert refused.code is ReceiptCode.FATAL_ERROR
    assert store.stay().is_open


async def test_a_citizen_nobody_knows_and_a_hospital_on_paper_leave_metadata_only() -> None:
    store = FakeStore()
    sent = envelope(sender=PAPER_WARD, body=b"secret")

    receipt = await store.run(
        receive_notice,
        receive(replace(STIN, service_provider=PAPER_WARD), sent=sent, client=record_system(PAPER_HOSPITAL)),
    )

    assert receipt == OK
    assert not store.state.patients
    assert not store.state.stays
    (kept,) = store.state.messages.values()
    assert (kept.body, kept.patient_id, kept.stay_id) == (None, None, None)
    assert not store.events


async def test_a_citizen_nobody_knows_is_seen_by_the_hospital_alone_until_the_plan_names_a_need() -> None:
    store = FakeStore()
    await store.run(receive_notice, receive(STIN))
    assert {party.organization for party in store.stay().parties} == {WARD, HOSPITAL}
    assert not store.tasks()
    assert set(store.feeds) == {FeedId(WARD)}

    needs = PlanRevision(needs=frozenset({Need.HOME_NURSING}))
    await store.run(revise_plan, revise(store.stay().id, revision=needs))
    await store.run(receive_notice, receive(SLHJ))

    assert store.stay().is_party(MUNICIPALITY)
    assert store.task("R17").owner == MUNICIPALITY


async def test_help_is_not_called_from_a_municipality_that_may_not_know() -> None:
    store = FakeStore()

    await store.run(receive_notice, receive(SLHJ))

    called = {timer.step.organization for timer in store.state.timers.values()}
    assert called <= {WARD, PRACTICE}


@pytest.mark.parametrize("district", [None, "nord"])
async def test_a_receiver_that_no_register_has_is_no_party(district: str | None) -> None:
    store = house(district=district)

    receipt = await store.run(receive_notice, receive(SLHJ, sent=envelope(receiver=UNREGISTERED)))

    assert receipt == OK
    assert store.stay().receiver is None
    assert not store.tasks("R17")


async def test_a_message_to_nobody_is_kept_by_the_hospital() -> None:
    store = house()

    await store.run(receive_notice, receive(STIN, sent=envelope(receiver=None)))

    assert store.stay().receiver is None


async def test_where_no_agreement_holds_the_stay_is_kept_without_duties() -> None:
    store = FakeStore(patients=[patient()], agreements=[])

    await store.run(receive_notice, receive(STIN))

    assert store.stay().is_open
    assert not store.tasks()
    assert [type(event) for event in store.happened(AgreementMissing)] == [AgreementMissing]


async def test_a_name_that_was_missing_is_filled_in_and_a_known_one_stays() -> None:
    store = house(family=None, given=())
    await store.run(receive_notice, receive(replace(STIN, given=("Ane",))))
    assert [known.name for known in store.state.patients.values()] == [f"Ane {FAMILY}"]

    await store.run(receive_notice, receive(replace(SLHJ, family="Other")))
    assert [known.family for known in store.state.patients.values()] == [FAMILY]


async def test_a_citizen_without_a_practice_leaves_the_letter_with_the_ward() -> None:
    store = house(gp=None)

    await store.run(receive_notice, receive(SLHJ))

    assert store.task(code="read-discharge-letter").owner == WARD
    assert store.task("R21").audience == {Role.WARD, Role.DOCTOR}


@pytest.mark.parametrize(
    ("role", "organization"), [(Role.WARD, HOSPITAL), (Role.SYSTEM, NEIGHBOUR), (Role.SYSTEM, OTHER_WARD)]
)
async def test_a_message_from_somebody_else_is_not_taken(role: Role, organization: SorCode) -> None:
    store = house()

    with pytest.raises(NotAllowedError):
        await store.run(receive_notice, receive(STIN, client=caller(role, organization)))

    assert not store.state.messages


async def test_a_refused_message_is_kept_and_the_operators_are_told() -> None:
    store = house()

    receipt = await store.run(refuse_message, _refusal(cpr=CPR))

    assert receipt.code is ReceiptCode.FATAL_ERROR
    (kept,) = store.state.messages.values()
    (known,) = store.state.patients
    assert (kept.body, kept.patient_id) == (b"body", known)
    (told,) = store.happened(MessageRefused)
    assert (told.sender, told.receiver) == (WARD, MUNICIPALITY)
    assert not store.state.stays


async def test_a_refused_message_sent_again_gets_the_first_answer() -> None:
    store = house()
    command = _refusal()
    first = await store.run(refuse_message, command)

    again = await store.run(refuse_message, command)

    assert again == replace(first, duplicate=True)
    assert len(store.happened(MessageRefused)) == 1


@pytest.mark.parametrize(
    ("sender", "known", "readable", "kept"),
    [
        (PAPER_WARD, False, True, False),
        (PAPER_WARD, True, True, True),
        (PAPER_WARD, False, False, True),
        (WARD, False, True, True),
    ],
)
async def test_a_refused_body_is_kept_only_with_a_legal_basis(
    sender: SorCode, *, known: bool, readable: bool, kept: bool
) -> None:
    store = house() if known else FakeStore()
    client = record_system(PAPER_HOSPITAL if sender == PAPER_WARD else HOSPITAL)

    await store.run(
        refuse_message,
        _refusal(caller=client, envelope=envelope(sender=sender, body=b"body"), cpr=CPR if readable else None),
    )

    (message,) = store.state.messages.values()
    assert (message.body is not None) is kept
    assert known or message.patient_id is None


async def test_an_event_tells_no_citizen_apart() -> None:
    store = house()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))
    nurse = home_nurse()
    await store.run(move_task, move(nurse, store.task("R17"), Move.ACCEPT))

    told = f"{store.events!r} {dict(store.feeds)!r}"

    assert store.happened(TaskRequested)
    assert CPR.digits not in told
    assert CPR.digits[:6] not in told
    assert FAMILY not in told


async def test_a_message_that_fails_half_way_leaves_nothing() -> None:
    store = house()
    unit_of_work = store.unit_of_work()
    await unit_of_work.messages.claim(envelope())
    await unit_of_work.patients.add(patient(id=PatientId(new_id())))

    assert not store.state.messages
    assert not unit_of_work.committed


async def test_a_stay_that_ended_owes_its_practice_a_reason_to_be_party() -> None:
    store = house()

    await store.run(receive_notice, receive(SLHJ))

    basis = {party.organization: party.basis for party in store.stay().parties}
    assert basis[PRACTICE] is PartyBasis.OWES
    assert basis[MUNICIPALITY] is PartyBasis.SERVES
    assert {task.status for task in store.tasks()} == {TaskStatus.REQUESTED}
