"""A notification and a receipt that carry whatever the profiles speak of, all of it sound."""

from __future__ import annotations

from typing import Final

from tests.fhir_mappings.messages import (
    HOSPITAL,
    REPORT,
    WARD,
    Message,
    acknowledgement,
    notification,
    of_type,
    organization,
    provenance,
)

__all__ = ["RECIPIENT", "entry_of", "rich_notification", "rich_receipt"]

RECIPIENT: Final = REPORT.replace("Extension", "RecipientExtension")
_DK: Final = "http://hl7.dk/fhir/core"
_IDENTIFIERS: Final = (
    {
        "use": "official",
        "system": "https://kombit.dk/sts/organisation",
        "value": f"urn:uuid:{'0a' * 4}-0a0a-0a0a-0a0a-{'0a' * 6}",
    },
    {"system": "urn:oid:1.2.208.176.1.4", "value": "123456"},
    {"use": "official", "system": "http://cvr.dk", "value": "13585628"},
    {"system": f"{_DK}/CodeSystem/dk-core-municipality-codes", "value": "0461"},
    {"system": f"{_DK}/CodeSystem/dk-core-regional-subdivision-codes", "value": "DK-83"},
)


def rich_notification() -> Message:
    """A leave with every optional element of the profiles."""
    message = notification("STOR", report=True)
    header, patient, encounter = (of_type(message, kind) for kind in ("MessageHeader", "Patient", "Encounter"))
    header["extension"].append({"url": RECIPIENT, "valueReference": {"reference": "Organization/hospital"}})
    message["entry"][0] |= {"search": {"mode": "match"}, "request": {"method": "POST", "url": "x"}}
    for each in message["entry"]:
        if each["resource"]["resourceType"] == "Organization":
            _enrich(each["resource"])
    patient["identifier"][0]["use"] = "official"
    patient["identifier"].append({"use": "temp", "system": "urn:oid:1.2.208.176.1.6.1.1", "value": "0404501AB1"})
    patient["name"].append({"use": "nickname", "family": "Sille"})
    patient |= {
        "telecom": [{"system": "phone", "use": "mobile", "value": "70 00 01 01"}],
        "gender": "female",
        "address": [
            {
                "use": "home",
                "type": "physical",
                "extension": [
                    {"url": f"{_DK}/StructureDefinition/dk-core-municipalityCodes", "valueCode": "x"},
                    {"url": f"{_DK}/StructureDefinition/dk-core-RegionalSubDivisionCodes", "valueCode": "x"},
                ],
            }
        ],
        "maritalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M"}]
        },
        "contact": [{"gender": "male"}],
        "link": [{"type": "seealso", "other": {"display": "x"}}],
        "generalPractitioner": [
            {"identifier": {"use": "official", "system": "urn:oid:1.2.208.176.1.1", "value": HOSPITAL}}
        ],
        "managingOrganization": {"reference": "Organization/owner"},
    }
    owner = {"resourceType": "Organization", "id": "owner", "identifier": [dict(_IDENTIFIERS[2])]}
    message["entry"].append({"resource": owner})
    lpr3 = {
        "use": "official",
        "system": "https://www.esundhed.dk/Registre/Landspatientregisteret",
        "value": "urn:uuid:c6a3b0a4-8d0d-5ffd-9b77-0a7d0c1fd2bc",
    }
    encounter["episodeOfCare"].append({"identifier": lpr3})
    encounter["statusHistory"] = [{"status": "arrived", "period": {}}]
    of_type(message, "Provenance")["entity"] = [{"role": "revision", "what": {"reference": "MessageHeader/earlier"}}]
    return message


def rich_receipt() -> Message:
    """A refusal with every optional element of the profiles."""
    message = acknowledgement(code="fatal-error")
    of_type(message, "MessageHeader")["response"]["details"] = {"reference": "OperationOutcome/outcome"}
    theirs = provenance("theirs", "header-stin-1", "admit-inpatient")
    coding = {
        "system": "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-acknowledgement-error-codes",
        "code": "MSG_Datatype_Wrong",
    }
    issue = {"severity": "error", "code": "value", "details": {"coding": [coding]}}
    outcome = {"resourceType": "OperationOutcome", "id": "outcome", "issue": [issue]}
    message["entry"] += [
        {"resource": organization("ward", WARD, "Medicinsk afsnit, Nordhavn")},
        {"resource": theirs},
        {"resource": outcome},
    ]
    for each in message["entry"]:
        if each["resource"]["resourceType"] == "Organization":
            _enrich(each["resource"])
    return message


def entry_of(message: Message, identity: str) -> Message:
    """The resource whose id is ``identity``."""
    found: Message = next(each["resource"] for each in message["entry"] if each["resource"]["id"] == identity)
    return found


def _enrich(resource: Message) -> None:
    for identifier in resource["identifier"]:
        identifier["use"] = "official"
    resource["identifier"] += [dict(each) for each in _IDENTIFIERS]
