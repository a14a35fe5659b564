"""Discharge reports of the tests: Danish ones, made anew for each test, whole or with something left out."""

import base64
import copy
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson

from tests import factories
from tests.factories import CPR, HOSPITAL

Json = dict[str, Any]
Change = Callable[[Json], object]
LOINC = "http://loinc.org"
PDF = b"%PDF-1.7 epikrise"
WHOLE = "urn:uuid:3d3a2a11-0000-4000-8000-000000000001"
_SPACE = uuid.UUID("3d3a2a11-0000-4000-8000-000000000000")


def url(name: str) -> str:
    """The fullUrl that goes with ``name``."""
    return uuid.uuid5(_SPACE, name).urn


def concept(code: str, text: str | None = None, system: str = LOINC) -> Json:
    """A CodeableConcept."""
    made: Json = {"coding": [{"system": system, "code": code}]}
    return made if text is None else made | {"text": text}


def section(code: str, title: str, text: str | None = None, *entries: str, **more: Any) -> Json:
    """A section with its narrative and the names of its entries."""
    made: Json = {"title": title, "code": concept(code)}
    if text is not None:
        made["text"] = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'}
    if entries:
        made["entry"] = [{"reference": url(entry)} for entry in entries]
    return made | more


def statement(name: str, atc: str | None = None, dosage: str | None = "1 tablet dagligt", **more: Any) -> Json:
    """A MedicationStatement."""
    product: Json = {"text": name}
    if atc is not None:
        product["coding"] = [{"system": "http://www.whocc.no/atc", "code": atc}]
    made: Json = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": product,
        "subject": {"reference": url("patient")},
    }
    if dosage is not None:
        made["dosage"] = [{"text": dosage}]
    return made | more


def composition(*sections: Json, **more: Any) -> Json:
    """The header, with what must be there."""
    made: Json = {
        "resourceType": "Composition",
        "status": "final",
        "type": concept("34105-7"),
        "subject": {"reference": url("patient")},
        "encounter": {"reference": url("encounter")},
        "date": factories.NOW.isoformat(),
        "author": [{"reference": url("author")}],
        "title": "Udskrivningsrapport",
        "custodian": {"reference": url("hospital")},
        "section": list(sections),
    }
    return made | more


