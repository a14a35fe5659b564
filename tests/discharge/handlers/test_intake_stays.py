"""Which stay a message is about."""

from dataclasses import replace
from datetime import UTC, datetime

from discharge.events import StayBegan, StayContinued
from discharge.handlers import begin_stay, receive_notice
from discharge.stay import EncounterClass, StayState
from tests.discharge.handlers.steps import DAY, EPISODE, HOUR, OK, SLHJ, STAA, STIN, fresh_id, house
from tests.factories import (
    ADMITTED_AT,
    HOSPITAL,
    NOW,
    OTHER_WARD,
    UNREGISTERED,
    WARD,
    begin_by_hand,
    envelope,
    episode,
    receive,
)


async def test_acute_then_admitted_is_one_stay() -> None:
    store = house()
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


async def test_an_admission_elsewhere_is_a_transfer_and_the_old_ward_sees_nothing_new() -> None:
    store = house()
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
    store = house()
    await store.run(receive_notice, receive(STIN))
    away = replace(STIN, service_provider=OTHER_WARD, started_at=NOW)
    await store.run(receive_notice, receive(away))
    assert not store.stay().is_read_by(WARD, NOW)

    await store.run(receive_notice, receive(replace(STIN, started_at=NOW + HOUR)))

    assert store.stay().ward == WARD
    assert store.stay().is_read_by(WARD, NOW)


async def test_a_contact_that_is_told_late_moves_nobody_back() -> None:
    store = house()
    await store.run(receive_notice, receive(STIN))

    await store.run(receive_notice, receive(replace(STAA, service_provider=OTHER_WARD)))

    assert (store.stay().ward, store.stay().state) == (WARD, StayState.ADMITTED)


async def test_a_notice_of_the_hospital_as_a_whole_leaves_the_patient_in_the_ward() -> None:
    store = house()
    await store.run(receive_notice, receive(STIN))

    await store.run(receive_notice, receive(replace(STIN, service_provider=HOSPITAL), sent=envelope(sender=HOSPITAL)))

    assert store.stay().ward == WARD
    assert not store.happened(StayContinued)


async def test_an_unregistered_ward_is_taken_for_the_sender() -> None:
    store = house()

    await store.run(receive_notice, receive(replace(STIN, service_provider=UNREGISTERED)))

    assert store.stay().ward == WARD


async def test_a_late_admission_that_the_discharge_already_named_is_old_news() -> None:
    store = house()
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
    store = house()
    await store.run(receive_notice, receive(STAA))
    await store.run(receive_notice, receive(SLHJ))

    await store.run(receive_notice, receive(STIN))

    assert not store.stay().is_open


async def test_a_new_admission_after_the_end_is_a_new_stay() -> None:
    store = house()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))

    await store.run(receive_notice, receive(replace(STIN, episodes=(episode(),), started_at=NOW + DAY)))
    await store.run(receive_notice, receive(replace(STIN, started_at=NOW + 2 * DAY)))

    assert [stay.is_open for stay in store.state.stays.values()] == [False, True]


async def test_the_same_course_may_have_a_second_stay() -> None:
    store = house()
    await store.run(receive_notice, receive(STIN))
    await store.run(receive_notice, receive(SLHJ))

    await store.run(receive_notice, receive(replace(STIN, started_at=NOW + DAY)))

    assert len(store.state.stays) == 2


async def test_a_discharge_of_another_course_ends_no_other_stay() -> None:
    store = house()
    await store.run(receive_notice, receive(STIN))

    await store.run(receive_notice, receive(replace(SLHJ, episodes=(episode(),))))

    assert sorted(stay.is_open for stay in store.state.stays.values()) == [False, True]


async def test_a_click_then_a_message_is_one_stay_that_takes_the_episode_id() -> None:
    store = house()
    await store.run(begin_stay, begin_by_hand())

    await store.run(receive_notice, receive(replace(STIN, started_at=ADMITTED_AT - 2 * HOUR)))

    assert store.stay().episodes == (EPISODE,)
    assert len(store.stay().encounters) == 1
    assert len(store.tasks("R01")) == len(store.tasks("R03")) == 1


async def test_a_stay_made_by_hand_is_not_ended_by_a_message_about_another_year() -> None:
    store = house()
    await store.run(begin_stay, begin_by_hand())
    then = datetime(2022, 1, 13, 9, tzinfo=UTC)

    await store.run(receive_notice, receive(replace(SLHJ, started_at=then, ended_at=then + HOUR)))

    assert [stay.is_open for stay in store.state.stays.values()] == [True, False]


async def test_a_discharge_under_another_episode_id_ends_the_stay_whose_messages_it_names() -> None:
    store = house()
    first = fresh_id()
    await store.run(receive_notice, receive(STIN, sent=envelope(message_id=first)))

    await store.run(receive_notice, receive(replace(SLHJ, episodes=(episode("another"),), history=(first,))))

    assert store.stay().state is StayState.ENDED
    assert {each.key for each in store.stay().episodes} == {EPISODE.key, "another"}
