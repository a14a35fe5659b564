"""The ward begins a stay, and says what it knows."""

from dataclasses import replace

import pytest

from discharge.errors import ConcurrentUpdateError, NotAllowedError, NotFoundError, PlanError
from discharge.events import PlanRevised, StayContinued
from discharge.handlers import begin_stay, receive_notice, revise_plan
from discharge.plan import Need, PlanRevision
from discharge.policy import Caller, Role
from discharge.stay import NoticeKind, StayState
from tests.discharge.handlers.steps import DAY, HOUR, MINUTE, house
from tests.factories import (
    ADMITTED_AT,
    HOSPITAL,
    MUNICIPALITY,
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
    gp,
    home_nurse,
    notice,
    receive,
    record_system,
    revise,
    ward_nurse,
)
from tests.fakes import FakeStore


async def test_a_stay_begun_by_hand_asks_as_a_message_would() -> None:
    store = house()

    stay = await store.run(begin_stay, begin_by_hand(bed="7"))

    assert (stay.state, stay.began_at, stay.plan.bed) == (StayState.ADMITTED, ADMITTED_AT, "7")
    assert {task.rule: task.owner for task in store.tasks()} == {"R01": NORTH, "R03": NORTH}


async def test_an_acute_stay_begins_by_hand_too() -> None:
    store = house()

    stay = await store.run(begin_stay, begin_by_hand(kind=NoticeKind.STAA))

    assert stay.state is StayState.ACUTE


async def test_a_citizen_nobody_has_listed_is_the_hospitals_own() -> None:
    store = FakeStore()

    await store.run(begin_stay, begin_by_hand())

    (known,) = store.state.patients.values()
    assert (known.name, known.gp, known.municipality) == ("Ane Elmerskov", PRACTICE, None)
    assert not store.tasks()
    assert not store.stay().is_party(MUNICIPALITY)


async def test_a_practice_named_by_hand_is_kept_when_none_was_known() -> None:
    store = house(gp=None)

    await store.run(begin_stay, begin_by_hand())

    assert [known.gp for known in store.state.patients.values()] == [PRACTICE]


async def test_the_citizens_own_municipality_receives_when_none_is_named() -> None:
    store = house(gp=None)

    stay = await store.run(begin_stay, begin_by_hand(municipality=None, gp=None))

    assert stay.receiver == MUNICIPALITY


async def test_beginning_twice_is_beginning_once() -> None:
    store = house()
    first = await store.run(begin_stay, begin_by_hand())
    events = len(store.events)

    again = await store.run(begin_stay, begin_by_hand(started_at=NOW))

    assert again == first
    assert len(store.events) == events


async def test_a_patient_who_is_in_another_ward_is_moved_by_hand() -> None:
    store = house()
    await store.run(begin_stay, begin_by_hand())

    moved = await store.run(
        begin_stay, begin_by_hand(caller=ward_nurse(OTHER_WARD), ward=OTHER_WARD, started_at=ADMITTED_AT - HOUR)
    )

    assert moved.ward == OTHER_WARD
    assert moved.encounter.started_at == ADMITTED_AT
    assert len(store.happened(StayContinued)) == 1


async def test_a_transfer_by_hand_from_another_hospital_continues_the_stay() -> None:
    store = house()
    away = replace(notice(), service_provider=PAPER_WARD)
    sent = envelope(sender=PAPER_WARD)
    await store.run(receive_notice, receive(away, sent=sent, client=record_system(PAPER_HOSPITAL)))

    stay = await store.run(begin_stay, begin_by_hand(started_at=NOW))

    assert (stay.hospital, stay.ward) == (HOSPITAL, WARD)
    assert not stay.is_read_by(PAPER_WARD, NOW)


@pytest.mark.parametrize("who", [gp(), home_nurse(), caller(Role.LEADER, HOSPITAL), record_system()])
async def test_only_a_ward_begins_a_stay_by_hand(who: Caller) -> None:
    with pytest.raises(NotAllowedError):
        await house().run(begin_stay, begin_by_hand(caller=who))


async def test_a_ward_begins_stays_at_home_only() -> None:
    with pytest.raises(NotFoundError):
        await house().run(begin_stay, begin_by_hand(ward=OTHER_WARD))


@pytest.mark.parametrize("field", ["municipality", "gp"])
async def test_an_unregistered_place_is_not_found(field: str) -> None:
    with pytest.raises(NotFoundError):
        await house().run(begin_stay, begin_by_hand(**{field: UNREGISTERED}))


async def test_nobody_is_admitted_the_day_after_tomorrow() -> None:
    with pytest.raises(PlanError) as refused:
        await house().run(begin_stay, begin_by_hand(started_at=NOW + DAY + MINUTE))

    assert refused.value.element == "started-at"


async def test_a_plan_is_told_to_who_serves_the_citizen() -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand())

    planned = await store.run(
        revise_plan, revise(stay.id, revision=PlanRevision(expected_discharge_at=NOW + DAY, bed="9"))
    )

    (told,) = store.happened(PlanRevised)
    assert (planned.plan.version, told.version) == (1, 1)
    assert told.fields == ("expected_discharge_at",)
    assert told.receivers == (MUNICIPALITY, NORTH)


async def test_a_bed_is_nobody_elses_business() -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand())

    moved = await store.run(revise_plan, revise(stay.id, revision=PlanRevision(bed="9")))

    assert moved.plan.version == 1
    assert not store.happened(PlanRevised)


async def test_a_plan_that_says_nothing_new_tells_nobody() -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand())
    events = len(store.events)

    await store.run(revise_plan, revise(stay.id))

    assert len(store.events) == events


async def test_a_plan_decided_on_an_older_version_is_refused() -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand(bed="7"))

    with pytest.raises(ConcurrentUpdateError) as refused:
        await store.run(revise_plan, revise(stay.id, expected_version=0))

    assert (refused.value.expected, refused.value.actual) == (0, 1)
    await store.run(revise_plan, revise(stay.id, expected_version=1))


@pytest.mark.parametrize("who", [gp(), home_nurse(), caller(Role.OPERATOR, HOSPITAL)])
async def test_only_the_hospital_writes_the_plan(who: Caller) -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(NotAllowedError):
        await store.run(revise_plan, revise(stay.id, caller=who))


@pytest.mark.parametrize("who", [ward_nurse(OTHER_WARD), record_system(MUNICIPALITY)])
async def test_another_place_does_not_find_the_stay(who: Caller) -> None:
    store = house()
    stay = await store.run(begin_stay, begin_by_hand())

    with pytest.raises(NotFoundError):
        await store.run(revise_plan, revise(stay.id, caller=who))


async def test_a_need_without_a_known_municipality_makes_nobody_party() -> None:
    store = FakeStore()
    stay = await store.run(begin_stay, begin_by_hand(municipality=None))

    await store.run(revise_plan, revise(stay.id, revision=PlanRevision(needs=frozenset({Need.MEALS}))))

    assert {party.organization for party in store.stay().parties} == {WARD, HOSPITAL}
