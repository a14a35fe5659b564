"""Patient, as little of it as the caller needs."""

from __future__ import annotations

from collections.abc import Sequence

from discharge.identifiers import CprNumber, PatientId
from fhir_mappings.elements import JsonObject
from fhir_mappings.outcomes import narrative
from fhir_mappings.systems import CPR_SYSTEM

__all__ = ["patient_resource"]


def patient_resource(
    patient_id: PatientId,
    *,
    family: str | None = None,
    given: Sequence[str] = (),
    cpr: CprNumber | None = None,
) -> JsonObject:
    """The citizen as a Patient; a name or number that the caller may not see is simply not given.

    Not carried: address, telephone, relatives, protection and services.
    Source: MedCom Core 2.0.0, Patient.
    """
    patient: JsonObject = {"resourceType": "Patient", "id": patient_id, "text": narrative("Patient")}
    if cpr is not None:
        patient["identifier"] = [{"use": "official", "system": CPR_SYSTEM, "value": cpr.digits}]
    name: JsonObject = {"use": "official"}
    if family:
        name["family"] = family
    if given:
        name["given"] = list(given)
    if len(name) > 1:
        patient["name"] = [name]
    return patient
