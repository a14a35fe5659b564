"""A notice is taken in."""

from dataclasses import replace
from datetime import UTC, datetime

from discharge.events import PatientDischarged, TaskRedated
from discharge.handlers import begin_stay, move_task, receive_notice, revise_plan
from discharge.identifiers import FeedId
from discharge.stay import EncounterClass, StayState
from discharge.task import Move
from tests.discharge.handlers.steps import DAY, EPISODE, HOUR, MINUTE, OK, SLHJ, STAA, STIN, house
from tests.factories import (
    ADMITTED_AT,
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    NOW,
    PRACTICE,
    WARD,
    begin_by_hand,
    move,
    receive,
    revise,
    ward_nurse,
)


async def test_an_admission_pauses_services_and_asks_for_the_report() -> None:
    store = house()

    receipt = await store.run(receive_notice, receive(STIN))

    assert receipt == OK
    report, pause = store.task("R01"), store.task("R03")
    assert (report.owner, report.due_at) == (NORTH, NOW + 15 * MINUTE)
    assert (pause.owner, pause.due_at) == (NORTH, NOW + 30 * MINUTE)
    assert {party.organization for party in store.stay().parties} == {WARD, HOSPITAL, MUNICIPALITY, NORTH}
    assert store.stay().state is StayState.ADMITTED


async def test_without_the_flag_nobody_is_asked_for_a_report() -> None:
    store = house()

    await store.run(receive_notice, receive(replace(STIN, report_requested=False)))

    assert [task.rule for task in store.tasks()] == ["R03"]


async def test_a_practice_hears_nothing_of_an_admission() -> None:
    store = house()

    await store.run(receive_notice, receive(STIN))

    assert not store.stay().is_party(PRACTICE)
    assert FeedId(PRACTICE) not in store.feeds


async def test_a_discharge_makes_the_duties_of_ward_municipality_and_practice() -> None:
    store = house()
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


async def test_a_second_admission_notice_gives_nobody_more_minutes() -> None:
    store = house()
    await store.run(receive_notice, receive(STAA))
    store.now = NOW + 20 * MINUTE

    await store.run(receive_notice, receive(STIN))

    assert store.task("R01").due_at == NOW + 15 * MINUTE
    assert store.task("R03").version == 1


async def test_the_activity_decides_the_state_and_the_class_only_confirms() -> None:
    store = house()

    await store.run(receive_notice, receive(replace(STIN, encounter_class=EncounterClass.EMERGENCY)))
    assert store.stay().state is StayState.ADMITTED

    await store.run(receive_notice, receive(replace(STAA, started_at=STIN.started_at)))
    assert store.stay().state is StayState.ACUTE
    assert len(store.stay().encounters) == 1


async def test_a_discharge_that_nothing_went_before_makes_the_stay_itself() -> None:
    store = house()

    receipt = await store.run(receive_notice, receive(SLHJ))

    assert receipt == OK
    assert (store.stay().began_at, store.stay().ended_at) == (ADMITTED_AT, NOW)
    assert store.task("R17").owner == NORTH
    assert not store.tasks("R03")


async def test_a_discharge_without_an_end_counts_from_when_it_happened() -> None:
    store = house()

    await store.run(receive_notice, receive(replace(SLHJ, ended_at=None)))

    assert store.stay().ended_at == SLHJ.occurred_at


async def test_a_discharge_reported_again_at_another_time_re_dates_what_is_open() -> None:
    store = house()
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
    store = house()
    then = datetime(2022, 1, 13, 9, tzinfo=UTC)

    await store.run(receive_notice, receive(replace(SLHJ, started_at=then, ended_at=then + HOUR)))

    rungs = [timer.step.due_at for timer in store.state.timers.values() if timer.step.due_at is not None]
    assert rungs
    assert min(rungs) >= NOW
    assert store.task("R18").due_at == then + HOUR
    assert all(store.stay().is_read_by(party, NOW + 29 * DAY) for party in (WARD, MUNICIPALITY, PRACTICE))


async def test_a_discharge_clicked_then_told_is_one_discharge_with_the_told_time() -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand())
    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    tasks = len(store.tasks())

    await store.run(receive_notice, receive(replace(SLHJ, ended_at=NOW - 10 * MINUTE)))

    assert store.stay().ended_at == NOW - 10 * MINUTE
    assert store.stay().episodes == (EPISODE,)
    assert len(store.tasks()) == tasks


async def test_a_discharge_told_then_clicked_is_confirmed() -> None:
    store = house()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))
    tasks, happened = store.tasks(), len(store.events)

    await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW))

    assert store.tasks() == tasks
    assert len(store.events) == happened


async def test_a_discharge_told_then_clicked_at_another_time_is_re_dated_not_doubled() -> None:
    store = house()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))
    codes = [task.code for task in store.tasks()]

    await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW - 5 * MINUTE))

    assert [task.code for task in store.tasks()] == codes
    assert store.task("R18").due_at == NOW - 5 * MINUTE


async def test_a_message_that_brings_the_municipality_in_gives_it_its_duty() -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand(municipality=NEIGHBOUR))
    store.state.stays[stay.id] = replace(store.stay(), receiver=None)
    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    assert not store.tasks("R17")

    await store.run(receive_notice, receive(SLHJ))

    assert store.task("R17").owner == NORTH
    assert len(store.tasks("R18")) == 1
