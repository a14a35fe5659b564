from __future__ import annotations

from discharge.identifiers import CprNumber, PatientId
from fhir_mappings import r4
from fhir_mappings.patient import patient_resource


def test_a_party_sees_name_and_number() -> None:
    patient = patient_resource(PatientId("p1"), family="Sørensen", given=("Åse",), cpr=CprNumber("0404509995"))

    assert patient["identifier"] == [{"use": "official", "system": "urn:oid:1.2.208.176.1.2", "value": "0404509995"}]
    assert patient["name"] == [{"use": "official", "family": "Sørensen", "given": ["Åse"]}]
    r4.Patient.model_validate(patient)


def test_what_is_not_to_be_seen_is_not_there() -> None:
    patient = patient_resource(PatientId("p1"))

    assert not patient.keys() & {"identifier", "name"}
    r4.Patient.model_validate(patient)
