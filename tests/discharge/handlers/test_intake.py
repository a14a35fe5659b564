"""What a message does, told as the agreement tells it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from discharge.commands import Issue, Receipt, ReceiptCode, RefuseMessage
from discharge.errors import NotAllowedError
from discharge.events import (
    AgreementMissing,
    MessageRefused,
    PatientDischarged,
    StayBegan,
    StayContinued,
    TaskRedated,
    TaskRequested,
)
from discharge.handlers import begin_stay, move_task, receive_notice, refuse_message, revise_plan
from discharge.identifiers import FeedId, MessageId, PatientId, SorCode
from discharge.plan import Need, PlanRevision
from discharge.policy import Role
from discharge.stay import EncounterClass, NoticeKind, PartyBasis, StayState
from discharge.task import Move, TaskStatus
from tests.factories import (
    ADMITTED_AT,
    CPR,
    FAMILY,
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    NOW,
    OTHER_WARD,
    PAPER_HOSPITAL,
    PAPER_WARD,
    PRACTICE,
    UNREGISTERED,
    WARD,
    begin_by_hand,
    caller,
    envelope,
    episode,
    home_nurse,
    move,
    new_id,
    notice,
    patient,
    receive,
    record_system,
    revise,
    ward_nurse,
)
from tests.fakes import FakeStore

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EPISODE = episode()
STIN = notice(NoticeKind.STIN, episodes=(EPISODE,), report_requested=True)
STAA = notice(NoticeKind.STAA, episodes=(EPISODE,), started_at=ADMITTED_AT - HOUR, report_requested=True)
SLHJ = notice(NoticeKind.SLHJ, episodes=(EPISODE,))
OK = Receipt(code=ReceiptCode.OK)


def _store(**changes: object) -> FakeStore:
    """The little Denmark with one citizen of district north."""
    return FakeStore(patients=[patient(**changes)])


def _message_id() -> MessageId:
    return MessageId(new_id())


async def test_an_admission_pauses_services_and_asks_for_the_report() -> None:
    store = _store()

    receipt = await store.run(receive_notice, receive(STIN))

    assert receipt == OK
    report, pause = store.task("R01"), store.task("R03")
    assert (report.owner, report.due_at) == (NORTH, NOW + 15 * MINUTE)
    assert (pause.owner, pause.due_at) == (NORTH, NOW + 30 * MINUTE)
    assert {party.organization for party in store.stay().parties} == {WARD, HOSPITAL, MUNICIPALITY, NORTH}
    assert store.stay().state is StayState.ADMITTED


async def test_without_the_flag_nobody_is_asked_for_a_report() -> None:
    store = _store()

    await store.run(receive_notice, receive(replace(STIN, report_requested=False)))

    assert [task.rule for task in store.tasks()] == ["R03"]


async def test_a_practice_hears_nothing_of_an_admission() -> None:
    store = _store()

    await store.run(receive_notice, receive(STIN))

    assert not store.stay().is_party(PRACTICE)
    assert FeedId(PRACTICE) not in store.feeds


async def test_a_discharge_makes_the_duties_of_ward_municipality_and_practice() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))

    await store.run(receive_notice, receive(SLHJ))

    midnight = datetime(2026, 11, 20, 23, tzinfo=UTC)
    made = [(task.code, task.owner, task.due_at) for task in store.tasks() if task.cause == "discharged"]
    assert made == [
        ("resume-services", NORTH, midnight),
        ("send-discharge-report", WARD, NOW),
        ("send-discharge-letter", WARD, midnight + 3 * DAY),
        ("read-discharge-letter", PRACTICE, midnight + 3 * DAY),
        ("reconcile-medication", PRACTICE, NOW + 72 * HOUR),
    ]
    assert store.stay().is_party(PRACTICE)
    assert store.stay().state is StayState.ENDED


async def test_a_repeated_message_changes_nothing_and_gets_the_first_answer() -> None:
    store = _store()
    sent = envelope()
    warnings = (Issue(severity="warning", code="value", rule="r", text="Odd."),)
    first = await store.run(receive_notice, replace(receive(STIN, sent=sent), warnings=warnings))
    tasks, events = store.tasks(), list(store.events)

    again = await store.run(receive_notice, receive(STIN, sent=replace(sent, bundle_id=envelope().bundle_id)))

    assert again == replace(first, duplicate=True)
    assert (store.tasks(), store.events) == (tasks, events)


async def test_a_reused_bundle_id_is_refused_and_the_first_message_stands() -> None:
    store = _store()
    sent = envelope()
    await store.run(receive_notice, receive(STIN, sent=sent))

    refused = await store.run(receive_notice, receive(SLHJ, sent=replace(sent, message_id=_message_id())))

    assert refused.code is ReceiptCode.FATAL_ERROR
    assert store.stay().is_open


async def test_acute_then_admitted_is_one_stay() -> None:
    store = _store()
    await store.run(receive_notice, receive(STAA))

    await store.run(receive_notice, receive(STIN))

    stay = store.stay()
    assert stay.state is StayState.ADMITTED
    assert [contact.encounter_class for contact in stay.encounters] == [
        EncounterClass.EMERGENCY,
        EncounterClass.INPATIENT,
    ]
    assert len(store.happened(StayBegan)) == len(store.happened(StayContinued)) == 1
    assert len(store.tasks("R01")) == len(store.tasks("R03")) == 1


async def test_a_second_admission_notice_gives_nobody_more_minutes() -> None:
    store = _store()
    await store.run(receive_notice, receive(STAA))
    store.now = NOW + 20 * MINUTE

    await store.run(receive_notice, receive(STIN))

    assert store.task("R01").due_at == NOW + 15 * MINUTE
    assert store.task("R03").version == 1


async def test_the_activity_decides_the_state_and_the_class_only_confirms() -> None:
    store = _store()

    await store.run(receive_notice, receive(replace(STIN, encounter_class=EncounterClass.EMERGENCY)))
    assert store.stay().state is StayState.ADMITTED

    await store.run(receive_notice, receive(replace(STAA, started_at=STIN.started_at)))
    assert store.stay().state is StayState.ACUTE
    assert len(store.stay().encounters) == 1


async def test_an_admission_elsewhere_is_a_transfer_and_the_old_ward_sees_nothing_new() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))
    store.now = NOW + HOUR

    elsewhere = replace(STIN, episodes=(episode(),), service_provider=OTHER_WARD, started_at=NOW + HOUR)
    await store.run(receive_notice, receive(elsewhere, sent=envelope(sender=OTHER_WARD)))

    stay = store.stay()
    assert (stay.ward, len(stay.episodes)) == (OTHER_WARD, 2)
    assert not stay.is_read_by(WARD, store.now)
    assert stay.is_read_by(OTHER_WARD, store.now)
    assert stay.is_read_by(HOSPITAL, store.now)


async def test_a_patient_who_comes_back_is_seen_by_the_first_ward_again() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))
    away = replace(STIN, service_provider=OTHER_WARD, started_at=NOW)
    await store.run(receive_notice, receive(away))
    assert not store.stay().is_read_by(WARD, NOW)

    await store.run(receive_notice, receive(replace(STIN, started_at=NOW + HOUR)))

    assert store.stay().ward == WARD
    assert store.stay().is_read_by(WARD, NOW)


async def test_a_contact_that_is_told_late_moves_nobody_back() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))

    await store.run(receive_notice, receive(replace(STAA, service_provider=OTHER_WARD)))

    assert (store.stay().ward, store.stay().state) == (WARD, StayState.ADMITTED)


async def test_a_notice_of_the_hospital_as_a_whole_leaves_the_patient_in_the_ward() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))

    await store.run(receive_notice, receive(replace(STIN, service_provider=HOSPITAL), sent=envelope(sender=HOSPITAL)))

    assert store.stay().ward == WARD
    assert not store.happened(StayContinued)


async def test_an_unregistered_ward_is_taken_for_the_sender() -> None:
    store = _store()

    await store.run(receive_notice, receive(replace(STIN, service_provider=UNREGISTERED)))

    assert store.stay().ward == WARD


async def test_a_late_admission_that_the_discharge_already_named_is_old_news() -> None:
    store = _store()
    late = envelope()
    await store.run(receive_notice, receive(STAA))
    await store.run(receive_notice, receive(replace(SLHJ, history=(late.message_id,))))
    before, tasks = store.stay(), store.tasks()

    receipt = await store.run(receive_notice, receive(STIN, sent=late))

    assert receipt == OK
    after = store.stay()
    assert (after.state, after.ended_at, after.ward) == (before.state, before.ended_at, before.ward)
    assert [each.encounter_class for each in after.encounters] == [EncounterClass.EMERGENCY, EncounterClass.INPATIENT]
    assert store.tasks() == tasks
    assert not store.happened(StayContinued)


async def test_a_late_admission_nobody_named_does_not_reopen_an_ended_stay() -> None:
    store = _store()
    await store.run(receive_notice, receive(STAA))
    await store.run(receive_notice, receive(SLHJ))

    await store.run(receive_notice, receive(STIN))

    assert not store.stay().is_open


async def test_a_new_admission_after_the_end_is_a_new_stay() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))

    await store.run(receive_notice, receive(replace(STIN, episodes=(episode(),), started_at=NOW + DAY)))
    await store.run(receive_notice, receive(replace(STIN, started_at=NOW + 2 * DAY)))

    assert [stay.is_open for stay in store.state.stays.values()] == [False, True]


async def test_the_same_course_may_have_a_second_stay() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))

    await store.run(receive_notice, receive(replace(STIN, started_at=NOW + DAY)))

    assert len(store.state.stays) == 2


async def test_a_discharge_that_nothing_went_before_makes_the_stay_itself() -> None:
    store = _store()

    receipt = await store.run(receive_notice, receive(SLHJ))

    assert receipt == OK
    assert (store.stay().began_at, store.stay().ended_at) == (ADMITTED_AT, NOW)
    assert store.task("R17").owner == NORTH
    assert not store.tasks("R03")


async def test_a_discharge_without_an_end_counts_from_when_it_happened() -> None:
    store = _store()

    await store.run(receive_notice, receive(replace(SLHJ, ended_at=None)))

    assert store.stay().ended_at == SLHJ.occurred_at


async def test_a_discharge_of_another_course_ends_no_other_stay() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))

    await store.run(receive_notice, receive(replace(SLHJ, episodes=(episode(),))))

    assert sorted(stay.is_open for stay in store.state.stays.values()) == [False, True]


async def test_a_discharge_reported_again_at_another_time_re_dates_what_is_open() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))
    await store.run(move_task, move(ward_nurse(), store.task("R18"), Move.ACCEPT))
    await store.run(move_task, move(ward_nurse(), store.task("R18"), Move.COMPLETE))

    await store.run(receive_notice, receive(replace(SLHJ, ended_at=NOW - HOUR, occurred_at=NOW + MINUTE)))

    assert store.task("R21").due_at == NOW + 71 * HOUR
    assert store.task("R18").due_at == NOW
    assert {event.task.rule for event in store.happened(TaskRedated)} == {"R21"}
    assert [event.redated for event in store.happened(PatientDischarged)] == [False, True]


async def test_a_message_of_2022_rings_from_its_receipt() -> None:
    store = _store()
    then = datetime(2022, 1, 13, 9, tzinfo=UTC)

    await store.run(receive_notice, receive(replace(SLHJ, started_at=then, ended_at=then + HOUR)))

    rungs = [timer.step.due_at for timer in store.state.timers.values() if timer.step.due_at is not None]
    assert rungs
    assert min(rungs) >= NOW
    assert store.task("R18").due_at == then + HOUR
    assert all(store.stay().is_read_by(party, NOW + 29 * DAY) for party in (WARD, MUNICIPALITY, PRACTICE))


async def test_a_click_then_a_message_is_one_stay_that_takes_the_episode_id() -> None:
    store = _store()
    await store.run(begin_stay, begin_by_hand())

    await store.run(receive_notice, receive(replace(STIN, started_at=ADMITTED_AT - 2 * HOUR)))

    assert store.stay().episodes == (EPISODE,)
    assert len(store.stay().encounters) == 1
    assert len(store.tasks("R01")) == len(store.tasks("R03")) == 1


async def test_a_discharge_clicked_then_told_is_one_discharge_with_the_told_time() -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand())
    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    tasks = len(store.tasks())

    await store.run(receive_notice, receive(replace(SLHJ, ended_at=NOW - 10 * MINUTE)))

    assert store.stay().ended_at == NOW - 10 * MINUTE
    assert store.stay().episodes == (EPISODE,)
    assert len(store.tasks()) == tasks


async def test_a_discharge_told_then_clicked_is_confirmed() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))
    tasks, happened = store.tasks(), len(store.events)

    await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW))

    assert store.tasks() == tasks
    assert len(store.events) == happened


async def test_a_discharge_told_then_clicked_at_another_time_is_re_dated_not_doubled() -> None:
    store = _store()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))
    codes = [task.code for task in store.tasks()]

    await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW - 5 * MINUTE))

    assert [task.code for task in store.tasks()] == codes
    assert store.task("R18").due_at == NOW - 5 * MINUTE


async def test_a_message_that_brings_the_municipality_in_gives_it_its_duty() -> None:
    store = _store()
    stay = await store.run(begin_stay, begin_by_hand(municipality=NEIGHBOUR))
    store.state.stays[stay.id] = replace(store.stay(), receiver=None)
    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    assert not store.tasks("R17")

    await store.run(receive_notice, receive(SLHJ))

    assert store.task("R17").owner == NORTH
    assert len(store.tasks("R18")) == 1


async def test_a_stay_made_by_hand_is_not_ended_by_a_message_about_another_year() -> None:
    store = _store()
    await store.run(begin_stay, begin_by_hand())
    then = datetime(2022, 1, 13, 9, tzinfo=UTC)

    await store.run(receive_notice, receive(replace(SLHJ, started_at=then, ended_at=then + HOUR)))

    assert [stay.is_open for stay in store.state.stays.values()] == [True, False]


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
    store = _store(district=district)

    receipt = await store.run(receive_notice, receive(SLHJ, sent=envelope(receiver=UNREGISTERED)))

    assert receipt == OK
    assert store.stay().receiver is None
    assert not store.tasks("R17")


async def test_a_message_to_nobody_is_kept_by_the_hospital() -> None:
    store = _store()

    await store.run(receive_notice, receive(STIN, sent=envelope(receiver=None)))

    assert store.stay().receiver is None


async def test_where_no_agreement_holds_the_stay_is_kept_without_duties() -> None:
    store = FakeStore(patients=[patient()], agreements=[])

    await store.run(receive_notice, receive(STIN))

    assert store.stay().is_open
    assert not store.tasks()
    assert [type(event) for event in store.happened(AgreementMissing)] == [AgreementMissing]


async def test_a_discharge_under_another_episode_id_ends_the_stay_whose_messages_it_names() -> None:
    store = _store()
    first = _message_id()
    await store.run(receive_notice, receive(STIN, sent=envelope(message_id=first)))

    await store.run(receive_notice, receive(replace(SLHJ, episodes=(episode("another"),), history=(first,))))

    assert store.stay().state is StayState.ENDED
    assert {each.key for each in store.stay().episodes} == {EPISODE.key, "another"}


async def test_a_name_that_was_missing_is_filled_in_and_a_known_one_stays() -> None:
    store = _store(family=None, given=())
    await store.run(receive_notice, receive(replace(STIN, given=("Ane",))))
    assert [known.name for known in store.state.patients.values()] == [f"Ane {FAMILY}"]

    await store.run(receive_notice, receive(replace(SLHJ, family="Other")))
    assert [known.family for known in store.state.patients.values()] == [FAMILY]


async def test_a_citizen_without_a_practice_leaves_the_letter_with_the_ward() -> None:
    store = _store(gp=None)

    await store.run(receive_notice, receive(SLHJ))

    assert store.task(code="read-discharge-letter").owner == WARD
    assert store.task("R21").audience == {Role.WARD, Role.DOCTOR}


@pytest.mark.parametrize(
    ("role", "organization"), [(Role.WARD, HOSPITAL), (Role.SYSTEM, NEIGHBOUR), (Role.SYSTEM, OTHER_WARD)]
)
async def test_a_message_from_somebody_else_is_not_taken(role: Role, organization: SorCode) -> None:
    store = _store()

    with pytest.raises(NotAllowedError):
        await store.run(receive_notice, receive(STIN, client=caller(role, organization)))

    assert not store.state.messages


def _refusal(**changes: object) -> RefuseMessage:
    issue = Issue(severity="error", code="invalid", rule="hospitalNotification-4", text="Say it properly.")
    command = RefuseMessage(caller=record_system(), envelope=envelope(body=b"body"), issues=(issue,))
    return replace(command, **changes)  # type: ignore[arg-type] # the test says which


async def test_a_refused_message_is_kept_and_the_operators_are_told() -> None:
    store = _store()

    receipt = await store.run(refuse_message, _refusal(cpr=CPR))

    assert receipt.code is ReceiptCode.FATAL_ERROR
    (kept,) = store.state.messages.values()
    (known,) = store.state.patients
    assert (kept.body, kept.patient_id) == (b"body", known)
    (told,) = store.happened(MessageRefused)
    assert (told.sender, told.receiver) == (WARD, MUNICIPALITY)
    assert not store.state.stays


async def test_a_refused_message_sent_again_gets_the_first_answer() -> None:
    store = _store()
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
    store = _store() if known else FakeStore()
    client = record_system(PAPER_HOSPITAL if sender == PAPER_WARD else HOSPITAL)

    await store.run(
        refuse_message,
        _refusal(caller=client, envelope=envelope(sender=sender, body=b"body"), cpr=CPR if readable else None),
    )

    (message,) = store.state.messages.values()
    assert (message.body is not None) is kept
    assert known or message.patient_id is None


async def test_an_event_tells_no_citizen_apart() -> None:
    store = _store()
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
    store = _store()
    unit_of_work = store.unit_of_work()
    await unit_of_work.messages.claim(envelope())
    await unit_of_work.patients.add(patient(id=PatientId(new_id())))

    assert not store.state.messages
    assert not unit_of_work.committed


async def test_a_stay_that_ended_owes_its_practice_a_reason_to_be_party() -> None:
    store = _store()

    await store.run(receive_notice, receive(SLHJ))

    basis = {party.organization: party.basis for party in store.stay().parties}
    assert basis[PRACTICE] is PartyBasis.OWES
    assert basis[MUNICIPALITY] is PartyBasis.SERVES
    assert {task.status for task in store.tasks()} == {TaskStatus.REQUESTED}