def report(
    *changes: Change,
    header: Json | None = None,
    cpr: str | None = CPR.digits,
    episode: str | None = None,
    hospital: str = HOSPITAL,
    identifier: str = WHOLE,
    **resources: Any,
) -> Json:
    """A document Bundle.

    Args:
        changes: what is done to it at the end.
        header: its Composition; else the small one.
        cpr: the citizen's number; None: a number of another country.
        episode: the id that the stay's notices bear.
        hospital: SOR of the hospital.
        identifier: of this version.
        resources: further entries by name.
    """
    number = (
        {"system": "urn:oid:1.2.208.176.1.2", "value": cpr}
        if cpr is not None
        else {"system": "https://ncez.mzcr.cz/fhir/sid/rid", "value": "1597778923"}
    )
    encounter: Json = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": url("patient")},
        "period": {
            "start": (factories.NOW - timedelta(days=3)).isoformat(),
            "end": factories.NOW.isoformat(),
        },
        "serviceProvider": {"reference": url("hospital")},
    }
    if episode is not None:
        encounter["identifier"] = [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{episode}"}]
    placed: dict[str, Json] = {
        "composition": header or composition(section("8648-8", "Forløb", "<p>Indlagt med fald.</p>")),
        "patient": {
            "resourceType": "Patient",
            "identifier": [number],
            "name": [{"family": "Hemmelig", "given": ["Ane"]}],
            "birthDate": "1940-01-01",
        },
        "encounter": encounter,
        "author": {"resourceType": "Practitioner", "name": [{"text": "Ida Læge"}]},
        "hospital": {
            "resourceType": "Organization",
            "identifier": [{"system": "urn:oid:1.2.208.176.1.1", "value": hospital}],
            "name": "Sygehuset",
        },
    }
    placed |= resources
    made: Json = {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": identifier},
        "timestamp": factories.NOW.isoformat(),
        "entry": [{"fullUrl": url(name), "resource": copy.deepcopy(each)} for name, each in placed.items()],
    }
    for change in changes:
        change(made)
    return made


def whole_header(**more: Any) -> Json:
    """Every section that a Danish report should have."""
    return composition(
        section("8648-8", "Forløb", "<p>Indlagt med fald.</p>"),
        section("10160-0", "Medicin før", "<p>Pinex</p>", "before"),
        section("75311-1", "Medicin ved udskrivelse", "<p>Pinex, Furix</p>", "kept", "new"),
        section("87232-5", "Medicin givet", "<p>Zinacef</p>", "given"),
        section("47420-5", "Funktionsevne", "<p>Går med rollator</p>", "function"),
        section("18776-5", "Plan", "<p>Hjemmepleje</p>", "plan"),
        section("8650-4", "Udskrivelse", "<p>Sidste dosis kl. 8</p><p>Nøgle hos naboen</p>"),
        section("48765-2", "Allergier", "<p>Ingen kendte</p>", emptyReason=concept("nilknown", system=EMPTY)),
        section("77599-9", "Bilag", "<p>Epikrise</p>", "file"),
        **more,
    )


EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"


def whole(*changes: Change, header: Json | None = None, **more: Any) -> Json:
    """A report in which nothing is left out."""
    activity: list[Json] = [
        {"detail": {"status": "scheduled", "code": concept("G1.39", "Sårpleje", "urn:oid:1.2.208.176.2.21")}},
        {
            "detail": {
                "status": "scheduled",
                "kind": "Appointment",
                "description": "Kontrol hos egen læge",
                "scheduledString": "om 14 dage",
            }
        },
    ]
    parts: dict[str, Json] = {
        "before": statement("Pinex 500 mg", "N02BE01"),
        "kept": statement("Pinex 500 mg", "N02BE01"),
        "new": statement("Furix 40 mg", "C03CA01"),
        "given": {
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "medicationCodeableConcept": {"text": "Zinacef"},
            "subject": {"reference": url("patient")},
            "effectiveDateTime": factories.NOW.isoformat(),
            "dosage": {"text": "1,5 g i.v."},
        },
        "function": {
            "resourceType": "Observation",
            "status": "final",
            "code": concept("J3.8", "Gå", "urn:oid:1.2.208.176.2.21"),
            "valueString": "med rollator",
        },
        "plan": {
            "resourceType": "CarePlan",
            "status": "active",
            "intent": "plan",
            "title": "Plan",
            "subject": {"reference": url("patient")},
            "activity": activity,
        },
        "supply": {
            "resourceType": "MedicationDispense",
            "status": "completed",
            "medicationCodeableConcept": concept("C03CA01", "Furix", "http://www.whocc.no/atc"),
            "quantity": {"value": 3, "unit": "tablet"},
            "whenHandedOver": "2026-11-20",
        },
        "file": {
            "resourceType": "DocumentReference",
            "status": "current",
            "content": [{"attachment": attachment()}],
        },
    }
    changes = (_danish, *changes)
    return report(*changes, header=header or whole_header(identifier=IDENTIFIER), **(parts | more))


def _danish(made: Json) -> None:
    made["language"] = "da"


IDENTIFIER: Json = {"system": "urn:test:document", "value": "1"}


def attachment(content: bytes = PDF, kind: str = "application/pdf", **more: Any) -> Json:
    """A file."""
    made: Json = {"contentType": kind, "title": "Epikrise", "data": base64.b64encode(content).decode()}
    return made | more


def resource_of(bundle: Json, kind: str) -> Json:
    """The first entry of that type."""
    found: Json = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)
    return found


def body(bundle: Json) -> bytes:
    """As it travels."""
    return orjson.dumps(bundle)
