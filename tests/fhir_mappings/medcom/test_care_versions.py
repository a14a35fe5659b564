"""What each version of the care communication asks for, and what is read beside the rules."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.medcom.care_communication_rules import CARE_MESSAGE_RULES
from fhir_mappings.medcom.care_people_rules import CARE_PEOPLE_RULES
from fhir_mappings.medcom.care_segment_rules import CARE_SEGMENT_RULES
from fhir_mappings.medcom.intake import LetterRead, Refused, read_message
from fhir_mappings.medcom.rules import CARE_RULES, RULES
from tests.fhir_mappings import care
from tests.fhir_mappings.care import communication, letter, payload
from tests.fhir_mappings.medcom.care_breaking import data, drop, entity, file, header, own
from tests.fhir_mappings.messages import body, provenance

CARE = "http://medcomfhir.dk/ig/carecommunication/StructureDefinition"


@pytest.mark.parametrize("version", [3, 4, 5])
def test_sound_letter_of_each_version_breaks_no_rule(version: int) -> None:
    read = read_message(body(letter(version)), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert read.warnings == ()
    assert (read.letter.thread is None) is (version == 3)


@pytest.mark.parametrize("rule", CARE_RULES, ids=lambda rule: rule.id)
def test_every_rule_names_its_source_and_what_holds(rule: Any) -> None:
    assert rule.source
    assert rule.summary.endswith(".")


def test_every_rule_of_a_letter_is_asked() -> None:
    assert {*CARE_MESSAGE_RULES, *CARE_PEOPLE_RULES, *CARE_SEGMENT_RULES} <= set(CARE_RULES)
    assert all(each.id in RULES for each in CARE_RULES)


# ── what an older version did not ask for ───────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("activity", ["modified-message", "retract-message"])
def test_version_3_may_change_and_take_back(activity: str) -> None:
    message = letter(3, activity=activity)
    role_ = "removal" if activity == "retract-message" else "revision"
    own(message)["entity"] = [entity(role_, "MessageHeader/first")]
    communication(message)["status"] = "entered-in-error"

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, LetterRead)
    assert read.letter.kind == activity
    assert {read.letter.step.follows, read.letter.step.removes} == {"first", None}


def test_version_3_takes_back_with_what_it_takes_back() -> None:
    message = letter(3, activity="retract-message")
    own(message)["entity"] = [entity("removal", "MessageHeader/first")]
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
    header(message)["focus"].append({"reference": "Communication/first"})

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
    header(message).pop("definition")

    read = read_message(body(message), now=care.NOW)

    assert isinstance(read, Refused)
    assert [issue.rule for issue in read.issues] == ["careCommunication-definition-url"]


# ── what is read beside the rules ───────────────────────────────────────────────────────────────────────────────────
def test_history_is_read_by_time_with_the_own_sending_last() -> None:
    message = letter(activity="reply-message")
    own(message)["entity"].append(entity("revision", "MessageHeader/second"))
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
    own(message)["entity"].append({"role": "revision", "what": what})

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
    drop(message, "Practitioner")

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
    file(message)["data"] = data(care.PDF + bytes(1_000_000))

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
