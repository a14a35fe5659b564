"""Each rule fires where it should, names the place, and keeps silent on a sound notification."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from fhir_mappings.medcom.intake import NoticeRead, Refused, read_message
from fhir_mappings.medcom.messaging_rules import MESSAGING_RULES, event_supported
from fhir_mappings.medcom.notice_rules import NOTICE_RULES
from fhir_mappings.medcom.rules import ACKNOWLEDGEMENT_RULES, CARE_RULES, NOTIFICATION_RULES
from tests.fhir_mappings.messages import (
    CPR,
    LEAVE,
    NOW,
    Message,
    body,
    edited,
    notification,
    of_type,
    provenance,
)

Edit = Callable[[Message], object]


def _drop(message: Message, kind: str) -> None:
    message["entry"] = [each for each in message["entry"] if each["resource"]["resourceType"] != kind]


def _twice(message: Message, kind: str) -> None:
    found = next(each for each in message["entry"] if each["resource"]["resourceType"] == kind)
    message["entry"].append({"resource": {**found["resource"], "id": "another"}})


def _destination(message: Message) -> Message:
    found: Message = of_type(message, "MessageHeader")["destination"][0]
    return found


def _organization(message: Message, identity: str) -> Message:
    found: Message = next(each["resource"] for each in message["entry"] if each["resource"]["id"] == identity)
    return found


def _add_history(message: Message, **fields: object) -> None:
    history = provenance("history", "an-earlier-one", "admit-emergency", after=-timedelta(days=1)) | fields
    message["entry"].append({"resource": history})


def _identify(message: Message, *identifiers: tuple[str, str]) -> None:
    of_type(message, "Patient")["identifier"] = [{"system": system, "value": value} for system, value in identifiers]


CPR_SYSTEM = "urn:oid:1.2.208.176.1.2"
ECPR_SYSTEM = "urn:oid:1.2.208.176.1.6.1.1"

# rule, edit of a sound STIN, FHIRPath, issue code, detail
ERRORS: list[tuple[str, Edit, str, str, str | None]] = [
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
        lambda m: _destination(m)["receiver"].update(reference="Organization/nowhere"),
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
        lambda m: _drop(m, "Provenance"),
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
        lambda m: _destination(m).pop("receiver"),
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
        lambda m: _organization(m, "municipality")["identifier"].pop(),
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
        lambda m: _organization(m, "hospital")["identifier"][1].update(value="not digits"),
        "Bundle.entry[3].resource.identifier",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-gln-given",
        lambda m: _organization(m, "hospital")["identifier"].pop(0),
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
        lambda m: _destination(m).pop("extension"),
        "Bundle.entry[0].resource.destination[0]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "hospitalNotification-2",
        lambda m: _twice(m, "Patient"),
        "Bundle.entry.resource.ofType(Patient)",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "hospitalNotification-2",
        lambda m: _drop(m, "Patient"),
        "Bundle.entry.resource.ofType(Patient)",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "hospitalNotification-3",
        lambda m: of_type(m, "Provenance")["activity"]["coding"][0].update(code="new-message"),
        "Bundle.entry[6].resource.activity",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "hospitalNotification-3",
        lambda m: of_type(m, "Provenance")["activity"]["coding"][0].update(system="urn:elsewhere"),
        "Bundle.entry[6].resource.activity",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "hospitalNotification-4",
        lambda m: _identify(m, (ECPR_SYSTEM, "0404501AB1")),
        "Bundle.entry[1].resource.identifier",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    *[
        (
            "stafet-cpr-form",
            lambda m, number=number: _identify(m, (CPR_SYSTEM, number)),
            "Bundle.entry[1].resource.identifier[0].value",
            "value",
            "MSG_Datatype_Wrong",
        )
        for number in ("040450999", "04045099956", "04O4509995", "3102509995", " ")
    ],
    (
        "stafet-one-cpr",
        lambda m: _identify(m, (CPR_SYSTEM, CPR), (CPR_SYSTEM, "0504509995")),
        "Bundle.entry[1].resource.identifier",
        "invariant",
        "MSG_PARAM_NO_REPEAT",
    ),
    (
        "stafet-patient-name",
        lambda m: of_type(m, "Patient").pop("name"),
        "Bundle.entry[1].resource.name",
        "required",
        None,
    ),
    (
        "hospitalNotification-5",
        lambda m: _destination(m)["extension"][0]["valueCoding"].update(code="cc"),
        "Bundle.entry[0].resource.destination[0]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "hospitalNotification-5",
        lambda m: of_type(m, "MessageHeader")["destination"].append(_destination(m)),
        "Bundle.entry[0].resource.destination[1]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "stafet-focus",
        lambda m: of_type(m, "MessageHeader").pop("focus"),
        "Bundle.entry[0].resource.focus",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-focus",
        lambda m: of_type(m, "MessageHeader")["focus"][0].update(reference="Patient/patient"),
        "Bundle.entry[0].resource.focus",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-encounter-status",
        lambda m: of_type(m, "Encounter").update(status="planned"),
        "Bundle.entry[2].resource.status",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-encounter-status",
        lambda m: of_type(m, "Encounter").update(status="x"),
        "Bundle.entry[2].resource.status",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-encounter-class",
        lambda m: of_type(m, "Encounter")["class"].update(code="AMB"),
        "Bundle.entry[2].resource.class",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-encounter-subject",
        lambda m: of_type(m, "Encounter").pop("subject"),
        "Bundle.entry[2].resource.subject",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-encounter-subject",
        lambda m: of_type(m, "Encounter")["subject"].update(reference="Organization/ward"),
        "Bundle.entry[2].resource.subject",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-episode-of-care",
        lambda m: of_type(m, "Encounter").pop("episodeOfCare"),
        "Bundle.entry[2].resource.episodeOfCare",
        "required",
        None,
    ),
    (
        "stafet-encounter-start",
        lambda m: of_type(m, "Encounter").pop("period"),
        "Bundle.entry[2].resource.period.start",
        "required",
        None,
    ),
    (
        "stafet-period-order",
        lambda m: of_type(m, "Encounter")["period"].update(end="2026-11-17T09:30:00Z"),
        "Bundle.entry[2].resource.period.end",
        "business-rule",
        None,
    ),
    (
        "stafet-service-provider",
        lambda m: of_type(m, "Encounter").pop("serviceProvider"),
        "Bundle.entry[2].resource.serviceProvider",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-service-provider",
        lambda m: _organization(m, "ward").pop("identifier"),
        "Bundle.entry[2].resource.serviceProvider",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "hospitalNotification-6",
        lambda m: of_type(m, "Encounter").update(status="onleave"),
        f"Bundle.entry[2].resource.extension('{LEAVE}').valuePeriod.start",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-lawful-content",
        lambda m: of_type(m, "Encounter").update(reasonCode=[{"text": "anything"}]),
        "Bundle.entry[2].resource.reasonCode",
        "business-rule",
        "MSG_PARAM_INVALID",
    ),
]
WARNINGS: list[tuple[str, Edit, str]] = [
    (
        "stafet-history-bundled",
        lambda m: of_type(m, "Provenance")["agent"][0]["who"].update(reference="Organization/nowhere"),
        "Bundle.entry[6].resource.agent[0].who.reference",
    ),
    (
        "stafet-gln-check-digit",
        lambda m: _organization(m, "hospital")["identifier"][0].update(value="5790000000000"),
        "Bundle.entry[3].resource.identifier[0].value",
    ),
    (
        "stafet-gln-check-digit",
        lambda m: _organization(m, "ward")["identifier"][0].update(value="12"),
        "Bundle.entry[4].resource.identifier[0].value",
    ),
    (
        "stafet-status-fits",
        lambda m: of_type(m, "Encounter").update(status="finished"),
        "Bundle.entry[2].resource.status",
    ),
    (
        "stafet-class-fits",
        lambda m: of_type(m, "Encounter")["class"].update(code="EMER"),
        "Bundle.entry[2].resource.class",
    ),
]
ACCEPTED: dict[str, Edit] = {
    "cpr without modulus 11": lambda m: _identify(m, (CPR_SYSTEM, "0101011234")),
    "cpr with hyphen": lambda m: _identify(m, (CPR_SYSTEM, "040450-9995")),
    "cpr and a local number": lambda m: _identify(m, ("urn:local", "7"), (CPR_SYSTEM, CPR)),
    "gln by the newer address": lambda m: _organization(m, "hospital")["identifier"][0].update(
        system="http://www.gs1.org/gln"
    ),
    "relative full urls": lambda m: [each.update(fullUrl=each["fullUrl"][-20:]) for each in m["entry"]],
    "no full urls": lambda m: [each.pop("fullUrl") for each in m["entry"]],
    "absolute reference": lambda m: of_type(m, "Encounter")["subject"].update(
        reference="https://nordhavn.example/fhir/Patient/patient"
    ),
    "absolute reference elsewhere": lambda m: of_type(m, "Encounter")["subject"].update(
        reference="https://other.example/Patient/patient/_history/2"
    ),
    "reference by urn": lambda m: (
        m["entry"][1].update(fullUrl="urn:uuid:5f0"),
        of_type(m, "Encounter")["subject"].update(reference="urn:uuid:5f0"),
    ),
    "contained resource": lambda m: of_type(m, "Patient").update(
        contained=[{"resourceType": "Organization", "id": "inner", "name": "x"}],
        managingOrganization={"reference": "#inner"},
    ),
    "logical reference": lambda m: of_type(m, "Patient").update(managingOrganization={"display": "x"}),
    "history names earlier messages": lambda m: _add_history(
        m, entity=[{"role": "revision", "what": {"reference": "MessageHeader/older"}}]
    ),
    "surplus elements and extensions": lambda m: (
        of_type(m, "Patient").update(gender="female"),
        of_type(m, "Encounter").update(extension=[{"url": "urn:x", "valueString": "y"}], identifier=[{"value": "7"}]),
    ),
    "almost a day ahead": lambda m: of_type(m, "Encounter")["period"].update(start="2026-11-21T11:59:59Z"),
    "long text": lambda m: of_type(m, "Patient")["name"][0].update(family="x" * 999_999),
    "narrative": lambda m: of_type(m, "Patient").update(
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
    ),
}


def read(message: Message) -> NoticeRead | Refused:
    found = read_message(body(message), now=NOW)
    assert isinstance(found, NoticeRead | Refused)
    return found


@pytest.mark.parametrize(
    ("rule", "edit", "expression", "code", "detail"), ERRORS, ids=[f"{each[0]}-{n}" for n, each in enumerate(ERRORS)]
)
def test_a_broken_rule_refuses_the_message_and_names_the_place(
    rule: str, edit: Edit, expression: str, code: str, detail: str | None
) -> None:
    found = read(edited(edit))

    assert isinstance(found, Refused)
    named = [issue for issue in found.issues if issue.rule == rule]
    assert [(issue.expression, issue.code, issue.detail, issue.severity) for issue in named] == [
        (expression, code, detail, "error")
    ]
    # Whatever else is found about the same place is left to the rule.
    assert [issue.rule for issue in found.issues if issue.expression == expression] == [rule]


def test_a_discharge_without_its_time_passes_with_a_warning() -> None:
    found = read(edited(lambda m: of_type(m, "Encounter")["period"].pop("end"), notification("SLHJ")))

    assert isinstance(found, NoticeRead)
    assert found.notice.ended_at is None
    assert [(issue.rule, issue.expression) for issue in found.warnings] == [
        ("stafet-discharge-end", "Bundle.entry[2].resource.period.end")
    ]


@pytest.mark.parametrize(("rule", "edit", "expression"), WARNINGS, ids=[f"{e[0]}-{n}" for n, e in enumerate(WARNINGS)])
def test_a_warning_lets_the_message_pass(rule: str, edit: Edit, expression: str) -> None:
    found = read(edited(edit))

    assert isinstance(found, NoticeRead)
    assert [(issue.rule, issue.expression, issue.severity) for issue in found.warnings] == [
        (rule, expression, "warning")
    ]


@pytest.mark.parametrize("edit", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_the_standard_leaves_open_is_accepted(edit: Edit) -> None:
    found = read(edited(edit))

    assert isinstance(found, NoticeRead)
    assert found.warnings == ()


@pytest.mark.parametrize("kind", ["STIN", "STAA", "STOR", "SLOR", "SLHJ", "RE_STIN", "AN_STIN", "MORS"])
def test_no_rule_fires_on_a_sound_notification(kind: str) -> None:
    found = read(notification(kind))

    assert isinstance(found, NoticeRead)
    assert found.warnings == ()


def test_every_rule_is_shown_to_fire() -> None:
    """Those of the profiles' lines are in test_profile_rules.py, those of letters in test_care_rules.py."""
    shown = {each[0] for each in (*ERRORS, *WARNINGS)} | {"stafet-discharge-end"}

    assert shown == {each.id for each in (event_supported, *MESSAGING_RULES, *NOTICE_RULES)}


def test_every_rule_has_its_own_id() -> None:
    rules = {id(each): each for each in (*NOTIFICATION_RULES, *ACKNOWLEDGEMENT_RULES, *CARE_RULES)}

    assert len({each.id for each in rules.values()}) == len(rules)


def test_no_finding_ever_repeats_a_number_of_the_message() -> None:
    messages = [edited(each[1]) for each in ERRORS]
    for message in messages:
        found = read(message)
        assert isinstance(found, Refused)
        for issue in found.issues:
            assert "0404509995" not in repr(issue)
            assert not any(part.isdigit() and len(part) > 6 for part in repr(issue).replace("'", " ").split())
