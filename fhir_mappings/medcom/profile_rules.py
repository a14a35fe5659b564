"""The lines of the profiles: cardinalities, bindings and fixed values that no rule in words stands for.

Which line of which profile is held by which rule, and which by none and why, stands in
``tests/fhir_mappings/medcom/coverage.json``; a test compares it with the published definitions.
A warning is what published messages or their senders' registers do otherwise (docs/spec-gaps.md).
"""

from __future__ import annotations

from typing import Final

from fhir_mappings.medcom import value_sets as codes
from fhir_mappings.medcom.codes import ACTIVITY_SYSTEM, DESTINATION_USE_SYSTEM, EVENT_SYSTEM
from fhir_mappings.medcom.constraint import Kind, constraint
from fhir_mappings.medcom.rule import Rule
from fhir_mappings.systems import CLASS_SYSTEM

__all__ = ["NOTICE_PROFILE_RULES", "RECEIPT_PROFILE_RULES"]

_HN: Final = "MedCom HospitalNotification 3.0.2"
_ACK: Final = "MedCom Acknowledgement 2.0.3"
_MESSAGING: Final = "MedCom Messaging 2.1.0"
_CORE: Final = "MedCom Core 2.0.0"
_DK: Final = "dk-core 2.0.0"
_R4: Final = "FHIR R4"

_MIN, _MAX, _BINDING, _FIXED, _LENGTH = Kind.MIN, Kind.MAX, Kind.BINDING, Kind.FIXED, Kind.LENGTH
_DEST_USE: Final = "destination.extension@use"

_ENVELOPE_RULES: Final[tuple[Rule, ...]] = (
    constraint("Bundle", "entry.search.mode", _BINDING, codes.SEARCH_MODES, f"{_R4}, Bundle.entry.search.mode"),
    constraint("Bundle", "entry.request.method", _BINDING, codes.HTTP_VERBS, f"{_R4}, Bundle.entry.request.method"),
    constraint(
        "MessageHeader", "eventCoding.system", _MIN, 1, f"{_MESSAGING}, MessageHeader.eventCoding", severity="warning"
    ),
    constraint(
        "MessageHeader", "destination.extension@use", _MAX, 1, f"{_MESSAGING}, MessageHeader.destination.extension:use"
    ),
    constraint("MessageHeader", f"{_DEST_USE}.extension", _MAX, 0, f"{_MESSAGING}, destinationUseExtension.extension"),
    constraint(
        "MessageHeader",
        f"{_DEST_USE}.valueCoding.system",
        _MIN,
        1,
        f"{_MESSAGING}, destinationUseExtension.value",
        severity="warning",
    ),
    constraint(
        "MessageHeader",
        f"{_DEST_USE}.valueCoding.system",
        _FIXED,
        DESTINATION_USE_SYSTEM,
        f"{_MESSAGING}, destinationUseExtension.value",
    ),
    constraint("MessageHeader", "response.code", _BINDING, codes.RESPONSE_CODES, f"{_R4}, MessageHeader.response.code"),
    constraint("Provenance", "target", _MAX, 1, f"{_MESSAGING}, Provenance.target 1..1"),
    constraint("Provenance", "occurredPeriod", _MAX, 0, f"{_MESSAGING}, Provenance.occurred[x]:occurredDateTime 1..1"),
    constraint("Provenance", "entity.role", _BINDING, codes.ENTITY_ROLES, f"{_R4}, Provenance.entity.role"),
    constraint("Organization", "identifier.use", _BINDING, codes.IDENTIFIER_USES, f"{_R4}, Identifier.use"),
    *(
        constraint("Organization", f"identifier@{each}", _MAX, 1, f"{_DK}, Organization.identifier:{each} 0..1")
        for each in ("ean", "sor", "kombit", "ydernummer", "cvr", "kommunekode", "regionskode")
    ),
    *(
        constraint("Organization", f"identifier@{each}.value", _MIN, 1, f"{_DK}, Organization.identifier:{each}.value")
        for each in ("ean", "kombit", "ydernummer", "cvr", "kommunekode", "regionskode")
    ),
    *(
        constraint("Organization", f"identifier@{each}.use", _FIXED, "official", f"{_DK}, {each} identifier.use")
        for each in ("ean", "sor", "kombit", "cvr")
    ),
    constraint(
        "Organization",
        "identifier@kommunekode.value",
        _BINDING,
        codes.MUNICIPALITIES,
        f"{_DK}, Organization.identifier:Kommunekode.value",
    ),
)

