"""Every kind of notice through the door: what the store, the FHIR API and the feed say afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from discharge.policy import Role
from discharge.stay import NoticeKind
from fhir_mappings.medcom.intake import NoticeRead, read_message
from services.persistence.clock import wall_now
from tests.factories import WARD
from tests.services.course import Course
from tests.services.installation import Installation, code_of, notification

K = NoticeKind


def test_every_kind_is_built_as_it_is_read() -> None:
    earlier = notification().sent
    for kind in NoticeKind:
        at = wall_now().replace(microsecond=0)
        told = notification(
            kind, history=(earlier,), leave_started_at=at if kind.base in {K.STOR, K.SLOR} else None, occurred_at=at
        )

        read = read_message(told.body(), now=wall_now())

        assert isinstance(read, NoticeRead), read
        assert read.notice.deceased is (None if kind.base is not K.MORS else not kind.cancels)
        if kind.base is not K.MORS:
            assert read.notice.kind is kind
        assert read.notice.about == earlier.message_id


async def test_leave_discharge_its_cancellation_and_a_death(house: Installation) -> None:
    told = Course(house)
    states = []
    for kind in (K.STIN, K.STOR, K.SLOR, K.SLHJ, K.RE_SLHJ, K.AN_SLHJ, K.MORS, K.AN_MORS):
        await told.tell(kind)
        states.append(await told.state())

    assert states == ["admitted", "on-leave", "admitted", "ended", "ended", "admitted", "dead", "admitted"]
    assert await house.scalar("SELECT count(*) FROM stay") == 1
    assert await house.scalar("SELECT count(*) FROM notice WHERE effect = 'cancelled'") == 3
    assert (
        await house.scalar(
            "SELECT count(*) FROM timer t JOIN task ON task.id = t.task_id"
            " WHERE task.status = 'cancelled' AND t.fired_at IS NULL"
        )
        == 0
    )


async def test_a_cancelled_admission_is_an_encounter_in_error(house: Installation) -> None:
    told = Course(house)
    await told.tell(K.STIN)
    await told.tell(K.AN_STIN)

    assert await told.state() == "cancelled"
    encounter = await house.scalar("SELECT id::text FROM encounter")
    found = await house.client.get(f"/fhir/Encounter/{encounter}", headers=house.token(Role.WARD, WARD))
    assert found.json()["status"] == "entered-in-error"
    assert await house.scalar("SELECT count(*) FROM task WHERE status NOT IN ('cancelled', 'rejected')") == 0


async def test_messages_that_come_backwards_end_where_they_would_have(house: Installation) -> None:
    told = Course(house)
    first = notification()
    at = first.occurred_at
    admitted = replace(first, kind=K.STIN, occurred_at=at - timedelta(minutes=3))
    home = replace(
        notification(K.SLHJ, episode=first.episode, history=(admitted.sent,)),
        started_at=first.started_at,
        ended_at=at - timedelta(minutes=2),
        occurred_at=at - timedelta(minutes=2),
    )
    undone = replace(
        notification(K.AN_SLHJ, episode=first.episode, history=(admitted.sent, home.sent)),
        started_at=first.started_at,
        occurred_at=at - timedelta(minutes=1),
    )

    for message in (undone, home, admitted):
        assert code_of(await house.send(message)) == "ok"

    assert await told.state() == "admitted"
    assert await house.scalar("SELECT count(*) FROM task WHERE cause = 'discharged' AND status = 'requested'") == 0
    assert await house.scalar("SELECT count(*) FROM task WHERE code = 'pause-services' AND status = 'requested'") == 1


async def test_row_36_what_comes_in_an_unexpected_order_is_taken_in_parked_and_shown(house: Installation) -> None:
    told = Course(house)
    await told.tell(K.AN_STIN)
    assert await told.state() == "cancelled"
    await told.tell(K.MORS)
    await told.tell(K.SLHJ)

    assert await told.state() == "dead"
    parked = "SELECT count(*) FROM notice WHERE effect = 'unexpected'"
    assert await house.scalar(parked) == 2
    assert await house.scalar("SELECT count(*) FROM event WHERE kind = 'notice-unexpected'") == 2
    assert await house.scalar("SELECT count(*) FROM task WHERE status NOT IN ('cancelled', 'rejected')") == 0
