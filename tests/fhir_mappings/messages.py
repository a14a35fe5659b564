"""Our own notifications, made to order: lawful, small, about nobody."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

__all__ = [
    "CPR",
    "HOSPITAL",
    "MUNICIPALITY",
    "NOW",
    "WARD",
    "Message",
    "acknowledgement",
    "body",
    "edited",
    "notification",
    "of_type",
    "organization",
    "provenance",
]

Message = dict[str, Any]

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CPR = "0404509995"
HOSPITAL = "200000000000011"
WARD = "200000000000012"
MUNICIPALITY = "200000000000021"

_MESSAGING = "http://medcomfhir.dk/ig/messaging/StructureDefinition"
_TERMINOLOGY = "http://medcomfhir.dk/ig/terminology/CodeSystem"
_NOTIFICATION = "http://medcomfhir.dk/ig/hospitalnotification/StructureDefinition"
LEAVE = f"{_NOTIFICATION}/medcom-hospitalnotifiation-leave-period-extension"
REPORT = f"{_NOTIFICATION}/medcom-messaging-reportOfAdmissionExtension"

# Use case -> class, status, activity.
_KINDS = {
    "STAA": ("EMER", "in-progress", "admit-emergency"),
    "STIN": ("IMP", "in-progress", "admit-inpatient"),
    "STOR": ("IMP", "onleave", "start-leave-inpatient"),
    "SLOR": ("IMP", "in-progress", "end-leave-inpatient"),
    "SLHJ": ("IMP", "finished", "discharge-inpatient-home"),
    "RE_STIN": ("IMP", "in-progress", "revise-admit-inpatient"),
    "AN_STIN": ("IMP", "entered-in-error", "cancel-admit-inpatient"),
    "MORS": ("IMP", "finished", "admit-inpatient"),
}


def notification(kind: str = "STIN", *, number: int = 1, report: bool = False) -> Message:
    """A notification of ``kind``; ``number`` makes its ids its own."""
    encounter_class, status, activity = _KINDS[kind]
    header_id = f"header-{kind.replace('_', '-').lower()}-{number}"
    period = {"start": "2026-11-18T09:30:00+01:00"}
    if status == "finished":
        period["end"] = "2026-11-20T11:40:00+01:00"
    encounter: Message = {
        "resourceType": "Encounter",
        "id": "encounter",
        "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": encounter_class},
        "subject": {"reference": "Patient/patient"},
        "episodeOfCare": [
            {"identifier": {"system": f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}", "value": f"urn:uuid:{_uuid(number)}"}}
        ],
        "period": period,
        "serviceProvider": {"reference": "Organization/ward"},
    }
    if kind == "STOR":
        leave = {"start": "2026-11-19T14:00:00+01:00"}
        encounter["extension"] = [{"url": LEAVE, "valuePeriod": leave}]
    header: Message = {
        "resourceType": "MessageHeader",
        "id": header_id,
        "eventCoding": {
            "system": f"{_TERMINOLOGY}/medcom-messaging-eventCodes",
            "code": "hospital-notification-message",
        },
        "destination": [_destination(MUNICIPALITY, "municipality")],
        "sender": {"reference": "Organization/hospital"},
        "source": {"endpoint": f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}"},
        "focus": [{"reference": "Encounter/encounter"}],
    }
    if report:
        header["extension"] = [{"url": REPORT, "valueBoolean": True}]
    patient: Message = {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": CPR}],
        "name": [{"use": "official", "family": "Sørensen", "given": ["Åse"]}],
    }
    if kind == "MORS":
        patient["deceasedBoolean"] = True
    return {
        "resourceType": "Bundle",
        "id": f"bundle-{kind.replace('_', '-').lower()}-{number}",
        "type": "message",
        "timestamp": "2026-11-20T11:40:05+01:00",
        "entry": [
            _entry(each)
            for each in (
                header,
                patient,
                encounter,
                organization("hospital", HOSPITAL, "Nordhavn Sygehus"),
                organization("ward", WARD, "Medicinsk afsnit, Nordhavn"),
                organization("municipality", MUNICIPALITY, "Sundby Kommune"),
                provenance("provenance", header_id, activity),
            )
        ],
    }


def acknowledgement(*, answers: str | None = "header-stin-1", code: str = "ok") -> Message:
    """Somebody's receipt for one of our messages."""
    response = {"code": code} | ({} if answers is None else {"identifier": answers})
    header: Message = {
        "resourceType": "MessageHeader",
        "id": "receipt-header",
        "eventCoding": {"system": f"{_TERMINOLOGY}/medcom-messaging-eventCodes", "code": "acknowledgement-message"},
        "destination": [_destination(HOSPITAL, "hospital")],
        "sender": {"reference": "Organization/municipality"},
        "source": {"endpoint": f"https://sor2.sum.dsdn.dk/#id={MUNICIPALITY}"},
        "response": response,
    }
    own = provenance("own", "receipt-header", "acknowledgement") | {
        "entity": [{"role": "revision", "what": {"reference": "MessageHeader/header-from-provenance"}}]
    }
    return {
        "resourceType": "Bundle",
        "id": "receipt-bundle",
        "type": "message",
        "timestamp": "2026-11-20T11:41:00+01:00",
        "entry": [
            _entry(each)
            for each in (
                header,
                organization("hospital", HOSPITAL, "Nordhavn Sygehus"),
                organization("municipality", MUNICIPALITY, "Sundby Kommune"),
                own,
            )
        ],
    }


