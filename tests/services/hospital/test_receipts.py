"""Receipts that come in by themselves: whom they close, whom they do not, and that none is ever receipted."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from discharge.identifiers import MessageId, PatientId, SorCode
from discharge.policy import Role
from services.persistence.outbox import Outgoing
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, WARD
from tests.services.faulty_system import receipt_for
from tests.services.installation import FHIR, Installation, notification


async def sent(house: Installation, **changes: Any) -> bytes:
    """A message of the ward to the municipality that waits for its receipt; its body."""
    await house.send(notification())
    patient = await house.scalar("SELECT id::text FROM patient")
    message = notification()
    async with house.database.unit_of_work(None) as uow:
        await uow.outbox.put(
            Outgoing(
                message_id=MessageId(message.message_id),
                sender=WARD,
                receiver=changes.get("receiver", MUNICIPALITY),
                event_code="care-communication-message",
                body=message.body(),
                patient_id=PatientId(patient),
            )
        )
        await uow.commit()
    await house.scalar(
        "UPDATE outbound_message SET state = 'awaiting-ack', sendings = 1, turn = 2, due_at = now() RETURNING 1"
    )
    return message.body()


async def receipt(house: Installation, body: bytes, what: str, by: SorCode = MUNICIPALITY) -> httpx.Response:
    """``by`` sends a receipt for the message in ``body``."""
    headers = house.token(Role.SYSTEM, by) | {"content-type": FHIR}
    made = receipt_for(body, what, by)
    return await house.client.post("/fhir/$process-message", content=made, headers=headers)


async def state(house: Installation) -> str:
    found = await house.scalar("SELECT state || ' ' || coalesce(reason, '-') FROM outbound_message")
    return str(found)


async def effects(house: Installation) -> list[str]:
    found = await house.scalar("SELECT array_agg(effect ORDER BY received_at, id) FROM outbound_receipt")
    return list(found or [])


@pytest.mark.parametrize(
    ("what", "then"),
    [("ok", "acknowledged -"), ("fatal", "in-error fatal-error"), ("transient", "waiting-for-retry transient-error")],
)
async def test_receipt_moves_the_message_on_and_is_not_receipted(house: Installation, what: str, then: str) -> None:
    body = await sent(house)

    answer = await receipt(house, body, what)

    assert answer.status_code == 200
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert await state(house) == then
    assert await house.scalar("SELECT count(*) FROM outbound_message") == 1


async def test_place_below_the_receiver_may_answer(house: Installation) -> None:
    body = await sent(house)

    await receipt(house, body, "ok", NORTH)

    assert await state(house) == "acknowledged -"


async def test_somebody_else_closes_nothing(house: Installation) -> None:
    body = await sent(house)

    answer = await receipt(house, body, "ok", NEIGHBOUR)

    assert answer.status_code == 200
    assert await state(house) == "awaiting-ack -"
    assert await effects(house) == ["stranger"]
    assert await house.scalar("SELECT count(*) FROM outbound_receipt WHERE outbound IS NOT NULL") == 0


async def test_final_receipt_replaces_a_transient_one_and_the_first_final_one_counts(house: Installation) -> None:
    body = await sent(house)

    for what in ("transient", "ok", "fatal", "ok"):
        await receipt(house, body, what)

    assert await state(house) == "acknowledged -"
    assert await effects(house) == ["postpones", "closes", "repeats", "repeats"]


async def test_late_receipt_closes_a_message_that_was_given_up_waiting(house: Installation) -> None:
    body = await sent(house)
    await house.scalar("UPDATE outbound_message SET state = 'in-error', reason = 'no-receipt' RETURNING 1")

    await receipt(house, body, "ok")

    assert await state(house) == "acknowledged -"


async def test_final_no_is_told_to_who_wrote_it_and_to_operators(house: Installation) -> None:
    body = await sent(house)

    await receipt(house, body, "fatal")
    await receipt(house, body, "fatal")

    told = await house.scalar(
        "SELECT array_agg(feed_id ORDER BY feed_id) FROM feed_entry WHERE title LIKE 'En besked kom ikke frem%'"
    )
    assert {WARD, HOSPITAL} <= set(told)
    assert len(told) == len(set(told))


async def test_receipt_for_nothing_of_ours_is_noted(house: Installation) -> None:
    await house.send(notification())

    answer = await receipt(house, notification().body(), "ok")

    assert answer.status_code == 200
    assert await effects(house) == ["unknown"]


async def test_receipt_is_matched_by_its_provenance_when_it_names_no_message(house: Installation) -> None:
    body = await sent(house)
    made = orjson.loads(receipt_for(body, "ok"))
    del made["entry"][0]["resource"]["response"]["identifier"]
    headers = house.token(Role.SYSTEM, MUNICIPALITY) | {"content-type": FHIR}

    await house.client.post("/fhir/$process-message", json=made, headers=headers)

    assert await state(house) == "acknowledged -"


async def test_receipt_in_anothers_name_is_forbidden(house: Installation) -> None:
    body = await sent(house)
    headers = house.token(Role.SYSTEM, NEIGHBOUR) | {"content-type": FHIR}

    answer = await house.client.post("/fhir/$process-message", content=receipt_for(body, "ok"), headers=headers)

    assert answer.status_code == 403
    assert await state(house) == "awaiting-ack -"


async def test_many_receipts_at_once_close_it_once(house: Installation) -> None:
    body = await sent(house)

    answers = await asyncio.gather(*(receipt(house, body, "ok") for _ in range(12)))

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(await effects(house)) == ["closes", *["repeats"] * 11]