NOTICE_PROFILE_RULES: Final[tuple[Rule, ...]] = (
    *_ENVELOPE_RULES,
    *(
        constraint("MessageHeader", f"extension@{each}", _MAX, 1, f"{_HN}, MessageHeader.extension:{name} 0..1")
        for each, name in (("report", "reportOfAdmissionFlag"), ("recipient", "reportOfAdmissionRecipient"))
    ),
    *(
        constraint("MessageHeader", f"extension@{each}.extension", _MAX, 0, f"{_HN}, {name}Extension.extension 0..0")
        for each, name in (
            ("report", "reportOfAdmissionExtension"),
            ("recipient", "reportOfAdmissionRecipientExtension"),
        )
    ),
    constraint(
        "MessageHeader", "extension@report.valueBoolean", _MIN, 1, f"{_HN}, reportOfAdmissionExtension.value[x] 1..1"
    ),
    constraint(
        "MessageHeader",
        "extension@recipient.valueReference",
        _MIN,
        1,
        f"{_HN}, reportOfAdmissionRecipientExtension.value[x] 1..1",
    ),
    constraint("Encounter", "extension@leave", _MAX, 1, f"{_HN}, Encounter.extension:leavePeriod 0..1"),
    constraint("Encounter", "extension@leave.extension", _MAX, 0, f"{_HN}, leave-period-extension.extension 0..0"),
    constraint(
        "Encounter", "extension@leave.valuePeriod.start", _MIN, 1, f"{_HN}, leave-period-extension.valuePeriod.start"
    ),
    constraint("Encounter", "class.system", _MIN, 1, f"{_HN}, Encounter.class (required binding)", severity="warning"),
    constraint("Encounter", "class.system", _FIXED, CLASS_SYSTEM, f"{_HN}, Encounter.class (required binding)"),
    constraint(
        "Encounter",
        "statusHistory.status",
        _BINDING,
        codes.ENCOUNTER_STATUS_HISTORY,
        f"{_R4}, Encounter.statusHistory.status",
    ),
    constraint("Encounter", "episodeOfCare.reference", _MAX, 0, f"{_HN}, Encounter.episodeOfCare.reference 0..0"),
    constraint("Encounter", "episodeOfCare.identifier", _MIN, 1, f"{_HN}, Encounter.episodeOfCare.identifier 1..1"),
    constraint("Encounter", "episodeOfCare@lpr3", _MAX, 1, f"{_HN}, Encounter.episodeOfCare:lpr3identifier 0..1"),
    constraint("Encounter", "episodeOfCare@lpr3.identifier.value", _MIN, 1, f"{_CORE}, lpr3-Identifier.value 1..1"),
    constraint("Encounter", "episodeOfCare.identifier.use", _BINDING, codes.IDENTIFIER_USES, f"{_R4}, Identifier.use"),
    constraint(
        "Provenance", "activity.coding.system", _MIN, 1, f"{_MESSAGING}, Provenance.activity", severity="warning"
    ),
    constraint("Patient", "identifier", _MIN, 1, f"{_CORE}, Patient.identifier 1..*"),
    constraint("Patient", "identifier.use", _BINDING, codes.IDENTIFIER_USES, f"{_R4}, Identifier.use"),
    constraint("Patient", "identifier@cpr", _MAX, 1, f"{_CORE}, Patient.identifier:cpr 0..1", severity="warning"),
    constraint("Patient", "identifier@cpr.use", _FIXED, "official", f"{_DK}, cpr-identifier.use"),
    constraint("Patient", "identifier@ecpr", _MAX, 1, f"{_CORE}, Patient.identifier:ecpr 0..1", severity="warning"),
    constraint("Patient", "identifier@ecpr.use", _FIXED, "temp", f"{_CORE}, ecpr-identifier.use", severity="warning"),
    constraint("Patient", "identifier@ecpr.value", _MIN, 1, f"{_CORE}, ecpr-identifier.value 1..1", severity="warning"),
    constraint("Patient", "identifier@ecpr.value", _LENGTH, 10, f"{_CORE}, ecpr-identifier.value", severity="warning"),
    constraint("Patient", "name@official", _MIN, 1, f"{_CORE}, Patient.name:official 1..1"),
    constraint("Patient", "name@official", _MAX, 1, f"{_CORE}, Patient.name:official 1..1"),
    constraint("Patient", "name@official.family", _MIN, 1, f"{_CORE}, Patient.name:official.family 1..1"),
    constraint("Patient", "name.use", _BINDING, codes.NAME_USES, f"{_R4}, HumanName.use"),
    constraint("Patient", "telecom.system", _BINDING, codes.CONTACT_SYSTEMS, f"{_R4}, ContactPoint.system"),
    constraint("Patient", "telecom.use", _BINDING, codes.CONTACT_USES, f"{_R4}, ContactPoint.use"),
    constraint("Patient", "gender", _BINDING, codes.GENDERS, f"{_R4}, Patient.gender"),
    constraint("Patient", "address.use", _BINDING, codes.ADDRESS_USES, f"{_R4}, Address.use"),
    constraint("Patient", "address.type", _BINDING, codes.ADDRESS_TYPES, f"{_R4}, Address.type"),
    *(
        constraint("Patient", f"address.extension@{each}", _MAX, 1, f"{_DK}, Patient.address.extension:{name} 0..1")
        for each, name in (("municipality", "municipalityCode"), ("region", "regionalSubDivisionCodes"))
    ),
    constraint("Patient", "contact.gender", _BINDING, codes.GENDERS, f"{_R4}, Patient.contact.gender"),
    constraint("Patient", "link.type", _BINDING, codes.LINK_TYPES, f"{_R4}, Patient.link.type"),
    constraint(
        "Patient",
        "generalPractitioner@sorunit.identifier.value",
        _MIN,
        1,
        f"{_DK}, Patient.generalPractitioner:referencedSORUnit.identifier",
    ),
    constraint(
        "Patient",
        "generalPractitioner@sorunit.identifier.use",
        _FIXED,
        "official",
        f"{_DK}, Patient.generalPractitioner:referencedSORUnit.identifier",
    ),
)
"""Of a notification: MessageHeader, Encounter, Patient, Provenance, Organization."""

