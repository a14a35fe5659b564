"""Rules of CareCommunication 3 to 5 about the message, its header, its Communication and its history.

The invariants are re-implemented: as published some select nothing, or name an element below a place
where it cannot stand. What a version did not demand yet is not asked of its messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from discharge.letter import Category, LetterKind, LetterPriority
from fhir_mappings.elements import Element
from fhir_mappings.medcom.care_codes import CARE_PROFILES, CATEGORY_SYSTEM, DEFINITION_5
from fhir_mappings.medcom.care_parts import (
    communication_of,
    communications,
    encounter_of,
    payloads,
    texts,
    version_of,
)
from fhir_mappings.medcom.codes import ACTIVITY_SYSTEM, DESTINATION_USE
from fhir_mappings.medcom.message import Message, activity_of
from fhir_mappings.medcom.rule import Fault, rule

__all__ = ["CARE_MESSAGE_RULES", "URN_UUID"]

URN_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_DEFINITION: Final = re.compile(re.escape(DEFINITION_5) + r"\.[0-9]{1,2}", re.ASCII)
_WITHDRAWN: Final = frozenset({LetterKind.MODIFIED, LetterKind.RETRACTED})
_CLASSES: Final = frozenset({"AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "PRENC", "SS", "VR", "other"})
"""Source: MedCom Terminology 2.0.2, ValueSet medcom-core-encounter-class."""
_V4: Final = 4
_V5: Final = 5


@rule("careCommunication-1", code="invariant", detail="MSG_PARAM_INVALID")
def header_has_its_profile(message: Message) -> Iterator[Fault]:
    """The MessageHeader says that it is one of a care communication.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-1.
    """
    if not _has_profile(message.header, "medcom-careCommunication-messageHeader"):
        yield Fault(message.header["meta"]["profile"], "The header must carry the profile of a care communication.")


@rule("careCommunication-2", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def one_patient(message: Message) -> Iterator[Fault]:
    """A care communication is about exactly one patient.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-2.
    """
    if len(message.patients) != 1:
        yield Fault(Element("Bundle.entry.resource.ofType(Patient)", None), "There must be exactly one Patient.")


@rule("careCommunication-3", code="invariant", detail="MSG_PARAM_INVALID")
def provenances_have_their_profile(message: Message) -> Iterator[Fault]:
    """Every Provenance says that it is one of a care communication. Version 3 used the general one.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-3.
    """
    for provenance in message.provenances if version_of(message) >= _V4 else ():
        if not _has_profile(provenance, "medcom-careCommunication-provenance"):
            yield Fault(provenance["meta"]["profile"], "A Provenance must carry the profile of a care communication.")


def _has_profile(resource: Element, name: str) -> bool:
    wanted = f"{CARE_PROFILES}/{name}"
    return any((each.string or "").startswith(wanted) for each in resource["meta"].all("profile"))


@rule("careCommunication-5", code="invariant", detail="MSG_PARAM_INVALID")
def priority_is_for_referrals(message: Message) -> Iterator[Fault]:
    """Only what regards a referral has a priority.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-5.
    """
    for each in communications(message):
        if each["priority"].exists and _category(each).text("code") != Category.REGARDING_REFERRAL:
            yield Fault(each["priority"], "Only the category regarding-referral has a priority. Leave it out.")


@rule("careCommunication-6", code="invariant", detail="MSG_PARAM_INVALID")
def other_has_a_topic(message: Message) -> Iterator[Fault]:
    """The category other is explained by a topic.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-6.
    """
    for each in communications(message):
        if _category(each).text("code") == Category.OTHER and not each["topic"].exists:
            yield Fault(each["topic"], "The category other needs a topic.")


@rule("careCommunication-9", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def encounter_has_an_episode(message: Message) -> Iterator[Fault]:
    """An Encounter that is sent along carries an episode of care identifier.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-9.
    """
    encounter = encounter_of(message)
    if encounter is not None and not any(each["identifier"].text("value") for each in encounter.all("episodeOfCare")):
        yield Fault(encounter["episodeOfCare"], "The Encounter has no episode of care identifier.")


@rule("careCommunication-15", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def encounter_is_referred_to(message: Message) -> Iterator[Fault]:
    """An Encounter in the message is the one that the Communication refers to. Version 5 asks for it.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-15.
    """
    place = communication_of(message)["encounter"]
    if version_of(message) >= _V5 and message.bundle.of_type("Encounter") and place.text("reference") is None:
        yield Fault(place, "The message has an Encounter that the Communication does not refer to.")


@rule("stafet-care-encounter", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN")
def encounter_is_in_order(message: Message) -> Iterator[Fault]:
    """An Encounter that is sent along is the patient's, and of a class that MedCom knows.

    Source: MedCom Core 3.0.1, Encounter.subject 1..1, Encounter.class (required binding).
    """
    encounter = encounter_of(message)
    if encounter is None:
        return
    if encounter["subject"].text("reference") is None:
        yield Fault(encounter["subject"], "The Encounter must name the Patient of the message.")
    if encounter["class"].text("code") not in _CLASSES:
        yield Fault(encounter["class"], "The class of the Encounter is none of MedCom's.")


@rule("careCommunication-definition-url", code="invariant", detail="MSG_PARAM_INVALID")
def definition_is_given(message: Message) -> Iterator[Fault]:
    """The header names the message definition with its minor version; version 4 named one of its own.

    Source: MedCom CareCommunication 5.0.2, MessageHeader.definition 1..1, invariant
    medcom-carecommunication-definition-url; 4.0.0, MessageHeader.definition.
    """
    place, version = message.header["definition"], version_of(message)
    named = place.string or ""
    if version >= _V5 and _DEFINITION.fullmatch(named) is None:
        yield Fault(place, f"The definition must be {DEFINITION_5}. and the minor version.")
    elif version == _V4 and not named:
        yield Fault(place, "The header names no message definition.")


@rule("stafet-care-destination", code="invariant", detail="MSG_PARAM_INVALID")
def receiver_is_primary(message: Message) -> Iterator[Fault]:
    """The message has one receiver, a primary one; there are no copies.

    Source: MedCom CareCommunication 5.0.2, MessageHeader.destination:cc 0..0, destination:primary 1..1.
    """
    for number, place in enumerate(message.header.all("destination")):
        use = place.extension(DESTINATION_USE)["valueCoding"].text("code")
        if number > 0 or use not in {None, "primary"}:
            yield Fault(place, "A care communication has one destination, a primary one.")


@rule("stafet-care-focus", code="required", detail="MSG_RESOURCE_REQUIRED")
def focus_is_one_communication(message: Message) -> Iterator[Fault]:
    """The message is about one Communication. Version 3 takes back with two.

    Source: MedCom CareCommunication 5.0.2, MessageHeader.focus 1..1; 3.0.0, retract-message.
    """
    found, named = len(communications(message)), len(message.header.all("focus"))
    if not found or found != named or (named > 1 and version_of(message) >= _V4):
        yield Fault(message.header["focus"], "The focus must be the one Communication of the message.")


@rule("stafet-care-thread", code="required", detail="MSG_Datatype_Wrong")
def thread_is_named(message: Message) -> Iterator[Fault]:
    """The Communication has one identifier, a ``urn:uuid:``. Version 3 had none.

    Source: MedCom CareCommunication 5.0.2, Communication.identifier 1..1, invariant medcom-uuidv4.
    """
    for each in communications(message) if version_of(message) >= _V4 else ():
        identifiers = each.all("identifier")
        if len(identifiers) != 1 or URN_UUID.fullmatch(identifiers[0].text("value") or "") is None:
            yield Fault(each["identifier"], "The Communication needs one identifier: urn:uuid: and a UUID.")


@rule("stafet-care-status", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN")
def status_is_unknown(message: Message) -> Iterator[Fault]:
    """Communication.status is unknown; version 3 could say entered-in-error of what it takes back.

    Source: MedCom CareCommunication 5.0.2, Communication.status (fixed value); 3.0.0, retract-message.
    """
    allowed = {"unknown", "entered-in-error"} if version_of(message) < _V4 else {"unknown"}
    for each in communications(message):
        if each.text("status") not in allowed:
            yield Fault(each["status"], "The status of a care communication is always unknown.")


@rule("stafet-care-category", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN")
def category_is_known(message: Message) -> Iterator[Fault]:
    """The Communication has one category, one of MedCom's, with system and code.

    Source: MedCom CareCommunication 5.0.2, Communication.category 1..1, category.coding 1..1 (required binding).
    """
    for each in communications(message):
        categories = each.all("category")
        codings = categories[0].all("coding") if categories else ()
        fits = (
            len(categories) == len(codings) == 1
            and codings[0].text("system") == CATEGORY_SYSTEM
            and codings[0].text("code") in set(Category)
        )
        if not fits:
            yield Fault(_category(each), "The category must be exactly one of MedCom's, with system and code.")


def _category(communication: Element) -> Element:
    categories = communication.all("category")
    first = categories[0] if categories else communication["category"]
    return next(iter(first.all("coding")), first["coding"])


@rule("stafet-care-priority", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN")
def priority_is_known(message: Message) -> Iterator[Fault]:
    """The priority is routine or asap.

    Source: MedCom CareCommunication 5.0.2, Communication.priority (required binding).
    """
    for each in communications(message):
        if each["priority"].exists and each.text("priority") not in set(LetterPriority):
            yield Fault(each["priority"], "The priority is neither routine nor asap.")


@rule("stafet-care-subject", code="required", detail="MSG_RESOURCE_REQUIRED")
def subject_is_the_patient(message: Message) -> Iterator[Fault]:
    """The Communication is about the patient of the message.

    Source: MedCom CareCommunication 5.0.2, Communication.subject 1..1.
    """
    for each in communications(message):
        found = message.bundle.resolve(each["subject"])
        if each["subject"].text("reference") is None or (found is not None and found not in message.patients):
            yield Fault(each["subject"], "The Communication must name the Patient of the message.")


@rule("stafet-care-topic", code="required")
def topic_has_words(message: Message) -> Iterator[Fault]:
    """A topic that is there has a text.

    Source: MedCom CareCommunication 5.0.2, Communication.topic.text 1..1.
    """
    for each in communications(message):
        if each["topic"].exists and each["topic"].text("text") is None:
            yield Fault(each["topic"]["text"], "The topic has no text.")


@rule("stafet-care-payload", code="required", detail="MSG_RESOURCE_REQUIRED")
def there_is_a_text(message: Message) -> Iterator[Fault]:
    """The Communication has at least one text.

    Source: MedCom CareCommunication 5.0.2, Communication.payload 1..*, payload:string 1..*.
    """
    if communications(message) and not any(each.text("contentString") for each in texts(message)):
        yield Fault(communication_of(message)["payload"], "A care communication has at least one text.")
    for each in payloads(message):
        if not each["contentString"].exists and not each["contentAttachment"].exists:
            yield Fault(each, "A payload is a text or an attachment.")


@rule("stafet-care-activity", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN")
def activities_are_known(message: Message) -> Iterator[Fault]:
    """The activity of every Provenance is one of a care communication; version 3 could change and take back.

    Source: MedCom CareCommunication 5.0.2, Provenance.activity (required binding); 3.0.0, messagingActivities.
    """
    known = set(LetterKind) - (_WITHDRAWN if version_of(message) >= _V4 else set())
    for provenance in message.provenances:
        codings = provenance["activity"].all("coding")
        if activity_of(provenance) not in known or any(each.text("system") != ACTIVITY_SYSTEM for each in codings):
            yield Fault(provenance["activity"], "The activity is missing or is none of a care communication.")


@rule("stafet-care-target", code="required", detail="MSG_RESOURCE_REQUIRED")
def targets_are_headers(message: Message) -> Iterator[Fault]:
    """Every Provenance is about one MessageHeader.

    Source: MedCom Messaging 4.0.2, Provenance.target 1..1.
    """
    for provenance in message.provenances:
        targets = [each.text("reference") or "" for each in provenance.all("target")]
        if len(targets) != 1 or "MessageHeader/" not in targets[0]:
            yield Fault(provenance["target"], "A Provenance has one target, a MessageHeader.")


@rule("stafet-care-entities", code="required", detail="MSG_RESOURCE_REQUIRED", severity="warning")
def sendings_name_their_texts(message: Message) -> Iterator[Fault]:
    """Every Provenance names what was new in its message. Published messages break this: a warning.

    Source: MedCom CareCommunication 5.0.2, Provenance.entity:payload 1..*, entity.what.identifier 1..1.
    """
    for provenance in message.provenances if version_of(message) >= _V5 else ():
        sources = [each for each in provenance.all("entity") if each.text("role") == "source"]
        if not any(each["what"]["identifier"].text("value") for each in sources):
            yield Fault(provenance["entity"], "The Provenance does not name the texts that were new.")


@rule("stafet-care-preceding", code="invariant", detail="MSG_PARAM_NO_REPEAT")
def preceding_message_is_one(message: Message) -> Iterator[Fault]:
    """A message follows at most one other.

    Source: MedCom CareCommunication 5.0.2, Provenance.entity:preceedingMessage 0..1.
    """
    for provenance in message.provenances:
        followed = [each for each in provenance.all("entity") if each.text("role") == "revision"]
        if len(followed) > 1:
            yield Fault(provenance["entity"], "A message follows at most one other.")


@rule("stafet-care-follows", code="required", severity="warning")
def reply_names_what_it_answers(message: Message) -> Iterator[Fault]:
    """A reply, a forwarding, a change or a withdrawal names the message it is about.

    The profile does not demand it; without it the thread is told by its id alone: a warning.
    Source: MedCom CareCommunication 5.0.2, use cases, reply and forward.
    """
    current = message.current
    if current is None or message.activity in {None, LetterKind.NEW}:
        return
    what = [each["what"] for each in current.all("entity") if each.text("role") in {"revision", "removal"}]
    if not any(each.text("reference") or each["identifier"].exists for each in what):
        yield Fault(current["entity"], "The message does not name the one that it is about.")


CARE_MESSAGE_RULES: Final = (
    header_has_its_profile,
    one_patient,
    provenances_have_their_profile,
    receiver_is_primary,
    definition_is_given,
    focus_is_one_communication,
    thread_is_named,
    status_is_unknown,
    category_is_known,
    priority_is_known,
    priority_is_for_referrals,
    subject_is_the_patient,
    other_has_a_topic,
    topic_has_words,
    encounter_has_an_episode,
    encounter_is_referred_to,
    encounter_is_in_order,
    there_is_a_text,
    activities_are_known,
    targets_are_headers,
    sendings_name_their_texts,
    preceding_message_is_one,
    reply_names_what_it_answers,
)
