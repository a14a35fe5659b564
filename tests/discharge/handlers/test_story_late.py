"""What comes late, or is known from before: presses and messages that say the same, contacts, places."""

from __future__ import annotations

from dataclasses import replace

from discharge.events import TaskRequested
from discharge.handlers import begin_stay, receive_notice, revise_plan
from discharge.notices import NoticeKind, StayState
from tests.discharge.handlers.steps import HOUR, MINUTE, course
from tests.factories import (
    ADMITTED_AT,
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    NOW,
    OTHER_WARD,
    WARD,
    begin_by_hand,
    envelope,
    notice,
    patient,
    receive,
    revise,
)
from tests.fakes import FakeStore

K = NoticeKind


async def test_a_stay_that_no_message_ends_is_closed_by_hand_and_the_late_message_confirms() -> None:
    told = course()
    await told.tell(K.STIN)
    stay = told.store.stay()
    await told.store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    tasks = len(told.store.tasks())

    await told.tell(K.SLHJ)

    assert told.store.stay().state is StayState.ENDED
    assert told.store.stay().ended_at == NOW + MINUTE
    assert len(told.store.tasks()) == tasks


async def test_a_press_that_changes_nothing_is_not_filed() -> None:
    store = FakeStore(patients=[patient()])
    stay = await store.run(begin_stay, begin_by_hand())
    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    told = len(store.stay().notices)

    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))

    assert len(store.stay().notices) == told


async def test_a_stay_of_before_notices_were_filed_goes_on() -> None:
    told = course()
    await told.tell(K.STAA)
    await told.tell(K.STIN)
    await told.tell(K.SLHJ)
    kept = told.store.stay()
    contacts = tuple(replace(each, source=None) for each in kept.encounters)
    told.store.state.stays[kept.id] = replace(kept, notices=(), encounters=contacts)

    await told.tell(K.RE_SLHJ)

    after = told.store.stay()
    assert after.ended_at == NOW + 3 * MINUTE
    assert [each.id for each in after.encounters] == [each.id for each in contacts]
    assert len(told.store.happened(TaskRequested)) == len(told.store.tasks())
    assert after.began_at == ADMITTED_AT
    assert after.hospital == HOSPITAL


async def test_an_open_stay_of_before_notices_were_filed_is_ended() -> None:
    told = course()
    await told.tell(K.STIN)
    kept = told.store.stay()
    told.store.state.stays[kept.id] = replace(kept, notices=())

    await told.tell(K.SLHJ)

    assert told.store.stay().state is StayState.ENDED


async def test_the_place_that_serves_the_citizen_gets_the_duties_though_another_was_told_first() -> None:
    told = course()
    lost = envelope(receiver=NEIGHBOUR)
    await told.store.run(receive_notice, receive(notice(K.STIN, episodes=(told.episode,)), sent=lost))
    told.sent.append(lost.message_id)

    await told.tell(K.RE_STIN)

    assert told.store.stay().receiver == MUNICIPALITY
    assert {task.owner for task in told.store.tasks("R03")} == {NORTH}
    assert not told.store.stay().is_party(NEIGHBOUR)


async def test_a_ward_that_is_told_of_late_reads_nothing_new() -> None:
    told = course()
    early = told.lose()
    await told.tell(K.STIN, service_provider=OTHER_WARD)

    late = replace(notice(K.STIN, episodes=(told.episode,)), occurred_at=NOW - HOUR)
    await told.store.run(receive_notice, receive(late, sent=envelope(message_id=early)))

    stay = told.store.stay()
    assert stay.ward == OTHER_WARD
    assert {party.until for party in stay.parties if party.organization == WARD} == {told.store.now}


async def test_a_contact_that_another_notice_tells_of_keeps_its_id() -> None:
    told = course()
    admission = told.lose()
    await told.tell(K.SLHJ)
    (before,) = told.store.stay().encounters

    late = replace(notice(K.STIN, episodes=(told.episode,)), occurred_at=NOW - HOUR)
    await told.store.run(receive_notice, receive(late, sent=envelope(message_id=admission)))

    assert [each.id for each in told.store.stay().encounters] == [before.id]


async def test_a_contact_that_nobody_tells_of_any_more_stays_as_an_error() -> None:
    told = course()
    admission = told.lose()
    await told.tell(K.SLHJ, service_provider=OTHER_WARD)

    late = replace(notice(K.STIN, episodes=(told.episode,)), occurred_at=NOW - HOUR)
    await told.store.run(receive_notice, receive(late, sent=envelope(message_id=admission)))

    stay = told.store.stay()
    assert [(each.ward, each.is_cancelled) for each in stay.encounters] == [(OTHER_WARD, True), (WARD, False)]
