"""Our own care communications, made to order: in versions 3, 4 and 5, about nobody."""

from __future__ import annotations

import base64
from typing import Any

from tests.fhir_mappings.messages import (
    CPR,
    HOSPITAL,
    MUNICIPALITY,
    NOW,
    Message,
    body,
    edited,
    of_type,
    organization,
    provenance,
)

__all__ = [
    "CONTACT",
    "CPR",
    "HOSPITAL",
    "MUNICIPALITY",
    "NOW",
    "PDF",
    "Message",
    "body",
    "communication",
    "edited",
    "extension",
    "letter",
    "of_type",
    "payload",
    "role",
]

_TERMINOLOGY = "http://medcomfhir.dk/ig/terminology/CodeSystem"
_CARE = "http://medcomfhir.dk/ig/carecommunication/StructureDefinition"
_CORE = "http://medcomfhir.dk/ig/core/StructureDefinition"
_DEFINITIONS = {
    4: "http://medcomfhir.dk/ig/carecommunication/medcom-careCommunication-message-definition|4.0.0",
    5: "http://medcomfhir.dk/ig/messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition|5.0",
}
AT = "2026-11-20T11:40:00+01:00"
AUTHOR = f"{_CORE}/medcom-core-practitioner-extension"
CONTACT = f"{_CORE}/medcom-core-contact-extension"
SEGMENT_AT = f"{_CORE}/medcom-core-datetime-extension"
SEGMENT_ID = f"{_CORE}/medcom-core-identifier-extension"
SENDER = f"{_CORE}/medcom-core-sender-extension"
THREAD = "urn:uuid:0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"
TEXT_ID = "urn:uuid:11111111-1111-4111-8111-111111111111"
FILE_ID = "urn:uuid:22222222-2222-4222-8222-222222222222"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"


def letter(version: int = 5, *, activity: str = "new-message", category: str = "discharge", number: int = 1) -> Message:
    """A care communication with a text and a file, an episode, a specific sender and a specific recipient."""
    header_id = f"care-{number}"
    header: Message = {
        "resourceType": "MessageHeader",
        "id": header_id,
        "meta": _meta(f"{_CARE}/medcom-careCommunication-messageHeader"),
        "eventCoding": {"system": f"{_TERMINOLOGY}/medcom-messaging-eventCodes", "code": "care-communication-message"},
        "destination": [_destination()],
        "sender": {"reference": "Organization/hospital"},
        "source": {"endpoint": f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}"},
        "focus": [{"reference": "Communication/communication"}],
    }
    said: Message = {
        "resourceType": "Communication",
        "id": "communication",
        "meta": _meta(f"{_CARE}/medcom-careCommunication-communication"),
        "extension": [{"url": SENDER, "valueReference": {"reference": "PractitionerRole/role"}}],
        "status": "unknown",
        "category": [
            {"coding": [{"system": f"{_TERMINOLOGY}/medcom-careCommunication-categoryCodes", "code": category}]}
        ],
        "subject": {"reference": "Patient/patient"},
        "topic": {"text": "Udskrives i dag"},
        "encounter": {"reference": "Encounter/encounter"},
        "recipient": [{"reference": "CareTeam/team"}],
        "payload": [_text(), _file()],
    }
    if version > 3:
        header["definition"] = _DEFINITIONS[version]
        said["identifier"] = [{"value": THREAD}]
    kind = "medcom-careCommunication-provenance" if version > 3 else "medcom-messaging-provenance"
    own = provenance("own", header_id, activity) | {"meta": _meta(f"{_CARE}/{kind}")}
    if version > 3:
        own["entity"] = [{"role": "source", "what": {"identifier": {"value": each}}} for each in (TEXT_ID, FILE_ID)]
    return {
        "resourceType": "Bundle",
        "id": f"care-bundle-{number}",
        "meta": _meta(f"{_CARE}/medcom-careCommunication-message"),
        "type": "message",
        "timestamp": "2026-11-20T11:40:05+01:00",
        "entry": [
            {"fullUrl": f"https://nordhavn.example/fhir/{each['resourceType']}/{each['id']}", "resource": each}
            for each in (header, said, *_people(), *_places(), own)
        ],
    }


def _people() -> tuple[Message, ...]:
    return (
        {
            "resourceType": "Patient",
            "id": "patient",
            "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": CPR}],
            "name": [{"use": "official", "family": "Sørensen", "given": ["Åse"]}],
        },
        {
            "resourceType": "Practitioner",
            "id": "practitioner",
            "name": [{"family": "Afsendersen", "given": ["Anna"]}],
        },
        {
            "resourceType": "PractitionerRole",
            "id": "role",
            "practitioner": {"reference": "Practitioner/practitioner"},
            "organization": {"reference": "Organization/hospital"},
            "code": [{"text": "Sygeplejerske"}],
        },
        {
            "resourceType": "CareTeam",
            "id": "team",
            "name": "Team Nord",
            "managingOrganization": [{"reference": "Organization/municipality"}],
        },
    )


def _places() -> tuple[Message, ...]:
    return (
        {
            "resourceType": "Encounter",
            "id": "encounter",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": {"reference": "Patient/patient"},
            "episodeOfCare": [
                {"identifier": {"system": f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}", "value": "urn:uuid:an-episode"}}
            ],
        },
        organization("hospital", HOSPITAL, "Nordhavn Sygehus"),
        organization("municipality", MUNICIPALITY, "Sundby Kommune"),
    )


def _text() -> Message:
    return {
        "extension": [
            {"url": SEGMENT_AT, "valueDateTime": AT},
            _identified(TEXT_ID),
            {"url": AUTHOR, "valueReference": {"reference": "PractitionerRole/role"}},
            {"url": CONTACT, "valueContactPoint": {"system": "phone", "value": "+4570000101"}},
        ],
        "contentString": "Hun kommer hjem kl. 15.\nSe planen.",
    }


def _file() -> Message:
    return {
        "extension": [{"url": SEGMENT_AT, "valueDateTime": AT}, _identified(FILE_ID)],
        "contentAttachment": {
            "contentType": "application/pdf",
            "data": base64.b64encode(PDF).decode(),
            "title": "Plan",
        },
    }


def _identified(identity: str) -> Message:
    value = {"value": identity, "assigner": {"reference": "Organization/hospital"}}
    return {"url": SEGMENT_ID, "valueIdentifier": value}


def _destination() -> Message:
    use = {"system": f"{_TERMINOLOGY}/medcom-messaging-destinationUse", "code": "primary"}
    url = "http://medcomfhir.dk/ig/messaging/StructureDefinition/medcom-messaging-destinationUseExtension"
    return {
        "extension": [{"url": url, "valueCoding": use}],
        "endpoint": f"https://sor2.sum.dsdn.dk/#id={MUNICIPALITY}",
        "receiver": {"reference": "Organization/municipality"},
    }


def _meta(profile: str) -> Message:
    return {"profile": [profile]}


def communication(message: Message) -> Message:
    """The Communication."""
    return of_type(message, "Communication")


def payload(message: Message, number: int = 0) -> Message:
    """The text, or with 1 the file."""
    found: Message = communication(message)["payload"][number]
    return found


def role(message: Message) -> Message:
    """The author's PractitionerRole."""
    return of_type(message, "PractitionerRole")


def extension(place: Message, url: str) -> Any:
    """The extension of a payload."""
    return next(each for each in place["extension"] if each["url"] == url)
