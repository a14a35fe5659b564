"""The parts of a CareCommunication that rules and readers speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fhir_mappings.bundles import destination_of
from fhir_mappings.elements import Element
from fhir_mappings.medcom.care_codes import AUTHOR, REPLACEMENT_SYSTEMS, SENDER_CONTACT
from fhir_mappings.medcom.message import Message

__all__ = [
    "FOCUS",
    "author_of",
    "authors",
    "communication_of",
    "communications",
    "contacts",
    "encounter_of",
    "files",
    "numbers",
    "payloads",
    "practitioner_of",
    "segments",
    "texts",
    "version_of",
]

FOCUS: Final = Element("Bundle.entry.resource.ofType(Communication)", None)
_DEFINITION = re.compile(r"\|(\d{1,2})(?:\.|$)", re.ASCII)
_OLDEST: Final = 3
_IDENTIFIED: Final = 4
_NEWEST: Final = 5


def version_of(message: Message) -> int:
    """The major version that a message was written by: 3, 4 or 5, judged by what it says of itself.

    Version 3 has neither MessageHeader.definition nor a communication identifier.
    Source: MedCom CareCommunication 3.0.0, 4.0.0 and 5.0.2, MessageHeader.definition.
    """
    said = [message.header.text("definition"), *_profiles(message.bundle.root)]
    found = next((int(match[1]) for text in said if text and (match := _DEFINITION.search(text))), None)
    if found is None:
        is_named = any(each.all("identifier") for each in communications(message))
        found = _NEWEST if is_named else _OLDEST
    return min(max(found, _OLDEST), _NEWEST)


def _profiles(resource: Element) -> Iterator[str]:
    for profile in resource["meta"].all("profile"):
        yield profile.string or ""


def communications(message: Message) -> tuple[Element, ...]:
    """The Communications in focus. Version 3 sends what it takes back along with the reason."""
    found = (message.bundle.resolve(reference) for reference in message.header.all("focus"))
    return tuple(each for each in found if each is not None and each.text("resourceType") == "Communication")


def communication_of(message: Message) -> Element:
    """The Communication in focus; an empty place when there is none."""
    return next(iter(communications(message)), FOCUS)


def payloads(message: Message) -> Iterator[Element]:
    """Every payload of the Communications in focus."""
    for each in communications(message):
        yield from each.all("payload")


def texts(message: Message) -> Iterator[Element]:
    """The payloads that are texts."""
    return (each for each in payloads(message) if each["contentString"].exists)


def files(message: Message) -> Iterator[Element]:
    """The payloads that are files."""
    return (each for each in payloads(message) if each["contentAttachment"].exists)


def segments(message: Message) -> Iterator[Element]:
    """Texts and files."""
    return (each for each in payloads(message) if each["contentString"].exists or each["contentAttachment"].exists)


def author_of(message: Message, payload: Element) -> Element | None:
    """The PractitionerRole that wrote a payload."""
    return message.bundle.resolve(payload.extension(AUTHOR)["valueReference"])


def authors(message: Message) -> Iterator[Element]:
    """The PractitionerRole of each payload that names its author."""
    for each in payloads(message):
        found = author_of(message, each)
        if found is not None:
            yield found


def practitioner_of(message: Message, role: Element) -> Element | None:
    """The Practitioner in a PractitionerRole."""
    return message.bundle.resolve(role["practitioner"])


def contacts(message: Message) -> Iterator[tuple[Element, Element]]:
    """Specific senders and recipients, each with the place in the header of the organisation that must be theirs."""
    for each in communications(message):
        sender = each.extension(SENDER_CONTACT)["valueReference"]
        if sender.exists:
            yield sender, message.header["sender"]
        for recipient in each.all("recipient"):
            yield recipient, destination_of(message.header)["receiver"]


def numbers(message: Message) -> Iterator[Element]:
    """The values of the patient's replacement numbers."""
    for each in message.patient.all("identifier"):
        system = each.text("system") or ""
        if any(system == known or system.startswith(f"{known}.") for known in REPLACEMENT_SYSTEMS):
            yield each["value"]


def encounter_of(message: Message) -> Element | None:
    """The Encounter that carries the episode id: the one that is referred to, else the only one there is."""
    named = message.bundle.resolve(communication_of(message)["encounter"])
    if named is not None:
        return named
    there = message.bundle.of_type("Encounter")
    return there[0] if len(there) == 1 else None