RECEIPT_PROFILE_RULES: Final[tuple[Rule, ...]] = (
    *_ENVELOPE_RULES,
    constraint("MessageHeader", "eventCoding.system", _FIXED, EVENT_SYSTEM, f"{_MESSAGING}, MessageHeader.eventCoding"),
    constraint("MessageHeader", "destination", _MAX, 1, f"{_ACK}, MessageHeader.destination:primary 1..1, :cc 0..0"),
    constraint(
        "MessageHeader",
        f"{_DEST_USE}.valueCoding.code",
        _FIXED,
        "primary",
        f"{_ACK}, MessageHeader.destination:primary.extension:use.value[x]",
    ),
    constraint("MessageHeader", "response", _MIN, 1, f"{_ACK}, MessageHeader.response 1..1"),
    constraint("Provenance", "activity", _MIN, 1, f"{_MESSAGING}, Provenance.activity 1..1"),
    constraint("Provenance", "activity.coding", _MIN, 1, f"{_MESSAGING}, Provenance.activity.coding 1..*"),
    constraint("Provenance", "activity.coding.code", _MIN, 1, f"{_MESSAGING}, Provenance.activity.coding.code 1..1"),
    constraint("Provenance", "activity.coding.system", _FIXED, ACTIVITY_SYSTEM, f"{_MESSAGING}, Provenance.activity"),
    constraint("OperationOutcome", "issue.severity", _BINDING, codes.ISSUE_SEVERITIES, f"{_R4}, issue.severity"),
    constraint("OperationOutcome", "issue.code", _BINDING, codes.ISSUE_TYPES, f"{_R4}, OperationOutcome.issue.code"),
    constraint(
        "OperationOutcome",
        "issue.details.coding.code",
        _BINDING,
        codes.RECEIPT_DETAILS,
        f"{_ACK}, OperationOutcome.issue.details.coding (required binding)",
        severity="warning",
    ),
)
"""Of an acknowledgement: MessageHeader, Provenance, Organization, OperationOutcome."""
