"""Each rule about a notification fires where it should, names the place, and keeps silent on a sound one."""

from __future__ import annotations

import pytest

from fhir_mappings.medcom.notice_rules import NOTICE_RULES
from fhir_mappings.medcom.rules import ACKNOWLEDGEMENT_RULES, CARE_RULES, NOTIFICATION_RULES
from tests.fhir_mappings.medcom.notice_breaking import (
    CPR_SYSTEM,
    ECPR_SYSTEM,
    Edit,
    Error,
    Warned,
    add_history,
    destination,
    drop,
    identify,
    named,
    organization,
    refuses,
    repeats_no_number,
    twice,
    warns,
)
from tests.fhir_mappings.medcom.reading import notice_of
from tests.fhir_mappings.messages import CPR, LEAVE, edited, notification, of_type

ERRORS: list[Error] = [
    (
        "hospitalNotification-2",
        lambda m: twice(m, "Patient"),
        "Bundle.entry.resource.ofType(Patient)",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "hospitalNotification-2",
        lambda m: drop(m, "Patient"),
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
        lambda m: identify(m, (ECPR_SYSTEM, "0404501AB1")),
        "Bundle.entry[1].resource.identifier",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    *[
        (
            "stafet-cpr-form",
            lambda m, number=number: identify(m, (CPR_SYSTEM, number)),
            "Bundle.entry[1].resource.identifier[0].value",
            "value",
            "MSG_Datatype_Wrong",
        )
        for number in ("040450999", "04045099956", "04O4509995", "3102509995", " ")
    ],
    (
        "stafet-one-cpr",
        lambda m: identify(m, (CPR_SYSTEM, CPR), (CPR_SYSTEM, "0504509995")),
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
        lambda m: destination(m)["extension"][0]["valueCoding"].update(code="cc"),
        "Bundle.entry[0].resource.destination[0]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "hospitalNotification-5",
        lambda m: of_type(m, "MessageHeader")["destination"].append(destination(m)),
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
        lambda m: organization(m, "ward").pop("identifier"),
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
WARNINGS: list[Warned] = [
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
    "cpr without modulus 11": lambda m: identify(m, (CPR_SYSTEM, "0101011234")),
    "cpr with hyphen": lambda m: identify(m, (CPR_SYSTEM, "040450-9995")),
    "cpr and a local number": lambda m: identify(m, ("urn:local", "7"), (CPR_SYSTEM, CPR)),
    "gln by the newer address": lambda m: organization(m, "hospital")["identifier"][0].update(
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
    "history names earlier messages": lambda m: add_history(
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


def test_a_discharge_without_its_time_passes_with_a_warning() -> None:
    found = notice_of(edited(lambda m: of_type(m, "Encounter")["period"].pop("end"), notification("SLHJ")))

    assert found.notice.ended_at is None
    assert [(issue.rule, issue.expression) for issue in found.warnings] == [
        ("stafet-discharge-end", "Bundle.entry[2].resource.period.end")
    ]


@pytest.mark.parametrize("edit", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_the_standard_leaves_open_is_accepted(edit: Edit) -> None:
    assert notice_of(edited(edit)).warnings == ()


@pytest.mark.parametrize("kind", ["STIN", "STAA", "STOR", "SLOR", "SLHJ", "RE_STIN", "AN_STIN", "MORS"])
def test_no_rule_fires_on_a_sound_notification(kind: str) -> None:
    assert notice_of(notification(kind)).warnings == ()


def test_every_rule_has_its_own_id() -> None:
    rules = {id(each): each for each in (*NOTIFICATION_RULES, *ACKNOWLEDGEMENT_RULES, *CARE_RULES)}

    assert len({each.id for each in rules.values()}) == len(rules)


def test_every_rule_is_shown_to_fire() -> None:
    assert {each[0] for each in (*ERRORS, *WARNINGS)} | {"stafet-discharge-end"} == {each.id for each in NOTICE_RULES}
