"""Each rule about a care communication as a whole fires where it should, and names the place."""

from __future__ import annotations

import pytest

from fhir_mappings.medcom.care_communication_rules import CARE_MESSAGE_RULES
from tests.fhir_mappings import care
from tests.fhir_mappings.care import communication, of_type, payload
from tests.fhir_mappings.medcom.care_breaking import (
    COMMUNICATION,
    Edit,
    Error,
    Warned,
    category,
    copy,
    drop,
    entity,
    header,
    name_of,
    own,
    refuses,
    shown,
    warns,
)

ERRORS: list[Error] = [
    (
        "careCommunication-1",
        lambda m: header(m).pop("meta"),
        "Bundle.entry[0].resource.meta.profile",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-2",
        lambda m: drop(m, "Patient"),
        "Bundle.entry.resource.ofType(Patient)",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-2",
        lambda m: copy(m, "Patient"),
        "Bundle.entry.resource.ofType(Patient)",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-3",
        lambda m: own(m).pop("meta"),
        "Bundle.entry[9].resource.meta.profile",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-5",
        lambda m: communication(m).update(priority="asap"),
        f"{COMMUNICATION}.priority",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-6",
        lambda m: (category(m).update(code="other"), communication(m).pop("topic")),
        f"{COMMUNICATION}.topic",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-9",
        lambda m: of_type(m, "Encounter").pop("episodeOfCare"),
        "Bundle.entry[6].resource.episodeOfCare",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-15",
        lambda m: communication(m).pop("encounter"),
        f"{COMMUNICATION}.encounter",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-definition-url",
        lambda m: header(m).update(
            definition="http://medcomfhir.dk/ig/messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition|5"
        ),
        "Bundle.entry[0].resource.definition",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-definition-url",
        lambda m: header(m).pop("definition"),
        "Bundle.entry[0].resource.definition",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "stafet-care-encounter",
        lambda m: of_type(m, "Encounter").pop("subject"),
        "Bundle.entry[6].resource.subject",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-encounter",
        lambda m: of_type(m, "Encounter")["class"].update(code="OBSENC"),
        "Bundle.entry[6].resource.class",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-destination",
        lambda m: header(m)["destination"].append(header(m)["destination"][0]),
        "Bundle.entry[0].resource.destination[1]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "stafet-care-destination",
        lambda m: header(m)["destination"][0]["extension"][0]["valueCoding"].update(code="cc"),
        "Bundle.entry[0].resource.destination[0]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "stafet-care-focus",
        lambda m: header(m).pop("focus"),
        "Bundle.entry[0].resource.focus",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-focus",
        lambda m: (copy(m, "Communication"), header(m)["focus"].append({"reference": "Communication/another"})),
        "Bundle.entry[0].resource.focus",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-thread",
        lambda m: communication(m).pop("identifier"),
        f"{COMMUNICATION}.identifier",
        "required",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-care-thread",
        lambda m: communication(m)["identifier"][0].update(value="thread-1"),
        f"{COMMUNICATION}.identifier",
        "required",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-care-thread",
        lambda m: communication(m)["identifier"].append({"value": care.THREAD}),
        f"{COMMUNICATION}.identifier",
        "required",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-care-status",
        lambda m: communication(m).update(status="completed"),
        f"{COMMUNICATION}.status",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-category",
        lambda m: communication(m).pop("category"),
        f"{COMMUNICATION}.category.coding",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-category",
        lambda m: category(m).pop("code"),
        f"{COMMUNICATION}.category[0].coding[0]",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-category",
        lambda m: category(m).pop("system"),
        f"{COMMUNICATION}.category[0].coding[0]",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-category",
        lambda m: category(m).update(code="gossip"),
        f"{COMMUNICATION}.category[0].coding[0]",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-priority",
        lambda m: (category(m).update(code="regarding-referral"), communication(m).update(priority="stat")),
        f"{COMMUNICATION}.priority",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-subject",
        lambda m: communication(m).pop("subject"),
        f"{COMMUNICATION}.subject",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-subject",
        lambda m: communication(m)["subject"].update(reference="Organization/hospital"),
        f"{COMMUNICATION}.subject",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-topic",
        lambda m: communication(m).update(topic={"coding": [{"code": "x"}]}),
        f"{COMMUNICATION}.topic.text",
        "required",
        None,
    ),
    (
        "stafet-care-payload",
        lambda m: communication(m).update(payload=[payload(m, 1)]),
        f"{COMMUNICATION}.payload",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-payload",
        lambda m: communication(m)["payload"].append({"contentReference": {"reference": "Patient/patient"}}),
        f"{COMMUNICATION}.payload[2]",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-activity",
        lambda m: own(m)["activity"]["coding"][0].update(code="retract-message"),
        "Bundle.entry[9].resource.activity",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-activity",
        lambda m: own(m)["activity"]["coding"][0].pop("system"),
        "Bundle.entry[9].resource.activity",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-target",
        lambda m: own(m)["target"].append({"reference": "MessageHeader/other"}),
        "Bundle.entry[9].resource.target",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-preceding",
        lambda m: own(m)["entity"].extend(
            [entity("revision", "MessageHeader/a"), entity("revision", "MessageHeader/b")]
        ),
        "Bundle.entry[9].resource.entity",
        "invariant",
        "MSG_PARAM_NO_REPEAT",
    ),
]

WARNINGS: list[Warned] = [
    ("stafet-care-entities", lambda m: own(m).pop("entity"), "Bundle.entry[9].resource.entity"),
    (
        "stafet-care-follows",
        lambda m: own(m)["activity"]["coding"][0].update(code="reply-message"),
        "Bundle.entry[9].resource.entity",
    ),
]


@pytest.mark.parametrize(("rule", "edit", "expression", "code", "detail"), ERRORS, ids=name_of)
def test_rule_fires_and_refuses_the_letter(
    rule: str, edit: Edit, expression: str, code: str, detail: str | None
) -> None:
    refuses(rule, edit, expression, code, detail)


@pytest.mark.parametrize(("rule", "edit", "expression"), WARNINGS, ids=name_of)
def test_rule_fires_and_only_warns(rule: str, edit: Edit, expression: str) -> None:
    warns(rule, edit, expression)


def test_every_rule_is_shown_to_fire() -> None:
    assert shown(CARE_MESSAGE_RULES) == {rule for rule, *_ in (*ERRORS, *WARNINGS)}
