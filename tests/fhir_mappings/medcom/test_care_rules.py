"""Each rule of a care communication fires where it should, names the place, and keeps silent on a sound one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from fhir_mappings.medcom.care_communication_rules import CARE_MESSAGE_RULES
from fhir_mappings.medcom.care_people_rules import CARE_PEOPLE_RULES
from fhir_mappings.medcom.care_segment_rules import CARE_SEGMENT_RULES
from fhir_mappings.medcom.intake import LetterRead, Refused, read_message
from fhir_mappings.medcom.rules import CARE_RULES, RULES
from tests.fhir_mappings import care
from tests.fhir_mappings.care import communication, extension, letter, of_type, payload, role
from tests.fhir_mappings.messages import Message, body, edited, provenance

Edit = Callable[[Message], object]
COMMUNICATION = "Bundle.entry[1].resource"
CARE = "http://medcomfhir.dk/ig/carecommunication/StructureDefinition"


def _header(message: Message) -> Message:
    return of_type(message, "MessageHeader")


def _own(message: Message) -> Message:
    return of_type(message, "Provenance")


def _drop(message: Message, kind: str) -> None:
    message["entry"] = [each for each in message["entry"] if each["resource"]["resourceType"] != kind]


def _copy(message: Message, kind: str) -> Message:
    message["entry"].append({"resource": {**of_type(message, kind), "id": "another"}})
    return message


def _category(message: Message) -> Any:
    return communication(message)["category"][0]["coding"][0]


def _file(message: Message) -> Any:
    return payload(message, 1)["contentAttachment"]


def _without(place: Message, url: str) -> None:
    place["extension"] = [each for each in place["extension"] if each["url"] != url]


def _data(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _entity(role_: str, reference: str) -> Message:
    return {"role": role_, "what": {"reference": reference}}


# rule, edit of a sound letter of version 5, FHIRPath, issue code, detail
ERRORS: list[tuple[str, Edit, str, str, str | None]] = [
    (
        "careCommunication-1",
        lambda m: _header(m).pop("meta"),
        "Bundle.entry[0].resource.meta.profile",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-2",
        lambda m: _drop(m, "Patient"),
        "Bundle.entry.resource.ofType(Patient)",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-2",
        lambda m: _copy(m, "Patient"),
        "Bundle.entry.resource.ofType(Patient)",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-3",
        lambda m: _own(m).pop("meta"),
        "Bundle.entry[9].resource.meta.profile",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-4",
        lambda m: of_type(m, "Practitioner").pop("name"),
        "Bundle.entry[3].resource.name",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
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
        lambda m: (_category(m).update(code="other"), communication(m).pop("topic")),
        f"{COMMUNICATION}.topic",
        "invariant",
        "MSG_PARAM_INVALID",
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
        "careCommunication-9",
        lambda m: of_type(m, "Encounter").pop("episodeOfCare"),
        "Bundle.entry[6].resource.episodeOfCare",
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
        lambda m: _drop(m, "CareTeam"),
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
        "careCommunication-15",
        lambda m: communication(m).pop("encounter"),
        f"{COMMUNICATION}.encounter",
        "invariant",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "careCommunication-definition-url",
        lambda m: _header(m).update(
            definition="http://medcomfhir.dk/ig/messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition|5"
        ),
        "Bundle.entry[0].resource.definition",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "careCommunication-definition-url",
        lambda m: _header(m).pop("definition"),
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
        lambda m: _header(m)["destination"].append(_header(m)["destination"][0]),
        "Bundle.entry[0].resource.destination[1]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "stafet-care-destination",
        lambda m: _header(m)["destination"][0]["extension"][0]["valueCoding"].update(code="cc"),
        "Bundle.entry[0].resource.destination[0]",
        "invariant",
        "MSG_PARAM_INVALID",
    ),
    (
        "stafet-care-focus",
        lambda m: _header(m).pop("focus"),
        "Bundle.entry[0].resource.focus",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-focus",
        lambda m: (_copy(m, "Communication"), _header(m)["focus"].append({"reference": "Communication/another"})),
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
        lambda m: _category(m).pop("code"),
        f"{COMMUNICATION}.category[0].coding[0]",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-category",
        lambda m: _category(m).pop("system"),
        f"{COMMUNICATION}.category[0].coding[0]",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-category",
        lambda m: _category(m).update(code="gossip"),
        f"{COMMUNICATION}.category[0].coding[0]",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-priority",
        lambda m: (_category(m).update(code="regarding-referral"), communication(m).update(priority="stat")),
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
        lambda m: _own(m)["activity"]["coding"][0].update(code="retract-message"),
        "Bundle.entry[9].resource.activity",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-activity",
        lambda m: _own(m)["activity"]["coding"][0].pop("system"),
        "Bundle.entry[9].resource.activity",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-care-target",
        lambda m: _own(m)["target"].append({"reference": "MessageHeader/other"}),
        "Bundle.entry[9].resource.target",
        "required",
        "MSG_RESOURCE_REQUIRED",
    ),
    (
        "stafet-care-preceding",
        lambda m: _own(m)["entity"].extend(
            [_entity("revision", "MessageHeader/a"), _entity("revision", "MessageHeader/b")]
        ),
        "Bundle.entry[9].resource.entity",
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
        lambda m: _without(payload(m), care.AUTHOR),
        f"{COMMUNICATION}.payload[0].extension('{care.AUTHOR}')",
        "required",
        None,
    ),
    (
        "stafet-care-author",
        lambda m: _without(payload(m), care.CONTACT),
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
    (
        "stafet-segment-id",
        lambda m: _without(payload(m, 1), care.SEGMENT_ID),
        f"{COMMUNICATION}.payload[1].extension('{care.SEGMENT_ID}').valueIdentifier.value",
        "required",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-segment-id",
        lambda m: extension(payload(m), care.SEGMENT_ID)["valueIdentifier"].update(value="1"),
        f"{COMMUNICATION}.payload[0].extension[1].valueIdentifier.value",
        "required",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-segment-id",
        lambda m: extension(payload(m), care.SEGMENT_ID)["valueIdentifier"].pop("assigner"),
        f"{COMMUNICATION}.payload[0].extension[1].valueIdentifier.assigner",
        "required",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-segment-unique",
        lambda m: extension(payload(m, 1), care.SEGMENT_ID)["valueIdentifier"].update(value=care.TEXT_ID),
        f"{COMMUNICATION}.payload[1].extension[1].valueIdentifier.value",
        "invariant",
        "MSG_DUPLICATE_ID",
    ),
    (
        "stafet-segment-time",
        lambda m: _without(payload(m), care.SEGMENT_AT),
        f"{COMMUNICATION}.payload[0].extension('{care.SEGMENT_AT}').valueDateTime",
        "required",
        "MSG_DATE_FORMAT",
    ),
    (
        "stafet-segment-time",
        lambda m: extension(payload(m), care.SEGMENT_AT).update(valueDateTime="2026-11-20T11:40:00"),
        f"{COMMUNICATION}.payload[0].extension[0].valueDateTime",
        "required",
        "MSG_DATE_FORMAT",
    ),
    (
        "stafet-segment-time-plausible",
        lambda m: extension(payload(m), care.SEGMENT_AT).update(valueDateTime="2027-11-20T11:40:00Z"),
        f"{COMMUNICATION}.payload[0].extension[0].valueDateTime",
        "business-rule",
        None,
    ),
    (
        "stafet-attachment-title",
        lambda m: _file(m).pop("title"),
        f"{COMMUNICATION}.payload[1].contentAttachment.title",
        "required",
        None,
    ),
    (
        "stafet-attachment-type",
        lambda m: _file(m).update(contentType="video/mp4"),
        f"{COMMUNICATION}.payload[1].contentAttachment.contentType",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-attachment-type",
        lambda m: _file(m).pop("contentType"),
        f"{COMMUNICATION}.payload[1].contentAttachment.contentType",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-attachment-content",
        lambda m: _file(m).update(data=_data(b"<html>")),
        f"{COMMUNICATION}.payload[1].contentAttachment.data",
        "value",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-attachment-content",
        lambda m: _file(m).update(data="%%%"),
        f"{COMMUNICATION}.payload[1].contentAttachment.data",
        "value",
        "MSG_Datatype_Wrong",
    ),
]

WARNINGS: list[tuple[str, Edit, str]] = [
    ("stafet-care-entities", lambda m: _own(m).pop("entity"), "Bundle.entry[9].resource.entity"),
    (
        "stafet-care-follows",
        lambda m: _own(m)["activity"]["coding"][0].update(code="reply-message"),
        "Bundle.entry[9].resource.entity",
    ),
    (
        "stafet-attachment-named-type",
        lambda m: _file(m).update(contentType="image/png"),
        f"{COMMUNICATION}.payload[1].contentAttachment.contentType",
    ),
    (
        "stafet-attachment-one-content",
        lambda m: _file(m).update(url="https://example.org"),
        f"{COMMUNICATION}.payload[1].contentAttachment.url",
    ),
]
OWN_RULES = (*CARE_MESSAGE_RULES, *CARE_PEOPLE_RULES, *CARE_SEGMENT_RULES)
ELSEWHERE = {"stafet-cpr-form", "stafet-one-cpr", "stafet-patient-name"}
"""Rules shared with notifications: their firing is shown there."""


@pytest.mark.parametrize(
    ("rule", "edit", "expression", "code", "detail"), ERRORS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_rule_fires_and_refuses_the_letter(
    rule: str, edit: Edit, expression: str, code: str, detail: str | None
) -> None:
    read = read_message(body(edited(edit, letter())), now=care.NOW)

    assert isinstance(read, Refused)
    found = [issue for issue in read.issues if issue.rule == rule]
    assert [(each.severity, each.expression, each.code, each.detail) for each in found][:1] == [
        ("error", expression, code, detail)
    ], [(issue.rule, issue.expression) for issue in read.issues]
    assert care.CPR not in str(read.issues)


@pytest.mark.parametrize(
    ("rule", "edit", "expression"), WARNINGS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_rule_fires_and_only_warns(rule: str, edit: Edit, expression: str) -> None:
    read = read_message(body(edited(edit, letter())), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert [(issue.severity, issue.rule, issue.expression) for issue in read.warnings] == [
        ("warning", rule, expression)
    ]


@pytest.mark.parametrize("version", [3, 4, 5])
def test_sound_letter_of_each_version_breaks_no_rule(version: int) -> None:
    read = read_message(body(letter(version)), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert read.warnings == ()
    assert (read.letter.thread is None) is (version == 3)


def test_every_rule_of_a_letter_is_shown_to_fire() -> None:
    own = {each.id for each in OWN_RULES}

    assert own - ELSEWHERE == {rule for rule, *_ in (*ERRORS, *WARNINGS)}
    assert set(OWN_RULES) <= set(CARE_RULES)
    assert all(each.id in RULES for each in CARE_RULES)


@pytest.mark.parametrize("rule", CARE_RULES, ids=lambda rule: rule.id)
def test_every_rule_names_its_source_and_what_holds(rule: Any) -> None:
    assert rule.source
    assert rule.summary.endswith(".")


# ── what an older version did not ask for ───────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("activity", ["modified-message", "retract-message"])
def test_version_3_may_change_and_take_back(activity: str) -> None:
    message = letter(3, activity=activity)
    role_ = "removal" if activity == "retract-message" else "revision"
    _own(message)["entity"] = [_entity(role_, "MessageHeader/first")]
    communication(message)["status"] = "entered-in-error"

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, LetterRead)
    assert read.letter.kind == activity
    assert {read.letter.step.follows, read.letter.step.removes} == {"first", None}


def test_version_3_takes_back_with_what_it_takes_back() -> None:
    message = letter(3, activity="retract-message")
    _own(message)["entity"] = [_entity("removal", "MessageHeader/first")]
    first = {**communication(message), "id": "first", "payload": [{**payload(message)}]}
    identified = {
        "value": "urn:uuid:33333333-3333-4333-8333-333333333333",
        "assigner": {"reference": "Organization/hospital"},
    }
    first["payload"][0]["extension"] = [
        {**each, "valueIdentifier": identified} if each["url"] == care.SEGMENT_ID else each
        for each in payload(message)["extension"]
    ]
    message["entry"].append({"resource": first})
    _header(message)["focus"].append({"reference": "Communication/first"})

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert len(read.letter.segments) == 3


def test_version_4_does_not_refer_to_its_encounter_and_the_episode_is_found() -> None:
    message = letter(4)
    communication(message).pop("encounter")

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert [episode.value for episode in read.letter.episodes] == ["urn:uuid:an-episode"]


def test_version_4_needs_a_definition_of_its_own() -> None:
    message = letter(4)
    message["meta"]["profile"] = [f"{CARE}/medcom-careCommunication-message|4.0.1"]
    _header(message).pop("definition")

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, Refused)
    assert [issue.rule for issue in read.issues] == ["careCommunication-definition-url"]


# ── what is read beside the rules ───────────────────────────────────────────────────────────────────────────────────
def test_history_is_read_by_time_with_the_own_sending_last() -> None:
    message = letter(activity="reply-message")
    _own(message)["entity"].append(_entity("revision", "MessageHeader/second"))
    kind = {"meta": {"profile": [f"{CARE}/medcom-careCommunication-provenance"]}}
    source = {"entity": [{"role": "source", "what": {"identifier": {"value": "urn:uuid:x"}}}]}
    for number, name in enumerate(("second", "first")):
        at = provenance(name, name, "new-message") | kind | source
        at["occurredDateTime"] = f"2026-11-{19 - number}T10:00:00Z"
        message["entry"].append({"resource": at})

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert [step.message_id for step in read.letter.history] == ["first", "second", "care-1"]
    assert read.letter.earlier == ("first", "second")
    assert read.letter.step.follows == "second"


def test_answer_to_an_older_format_keeps_its_name() -> None:
    message = letter(activity="reply-message")
    what = {"identifier": {"value": "5790000000005#letter-1"}}
    _own(message)["entity"].append({"role": "revision", "what": what})

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert read.letter.step.foreign == "5790000000005#letter-1"


def test_who_is_named_in_particular_is_told_as_far_as_is_said() -> None:
    message = letter()
    nameless = {"resourceType": "Practitioner", "id": "nameless", "name": [{"text": "Dr. Tekst"}]}
    contact = {
        "resourceType": "PractitionerRole",
        "id": "contact",
        "practitioner": {"reference": "Practitioner/nameless"},
        "organization": {"reference": "Organization/municipality"},
        "code": [{}],
    }
    message["entry"] += [{"resource": contact}, {"resource": nameless}]
    communication(message)["recipient"] = [{"reference": "PractitionerRole/contact"}]

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert read.letter.recipient_contact is not None
    assert (read.letter.recipient_contact.name, read.letter.recipient_contact.title) == ("Dr. Tekst", "-")


def test_contact_without_a_person_to_be_found_has_no_name() -> None:
    message = letter()
    _drop(message, "Practitioner")

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, Refused)


def test_version_is_told_by_the_profile_where_nothing_else_says_it() -> None:
    message = letter(3)
    message["meta"]["profile"] = [f"{CARE}/medcom-careCommunication-message|9.0.1"]

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, Refused)
    assert "careCommunication-definition-url" in {issue.rule for issue in read.issues}


def test_file_of_more_than_a_million_characters_is_no_long_text() -> None:
    message = letter()
    _file(message)["data"] = _data(care.PDF + bytes(1_000_000))

    assert isinstance(read_message(body(message), now=care.NOW), LetterRead)


def test_text_of_a_million_characters_is_too_long() -> None:
    message = letter()
    payload(message)["contentString"] = "x" * 1_000_000

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, Refused)
    assert "stafet-text-length" in {issue.rule for issue in read.issues}


def test_words_are_composed_as_they_are_written() -> None:
    message = letter()
    payload(message)["contentString"] = "A\u030alborg\nlinje 2"

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, LetterRead)
    text, _ = read.letter.segments
    assert getattr(text, "text", "") == "Ålborg\nlinje 2"
