"""Bad input at `POST /fhir/$process-message` that is acknowledged: fatal, taken with a hint, or answered as before.

The id of a case begins with its row. What other tests show already stands in `docs/bad-input.md` alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from structlog.testing import capture_logs

from discharge.identifiers import SorCode
from services.persistence.clock import wall_now
from tests.catalogue.answers import found_in, issues_of, no_number_in
from tests.catalogue.edits import PATH, Edit, Message, content_of, edited, gone
from tests.catalogue.ledger import ledger_of, only_what_a_refusal_leaves
from tests.engines import Database
from tests.factories import CPR, MUNICIPALITY, PAPER_HOSPITAL, directory
from tests.fhir_mappings.messages import LEAVE, of_type
from tests.services.installation import Installation, code_of, notification


def _in(kind: str, **changes: Any) -> Edit:
    return lambda message: of_type(message, kind).update(changes)


def _without(kind: str, name: str) -> Edit:
    return lambda message: of_type(message, kind).pop(name)


def _number(digits: str) -> Edit:
    return lambda message: of_type(message, "Patient")["identifier"][0].update(value=digits)


def _period(**times: str) -> Edit:
    return lambda message: of_type(message, "Encounter")["period"].update(times)


def _hours(number: float) -> str:
    return (wall_now() + timedelta(hours=number)).isoformat(timespec="seconds")


def _named_as(family: str) -> Edit:
    return lambda message: of_type(message, "Patient")["name"][0].update(family=family)


def _second_patient(message: Message) -> None:
    second = of_type(message, "Patient") | {"id": "another"}
    message["entry"].append({"fullUrl": "https://sund.example/Patient/another", "resource": second})


def _elsewhere(message: Message) -> None:
    """The receiver is a place that the register does not know."""
    named = of_type(message, "MessageHeader")["destination"][0]["receiver"]["reference"].rpartition("/")[2]
    for entry in message["entry"]:
        if entry["resource"]["id"] == named:
            entry["resource"]["identifier"][1]["value"] = "329341000016003"


def _replacement_number(message: Message) -> None:
    of_type(message, "Patient")["identifier"][0].update(system="urn:oid:1.2.208.176.1.6.1.3.12", value="251248AAAA")


def _occurred(at: str) -> Edit:
    return lambda message: of_type(message, "Provenance").update(occurredDateTime=at)


ELEMENT: Final = "MSG_Element_To_Long"


FATAL: Final[dict[str, tuple[Edit, str, str | None]]] = {
    "row-11-megabyte": (
        lambda m: of_type(m, "Patient")["name"][0].update(family="x" * 1_000_000),
        "too-costly",
        ELEMENT,
    ),
    "row-11-mebibyte": (lambda m: of_type(m, "Organization").update(name="x" * 1_048_576), "too-costly", ELEMENT),
    "row-19-unknown-event": (
        _in("MessageHeader", eventCoding={"system": "urn:x", "code": "nothing"}),
        "not-supported",
        "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE",
    ),
    "row-20-receiver-not-ours": (_elsewhere, "not-found", "MSG_Receiver_Identifier_UNKNOWN"),
    "row-21-no-receiver": (
        lambda m: of_type(m, "MessageHeader")["destination"][0].pop("receiver"),
        "required",
        "MSG_Receiver_Identifier_MISSING",
    ),
    "row-21-no-destination": (
        _without("MessageHeader", "destination"),
        "required",
        "MSG_Receiver_Identifier_MISSING",
    ),
    "row-22-no-provenance": (gone("Provenance"), "required", "MSG_RESOURCE_REQUIRED"),
    "row-23-two-patients": (_second_patient, "invariant", "MSG_RESOURCE_REQUIRED"),
    "row-23-no-patient": (gone("Patient"), "invariant", "MSG_RESOURCE_REQUIRED"),
    "row-24-replacement-number": (_replacement_number, "invariant", "MSG_PARAM_INVALID"),
    "row-25-cpr-nine-digits": (_number("251248999"), "value", "MSG_Datatype_Wrong"),
    "row-25-cpr-letters": (_number("251248ABCD"), "value", "MSG_Datatype_Wrong"),
    "row-25-cpr-31-february": (_number("3102489996"), "value", "MSG_Datatype_Wrong"),
    "row-27-encounter-status": (_in("Encounter", status="arrived"), "code-invalid", "MSG_VALUESET_VALUE_UNKNOWN"),
    "row-27-encounter-status-made-up": (
        _in("Encounter", status="dancing"),
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    "row-28-leave-without-start": (
        _in("Encounter", status="onleave", extension=[{"url": LEAVE, "valuePeriod": {"end": _hours(-1)}}]),
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    "row-29-period-without-zone": (_period(start="2026-11-20T11:40:00"), "value", "MSG_DATE_FORMAT"),
    "row-29-provenance-without-zone": (_occurred("2026-11-20T11:40:00"), "value", "MSG_DATE_FORMAT"),
    "row-29-timestamp-without-zone": (
        lambda m: m.update(timestamp="2026-11-20T11:40:00"),
        "value",
        "MSG_DATE_FORMAT",
    ),
    "row-30-end-before-start": (_period(start=_hours(-2), end=_hours(-3)), "business-rule", None),
    "row-30-too-far-ahead": (_period(start=_hours(25)), "business-rule", None),
    "row-30-year-9999": (_period(start="9999-12-31T23:59:59+01:00"), "business-rule", None),
    "row-30-year-9999-of-the-message": (_occurred("9999-12-31T23:59:59-01:00"), "business-rule", None),
    "row-31-no-provider": (
        _in("Encounter", serviceProvider={"reference": "Organization/nowhere"}),
        "not-found",
        "MSG_NO_EXIST",
    ),
    "row-31-no-subject": (_in("Encounter", subject={"reference": "Patient/nobody"}), "not-found", "MSG_NO_EXIST"),
    "row-31-no-focus": (_in("MessageHeader", focus=[{"reference": "Encounter/none"}]), "not-found", "MSG_NO_EXIST"),
}


@pytest.mark.parametrize("name", FATAL)
async def test_message_is_answered_fatal_error(house: Installation, database: Database, name: str) -> None:
    edit, code, detail = FATAL[name]
    async with only_what_a_refusal_leaves(database.admin_url):
        answer = await house.client.post(PATH, content=edited(edit), headers=house.hospital)

    assert code_of(answer) == "fatal-error"
    assert (code, detail) in found_in(answer)
    for issue in issues_of(answer):
        assert issue["diagnostics"], "every finding names its rule"
        assert issue["details"]["text"], "and says what to do"
    no_number_in(answer)
    for number in ("251248999", "251248ABCD", "251248AAAA", "3102489996"):
        assert number not in answer.text


async def test_row_26_number_without_modulus_11_is_accepted_and_noted(house: Installation, database: Database) -> None:
    before = await ledger_of(database.admin_url)
    assert not CPR.passes_modulus_11
    with capture_logs() as logged:
        answer = await house.send(notification())

    after = await ledger_of(database.admin_url)
    assert (code_of(answer), issues_of(answer)) == ("ok", [])
    assert after.count("stay") == before.count("stay") + 1
    (line,) = [line for line in logged if line["event"] == "message-answered"]
    assert line["hints"] == ["cpr-without-modulus-11"]
    assert CPR.digits not in str(logged)
    no_number_in(answer)


@pytest.mark.parametrize(
    ("row", "bundle_id", "receiver"),
    [
        ("row-33-same-bundle", None, MUNICIPALITY),
        ("row-33-same-bundle-refused", None, PAPER_HOSPITAL),
        ("row-34-new-bundle", "a-new-envelope", MUNICIPALITY),
        ("row-34-new-bundle-refused", "a-new-envelope", PAPER_HOSPITAL),
    ],
    ids=lambda value: value if str(value).startswith("row") else "",
)
async def test_repeat_gets_the_same_content_and_does_nothing(
    house: Installation, database: Database, row: str, bundle_id: str | None, receiver: SorCode
) -> None:
    message = notification(receiver=replace(directory()[receiver], gln="5790009900023"))
    first = await house.send(message)
    before = await ledger_of(database.admin_url)
    with capture_logs() as logged:
        again = await house.send(message if bundle_id is None else replace(message, bundle_id=bundle_id))
    after = await ledger_of(database.admin_url)

    assert content_of(again) == content_of(first)
    assert again.json()["id"] != first.json()["id"]
    assert after.changed_since(before) <= {"audit", "message"}
    assert after.count("message") == 1
    assert await house.scalar("SELECT repeats FROM message") == 1
    assert [line["repeated"] for line in logged if line["event"] == "message-answered"] == [True]
    no_number_in(again)


async def test_row_35_same_bundle_with_another_header(house: Installation, database: Database) -> None:
    message = notification()
    first = await house.send(message)
    async with only_what_a_refusal_leaves(database.admin_url):
        answer = await house.send(replace(notification(), bundle_id=message.bundle_id))

    assert code_of(answer) == "fatal-error"
    assert found_in(answer) == {("duplicate", "MSG_DUPLICATE_ID")}
    # The first keeps its yes: design.md 6.5.
    assert content_of(await house.send(message)) == content_of(first)
    no_number_in(answer)


async def test_row_35_same_header_with_another_body(house: Installation, database: Database) -> None:
    """The first answer again, and the other body put aside: design.md 6.5 decides otherwise than the catalogue."""
    message = notification()
    first = await house.send(message)
    async with only_what_a_refusal_leaves(database.admin_url, messages=0, alerts=1):
        answer = await house.send(replace(message, family="En-anden"))

    assert content_of(answer) == content_of(first)
    assert await house.scalar("SELECT count(*) FROM message_aside") == 1
    no_number_in(answer)
