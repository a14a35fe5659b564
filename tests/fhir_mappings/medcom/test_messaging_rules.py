"""Each rule about any message fires where it should, and names the place."""

from __future__ import annotations

import pytest

from fhir_mappings.medcom.messaging_rules import MESSAGING_RULES, event_supported
from tests.fhir_mappings.medcom.notice_breaking import (
    Edit,
    Error,
    Warned,
    destination,
    drop,
    named,
    organization,
    refuses,
    repeats_no_number,
    warns,
)
from tests.fhir_mappings.messages import of_type

ERRORS: list[Error] = [
    (
        "stafet-event-supported",
        lambda m: of_type(m, "MessageHeader")["eventCoding"].update(code="homecareobservation-message"),
        "Bundle.entry[0].resource.eventCoding",
        "not-supported",
        "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE",
    ),
    (
        "stafet-event-supported",
        lambda m: of_type(m, "MessageHeader")["eventCoding"].update(system="urn:elsewhere"),
        "Bundle.entry[0].resource.eventCoding",
        "not-supported",
        "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE",
    ),
    (
        "stafet-event-supported",
        lambda m: of_type(m, "MessageHeader").pop("eventCoding"),
        "Bundle.entry[0].resource.eventCoding",
        "not-supported",
        "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE",
    ),
    (
        "stafet-text-length",
        lambda m: of_type(m, "Patient")["name"][0].update(family="x" * 1_000_000),
        "Bundle.entry[1].resource.name[0].family",
        "too-costly",
        "MSG_Element_To_Long",
    ),
    (
        "stafet-text-length",
        lambda m: of_type(m, "Patient")["name"][0].update({"0101011234": "x" * 1_000_000}),
        "Bundle.entry[1].resource.name[0]",
        "too-costly",
        "MSG_Element_To_Long",
    ),
    (
        "stafet-resource-ids",
        lambda m: of_type(m, "Provenance").update(id="x" * 65),
        "Bundle.entry[6].resource.id",
        "value",
        "MSG_ID_INVALID",
    ),
    (
        "bdl-7",
        lambda m: m["entry"][5].update(fullUrl=m["entry"][4]["fullUrl"]),
        "Bundle.entry[5].fullUrl",
        "invariant",
        "MSG_TRANSACTION_DUPLICATE_ID",
    ),
    (
        "bdl-7",
        lambda m: m["entry"].append({"resource": of_type(m, "Encounter")}),
        "Bundle.entry[7].fullUrl",
        "invariant",
        "MSG_TRANSACTION_DUPLICATE_ID",
    ),
    (
        "stafet-reference-bundled",
        lambda m: of_type(m, "Encounter")["serviceProvider"].update(reference="Organization/nowhere"),
        "Bundle.entry[2].resource.serviceProvider.reference",
        "not-found",
        "MSG_NO_EXIST",
    ),
    (
        "stafet-reference-bundled",
        lambda m: destination(m)["receiver"].update(reference="Organization/nowhere"),
        "Bundle.entry[0].resource.destination[0].receiver.reference",
        "not-found",
        "MSG_NO_EXIST",
    ),
    (
        "stafet-reference-bundled",
        lambda m: of_type(m, "MessageHeader")["sender"].update(reference="urn:uuid:nowhere"),
        "Bundle.entry[0].resource.sender.reference",
        "not-found",
        "MSG_NO_EXIST",
    ),
    (
        "medcom-messaging-2",
        lambda m: drop(m, "Provenance"),
        "Bundle.entry.resource.ofType(Provenance)",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-current-provenance",
        lambda m: of_type(m, "Provenance")["target"][0].update(reference="MessageHeader/an-earlier-one"),
        "Bundle.entry.resource.ofType(Provenance).target",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-receiver-named",
        lambda m: destination(m).pop("receiver"),
        "Bundle.entry[0].resource.destination[0].receiver",
        "required",
        "MSG_Receiver_Identifier_MISSING",
    ),
    (
        "stafet-receiver-named",
        lambda m: of_type(m, "MessageHeader").pop("destination"),
        "Bundle.entry[0].resource.destination.receiver",
        "required",
        "MSG_Receiver_Identifier_MISSING",
    ),
    (
        "stafet-receiver-named",
        lambda m: organization(m, "municipality")["identifier"].pop(),
        "Bundle.entry[5].resource.identifier",
        "required",
        "MSG_Receiver_Identifier_MISSING",
    ),
    (
        "stafet-sender-named",
        lambda m: of_type(m, "MessageHeader").update(sender={"display": "Nordhavn"}),
        "Bundle.entry[0].resource.sender",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-sender-named",
        lambda m: organization(m, "hospital")["identifier"][1].update(value="not digits"),
        "Bundle.entry[3].resource.identifier",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-gln-given",
        lambda m: organization(m, "hospital")["identifier"].pop(0),
        "Bundle.entry[3].resource.identifier",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-time-with-zone",
        lambda m: of_type(m, "Encounter")["period"].update(start="2026-11-18T09:30:00"),
        "Bundle.entry[2].resource.period.start",
        "value",
        "MSG_DATE_FORMAT",
    ),
    (
        "stafet-time-with-zone",
        lambda m: of_type(m, "Encounter")["period"].update(start=20261118),
        "Bundle.entry[2].resource.period.start",
        "value",
        "MSG_DATE_FORMAT",
    ),
    (
        "stafet-time-with-zone",
        lambda m: of_type(m, "Provenance").update(occurredDateTime="2026-02-30T09:30:00Z"),
        "Bundle.entry[6].resource.occurredDateTime",
        "value",
        "MSG_DATE_FORMAT",
    ),
    ("stafet-time-given", lambda m: m.pop("timestamp"), "Bundle.timestamp", "required", None),
    (
        "stafet-time-given",
        lambda m: of_type(m, "Provenance").pop("occurredDateTime"),
        "Bundle.entry[6].resource.occurredDateTime",
        "required",
        None,
    ),
    (
        "stafet-time-plausible",
        lambda m: of_type(m, "Encounter")["period"].update(start="2026-11-21T12:00:01Z"),
        "Bundle.entry[2].resource.period.start",
        "business-rule",
        None,
    ),
    (
        "stafet-time-plausible",
        lambda m: of_type(m, "Encounter")["period"].update(end="9999-12-31T23:59:59-12:00"),
        "Bundle.entry[2].resource.period.end",
        "business-rule",
        None,
    ),
    (
        "stafet-time-plausible",
        lambda m: of_type(m, "Encounter")["period"].update(start="0001-01-01T00:00:00+14:00"),
        "Bundle.entry[2].resource.period.start",
        "business-rule",
        None,
    ),
    (
        "stafet-primary-destination",
        lambda m: destination(m).pop("extension"),
        "Bundle.entry[0].resource.destination[0]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
]
WARNINGS: list[Warned] = [
    (
        "stafet-history-bundled",
        lambda m: of_type(m, "Provenance")["agent"][0]["who"].update(reference="Organization/nowhere"),
        "Bundle.entry[6].resource.agent[0].who.reference",
    ),
    (
        "stafet-gln-check-digit",
        lambda m: organization(m, "hospital")["identifier"][0].update(value="5790000000000"),
        "Bundle.entry[3].resource.identifier[0].value",
    ),
    (
        "stafet-gln-check-digit",
        lambda m: organization(m, "ward")["identifier"][0].update(value="12"),
        "Bundle.entry[4].resource.identifier[0].value",
    ),
]


@pytest.mark.parametrize(("rule", "edit", "expression", "code", "detail"), ERRORS, ids=named(ERRORS))
def test_a_broken_rule_refuses_the_message_and_names_the_place(
    rule: str, edit: Edit, expression: str, code: str, detail: str | None
) -> None:
    refuses(rule, edit, expression, code, detail)


@pytest.mark.parametrize("edit", [edit for _, edit, *_ in ERRORS], ids=named(ERRORS))
def test_no_finding_repeats_a_number_of_the_message(edit: Edit) -> None:
    repeats_no_number(edit)


@pytest.mark.parametrize(("rule", "edit", "expression"), WARNINGS, ids=named(WARNINGS))
def test_a_warning_lets_the_message_pass(rule: str, edit: Edit, expression: str) -> None:
    warns(rule, edit, expression)


def test_every_rule_is_shown_to_fire() -> None:
    assert {each[0] for each in (*ERRORS, *WARNINGS)} == {each.id for each in (event_supported, *MESSAGING_RULES)}