def organization(identity: str, sor: str, name: str) -> Message:
    """An Organization with SOR code and a location number that checks out."""
    return {
        "resourceType": "Organization",
        "id": identity,
        "identifier": [
            {"system": "https://www.gs1.org/gln", "value": _gln(sor)},
            {"system": "urn:oid:1.2.208.176.1.1", "value": sor},
        ],
        "name": name,
    }


def provenance(identity: str, header_id: str, activity: str, *, after: timedelta = timedelta()) -> Message:
    """A Provenance of the message ``header_id``."""
    at = (datetime(2026, 11, 20, 10, 40, 10, tzinfo=UTC) + after).isoformat()
    return {
        "resourceType": "Provenance",
        "id": identity,
        "target": [{"reference": f"MessageHeader/{header_id}"}],
        "occurredDateTime": at,
        "recorded": at,
        "activity": {"coding": [{"system": f"{_TERMINOLOGY}/medcom-messaging-activityCodes", "code": activity}]},
        "agent": [{"who": {"reference": "Organization/hospital"}}],
    }


def body(message: Message) -> bytes:
    """The message as it travels."""
    return orjson.dumps(message)


def of_type(message: Message, kind: str) -> Message:
    """The first resource of type ``kind``."""
    found: Message = next(each["resource"] for each in message["entry"] if each["resource"]["resourceType"] == kind)
    return found


def edited(edit: Callable[[Message], object], message: Message | None = None) -> Message:
    """A copy of ``message`` (a plain STIN) after ``edit``."""
    made = copy.deepcopy(notification() if message is None else message)
    edit(made)
    return made


def _entry(resource: Message) -> Message:
    address = f"{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": f"https://nordhavn.example/fhir/{address}", "resource": resource}


def _destination(sor: str, identity: str) -> Message:
    use = {"system": f"{_TERMINOLOGY}/medcom-messaging-destinationUse", "code": "primary"}
    return {
        "extension": [{"url": f"{_MESSAGING}/medcom-messaging-destinationUseExtension", "valueCoding": use}],
        "endpoint": f"https://sor2.sum.dsdn.dk/#id={sor}",
        "receiver": {"reference": f"Organization/{identity}"},
    }


def _gln(sor: str) -> str:
    digits = f"57900000{sor[-4:]}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _uuid(number: int) -> str:
    return f"6f1c2c1e-0d7a-4b6e-9a51-{number:012d}"
