"""Rules of every MedCom message: ids, references, receiver, history and times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import orjson

from fhir_mappings.bundles import destination_of, is_legal_id, sor_of
from fhir_mappings.elements import Element, expression_of
from fhir_mappings.instants import EARLIEST
from fhir_mappings.medcom.codes import (
    DESTINATION_USE,
    EVENT_SYSTEM,
    LEAVE_PERIOD,
    EventCode,
)
from fhir_mappings.medcom.message import Message, instant_of
from fhir_mappings.medcom.rule import Fault, rule
from fhir_mappings.systems import GLN_SYSTEMS

__all__ = ["LONGEST_TEXT", "MESSAGING_RULES", "event_supported"]

LONGEST_TEXT: Final = 1_000_000
"""Characters that no text reaches. Nothing in a notification comes near; attachments have a door of their own."""
_FUTURE: Final = timedelta(hours=24)

_TAKEN: Final = frozenset({EventCode.NOTIFICATION, EventCode.CARE_COMMUNICATION})
_OTHER_MESSAGES: Final = {
    EventCode.EMPTY: "an empty message",
    "homecareobservation-message": "a home care observation (hjemmeplejeobservation)",
}


@rule("stafet-event-supported", code="not-supported", detail="MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE")
def event_supported(message: Message) -> Iterator[Fault]:
    """The message is a hospital notification or a care communication.

    Source: ours; MedCom Messaging 2.1.0 leaves unsupported events open (docs/spec-gaps.md).
    """
    coding = message.header["eventCoding"]
    code = coding.text("code")
    if code in _TAKEN and coding.text("system") in {None, EVENT_SYSTEM}:
        return
    what = _OTHER_MESSAGES.get(code or "", "of a type that is not known here")
    yield Fault(
        coding,
        f"The message is {what}. This receiver takes hospital notifications (sygehusadvis) and "
        "care communications (korrespondancemeddelelser): phone the receiver, or send it to the system that takes "
        "this type.",
    )


@rule("stafet-text-length", code="too-costly", detail="MSG_Element_To_Long")
def text_is_short(message: Message) -> Iterator[Fault]:
    """Every text of a message is shorter than a million characters.

    Source: ours (design.md 6.5 sets the limit of the body; quality.md B2 row 11 that of a text).
    """
    if len(orjson.dumps(message.bundle.root.value)) < LONGEST_TEXT:
        return  # What is shorter as a whole holds no such text.
    for element in message.bundle.root.walk():
        for name, value in element.fields.items():
            is_file = name == "data" and element.step == "contentAttachment"
            if isinstance(value, str) and len(value) >= LONGEST_TEXT and not is_file:
                yield Fault(Element(expression_of(element.path, (name,)), None), "The text is too long.")


@rule("stafet-resource-ids", code="value", detail="MSG_ID_INVALID")
def ids_are_legal(message: Message) -> Iterator[Fault]:
    """Every resource id is legal: letters A to Z, digits, hyphens and full stops, at most 64.

    Source: FHIR R4, data type id.
    """
    for entry in message.bundle.entries:
        place = entry.resource["id"]
        if place.exists and not is_legal_id(place.value):
            yield Fault(place, "An id consists of at most 64 letters A to Z, digits, hyphens and full stops.")


@rule("bdl-7", code="invariant", detail="MSG_TRANSACTION_DUPLICATE_ID")
def resources_are_unique(message: Message) -> Iterator[Fault]:
    """No two entries have the same fullUrl, and no two the same type and id.

    Source: FHIR R4, Bundle, invariant bdl-7.
    """
    seen: set[str] = set()
    for number, entry in enumerate(message.bundle.entries):
        names = {name for name in (entry.full_url, entry.address) if name is not None}
        if names & seen:
            place = Element(f"Bundle.entry[{number}].fullUrl", entry.full_url)
            yield Fault(place, "Another entry goes by the same name: it is not clear which one references mean.")
        seen |= names


@rule("stafet-reference-bundled", code="not-found", detail="MSG_NO_EXIST")
def references_are_bundled(message: Message) -> Iterator[Fault]:
    """What a message refers to is in the message.

    Exempt are earlier messages (Provenance.target, Provenance.entity), who acted, and history.
    Source: MedCom Messaging 2.1.0, {bundled} references.
    """
    for entry in message.bundle.entries:
        if entry.type == "Provenance":
            continue
        for reference in message.bundle.dangling(entry.resource):
            yield Fault(reference, "The resource named here is not in the message. Send it along.")


@rule("stafet-history-bundled", code="not-found", detail="MSG_NO_EXIST", severity="warning")
def actors_are_bundled(message: Message) -> Iterator[Fault]:
    """Who acted, in this and in earlier messages, is in the message.

    Published messages break this: a warning.
    Source: MedCom Messaging 2.1.0, Provenance.agent.who.
    """
    for provenance in message.provenances:
        for agent in provenance.all("agent"):
            for reference in message.bundle.dangling(agent):
                yield Fault(reference, "The organisation named here is not in the message.")


@rule("medcom-messaging-2", code="required", detail="MSG_RESOURCE_REQUIRED")
def provenance_exists(message: Message) -> Iterator[Fault]:
    """A message carries at least one Provenance.

    Source: MedCom Messaging 2.1.0, invariant medcom-messaging-2.
    """
    if not message.provenances:
        yield Fault(Element("Bundle.entry.resource.ofType(Provenance)", None), "The message has no Provenance.")


@rule("stafet-current-provenance", code="required", detail="MSG_RESOURCE_REQUIRED")
def current_provenance_exists(message: Message) -> Iterator[Fault]:
    """One Provenance is about the message itself: its target is the MessageHeader.

    Source: MedCom Messaging 2.1.0, Provenance.target 1..1.
    """
    if message.provenances and message.current is None:
        place = Element("Bundle.entry.resource.ofType(Provenance).target", None)
        yield Fault(place, "No Provenance has this message's MessageHeader as its target.")


@rule("stafet-receiver-named", code="required", detail="MSG_Receiver_Identifier_MISSING")
def receiver_is_named(message: Message) -> Iterator[Fault]:
    """The message names its receiver, by SOR code.

    Source: MedCom Messaging 2.1.0, MessageHeader.destination:primary.receiver 1..1; Organization.identifier:SOR-ID.
    """
    place = destination_of(message.header)["receiver"]
    organization = message.bundle.resolve(place)
    if place.text("reference") is None:
        yield Fault(place, "The receiver is missing.")
    elif organization is not None and sor_of(organization) is None:
        yield Fault(organization["identifier"], "The receiver has no SOR code.")


@rule("stafet-sender-named", code="required", detail="MSG_RESOURCE_REQUIRED")
def sender_is_named(message: Message) -> Iterator[Fault]:
    """The message names its sender, by SOR code.

    Source: MedCom Messaging 2.1.0, MessageHeader.sender 1..1; Organization.identifier:SOR-ID.
    """
    place = message.header["sender"]
    organization = message.bundle.resolve(place)
    if place.text("reference") is None:
        yield Fault(place, "The sender is missing.")
    elif organization is not None and sor_of(organization) is None:
        yield Fault(organization["identifier"], "The sender has no SOR code.")


@rule("stafet-gln-given", code="required", detail="MSG_RESOURCE_REQUIRED")
def gln_is_given(message: Message) -> Iterator[Fault]:
    """Who sends, receives or acts has a location number (EAN/GLN).

    Source: MedCom Messaging 2.1.0, Organization.identifier:EAN-ID 1..1.
    """
    for organization in message.parties:
        if not _glns(organization):
            yield Fault(organization["identifier"], "The organisation has no location number (GLN).")


@rule("stafet-gln-check-digit", code="value", detail="MSG_Datatype_Wrong", severity="warning")
def gln_is_well_formed(message: Message) -> Iterator[Fault]:
    """A location number has 13 digits, the last of which checks the others.

    Nothing here is routed by it: a warning.
    Source: GS1 General Specifications, check digit; dk-core gln-identifier.
    """
    for organization in message.bundle.of_type("Organization"):
        for identifier in _glns(organization):
            digits = identifier.text("value") or ""
            if not (len(digits) == _GLN_DIGITS and digits.isdecimal() and _gln_sum(digits) % 10 == 0):
                yield Fault(identifier["value"], "Not a location number: 13 digits with a check digit.")


@rule("stafet-time-with-zone", code="value", detail="MSG_DATE_FORMAT")
def times_have_zones(message: Message) -> Iterator[Fault]:
    """Every point in time has date, seconds and zone.

    Source: MedCom Messaging 2.1.0, times in messages; FHIR R4, data types dateTime and instant.
    """
    for place in _times(message):
        if place.exists and instant_of(place) is None:
            yield Fault(place, "A time needs date, seconds and zone, such as 2026-11-20T11:40:00+01:00.")


@rule("stafet-time-given", code="required")
def times_are_given(message: Message) -> Iterator[Fault]:
    """The message says when it was built, and each Provenance when it happened and was recorded.

    Source: MedCom Messaging 2.1.0, Bundle.timestamp 1..1, Provenance.occurredDateTime 1..1, .recorded 1..1.
    """
    for place in _mandatory_times(message):
        if not place.exists:
            yield Fault(place, "The time is missing.")


@rule("stafet-time-plausible", code="business-rule")
def times_are_plausible(message: Message) -> Iterator[Fault]:
    """No time lies before 1900 or more than 24 hours ahead.

    Source: ours: a notification tells what has happened (HospitalNotification 3.0.2, never sent for a planned time).
    """
    latest = message.now + _FUTURE
    for place in _times(message):
        at = instant_of(place)
        if at is not None and not EARLIEST <= at <= latest:
            yield Fault(place, "The time lies too far ahead or too far back. Check the sending system's clock.")


@rule("stafet-primary-destination", code="invariant", detail="MSG_PARAM_INVALID")
def destination_use_is_stated(message: Message) -> Iterator[Fault]:
    """The destination says how it is used.

    Source: MedCom Messaging 2.1.0, MessageHeader.destination:primary.extension:use 1..1.
    """
    for place in message.header.all("destination"):
        if place.extension(DESTINATION_USE)["valueCoding"].text("code") is None:
            yield Fault(place, "The destination does not say that it is primary.")


def _glns(organization: Element) -> tuple[Element, ...]:
    return tuple(each for each in organization.all("identifier") if each.text("system") in GLN_SYSTEMS)


_GLN_DIGITS: Final = 13


def _gln_sum(digits: str) -> int:
    return sum(int(digit) * (3 if number % 2 else 1) for number, digit in enumerate(digits))


def _mandatory_times(message: Message) -> Iterator[Element]:
    yield message.bundle.root["timestamp"]
    for provenance in message.provenances:
        yield provenance["occurredDateTime"]
        yield provenance["recorded"]


def _times(message: Message) -> Iterator[Element]:
    yield from _mandatory_times(message)
    leave = message.encounter.extension(LEAVE_PERIOD)["valuePeriod"]
    for period in (message.encounter["period"], leave):
        yield period["start"]
        yield period["end"]
    yield message.patient["deceasedDateTime"]


MESSAGING_RULES: Final = (
    text_is_short,
    ids_are_legal,
    resources_are_unique,
    references_are_bundled,
    actors_are_bundled,
    provenance_exists,
    current_provenance_exists,
    receiver_is_named,
    sender_is_named,
    gln_is_given,
    gln_is_well_formed,
    destination_use_is_stated,
    times_are_given,
    times_have_zones,
    times_are_plausible,
)
