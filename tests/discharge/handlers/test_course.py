"""What several commands share of a stay's course."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from discharge.agreement import StepKind
from discharge.handlers import course, duties, receive_notice
from discharge.identifiers import SorCode
from discharge.planning import PlannedStep
from discharge.stay import NoticeKind, PartyBasis
from tests.factories import (
    ADMITTED_AT,
    CARE_HOME,
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    NOW,
    PRACTICE,
    UNREGISTERED,
    WARD,
    directory,
    ended_stay,
    envelope,
    notice,
    patient,
    receive,
    small_agreement,
    stay,
    task,
)
from tests.fakes import FakeStore


@pytest.mark.parametrize(
    ("receiver", "district", "parties"),
    [
        (MUNICIPALITY, "nord", {MUNICIPALITY, NORTH}),
        (MUNICIPALITY, None, {MUNICIPALITY}),
        (CARE_HOME, "nord", {MUNICIPALITY, CARE_HOME}),
        (UNREGISTERED, "nord", set()),
        (None, "nord", set()),
    ],
)
def test_who_serves_the_citizen_is_party_from_the_unit_upwards(
    receiver: SorCode | None, district: str | None, parties: set[SorCode]
) -> None:
    alone = stay(receiver=receiver, parties=())

    served = course.serve(FakeStore().unit_of_work(), alone, patient(district=district))

    assert {party.organization for party in served.parties} == parties
    assert {party.basis for party in served.parties} <= {PartyBasis.SERVES}


def test_a_municipal_line_stops_at_the_municipality() -> None:
    assert course.municipal_line(directory(), NORTH) == (NORTH, MUNICIPALITY)
    assert course.municipal_line(directory(), WARD) == ()


async def test_the_agreement_in_force_is_the_one_of_the_danish_day() -> None:
    old = replace(small_agreement(), version="1", valid_to=datetime(2026, 12, 31, tzinfo=UTC).date())
    new = replace(small_agreement(), version="2", valid_from=datetime(2027, 1, 1, tzinfo=UTC).date())
    half_past_midnight = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    store = FakeStore(now=half_past_midnight, patients=[patient()], agreements=[old, new])

    await store.run(receive_notice, receive(notice()))

    assert {made.agreement.version for made in store.tasks() if made.agreement is not None} == {"2"}


async def test_the_agreement_is_that_of_the_municipalitys_region() -> None:
    north = replace(small_agreement(), id="north", regions=frozenset({"DK-81"}))
    south = replace(small_agreement(), id="south", regions=frozenset({"DK-83"}))
    store = FakeStore(patients=[patient()], agreements=[south, north])

    await store.run(receive_notice, receive(notice()))

    assert {made.agreement.id for made in store.tasks() if made.agreement is not None} == {"south"}


async def test_without_a_municipality_the_hospitals_region_decides() -> None:
    store = FakeStore(patients=[patient()])

    await store.run(receive_notice, receive(notice(NoticeKind.SLHJ), sent=envelope(receiver=None)))

    assert store.task("R18").owner == WARD


async def test_a_ladder_without_a_deadline_does_not_begin() -> None:
    store = FakeStore()
    uow = store.unit_of_work()

    await duties.restart_ladder(uow, stay(), task(due_at=None))
    await uow.commit()

    assert not store.state.timers


async def test_a_ladder_that_begins_again_replaces_what_had_not_fired() -> None:
    store = FakeStore()
    uow = store.unit_of_work()
    duty = task()
    old = PlannedStep(kind=StepKind.REMIND, at=NOW, organization=NORTH, roles=frozenset())
    await uow.timers.arm(duty, [old])

    await duties.restart_ladder(uow, stay(), duty)
    await uow.commit()

    (rung,) = store.state.timers.values()
    assert (rung.step.kind, rung.step.due_at) == (StepKind.OVERDUE, duty.due_at)


async def test_while_the_patient_is_in_hospital_no_access_ends() -> None:
    open_stay = stay().with_party(NEIGHBOUR, PartyBasis.OWES, NOW)

    closed = await course.close_access(FakeStore().unit_of_work(), open_stay)

    assert {party.until for party in closed.parties} == {None}


async def test_access_counts_from_the_later_of_the_end_and_its_receipt() -> None:
    old = ended_stay(NOW - timedelta(days=400), received_at=NOW)

    closed = await course.close_access(FakeStore(access_days=10).unit_of_work(), old)

    assert {party.until for party in closed.parties} == {NOW + timedelta(days=10)}


async def test_a_ward_that_treated_earlier_keeps_the_end_it_had_unless_it_owes_something() -> None:
    moved_on = stay().with_party(NEIGHBOUR, PartyBasis.TREATS, ADMITTED_AT)
    parties = tuple(replace(p, until=NOW) if p.organization == NEIGHBOUR else p for p in moved_on.parties)
    ended = replace(ended_stay(NOW, received_at=NOW), parties=parties)
    uow = FakeStore().unit_of_work()

    kept = await course.close_access(uow, ended)
    await uow.tasks.save(task(stay_id=ended.id, owner=NEIGHBOUR))
    owing = await course.close_access(uow, ended)

    assert {p.until for p in kept.parties if p.organization == NEIGHBOUR} == {NOW}
    assert {p.until for p in owing.parties if p.organization == NEIGHBOUR} == {None}


async def test_a_municipality_reads_on_while_its_unit_owes() -> None:
    ended = ended_stay(NOW, received_at=NOW)
    uow = FakeStore().unit_of_work()
    await uow.tasks.save(task(stay_id=ended.id, owner=NORTH))

    kept = await course.close_access(uow, ended)

    until = {party.organization: party.until for party in kept.parties}
    assert until[MUNICIPALITY] is None
    assert until[WARD] is not None
    assert not kept.is_party(PRACTICE)
