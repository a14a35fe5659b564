"""Rules of CareCommunication 3 to 5 about people: the patient's number, who writes, and to whom in particular."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber
from fhir_mappings.bundles import sor_of
from fhir_mappings.elements import Element
from fhir_mappings.medcom.care_codes import AUTHOR, CONTACT
from fhir_mappings.medcom.care_parts import (
    author_of,
    authors,
    communications,
    contacts,
    files,
    numbers,
    payloads,
    practitioner_of,
    texts,
)
from fhir_mappings.medcom.message import Message
from fhir_mappings.medcom.notice_rules import cpr_has_its_form, cpr_is_unambiguous, patient_has_a_name
from fhir_mappings.medcom.rule import Fault, rule

__all__ = ["CARE_PEOPLE_RULES"]

_PHONE: Final = re.compile(r"[+]?[-0-9 ]*[0-9][-0-9 ]*", re.ASCII)


@rule("stafet-care-number", code="value", detail="MSG_Datatype_Wrong")
def patient_has_a_number(message: Message) -> Iterator[Fault]:
    """The patient has a CPR number, or in its place a replacement number of the form that its kind has.

    Source: dk-core 3.4.0, Patient.identifier 1..*, x-ecpr-identifier, d-ecpr-identifier.
    """
    if not message.patients:
        return
    replacements = tuple(numbers(message))
    if not message.cpr_elements and not replacements:
        yield Fault(message.patient["identifier"], "The patient has neither a CPR number nor a replacement number.")
    for place in replacements:
        try:
            CprNumber.parse_replacement(place.string or "")
        except InvalidIdentifierError:
            yield Fault(place, "Not a replacement number: a date, a digit, two capital letters and a digit.")


@rule("careCommunication-4", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def practitioners_have_names(message: Message) -> Iterator[Fault]:
    """Every Practitioner has a name.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-4.
    """
    for practitioner in message.bundle.of_type("Practitioner"):
        if not practitioner.all("name"):
            yield Fault(practitioner["name"], "The Practitioner has no name.")


@rule("careCommunication-7", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def authors_have_titles(message: Message) -> Iterator[Fault]:
    """Who wrote a text has a job title, either coded or in words.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-7.
    """
    for role in authors(message):
        codes = role.all("code")
        coded = any(coding.text("code") for code in codes for coding in code.all("coding"))
        worded = any(code.text("text") for code in codes)
        if coded is worded:
            yield Fault(role["code"], "The author needs a job title: either a code or a text.")


@rule("careCommunication-8", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def authors_have_names(message: Message) -> Iterator[Fault]:
    """Who wrote a text is a Practitioner with a name.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-8.
    """
    for payload in payloads(message):
        place = payload.extension(AUTHOR)
        role = author_of(message, payload)
        found = None if role is None else practitioner_of(message, role)
        if place.exists and (found is None or not found.all("name")):
            yield Fault(place, "The author's name is missing.")


@rule("stafet-care-author", code="required")
def texts_are_signed(message: Message) -> Iterator[Fault]:
    """Every text names its author and a telephone number.

    Source: MedCom CareCommunication 5.0.2, Communication.payload:string.extension:author 1..1, authorContact 1..1.
    """
    for payload in texts(message):
        if payload.extension(AUTHOR)["valueReference"].text("reference") is None:
            yield Fault(payload.extension(AUTHOR), "The text does not name its author.")
        if payload.extension(CONTACT)["valueContactPoint"].text("value") is None:
            yield Fault(payload.extension(CONTACT), "The text names no telephone number of its author.")


@rule("medcom-core-contact", code="invariant", detail="MSG_Datatype_Wrong")
def numbers_can_be_dialled(message: Message) -> Iterator[Fault]:
    """A telephone number consists of digits, with a plus in front where one is needed.

    Source: MedCom Core 3.0.1, medcom-core-contact-extension, invariant medcom-core-contact; system fixed to phone.
    """
    for payload in (*texts(message), *files(message)):
        point = payload.extension(CONTACT)["valueContactPoint"]
        if not point.exists:
            continue
        if point.text("system") != "phone":
            yield Fault(point["system"], "The contact of an author is a telephone number.")
        if _PHONE.fullmatch(point.text("value") or "") is None:
            yield Fault(point["value"], "Not a telephone number: digits, with a plus in front where one is needed.")


@rule("careCommunication-11", code="invariant", detail="MSG_PARAM_INVALID")
def sender_contact_is_the_senders(message: Message) -> Iterator[Fault]:
    """A specific sender belongs to the sending organisation.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-11.
    """
    for reference, end in contacts(message):
        if end.step == "sender" and not _belongs(message, reference, end):
            yield Fault(reference, "The specific sender does not belong to the sending organisation.")


@rule("careCommunication-12", code="invariant", detail="MSG_PARAM_INVALID")
def recipient_contact_is_the_receivers(message: Message) -> Iterator[Fault]:
    """A specific recipient belongs to the receiving organisation.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-12.
    """
    for reference, end in contacts(message):
        if end.step == "receiver" and not _belongs(message, reference, end):
            yield Fault(reference, "The specific recipient does not belong to the receiving organisation.")


def _belongs(message: Message, reference: Element, end: Element) -> bool:
    contact, ours = message.bundle.resolve(reference), message.bundle.resolve(end)
    if contact is None or ours is None:
        return False
    of = [*contact.all("managingOrganization"), contact["organization"]]
    theirs = [found for each in of if (found := message.bundle.resolve(each)) is not None]
    return any(found == ours or (sor_of(found) is not None and sor_of(found) == sor_of(ours)) for found in theirs)


@rule("careCommunication-13", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def roles_name_a_person(message: Message) -> Iterator[Fault]:
    """Every PractitionerRole names a Practitioner.

    Source: MedCom CareCommunication 5.0.2, invariant medcom-careCommunication-13.
    """
    for role in message.bundle.of_type("PractitionerRole"):
        if role["practitioner"].text("reference") is None:
            yield Fault(role["practitioner"], "The PractitionerRole names no Practitioner.")


@rule("stafet-care-recipient", code="invariant", detail="MSG_PARAM_NO_REPEAT")
def recipient_is_one(message: Message) -> Iterator[Fault]:
    """At most one specific recipient, a PractitionerRole or a CareTeam; so too the specific sender.

    Source: MedCom CareCommunication 5.0.2, Communication.recipient 0..1; medcom-core-sender-extension.
    """
    for each in communications(message):
        if len(each.all("recipient")) > 1:
            yield Fault(each["recipient"], "A care communication has at most one specific recipient.")
    for reference, _ in contacts(message):
        found = message.bundle.resolve(reference)
        if found is not None and found.text("resourceType") not in {"PractitionerRole", "CareTeam"}:
            yield Fault(reference, "A specific sender or recipient is a PractitionerRole or a CareTeam.")
        elif found is not None and found.text("resourceType") == "CareTeam" and found.text("name") is None:
            yield Fault(found["name"], "The CareTeam has no name.")


CARE_PEOPLE_RULES: Final = (
    cpr_has_its_form,
    cpr_is_unambiguous,
    patient_has_a_number,
    patient_has_a_name,
    practitioners_have_names,
    roles_name_a_person,
    authors_have_titles,
    authors_have_names,
    texts_are_signed,
    numbers_can_be_dialled,
    recipient_is_one,
    sender_contact_is_the_senders,
    recipient_contact_is_the_receivers,
)
