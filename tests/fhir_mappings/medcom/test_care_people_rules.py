"""Each rule about who writes to whom, and about whom, fires where it should, and names the place."""

from __future__ import annotations

import pytest

from fhir_mappings.medcom.care_people_rules import CARE_PEOPLE_RULES
from tests.fhir_mappings import care
from tests.fhir_mappings.care import communication, extension, of_type, payload, role
from tests.fhir_mappings.medcom.care_breaking import COMMUNICATION, Edit, Error, drop, name_of, refuses, shown, without

ERRORS: list[Error] = [
    (
        "careCommunication-4",
        lambda m: of_type(m, "Practitioner").pop("name"),
        "Bundle.entry[3].resource.name",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-7",
        lambda m: role(m).pop("code"),
        "Bundle.entry[4].resource.code",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-7",
        lambda m: role(m)["code"][0].update(coding=[{"code": "laege"}]),
        "Bundle.entry[4].resource.code",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-8",
        lambda m: of_type(m, "Practitioner").pop("name"),
        f"{COMMUNICATION}.payload[0].extension[2]",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-11",
        lambda m: role(m).pop("organization"),
        f"{COMMUNICATION}.extension[0].valueReference",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-11",
        lambda m: role(m)["organization"].update(reference="Organization/municipality"),
        f"{COMMUNICATION}.extension[0].valueReference",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-12",
        lambda m: of_type(m, "CareTeam").pop("managingOrganization"),
        f"{COMMUNICATION}.recipient[0]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-12",
        lambda m: drop(m, "CareTeam"),
        f"{COMMUNICATION}.recipient[0]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-13",
        lambda m: role(m).pop("practitioner"),
        "Bundle.entry[4].resource.practitioner",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-recipient",
        lambda m: communication(m)["recipient"].append({"reference": "CareTeam/team"}),
        f"{COMMUNICATION}.recipient",
        "invariant",
        "MSG_PARAM_NO_REPEAT",
    ),
    (
        "stafet-care-recipient",
        lambda m: communication(m)["recipient"][0].update(reference="Organization/municipality"),
        f"{COMMUNICATION}.recipient[0]",
        "invariant",
        "MSG_PARAM_NO_REPEAT",
    ),
    (
        "stafet-care-recipient",
        lambda m: of_type(m, "CareTeam").pop("name"),
        "Bundle.entry[5].resource.name",
        "invariant",
        "MSG_PARAM_NO_REPEAT",
    ),
    (
        "stafet-care-number",
        lambda m: of_type(m, "Patient").pop("identifier"),
        "Bundle.entry[2].resource.identifier",
        "value",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-care-number",
        lambda m: of_type(m, "Patient").update(
            identifier=[{"system": "urn:oid:1.2.208.176.1.6.1.1", "value": "310299ABC1"}]
        ),
        "Bundle.entry[2].resource.identifier[0].value",
        "value",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-care-number",
        lambda m: of_type(m, "Patient").update(
            identifier=[{"system": "urn:oid:1.2.208.176.1.6.1.3.177", "value": "3102990AB1"}]
        ),
        "Bundle.entry[2].resource.identifier[0].value",
        "value",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-care-author",
        lambda m: without(payload(m), care.AUTHOR),
        f"{COMMUNICATION}.payload[0].extension('{care.AUTHOR}')",
        "required",
        None,
    ),
    (
        "stafet-care-author",
        lambda m: without(payload(m), care.CONTACT),
        f"{COMMUNICATION}.payload[0].extension('{care.CONTACT}')",
        "required",
        None,
    ),
    (
        "medcom-core-contact",
        lambda m: extension(payload(m), care.CONTACT)["valueContactPoint"].update(value="ring"),
        f"{COMMUNICATION}.payload[0].extension[3].valueContactPoint.value",
        "invariant",
        "MSG_Datatype_Wrong",
    ),
    (
        "medcom-core-contact",
        lambda m: extension(payload(m), care.CONTACT)["valueContactPoint"].update(system="email"),
        f"{COMMUNICATION}.payload[0].extension[3].valueContactPoint.system",
        "invariant",
        "MSG_Datatype_Wrong",
    ),
]


@pytest.mark.parametrize(("rule", "edit", "expression", "code", "detail"), ERRORS, ids=name_of)
def test_rule_fires_and_refuses_the_letter(
    rule: str, edit: Edit, expression: str, code: str, detail: str | None
) -> None:
    refuses(rule, edit, expression, code, detail)


def test_every_rule_is_shown_to_fire() -> None:
    assert shown(CARE_PEOPLE_RULES) == {rule for rule, *_ in ERRORS}
